"""What is looked at after a kill: the record, the devices' own counters, and every file under a final name.

Each look gives what is not as in an undisturbed run, in words; nothing in the good case.
"""

import hashlib
from collections import Counter
from pathlib import Path

import msgspec

from automation.bootstrap import begins, read_site
from automation.engine.journal import Called
from automation.gmp.registry import KINDS
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.effect import Kind
from automation.ledger import anchor
from automation.ledger.event import Event
from automation.ledger.read import Reader
from automation.ledger.verify import verify
from automation.ledger.verify_blobs import verify_blobs
from automation.views.objects import Objects
from fakes.sites.simulated import build
from tests.plant.kills import ASIDE, acts
from tests.storms.crew import done
from tests.support.crash import added, ends, sentence
from tests.support.runs import BATCH, Run

PASSING = (".tmp", ".new")  # names under which something is made that has no final name yet
LOGS = ("plant.log", "recent.log", anchor.NAME)


def read_back(folder: Path) -> Run:
    """Give a site that nobody owns as a test sees a run: events, objects, and what the devices count."""
    found = Run(folder)
    with Reader(folder) as reader:
        found.events = list(reader.events())
        objects = Objects(reader)
    found.things = {f"{kind}/{thing.id}": thing for kind in KINDS for thing in objects.every(kind)}
    found.state = str(objects.find("batch", BATCH).state)
    found.acts = counters(folder)
    return found


def counters(folder: Path) -> dict[str, dict[str, int]]:
    """Let the plant live through its log again and give each device's own count of acts."""
    file = read_site(folder)

    async def count(clock: SimulatedClock) -> dict[str, dict[str, int]]:
        plant = build(file, clock, folder / "plant.log", careful=True, faults=None)
        plant.close()
        fakes = {asset.id: plant.fake(asset.id) for asset in file.assets.values() if asset.fake}
        return {name: dict(fake.acts) for name, fake in fakes.items() if hasattr(fake, "acts")}

    return run_simulated(count, start=begins(folder, file))


def otherwise(run: Run, undisturbed: Run) -> list[str]:
    """Give in what a resumed batch differs from an undisturbed one, however often it was killed."""
    found = [f"batch is {run.state}"] if run.state != undisturbed.state else []
    found += _acts_more(run, undisturbed) + miscounted(run)
    own, meant = ends(run), ends(undisturbed)
    doubted = any(event.kind == "doubt" for event in run.events)
    meant = {name: state for name, state in meant.items() if not (doubted and name.startswith(ASIDE))}
    found += [f"{name} is {own.get(name)}, was {state}" for name, state in meant.items() if own.get(name) != state]
    if doubted:
        return found  # a device that can't say: people decided, which took time, and the record tells of it
    again = Counter(map(sentence, was_open(run.events)))
    more, less = Counter(added(run, undisturbed)) - again, added(undisturbed, run)
    found += [f"the record says more: {sorted(more.elements())}"] if more else []
    return found + ([f"the record says less: {less}"] if less else [])


def miscounted(run: Run) -> list[str]:
    """Give every act that a device counts otherwise than the ledger holds as done."""
    counted = {(asset, act): n for asset, numbers in run.acts.items() for act, n in numbers.items()}
    return [
        f"{asset} counts {counted[asset, act]} x {act}, the ledger holds {n} as done"
        for (asset, method), n in done(run.events).items()
        if counted.get((asset, act := method.replace("_", " ")), n) != n
    ]


def was_open(events: list[Event]) -> list[Event]:
    """Give the calls that were open at any kill: nothing is known of what became of them."""
    calls: dict[tuple[object, ...], Event] = {}
    found: list[Event] = []
    for event in events:
        place = (event.stream, event.fields.get("visit"), event.fields.get("n"))
        if event.kind == "epoch taken":
            found += calls.values()
        elif event.kind == "call":
            calls[place] = event
        elif event.kind in {"reply", "refused", "failed", "doubt"}:
            calls.pop(place, None)
    return found


def _acts_more(run: Run, undisturbed: Run) -> list[str]:
    """Give the acts that devices count otherwise; a set that was open at a kill may be made again."""
    opened = [event.read(Called) for event in was_open(run.events)]
    may_set = {call.asset for call in opened if call.kind == Kind.SET_ABSOLUTE}
    calls = [event.read(Called) for event in run.events if event.kind == "call"]
    named = {(call.asset, call.method.replace("_", " ")) for call in calls if call.kind == Kind.ACT}
    own, meant = acts(run), acts(undisturbed)
    return [
        f"{' '.join(name)}: {own.get(name)}, was {meant.get(name)}"
        for name in sorted({*own, *meant})
        if own.get(name) != meant.get(name) and not (name[0] in may_set and name not in named)
    ]


def step_of(folder: Path) -> str:
    """Give the step of which the ledger tells last; ``-`` before the first."""
    with Reader(folder) as reader:
        steps = [event.stream for event in reader.events(prefix=f"batch/{BATCH}") if "/step/" in event.stream]
    return steps[-1].rpartition("/")[2] if steps else "-"


def unsound(folder: Path) -> list[str]:
    """Give what ``verify`` says against a site folder, and every half file under a final name."""
    verdict = verify(folder)
    found = [] if verdict.intact else [f"verify: event {verdict.first_bad}"]
    found += [f"verify: {wrong}" for wrong in verify_blobs(folder)]
    if verdict.signed_to != verdict.events or verdict.anchored_to != verdict.events:
        found += [f"signed to {verdict.signed_to}, anchored to {verdict.anchored_to} of {verdict.events} events"]
    return found + halves(folder)


def halves(folder: Path) -> list[str]:
    """Give every file of a site folder that stands under its final name and is not whole."""
    return [f"{path.name}: {wrong}" for path in sorted(folder.rglob("*")) if (wrong := _wrong(path))]


def _wrong(path: Path) -> str:
    if not path.is_file() or path.suffix in PASSING:
        return ""
    data = path.read_bytes()
    if path.parent.parent.name == "blobs" and hashlib.sha256(data).hexdigest() != path.name:
        return "is not what its name says"
    if path.name in LOGS and data and not data.endswith(b"\n"):
        return "ends with half a line"
    if path.name == anchor.NAME:
        return _no_heads(data)
    if path.name == "credentials.json":
        return "" if _is_json(data) else "is no JSON"
    if path.name == "site.key" and len(data) != 65:
        return "is no key"
    return "" if data or path.suffix != ".yaml" else "is empty"


def _no_heads(data: bytes) -> str:
    try:
        seqs = [anchor.read_line(line).said.seq for line in data.splitlines()]
    except ValueError as error:
        return str(error)
    return "" if seqs == sorted(set(seqs)) else "a head stands there twice"


def _is_json(data: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(data), dict)
    except msgspec.DecodeError:
        return False

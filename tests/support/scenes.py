"""What people do in scenarios: answers that differ once, orders at the door, and what the record says of them."""

from collections.abc import Mapping
from pathlib import Path

from automation.engine.journal import Enter
from automation.engine.setup import secret_of
from automation.engine.site import Site
from automation.gmp.door import Command, Proof
from automation.gmp.people.prompts import Prompt
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Seconds
from fakes.panel import Habit, Values
from tests.support.runs import BATCH, Hook, Run, plant_of, staff_of, when

WHY = "as the test asks"
CASSETTE = 'CASS-2201: {what: cassette, supplier: Simulated Supplies, quantity: 50 pcs, expiry: "2028-12-31"}'
LATER = 120.0  # s from one order to the next


def answer(pattern: str, *, takes: float | None = None, **values: str | float | bool) -> Hook:
    """Let people answer the first question that fits like this, and the following ones as usual."""

    def hook(site: Site) -> None:
        habits = staff_of(site).habits

        async def act(_prompt: Prompt) -> Values | None:
            habits.remove(habit)
            return dict(values)

        habit = Habit(pattern, act, None if takes is None else Seconds(takes))
        habits.append(habit)

    return hook


def differs(pattern: str, **values: str | float | bool) -> Hook:
    """Let people answer the first question that fits as usual, but for these values."""

    def hook(site: Site) -> None:
        staff = staff_of(site)

        async def act(prompt: Prompt) -> Values | None:
            staff.habits.remove(habit)
            return {**(await staff.work(prompt) or {}), **values}

        habit = Habit(pattern, act)
        staff.habits.append(habit)

    return hook


def late(pattern: str, minutes: float) -> Hook:
    """Let people do the first thing that fits so many minutes later than usual."""

    def hook(site: Site) -> None:
        staff = staff_of(site)

        async def act(prompt: Prompt) -> Values | None:
            staff.habits.remove(habit)
            return await staff.work(prompt)

        habit = Habit(pattern, act, Seconds(60.0 * minutes))
        staff.habits.append(habit)

    return hook


def choose(pattern: str, choice: str) -> Hook:
    """Let people take this choice at the first question that fits."""
    return answer(pattern, choice=choice)


def scan(pattern: str, code: str, **details: str | float | bool) -> Hook:
    """Let people scan this code at the first question that fits, and the right one afterwards.

    Details are those of the scanner's hand: ``layout``, ``cut``, ``pieces``, ``times``.
    """
    return answer(pattern, takes=None, code=code, **details)


def proofs(site: Site, **signed: str) -> tuple[Proof, ...]:
    """Let people sign, each with the own secret: ``responsible="carla"``."""
    return tuple(
        Proof(person, secret_of(site.file.people[person]), meaning, b"as shown") for meaning, person in signed.items()
    )


def enter(site: Site, stream: str, command: str, body: Mapping[str, object], *, by: str, **signed: str) -> str:
    """Give a command at the door; gives what the person was refused with, empty when it was taken."""
    try:
        site.house.door.enter(Command(stream, command, body, by, "terminal-1", proofs(site, **signed)))
    except RefusedError as refusal:
        return str(refusal)
    return ""


def order(site: Site, command: str, *, step: str = "", by: str = "carla", batch: str = BATCH) -> str:
    """Order hold, restart, pause, unpause, stop or abort; gives what it was refused with, empty when it was taken."""
    return enter(site, f"batch/{batch}", command, {"reason": WHY, "step": step}, by=by)


def change_site(folder: Path, *changes: tuple[str, str]) -> Path:
    """Change the text of a site file; each old text has to be there."""
    path = folder / "site.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return folder


def refused(run: Run, stream: str = "") -> list[str]:
    """Give why commands on a stream were refused, in order."""
    events = [event for event in run.events if event.stream.startswith(f"refusals/{stream}")]
    return [str(event.fields["why"]) for event in events]


def streams_of(run: Run, prefix: str) -> list[str]:
    """Give the streams that begin so, in the order of their first event."""
    return list(dict.fromkeys(event.stream for event in run.events if event.stream.startswith(prefix)))


def fake_of(site: Site, asset: str) -> object:
    """Give the fake behind an asset."""
    return plant_of(site).fake(asset)


def ordered(step: str, state: str, *commands: str, after: float = 1.0, later: float = LATER, by: str = "carla") -> Hook:
    """Order one thing after the other, the first ``after`` s after the state was entered."""

    def hook(site: Site) -> None:
        for n, command in enumerate(commands):
            when(site, step, state, lambda command=command: order(site, command, by=by), after=after + n * later)  # type: ignore[misc]  # bound now

    return hook


def stages(run: Run, step: str) -> list[str]:
    """Give the ISA-88 states that a step went through, in order."""
    events = [e for e in run.events if e.stream == f"batch/{BATCH}/step/{step}" and e.kind == "procedural"]
    return [str(event.fields["state"]) for event in events]


def sides(run: Run, step: str) -> list[str]:
    """Give the visits that made a step safe, in order."""
    events = [e for e in run.events if e.stream == f"batch/{BATCH}/step/{step}" and e.kind == "enter"]
    return [enter.within for enter in (event.read(Enter) for event in events) if enter.within]


def orders(run: Run) -> list[str]:
    """Give the moves of the batch object, in order."""
    return [event.kind for event in run.events if event.stream == f"batch/{BATCH}"]


def marked(run: Run, prefix: str, mark: str) -> list[str]:
    """Name the objects of a kind of which something is true."""
    return [name for name, thing in run.things.items() if name.startswith(prefix) and getattr(thing, mark)]


def calibrated(until: str, asset: str = "crf-01") -> Hook:
    """Let an asset be in calibration until a moment, or to the end of a day."""
    body = {"due": until, "certificate": "CAL-TEST"}
    return lambda site: insist(enter(site, f"asset/{asset}", "calibrate", body, by="system:setup"))


def insist(refusal: str) -> None:
    """Insist that a command was taken."""
    assert refusal == ""

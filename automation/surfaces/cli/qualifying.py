"""``qualify``: a qualification protocol executed on an asset, as far as people and program have come, and its report.

The same command again goes on where it stands: it plans, begins, lets the program do its steps, takes what people
found, and says what comes next and who has to do it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from automation.engine.recipe.yaml_source import nearest
from automation.engine.requests import Request, Signer
from automation.engine.sitemodel import SiteFile
from automation.gmp.bodies.protocols import Step
from automation.gmp.marks import of_asset
from automation.gmp.plant.assets import Asset
from automation.gmp.plant.qualifications import Qualification, State
from automation.gmp.words import Right
from automation.kernel.clock import iso, local
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.files import write_whole
from automation.ledger.blobs import Blobs
from automation.qualification.protocols import Source, installed, load
from automation.surfaces.cli.access import person, secret, signers
from automation.surfaces.cli.asking import looked, send
from automation.surfaces.cli.common import Session, as_json, by, emit, mark, pair, session, shortened, site, table, tell
from automation.surfaces.cli.doubt import now_of
from automation.surfaces.cli.quality import check_outside
from automation.surfaces.documents.qualification import WRITERS
from automation.views.objects import Objects
from automation.views.qualification_report import report as made_report

_OVER = frozenset({State.RELEASED, State.REJECTED, State.CANCELLED})
_WIDE = 70  # characters of an actual in the table; show and the report have all of it
_SIMULATED = re.compile(rb"""SIMULATED|"simulated":\s?true|\bmode"?:\s?"?simulated""")  # also in the metadata of a PDF
_NEXT = {
    State.PLANNED: "somebody else approves it: cellwright do qualification {id} approve --digest {digest} --as USER",
    State.APPROVED: "it can begin: the same command again",
    State.EXECUTED: "somebody else reviews it: cellwright do qualification {id} review --conclusion TEXT --as USER",
    **dict.fromkeys(sorted(_OVER), "it is over; to execute it once more: the same command with --again"),
    State.REVIEWED: "quality releases it: cellwright do qualification {id} release --statement TEXT --due DATE",
}


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of the command."""

    session: Session
    folder: Path
    file: SiteFile
    source: Source
    asset: str
    who: str
    waits: dict[str, str] = field(default_factory=dict)  # by step: what has to happen before the program can do it

    def send(self, thing: str, body: dict[str, object], *, command: str, means: str = "", shown: str = "") -> None:
        """Move an execution, signed where it means something."""
        said = shown or "\n".join(f"{name}: {value}" for name, value in body.items())
        me = Signer(self.who, secret(self.file, self.who), means, f"{command} qualification {thing}\n{said}")
        signed = signers(self.file, me, (means,) if means else (), {})
        target = f"qualification/{thing}"
        move = Request(
            what="do", target=target, command=command, body=body, by=self.who, secret=me.secret, signers=signed
        )
        self.ask(move)

    def ask(self, request: Request) -> Mapping[str, str]:
        """Let a request be carried out by who owns the site; gives what it tells."""
        return send(self.session, self.folder, request).told

    def thing(self) -> Qualification | None:
        """Give the latest execution of the protocol on the asset; None when there is none."""
        with looked(self.session, self.folder) as (_, objects):
            found = list(_executions(objects, self.asset, protocol=self.source.protocol.id))
        return found[-1] if found else None


@click.command(
    epilog="Example: cellwright qualify balance-oq --asset balance-01 --equipment weights=weights-01 --as erik "
    "--site ./site-a"
)
@click.argument("protocol", default="")
@click.option("--asset", default="", help="What is qualified.")
@click.option("--equipment", multiple=True, metavar="ROLE=ASSET", help="Test equipment of the protocol.")
@click.option("--answer", multiple=True, metavar="STEP=VALUE", help="What was found in a step: a value or readings.")
@click.option("--seen", multiple=True, metavar="STEP=TEXT", help="What was seen in a step, and it is as expected.")
@click.option("--wrong", multiple=True, metavar="STEP=TEXT", help="What was seen in a step, and it is not as expected.")
@click.option("--evidence", multiple=True, metavar="STEP=FILE", help="A file that shows it; kept under its SHA-256.")
@click.option("--again", is_flag=True, help="Plan another execution after one that is over.")
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="Only write its report: HTML, PDF, JSON."
)
@click.option("--execution", default="", metavar="ID", help="The report of this one, not of the latest.")
@site
@by
@as_json
@session
def qualify(  # noqa: PLR0913  as options
    session: Session,
    protocol: str,
    asset: str,
    folder: Path,
    *,
    equipment: tuple[str, ...],
    answer: tuple[str, ...],
    seen: tuple[str, ...],
    wrong: tuple[str, ...],
    evidence: tuple[str, ...],
    again: bool,
    report: Path | None,
    execution: str,
    by: str,
    as_json: bool,
) -> None:
    """Execute a qualification protocol on an asset as far as it goes, or list the protocols."""
    if not protocol:
        _list(as_json=as_json)
        return
    source, file = load(protocol), session.opener.site(folder)
    if not asset:
        raise InputError(
            f"--asset is missing: which {source.protocol.asset_class} is qualified by {source.protocol.id}?"
        )
    if report is not None:
        _report(session, folder, _Wanted(source.protocol.id, asset, report, execution), as_json=as_json)
        return
    call = _Call(session, folder, file, source, asset, person(file, by, Right.MAINTAIN))
    bodies = _bodies(call, answer=answer, seen=seen, wrong=wrong, evidence=evidence)
    _go_on(call, _roles(equipment), bodies, again=again)
    _tell(call, as_json=as_json)


def _go_on(call: _Call, equipment: Mapping[str, str], bodies: Mapping[str, dict[str, object]], *, again: bool) -> None:
    """Plan, begin, do and enter what can be done now; raises RefusedError for what can't, and drops nothing unsaid."""
    thing = call.thing()
    _check_now(thing, equipment, bodies, again=again)
    if thing is None or again:
        _plan(call)
        return
    if thing.state in _OVER:
        return
    if thing.state is State.APPROVED:
        begun: dict[str, object] = {"digest": call.source.protocol.digest, "equipment": _equipped(call, equipment)}
        call.send(thing.id, begun, command="begin", means="responsible")
    elif thing.planned.digest != call.source.protocol.digest:
        digests = f"{thing.planned.digest[:12]}; this is another protocol ({call.source.protocol.digest[:12]})"
        raise RefusedError(f"qualification {thing.id} goes by digest {digests}")
    if (thing := call.thing()) is None or thing.state is not State.EXECUTING:
        return
    try:
        _work(call, thing)
    except InputError:  # of a check that can't be done; what people found is entered all the same
        if not bodies:
            raise
    for step, body in bodies.items():
        call.send(thing.id, {"step": step, **body}, command="enter")
    if bodies:
        _work(call, thing)


def _check_now(
    thing: Qualification | None,
    equipment: Mapping[str, str],
    bodies: Mapping[str, dict[str, object]],
    *,
    again: bool,
) -> None:
    """Refuse answers and equipment that the execution can't take where it stands."""
    state = "not planned" if thing is None else str(thing.state)
    name = "a qualification" if thing is None else f"qualification {thing.id}"
    if again and (thing is None or thing.state not in _OVER):
        raise RefusedError(f"--again: {name} is {state}; another is planned when one is over")
    stated = [*bodies, *(f"--equipment {role}" for role in equipment)]
    if stated and (again or state not in {State.APPROVED, State.EXECUTING}):
        raise RefusedError(f"nothing of {', '.join(stated)} was entered: {name} is {state}, not approved or executing")
    began = {one.role: one.asset for one in thing.equipment} if thing and thing.state is State.EXECUTING else equipment
    other = [f"{role}={asset}" for role, asset in equipment.items() if began.get(role) != asset]
    if other:
        with_what = ", ".join(f"{role}={asset}" for role, asset in began.items()) or "none"
        raise RefusedError(f"--equipment {other[0]}: {name} was begun with {with_what}")


def _plan(call: _Call) -> None:
    """Plan an execution; raises InputError for an asset that the site does not know."""
    with looked(call.session, call.folder) as (_, objects):
        objects.known("asset", call.asset)
    name, protocol = f"{call.asset}-{call.source.protocol.id}-{_number(call)}", call.source.protocol
    body: dict[str, object] = {"asset": call.asset, "protocol": protocol.model_dump(mode="json", exclude_defaults=True)}
    shown = f"protocol {protocol.id} version {protocol.version}, digest {protocol.digest}"
    call.send(name, body, command="plan", means="authored", shown=shown)


def _work(call: _Call, thing: Qualification) -> None:
    """Let the program do its steps."""
    steps = (thing.planned.step(name) for name in (call.thing() or thing).pending())
    if any(step is not None and step.by_program(simulated=call.file.simulated) for step in steps):
        body: dict[str, object] = {"folder": str(call.source.folder)} if call.source.folder else {}
        word = secret(call.file, call.who)
        target = f"qualification/{thing.id}"
        wish = Request(what="qualify", target=target, command="run", body=body, by=call.who, secret=word)
        told = call.ask(wish)
        call.waits.update({step: text for step, text in told.items() if text.startswith("waits: ")})


def _number(call: _Call) -> int:
    with looked(call.session, call.folder) as (_, objects):
        return sum(1 for _ in _executions(objects, call.asset, protocol=call.source.protocol.id)) + 1


def _executions(objects: Objects, asset: str, *, protocol: str) -> Iterator[Qualification]:
    for one in objects.marked("qualification", of_asset(asset)):
        if isinstance(one, Qualification) and one.protocol is not None and one.protocol.id == protocol:
            yield one


def _roles(texts: tuple[str, ...]) -> dict[str, str]:
    """Give the test equipment by its roles; raises InputError for a role that is given twice."""
    pairs = [pair(one, what="--equipment") for one in texts]
    for role, _ in pairs:
        if sum(role == other for other, _ in pairs) > 1:
            raise InputError(f"--equipment {role} is given twice; one asset is needed")
    return dict(pairs)


def _equipped(call: _Call, given: Mapping[str, str]) -> list[dict[str, str]]:
    """Give the test equipment as it stands in the register."""
    found = []
    with looked(call.session, call.folder) as (_, objects):
        for role, name in given.items():
            one = objects.known("asset", name)
            due = one.calibration_due if isinstance(one, Asset) else None
            if not isinstance(one, Asset) or due is None:
                raise RefusedError(f"--equipment {role}={name}: {name} was never calibrated")
            until = local(due, zone=objects.zone).isoformat()
            found.append({"role": role, "asset": name, "certificate": one.calibration, "due": until})
    return found


def _bodies(
    call: _Call, *, answer: tuple[str, ...], seen: tuple[str, ...], wrong: tuple[str, ...], evidence: tuple[str, ...]
) -> dict[str, dict[str, object]]:
    """Give what is entered of each step; files are kept here, by their SHA-256."""
    bodies: dict[str, dict[str, object]] = {}
    for what, texts, met in (("--answer", answer, None), ("--seen", seen, True), ("--wrong", wrong, False)):
        for text in texts:
            step, said = pair(text, what=what)
            if call.source.protocol.step(step) is None:
                steps = [name for name, _, _ in call.source.protocol.steps()]
                raise InputError(f"{what} {step}: {call.source.protocol.id} has no such step; {nearest(step, steps)}")
            if step in bodies:
                raise InputError(f"{what} {step}: the step is answered twice")
            bodies[step] = {"actual": said, "simulated": call.file.simulated} | ({} if met is None else {"met": met})
    for text in evidence:
        step, name = pair(text, what="--evidence")
        if step not in bodies:
            raise InputError(f"--evidence {step}: say with --answer, --seen or --wrong what it shows")
        data = _bytes(Path(name))
        if not call.file.simulated and _SIMULATED.search(data):
            raise RefusedError(f"--evidence {step}: {name} says that it is simulated; it shows nothing of a live asset")
        sha = Blobs(call.folder / "blobs", sync=not call.file.simulated).put(data)
        for key, said in (("evidence", sha), ("names", Path(name).name)):
            listed = bodies[step].setdefault(key, [])
            if isinstance(listed, list):
                listed.append(said)
    return bodies


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"can't be read: {error.strerror}", where=str(path)) from None


def _tell(call: _Call, *, as_json: bool) -> None:
    thing = call.thing()
    if thing is None:
        raise RefusedError(f"{call.asset} has no qualification by {call.source.protocol.id}")
    pending = [(name, step) for name in _open(thing) if (step := thing.planned.step(name)) is not None]
    if as_json:
        emit(_data(call, thing, pending))
        return
    mark(call.file.name, simulated=call.file.simulated)
    click.echo(f"qualification {thing.id} of {thing.asset} is {thing.state}")
    if thing.results:
        rows = (
            (r.step, "yes" if r.met else f"NO: {r.deviation}", shortened(r.actual, _WIDE), r.judged)
            for r in thing.results
        )
        click.echo(table(("step", "as expected", "actual", "judged by"), rows))
    for name, step in pending:
        click.echo(f"next {name}: {step.action}\n  expected: {step.expected}\n  {_how(name, step, call)}")
    for one in thing.undecided():
        click.echo(
            f"deviation {one} waits: repeat its step with a reason, or decide: do qualification {thing.id} dispose"
        )
    finished = thing.state is State.EXECUTING and not pending and not thing.undecided()
    done = f"all steps have a result: cellwright do qualification {thing.id} finish --as USER" if finished else ""
    told = done or _NEXT.get(thing.state, "").format(id=thing.id, digest=thing.planned.digest)
    if told:
        click.echo(told)


def _open(thing: Qualification) -> tuple[str, ...]:
    return tuple(thing.pending()) if thing.state is State.EXECUTING else ()


def _how(name: str, step: Step, call: _Call) -> str:
    """Say how a step is answered."""
    file = f" --evidence {name}=FILE" if step.evidence else ""
    if step.series:
        return f"--answer '{name}=READINGS'{file}, {step.count} of them with blanks between"
    if step.limits:
        return f"--answer {name}=NUMBER{file} ({step.limits})"
    if step.by_program(simulated=call.file.simulated):
        return call.waits.get(name, f"the program does it ({step.check})")
    return f"--seen '{name}=WHAT YOU SAW'{file}, or --wrong"


def _data(call: _Call, thing: Qualification, pending: list[tuple[str, Step]]) -> dict[str, object]:
    return {
        "simulated": call.file.simulated,
        "qualification": thing.id,
        "asset": thing.asset,
        "protocol": thing.planned.id,
        "digest": thing.planned.digest,
        "state": thing.state,
        "results": [
            {"step": r.step, "met": r.met, "actual": r.actual, "judged": r.judged, "by": r.by, "deviation": r.deviation}
            for r in thing.results
        ],
        "next": [
            {"step": name, "action": step.action, "expected": step.expected, "waits": call.waits.get(name, "")}
            for name, step in pending
        ],
    }


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Of which execution a report is wanted, and where."""

    protocol: str
    asset: str
    output: Path
    execution: str = ""  # empty: the latest


def _report(session: Session, folder: Path, wanted: _Wanted, *, as_json: bool) -> None:
    """Write the report of the latest execution; nothing is executed."""
    writer = WRITERS.get(wanted.output.suffix.lower())
    if writer is None:
        raise InputError(f"--report is {wanted.output}; a name that ends in {', '.join(WRITERS)} is needed")
    check_outside(wanted.output, folder, option="--report")
    with looked(session, folder) as (file, objects):
        found = list(_executions(objects, wanted.asset, protocol=wanted.protocol))
        if not found:
            raise InputError(f"{wanted.asset} has no qualification by {wanted.protocol}; there is nothing to report")
        names = [one.id for one in found]
        name = wanted.execution or names[-1]
        if name not in names:
            raise InputError(f"--execution is {name!r}; of {wanted.asset} by {wanted.protocol}: {nearest(name, names)}")
        made = made_report(objects, name, kept=Blobs(folder / "blobs", sync=False).standing)
        raw = writer(made, date=iso(now_of(file, objects), zone=objects.zone))
    write_whole(wanted.output, raw)
    count = made.counts
    text = f"report of {made.id} ({made.state}): {wanted.output}, {count.passed} of {count.steps} steps as expected"
    data = {"qualification": made.id, "state": made.state, "file": str(wanted.output), "counts": count}
    tell(text, data, simulated=file.simulated, as_json=as_json)


def _list(*, as_json: bool) -> None:
    items = [(name, load(name).protocol) for name in installed()]
    lines = [
        {"name": name, "version": p.version, "stages": list(p.stages), "asset_class": p.asset_class, "title": p.title,
         "digest": p.digest}
        for name, p in items
    ]  # fmt: skip
    if as_json:
        emit({"items": lines})
        return
    rows = ((n, p.version, "+".join(p.stages), p.asset_class, p.digest[:12], p.title) for n, p in items)
    click.echo(table(("protocol", "version", "stage", "asset class", "digest", "title"), rows))


COMMANDS = {"qualify": qualify}

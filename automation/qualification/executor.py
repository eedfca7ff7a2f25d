"""Executes what the program can do of a qualification by itself, step by step, and goes on where it was stopped.

The result of a step is one command with an id of its own (execution, step, attempt): killed before it, the check runs
again and the record answers what it had done; killed after it, the step has its result.
Source: EU GMP Annex 15, 2.4, 3.11; FDA Computer Software Assurance 2025 (evidence captured by the system).
"""

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from automation.engine.site import Site, Wish
from automation.gmp.door import Command
from automation.gmp.plant.qualifications import TABLE, Qualification, State
from automation.gmp.qualifying import untrained
from automation.kernel.errors import CellwrightError, InputError, RefusedError
from automation.ledger.event import Event
from automation.qualification.asking import Asked, Found
from automation.qualification.checks import OF_THE_DEVICE, known

PROGRAM = "system:qualification"
LONGEST = 400  # characters of an actual that are kept in the event; more is a file
_HANDS = frozenset().union(*(row.by for row in TABLE.rows if row.command == "enter"))


class Exchange(msgspec.Struct, frozen=True):
    """One event of a check, as it is kept as evidence."""

    seq: int
    at: int  # us, UTC
    kind: str
    body: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Work:
    """Who lets the program work, and where the files beside the protocol are."""

    by: str
    folder: Path | None


@dataclass(frozen=True, slots=True)
class Executor:
    """The program's hands at one site: at one execution they do one thing after the other, whoever lets them."""

    at_work: dict[str, str] = field(default_factory=dict)  # execution: who has let the program work at it

    async def carry_out(self, site: Site, wish: Wish, /) -> dict[str, str]:
        """Do every step that the program can do now; gives those steps, each with what came out or what it waits for.

        Raises RefusedError for who may not execute it, InputError for a check that can't be done as it is stated.
        """
        thing = _allowed(site, wish)
        folder = Path(str(wish.body["folder"])) if wish.body.get("folder") else None
        other = self.at_work.get(thing.id)
        if other is not None:
            return dict.fromkeys(
                _of_program(site, thing), f"waits: the program is at work here already; {other} has let it"
            )
        self.at_work[thing.id] = wish.by
        try:
            return await perform(site, thing.id, Work(wish.by, folder))
        finally:
            del self.at_work[thing.id]


def _allowed(site: Site, wish: Wish) -> Qualification:
    """Give the execution; raises RefusedError for who may not let the program work at it."""
    thing = _execution(site, wish.target.removeprefix("qualification/"))
    if not site.house.door.rights(wish.by) & _HANDS:
        needed = " or ".join(sorted(_HANDS))
        raise RefusedError(f"{wish.by} may not execute qualification {thing.id}: needs the right {needed}")
    why = untrained(thing.planned, wish.by, site.house.door)
    if why:
        raise RefusedError(f"qualification {thing.id} {why}")
    return thing


async def perform(site: Site, name: str, work: Work) -> dict[str, str]:
    """Do the steps one after the other; gives each with what came out.

    Raises InputError for the first check that can't be done as it is stated, when all others are done.
    """
    told: dict[str, str] = {}
    wrong: list[InputError] = []
    while step := _next(site, _execution(site, name), told):
        try:
            told[step] = await _done(site, _execution(site, name), step, work)
        except InputError as error:
            told[step] = f"can't be done: {error}"
            wrong.append(InputError(f"step {step}: {error}"))
    if wrong:
        raise wrong[0]
    return told


def _execution(site: Site, name: str) -> Qualification:
    thing = site.house.door.find("qualification", name)
    if not isinstance(thing, Qualification) or thing.state is not State.EXECUTING:
        raise RefusedError(f"qualification {name} is {thing.state}; the program works at one that is executing")
    return thing


def _next(site: Site, thing: Qualification, tried: Collection[str]) -> str:
    return next((name for name in _of_program(site, thing) if name not in tried), "")


def _of_program(site: Site, thing: Qualification) -> Iterator[str]:
    """Give the steps that the program can do now."""
    for name in thing.pending():
        step = thing.planned.step(name)
        if step is not None and step.by_program(simulated=site.file.simulated):
            yield name


async def _done(site: Site, thing: Qualification, name: str, work: Work) -> str:
    """Do one step and put its result on the record; gives what came out, or what has to happen first."""
    step = thing.planned.step(name)
    if step is None:
        raise InputError(f"qualification {thing.id} has no step {name}")
    attempt = sum(one.step == name for one in thing.results) + 1
    asked = Asked(site, thing, name, attempt, step.told, work.folder, work.by)
    strange = asked.asset.strange() if step.check in OF_THE_DEVICE else []
    if strange:
        return f"waits: {asked.asset.id} {'; '.join(strange)}"
    found = await _found(asked, step.check)
    if found.waits:
        return f"waits: {found.waits}"
    events = site.house.ledger.stream(asked.stream)
    files = dict(found.files)
    if events:
        files["exchange.json"] = msgspec.json.format(msgspec.json.encode([_kept(one) for one in events]), indent=1)
    actual = found.actual
    if len(actual) > LONGEST:
        files["actual.txt"] = actual.encode()
        actual = f"{actual[:LONGEST]} ..."
    body = {
        "step": name,
        "actual": actual,
        "met": found.met,
        "evidence": [{"name": one, "sha256": site.house.blobs.put(data)} for one, data in sorted(files.items())],
        "cites": list(found.cites or (one.seq for one in events)),
        "started_by": work.by,
        "simulated": site.file.simulated,
    }
    stream = f"qualification/{thing.id}"
    await site.house.door.submit(Command(stream, "observe", body, PROGRAM, id=f"{stream}:{name}:{attempt}"))
    return actual


async def _found(asked: Asked, check: str) -> Found:
    """Run a check in a task of its own; how a device refuses or fails is what came out."""
    run = known(check, asked.told).run
    try:
        return await asyncio.get_running_loop().create_task(run(asked), name=f"check {asked.step}")
    except InputError:
        raise
    except CellwrightError as trouble:
        return Found(f"{type(trouble).__name__}: {trouble}", met=False)


def _kept(event: Event) -> Exchange:
    return Exchange(event.seq, event.at, event.kind, msgspec.Raw(event.body))

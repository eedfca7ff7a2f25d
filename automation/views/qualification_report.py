"""The summary of an execution of a qualification protocol: what was done, what failed, what is shown, and what is not.

Everything is read off the record; each result cites its event, each file its SHA-256.
Source: EU GMP Annex 15, 2.9 (report with deviations and conclusion); GAMP 5 2nd ed. (traceability of requirements).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from automation.gmp.bodies.protocols import Case, Protocol, Requirement
from automation.gmp.executed import Result
from automation.gmp.objects import Recorded
from automation.gmp.people.persons import Person
from automation.gmp.plant.assets import Asset
from automation.gmp.plant.qualifications import Qualification
from automation.kernel.clock import MICRO, iso
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant
from automation.views.objects import Objects

WHOLE = "whole"
"""How a kept file has to stand."""
UNSOURCED = ("[M]", "[D]", "[S]")
"""Marks of limits that are not taken from a public text: usual, a default, or computed."""


class Signature(msgspec.Struct, frozen=True):
    """One signature of the execution."""

    command: str
    name: str
    meaning: str
    at: str
    event: int


class Line(msgspec.Struct, frozen=True):
    """One result of one step."""

    step: str
    attempt: int
    actual: str
    met: bool
    judged: str
    by: str
    at: str
    event: int
    deviation: str
    cites: tuple[int, ...]
    files: tuple[tuple[str, str, str], ...]  # name, SHA-256, how it stands now: whole, changed or missing


class Stepped(msgspec.Struct, frozen=True):
    """One step with all its results, the first one first."""

    step: str
    action: str
    expected: str
    limits: str
    source: str
    lines: tuple[Line, ...]


class Tested(msgspec.Struct, frozen=True):
    """One case."""

    id: str
    title: str
    risk: str
    manner: str
    challenge: bool
    requirements: tuple[str, ...]
    preconditions: tuple[str, ...]
    steps: tuple[Stepped, ...]


class Deviating(msgspec.Struct, frozen=True):
    """One deviation and what was decided about it."""

    id: str
    step: str
    state: str
    decision: str
    reason: str
    restriction: str
    by: str


class Covered(msgspec.Struct, frozen=True):
    """One row of the traceability matrix."""

    requirement: str
    text: str
    risk: str
    cases: tuple[str, ...]
    results: str
    deviations: tuple[str, ...]
    status: str


class Calibrated(msgspec.Struct, frozen=True):
    """Test equipment: its certificate at the beginning, and how it stands now."""

    role: str
    asset: str
    certificate: str
    due: str
    now: str


class Counts(msgspec.Struct, frozen=True):
    """How many."""

    cases: int
    steps: int
    passed: int  # steps whose last result is as expected
    failed: int
    open: int
    repeated: int
    by_program: int
    files: int
    not_whole: int  # files that were changed or are missing now


class Report(msgspec.Struct, frozen=True):
    """The whole summary."""

    simulated: bool
    id: str
    state: str
    asset: str
    device: str
    protocol: str
    version: str
    title: str
    digest: str
    stages: tuple[str, ...]
    scope: str
    acceptance: str
    sources: tuple[str, ...]
    unsourced: tuple[str, ...]  # limits that are not taken from a public text
    counts: Counts
    cases: tuple[Tested, ...]
    deviations: tuple[Deviating, ...]
    coverage: tuple[Covered, ...]
    equipment: tuple[Calibrated, ...]
    repetitions: tuple[tuple[str, str, str], ...]  # step, why, by whom
    signatures: tuple[Signature, ...]
    conclusion: str
    statement: str
    restrictions: tuple[str, ...]
    due: str
    in_the_way: tuple[str, ...]
    head: str
    as_of: int


def report(objects: Objects, name: str, *, kept: Callable[[str], str]) -> Report:
    """Give the summary of an execution; ``kept`` tells by its SHA-256 how a file stands: whole, changed or missing.

    Raises InputError for one that was never planned.
    """
    thing = objects.known("qualification", name)
    if not isinstance(thing, Qualification) or thing.protocol is None:
        raise InputError(f"qualification {name} was never planned")
    protocol, shown = thing.protocol, _Shown(objects, thing, kept)
    last = objects.reader.last
    return Report(
        simulated=objects.simulated,
        id=thing.id,
        state=str(thing.state),
        asset=thing.asset,
        device=_device(objects, thing.asset),
        protocol=protocol.id,
        version=protocol.version,
        title=protocol.title,
        digest=protocol.digest,
        stages=tuple(map(str, protocol.stages)),
        scope=protocol.scope,
        acceptance=protocol.acceptance,
        sources=protocol.sources,
        unsourced=tuple(_unsourced(protocol)),
        counts=_counts(thing, protocol, kept),
        cases=tuple(_case(one, shown) for one in protocol.cases),
        deviations=tuple(_deviations(objects, thing)),
        coverage=tuple(_covered(one, thing, protocol) for one in protocol.requirements),
        equipment=tuple(_equipment(objects, thing)),
        repetitions=thing.reopened,
        signatures=tuple(_signatures(objects, thing.id)),
        conclusion=thing.conclusion,
        statement=thing.release.statement if thing.release else "",
        restrictions=thing.release.restrictions if thing.release else (),
        due=thing.release.due if thing.release else "",
        in_the_way=tuple(thing.obstacles(objects)) if thing.release is None else (),
        head=last.hash.hex(),
        as_of=last.seq,
    )


def _device(objects: Objects, name: str) -> str:
    asset = objects.find("asset", name)
    if not isinstance(asset, Asset):
        raise TypeError(asset)
    said = (asset.maker, asset.model, asset.serial and f"serial {asset.serial}", asset.firmware)
    return ", ".join(word for word in said if word)


def _unsourced(protocol: Protocol) -> Iterator[str]:
    for name, _, step in protocol.steps():
        if any(mark in step.source for mark in UNSOURCED):
            yield f"{name}: {step.limits or step.expected} ({step.source})"


def _counts(thing: Qualification, protocol: Protocol, kept: Callable[[str], str]) -> Counts:
    names = [name for name, _, _ in protocol.steps()]
    last = [one for one in map(thing.last, names) if one is not None]
    return Counts(
        cases=len(protocol.cases),
        steps=len(names),
        passed=sum(one.met for one in last),
        failed=sum(not one.met for one in last),
        open=len(names) - len(last),
        repeated=len(thing.reopened),
        by_program=sum(bool(one.started_by) for one in last),
        files=sum(len(one.evidence) for one in thing.results),
        not_whole=sum(kept(piece.sha256) != WHOLE for one in thing.results for piece in one.evidence),
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the lines of a report are read off."""

    objects: Objects
    thing: Qualification
    kept: Callable[[str], str]

    def name(self, person: str) -> str:
        """Give the printed name of a person, with the account."""
        one = self.objects.find("person", person)
        return f"{one.name} ({person})" if isinstance(one, Person) and one.name else person


def _case(case: Case, shown: _Shown) -> Tested:
    steps = tuple(
        Stepped(
            step=name,
            action=step.action,
            expected=step.expected,
            limits=step.limits,
            source=step.source,
            lines=tuple(_lines(name, shown)),
        )
        for name, step in zip(case.names, case.steps, strict=True)
    )
    return Tested(
        id=case.id,
        title=case.title,
        risk=str(case.risk),
        manner=str(case.manner),
        challenge=case.challenge,
        requirements=case.requirements,
        preconditions=case.preconditions,
        steps=steps,
    )


def _lines(name: str, shown: _Shown) -> Iterator[Line]:
    found: list[Result] = [one for one in shown.thing.results if one.step == name]
    for attempt, one in enumerate(found, start=1):
        yield Line(
            step=name,
            attempt=attempt,
            actual=one.actual,
            met=one.met,
            judged=one.judged,
            by=f"the program, let by {shown.name(one.started_by)}" if one.started_by else shown.name(one.by),
            at=iso(one.at, zone=shown.objects.zone),
            event=one.seq,
            deviation=one.deviation,
            cites=one.cites,
            files=tuple((piece.name, piece.sha256, shown.kept(piece.sha256)) for piece in one.evidence),
        )


def _deviations(objects: Objects, thing: Qualification) -> Iterator[Deviating]:
    decided = {said.deviation: (said, by) for said, by in thing.dispositions}
    for one in thing.failures:
        said, by = decided.get(one.deviation, (None, ""))
        yield Deviating(
            id=one.deviation,
            step=one.step,
            state=str(objects.find("deviation", one.deviation).state),
            decision=str(said.decision) if said else "not decided",
            reason=said.reason if said else "",
            restriction=said.restriction if said else "",
            by=by,
        )


def _covered(one: Requirement, thing: Qualification, protocol: Protocol) -> Covered:
    """Give a requirement with the results of every step that shows it."""
    cases = [case for case in protocol.cases if one.id in case.requirements]
    names = [name for case in cases for name in case.names]
    last = [found for found in map(thing.last, names) if found is not None]
    good = sum(found.met for found in last)
    deviations = tuple(found.deviation for found in thing.failures if found.step in names)
    failing = [found.deviation for found in last if not found.met]
    allowed = {said.deviation for said, _ in thing.dispositions if said.decision == "accepted with a restriction"}
    status = "shown" if good == len(names) else "not shown"
    if len(last) == len(names) and failing and set(failing) <= allowed:
        status = "shown with a restriction"
    return Covered(
        requirement=one.id,
        text=one.text,
        risk=str(one.risk),
        cases=tuple(case.id for case in cases),
        results=f"{good} of {len(names)} steps as expected",
        deviations=deviations,
        status=status,
    )


def _equipment(objects: Objects, thing: Qualification) -> Iterator[Calibrated]:
    for one in thing.equipment:
        asset = objects.find("asset", one.asset)
        due = asset.calibration_due if isinstance(asset, Asset) else None
        good = due is not None and objects.now < due and getattr(asset, "calibration_result", "") == "pass"
        yield Calibrated(
            one.role, one.asset, one.certificate, one.due, "in calibration" if good else "not in calibration"
        )


def _signatures(objects: Objects, name: str) -> Iterator[Signature]:
    for event in objects.reader.stream(f"qualification/{name}"):
        for one in event.read(Recorded).signed:
            at = iso(Instant(one.at / MICRO), zone=one.zone)
            yield Signature(event.kind, one.name, one.meaning, at, event.seq)

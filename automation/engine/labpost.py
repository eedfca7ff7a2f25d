"""The post to a laboratory: tests that it has to hear of, in the ledger first, sent by somebody else afterwards.

A test is sent once its sample is on a manifest to that laboratory. What could not be sent is taken again by the next
try; the laboratory knows it by the id that it has here, so that coming twice is coming once.
Source: 21 CFR 211.194(a)(1); EU GMP chapter 7 (outsourced activities); design: nothing is sent inside a move.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

import msgspec

from automation.engine.intake import INTAKE
from automation.engine.recorder import Recorder
from automation.engine.site import Site
from automation.gmp.door import Command, Door
from automation.gmp.marks import OPEN
from automation.gmp.product.manifests import Manifest
from automation.gmp.product.testing import QcTest, State
from automation.gmp.words import Right
from automation.kernel.errors import InputError, RefusedError
from automation.ledger.event import Event

STREAM = "laboratory"
_ASKED = frozenset({State.REQUESTED, State.IN_LABORATORY})
_NEVER = frozenset({"cancelled", "absent"})


_BRINGERS = frozenset({Right.PERFORM, Right.INVESTIGATE, Right.SUPERVISE, Right.REVIEW})


class Ordered(msgspec.Struct, frozen=True):
    """A test that a laboratory has to hear of, and the sample that it is asked of."""

    test: str
    sample: str
    laboratory: str


class Sent(msgspec.Struct, frozen=True):
    """That the laboratory's system has taken it, and what it said."""

    test: str
    answer: str


class Stuck(msgspec.Struct, frozen=True):
    """Why tests could not be sent, or results not be fetched; never a secret."""

    why: str


def post(site: Site, command: str, body: Mapping[str, object], *, by: str) -> tuple[dict[str, str], int]:
    """Give what the laboratory has to hear of (test to sample), or note what it took, or why nothing went.

    Raises RefusedError for somebody who may not, InputError for a site without a laboratory's system.
    """
    _check_may(site, by)
    if site.file.lims is None:
        raise InputError("the site has no laboratory system; write lims in site.yaml")
    recorder = Recorder(site.house.ledger, site.house.clock, STREAM)
    if command == "sent":
        answers = msgspec.convert(body.get("answers", {}), dict[str, str])
        return {}, note_sent(recorder, answers.items())
    if command == "stuck":
        return {}, note_stuck(recorder, str(body.get("why", "")))
    found = gather(recorder, site.house.door, site.file.lims.laboratory)
    return {one.test: one.sample for one in found}, site.house.ledger.last.seq


def arrive(site: Site, target: str, body: Mapping[str, object], *, by: str) -> int:
    """Put a result of nobody's sample, which a person has brought, into the tray; gives the event."""
    _check_may(site, by)
    earlier = site.house.ledger.stream(target)
    return earlier[-1].seq if earlier else site.house.door.enter(Command(target, "arrive", body, INTAKE)).seq


def _check_may(site: Site, by: str) -> None:
    if not site.house.door.rights(by) & _BRINGERS:
        needed = " or ".join(sorted(_BRINGERS))
        raise RefusedError(f"{by} may exchange nothing with laboratories: needs the right {needed}")


def gather(recorder: Recorder, door: Door, laboratory: str) -> tuple[Ordered, ...]:
    """Write the tests that are new for a laboratory and give all that are not sent yet."""
    events = recorder.ledger.stream(STREAM)
    known = {event.read(Ordered).test for event in events if event.kind == "ordered"}
    for one in _wanted(door, laboratory):
        if one.test not in known:
            recorder.write("ordered", one)
            known.add(one.test)
    return unsent(recorder.ledger.stream(STREAM))


def unsent(events: Iterable[Event]) -> tuple[Ordered, ...]:
    """Give what nobody has sent yet, in the order of its writing."""
    left: dict[str, Ordered] = {}
    for event in events:
        if event.kind == "ordered":
            one = event.read(Ordered)
            left[one.test] = one
        elif event.kind == "sent":
            left.pop(event.read(Sent).test, None)
    return tuple(left.values())


def sent(events: Iterable[Event]) -> dict[str, Event]:
    """Give the tests that a laboratory has, each with the event that says so."""
    return {event.read(Sent).test: event for event in events if event.kind == "sent"}


def note_sent(recorder: Recorder, answers: Iterable[tuple[str, str]]) -> int:
    """Note what was sent and its answer, once each; gives the last event. Raises InputError for any other."""
    waiting = {one.test for one in unsent(recorder.ledger.stream(STREAM))}
    known = waiting | set(sent(recorder.ledger.stream(STREAM)))
    for test, answer in answers:
        if test not in known:
            raise InputError(f"test {test!r} is not to be sent to a laboratory")
        if test in waiting:
            recorder.write("sent", Sent(test, answer))
    return recorder.ledger.last.seq


def note_stuck(recorder: Recorder, why: str) -> int:
    """Note why nothing could be sent or fetched, unless that is the last thing that was noted; gives the last event."""
    events = recorder.ledger.stream(STREAM)
    if not events or events[-1].kind != "stuck" or events[-1].read(Stuck).why != why:
        recorder.write("stuck", Stuck(why))
    return recorder.ledger.last.seq


def _wanted(door: Door, laboratory: str) -> Iterator[Ordered]:
    """Give the open tests whose samples are on a manifest to the laboratory."""
    for thing in door.marked("manifest", OPEN):
        manifest = cast("Manifest", thing)
        if manifest.plan is None or manifest.plan.laboratory != laboratory or manifest.state in _NEVER:
            continue
        for said in manifest.plan.samples:
            for name in said.tests:
                test = door.find("test", name)
                if isinstance(test, QcTest) and test.state in _ASKED and said.sample not in manifest.refused:
                    yield Ordered(name, said.sample, laboratory)

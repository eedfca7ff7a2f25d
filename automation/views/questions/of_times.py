"""Where the time of batches went, by cause: people, processes, equipment, holds, doubt, gaps, review and release.

A question to people counts twice: until somebody takes it up, and while that person is at it. Causes of parallel steps
overlap, so their sum may exceed the batch's time.
Units: h.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from automation.engine.journal import Waiting
from automation.ledger.event import Event
from automation.views.questions.of_steps import ENDS, Step
from automation.views.questions.rows import Row, hours

TIMES = ("batch", "step", "cause", "what", "hours")
NOBODY, AT_IT, PROCESS = "waiting for a person", "person at work", "process"
EQUIPMENT, BETWEEN, REVIEW, RELEASE = (
    "waiting for equipment",
    "between steps",
    "waiting for review",
    "waiting for release",
)
_PROMPT = "prompt "
_STOOD = {"held": "held", "paused": "paused"}
_ANSWERED = frozenset({"answer", "enter", "sign", "witness", "approve", "vouch", "override", "attach"})


class _Numbered(msgspec.Struct):
    visit: int = 0
    n: int = 0


def times(steps: Sequence[Step], prompts: Mapping[tuple[str, str], Sequence[Sequence[Event]]]) -> Iterator[Row]:
    """Give the rows of steps; ``prompts`` are the streams of questions by batch and step."""
    for step in steps:
        yield from _waits(step)
        yield from _stood(step)
        for events in prompts.get((step.batch, step.name), ()):
            yield from _asked(step, events)
    by_batch: dict[str, list[Step]] = {}
    for step in steps:
        by_batch.setdefault(step.batch, []).append(step)
    for some in by_batch.values():
        yield from _between(some)


def after(batch: str, *, ended: Event | None, reviewed: Event | None, decided: Event | None) -> Iterator[Row]:
    """Give how long a lot waited for its review, and from then on for the decision on its release."""
    for cause, first, last in ((REVIEW, ended, reviewed), (RELEASE, reviewed, decided)):
        if first is not None and last is not None:
            yield _row((batch, ""), cause, since=first, until=last)


def _row(whose: tuple[str, str], cause: str, *, since: Event, until: Event, what: str = "") -> Row:
    batch, step = whose
    given = {"batch": batch, "step": step, "cause": cause, "what": what, "hours": hours(since.at, until.at)}
    return Row(given, (since.seq, until.seq))


def _waits(step: Step) -> Iterator[Row]:
    """Give the waits for processes, and for doubt to be decided; those for people are told by their questions."""
    begun: dict[tuple[int, int], Event] = {}
    doubts: dict[tuple[int, int], Event] = {}
    whose = step.batch, step.name
    for event in step.events:
        if event.kind not in {"wait", "seen", "doubt", "resolved"}:
            continue
        said = event.read(_Numbered)
        key = said.visit, said.n
        match event.kind:
            case "wait":
                begun[key] = event
            case "doubt":
                doubts[key] = event
            case "seen" if key in begun:
                what = begun[key].read(Waiting).what
                if not what.startswith(_PROMPT):
                    yield _row(whose, PROCESS, since=begun.pop(key), until=event, what=what)
            case "resolved" if key in doubts:
                yield _row(whose, "in doubt", since=doubts.pop(key), until=event)


def _stood(step: Step) -> Iterator[Row]:
    """Give how long it waited for its equipment, stood held or was paused."""
    stages = step.stages
    bound = next((event for event in step.events if event.kind == "bound"), None)
    whose = step.batch, step.name
    if bound is not None and stages and stages[0][1].at > bound.at:
        yield _row(whose, EQUIPMENT, since=bound, until=stages[0][1])
    for (state, event), (_, following) in itertools.pairwise(stages):
        if state in _STOOD:
            yield _row(whose, _STOOD[state], since=event, until=following)


def _asked(step: Step, events: Sequence[Event]) -> Iterator[Row]:
    opened = events[0]
    claim = next((event for event in events if event.kind == "claim"), None)
    answer = next((event for event in events if event.kind in _ANSWERED), None)
    whose = step.batch, step.name
    if claim is not None:
        yield _row(whose, NOBODY, since=opened, until=claim, what=opened.stream)
    if answer is not None:
        yield _row(whose, AT_IT if claim else NOBODY, since=claim or opened, until=answer, what=opened.stream)


def _between(steps: Iterable[Step]) -> Iterator[Row]:
    """Give the gaps in which no step of a batch ran."""
    spans = sorted(
        ((step.stages[0][1], step.stages[-1][1], step) for step in steps if step.stages and step.stages[-1][0] in ENDS),
        key=lambda span: span[0].at,
    )
    until: Event | None = None
    for first, last, step in spans:
        if until is not None and first.at > until.at:
            yield _row((step.batch, step.name), BETWEEN, since=until, until=first)
        until = last if until is None or last.at > until.at else until

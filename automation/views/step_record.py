"""One step of the record, read off its stream: what it was bound to, what it did, what came out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from automation.engine.journal import (
    Called,
    Enter,
    Fell,
    Moved,
    Replied,
    Resolved,
    Seen,
    Stage,
    Waiting,
    brought,
    is_after,
)
from automation.engine.rounds import DIVIDED, ROUND, SKIPPED, Decided, Divided
from automation.kernel.clock import MICRO
from automation.kernel.quantity import Instant
from automation.ledger.event import Event
from automation.views import record, shapes
from automation.views.charts import charts
from automation.views.people import prompts_of, signatures_of
from automation.views.story import Story
from automation.views.trends import Files, trends
from automation.views.weights import fills, weighings
from automation.views.wording import NOTHING, is_person, show, stamp

_SHOWN_APART = frozenset({"criteria", "balance"})  # of acceptance, and of reconciliation: tables of their own
_STATUS = {"refused": "refused", "failed": "failed", "doubt": "doubt", "overridden": "overridden"}


def step_record(story: Story, name: str, files: Files) -> record.Step:
    """Give one step of the record."""
    events = story.steps[name]
    bound = story.bound[name]
    stages = [(event, event.read(Stage)) for event in events if event.kind == "procedural"]
    begun, ended = events[0], [event for event in events if not is_after(event)][-1]
    over = bool(stages) and stages[-1][1].state in {"complete", "stopped", "aborted"}
    asked = prompts_of(story, name)
    curves = trends(events, files)
    return record.Step(
        id=name,
        operation=bound.operation or name,
        state=_state(events),
        stage=stages[-1][1].state if stages else "idle",
        begun=stamp(begun.at, zone=story.zone),
        ended=stamp(ended.at, zone=story.zone) if over else "",
        duration_s=(ended.at - begun.at) / MICRO if over else None,
        performed_by=_people(prompt.by for prompt in asked),
        verified_by=_people(prompt.verified_by for prompt in asked),
        visits=tuple(_visits(events, story.zone)),
        equipment=tuple(_equipment(story, bound, seq=ended.seq)),
        materials=tuple(_materials(story, name, bound, seq=ended.seq)),
        parameters=tuple(
            record.Parameter(key, one.text, one.value, one.unit, one.source) for key, one in bound.parameters.items()
        ),
        results=tuple(_results(story, name)),
        judged=tuple(_judged(events)),
        acceptance=tuple(_acceptance(events)),
        acts=tuple(_acts(events, story.zone)),
        prompts=asked,
        trends=curves,
        charts=charts(events, curves, bound),
        weighings=weighings(story, name),
        fills=fills(story, name),
        signatures=signatures_of(story, name),
        decisions=tuple(_decisions(events)),
    )


def _decisions(events: Iterable[Event]) -> Iterator[str]:
    """Say how the containers were shared out, whether the step was done again, or that it was left out."""
    for event in events:
        if event.kind == DIVIDED:
            shares = enumerate(event.read(Divided).rounds, 1)
            yield "; ".join(f"round {number}: {', '.join(names)}" for number, names in shares)
        elif event.kind in {ROUND, SKIPPED}:
            yield event.read(Decided).sentence


def _people(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if is_person(name)))


def _state(events: Iterable[Event]) -> str:
    """Give the state of the operation itself: where its last move led, else the one that was entered."""
    state = ""
    inside: set[int] = set()
    for event in events:
        if event.kind == "enter":
            entered = event.read(Enter)
            inside |= {entered.visit} if entered.within else set()
            state = state if entered.within else entered.state
        elif event.kind == "move":
            moved = event.read(Moved)
            state = state if moved.visit in inside else moved.dest
    return state or NOTHING


def _visits(events: Iterable[Event], zone: str) -> Iterator[record.Visit]:
    entered: dict[int, tuple[Event, Enter]] = {}
    left: dict[int, tuple[Event, Moved]] = {}
    for event in events:
        if event.kind == "enter":
            said = event.read(Enter)
            entered[said.visit] = event, said
        elif event.kind == "move":
            moved = event.read(Moved)
            left[moved.visit] = event, moved
    for number, (event, said) in sorted(entered.items()):
        end = left.get(number)
        lasted = (end[0].at - event.at) / MICRO if end else None
        by = f"{end[1].command} → {end[1].dest}" if end and end[1].dest else end[1].command if end else ""
        yield record.Visit(said.state, stamp(event.at, zone=zone), lasted, by, event.seq, said.within)


def _equipment(story: Story, bound: shapes.Bound, *, seq: int) -> Iterator[record.Equipment]:
    known = {told.id: told for told in story.assets}
    for role, name in bound.assets.items():
        asset = known[name].at(seq) if name in known else None
        if asset is None:
            yield record.Equipment(role, name, *([NOTHING] * 11))
            continue
        seen = asset.seen
        yield record.Equipment(
            role=role,
            asset=name,
            asset_class=asset.asset_class,
            maker=asset.maker or (seen.maker if seen else ""),
            model=asset.model or (seen.model if seen else ""),
            serial=(seen.serial if seen and seen.serial else asset.serial),
            firmware=(seen.firmware if seen and seen.firmware else asset.firmware),
            driving=asset.kind,
            support=asset.support,
            driver=asset.driver,
            calibration=asset.calibration,
            calibration_due=stamp(asset.calibration_due, zone=story.zone),
            qualification_due=stamp(asset.qualification_due, zone=story.zone),
            location=asset.location,
        )


def _materials(story: Story, step: str, bound: shapes.Bound, *, seq: int) -> Iterator[record.Material]:
    names = {lot: material for material, lot in bound.materials.items()}
    for told in story.lots:
        uses = [f.body for e, f in told.of("use") if _is_use(f.body, batch=story.id, step=step)]
        lot = told.at(seq)
        if lot is None or (told.id not in names and not uses):
            continue
        used = sum(float(getattr(use, "quantity", 0.0)) for use in uses)
        text = f"{used:.6g} {lot.unit}" if uses else NOTHING
        yield record.Material(names.get(told.id, ""), told.id, lot.what, lot.supplier, lot.expiry, lot.state, text)


def _is_use(body: object, *, batch: str, step: str) -> bool:
    return getattr(body, "batch", "") == batch and getattr(body, "step", "") in {step, ""}


def _results(story: Story, name: str) -> Iterator[record.Result]:
    found: dict[str, record.Result] = {}
    units = story.bound[name].results
    for event in story.steps[name]:
        for key, value in brought(event).items():
            if key not in _SHOWN_APART:
                found[key] = _result(key, value, unit=units.get(key, ""), zone=story.zone, event=event.seq)
    yield from found.values()


def _result(name: str, value: object, *, unit: str, zone: str, event: int) -> record.Result:
    if unit == "instant" and isinstance(value, float | int):
        return record.Result(name, stamp(Instant(float(value)), zone=zone), value, "", event)
    return record.Result(name, show(value), value, unit, event)


def _judged(events: Iterable[Event]) -> Iterator[record.Judged]:
    """Give what counts of each result; what was judged before a correction stands in the trail."""
    last = {event.read(shapes.Verdict).what: event for event in events if event.kind == "judged"}
    for event in last.values():
        said = event.read(shapes.Verdict)
        yield record.Judged(
            what=said.what,
            raw=show(said.raw),
            reported=show(said.reported),
            unit=said.unit,
            band=said.band,
            sentence=said.sentence,
            limit=" and ".join(said.limits),
            kind=said.kind,
            event=event.seq,
        )


def _acceptance(events: Iterable[Event]) -> Iterator[record.Acceptance]:
    """Give each verdict by criteria: an event of its own, or what a move brought."""
    for event in events:
        if event.kind == "acceptance":
            said = event.read(shapes.Accepted)
        elif event.kind == "move" and b'"criteria":[{' in bytes(event.read(Moved).results):
            said = msgspec.json.decode(bytes(event.read(Moved).results), type=shapes.Accepted)
        else:
            continue
        criteria = tuple(
            record.Criterion(c.name, show(c.value), c.unit, c.limit, c.is_met, c.sentence, event.seq)
            for c in said.criteria
        )
        yield record.Acceptance(said.verdict, criteria, event.seq)


@dataclass(slots=True)
class _Effect:
    """All that was recorded of one effect of a visit."""

    begun: Event
    what: str = ""
    arguments: str = ""
    kind: str = "act"
    outcome: str = ""
    status: str = "open"
    attempts: int = 1
    events: list[int] = field(default_factory=list)


class _Numbered(msgspec.Struct):
    visit: int
    n: int


def _acts(events: Iterable[Event], zone: str) -> Iterator[record.Act]:
    found: dict[tuple[int, int], _Effect] = {}
    for event in events:
        if event.kind in _TAKE:
            key = event.read(_Numbered)
            effect = found.setdefault((key.visit, key.n), _Effect(event))
            effect.events.append(event.seq)
            _TAKE[event.kind](effect, event)
    for effect in found.values():
        if not effect.what.startswith("prompt "):
            yield record.Act(
                stamp(effect.begun.at, zone=zone),
                effect.what,
                effect.arguments,
                effect.outcome,
                effect.kind,
                effect.status,
                effect.attempts,
                tuple(effect.events),
            )


def _call(effect: _Effect, event: Event) -> None:
    said = event.read(Called)
    effect.what, effect.arguments = f"{said.asset}.{said.method}", _text(said.args)
    effect.attempts = max(effect.attempts, said.attempt)


def _read(effect: _Effect, event: Event) -> None:
    said = event.read(Replied)
    effect.what, effect.arguments, effect.kind = f"{said.asset}.{said.method}", _text(said.args), "read"
    effect.outcome, effect.status = _text(said.value), "done"


def _reply(effect: _Effect, event: Event) -> None:
    said = event.read(Replied)
    asked = "; found done by asking the device" if said.reconciled else ""
    effect.outcome, effect.status = _text(said.value) + asked, "done"


def _fell(effect: _Effect, event: Event) -> None:
    said = event.read(Fell)
    if said.asset:
        effect.what, effect.arguments = f"{said.asset}.{said.method}", _text(said.args)
    effect.outcome, effect.status = said.message, _STATUS[event.kind]


def _wait(effect: _Effect, event: Event) -> None:
    said = event.read(Waiting)
    effect.what, effect.kind = said.what, "wait"
    effect.arguments = _text(said.detail)


def _seen(effect: _Effect, event: Event) -> None:
    said = event.read(Seen)
    value = _text(said.value)
    effect.outcome = said.name if value == NOTHING else f"{said.name}: {value}"
    effect.status = "done"


def _resolved(effect: _Effect, event: Event) -> None:
    said = event.read(Resolved)
    effect.outcome += f"; {said.by} decided: {said.outcome} ({said.reason})"
    effect.status = f"resolved: {said.outcome}"


def _again(effect: _Effect, _event: Event) -> None:
    effect.attempts += 1
    effect.status = "open"


_TAKE = {
    "call": _call,
    "read": _read,
    "reply": _reply,
    "refused": _fell,
    "failed": _fell,
    "doubt": _fell,
    "overridden": _fell,
    "wait": _wait,
    "seen": _seen,
    "resolved": _resolved,
    "again": _again,
}


def _text(raw: msgspec.Raw) -> str:
    return show(msgspec.json.decode(bytes(raw)))

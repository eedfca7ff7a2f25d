"""Facts of batches and what belongs to them: batches, materials, people, tests, deviations.

A batch is right first time when it ended complete, was released where its release was decided, and nothing on the way
had to be put right: no deviation, no hold, no doubt, no correction, no result beyond its limits, no test out of
specification. The row says what was not.
Units: ``hours`` in h; quantities in the unit of their lot.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from automation.formulas.limits import parse
from automation.gmp.objects import Recorded
from automation.gmp.product.testing import QcTest, criterion_of, judge_by
from automation.gmp.registry import KINDS
from automation.kernel.errors import CellwrightError
from automation.ledger.event import Event
from automation.views.objects import Objects
from automation.views.questions.of_steps import ENDS, Step
from automation.views.questions.rows import Row, Value, hours, moment, value_of
from automation.views.story import tell
from automation.views.wording import is_person

BATCHES = (
    *("batch", "recipe", "version", "product", "lot_type", "order", "state", "ended_as", "release", "started", "ended"),
    *("hours", "review_hours", "deviations", "right_first_time", "why_not"),
)
MATERIALS = ("batch", "step", "lot", "material", "supplier", "quantity", "unit", "at")
PEOPLE = ("batch", "step", "person", "acts")
TESTS = ("batch", "test", "name", "value", "unit", "status", "state", "verdict", "at")
DEVIATIONS = ("deviation", "batch", "subject", "rule", "state", "opened", "hours")
OUT = ("released", "conditionally released", "supplied out of specification")
_MOVED = frozenset({"hold", "stop", "abort", "resolve"})
_REPORTS = frozenset({"report", "report_preliminary", "correct"})


def first_of(events: Sequence[Event], *kinds: str) -> Event | None:
    """Give the first event of some kinds."""
    return next((event for event in events if event.kind in kinds), None)


def last_of(events: Sequence[Event], *kinds: str) -> Event | None:
    """Give the last event of some kinds."""
    return first_of(events[::-1], *kinds)


def given(event: Event) -> dict[str, object]:
    """Give what a move of an object stated."""
    return dict(msgspec.json.decode(bytes(event.read(Recorded).given), type=dict[str, object]))


def ended_of(events: Sequence[Event]) -> tuple[str, Event | None]:
    """Give how a batch ended and by which event; nothing while it goes on."""
    told = tell(KINDS["batch"], tuple(events))
    for value, event in zip(reversed(told.values), reversed(told.events), strict=True):
        state = str(getattr(value, "state", ""))
        if state in ENDS and event.kind in {"complete", "done", "abort"}:
            return state, event
    return "", None


def batches(objects: Objects, steps: Mapping[str, Sequence[Step]]) -> Iterator[Row]:
    """Give one row for each batch that was issued."""
    by_batch: dict[str, list[Row]] = {}
    for row in (*deviations(objects), *tests(objects)):
        by_batch.setdefault(row.text("batch"), []).append(row)
    for thing in objects.every("batch"):
        events = objects.streams[f"batch/{thing.id}"]
        issue = first_of(events, "issue")
        if issue is not None:
            yield _batch(
                thing.id, objects, events, wrong=_wrong(events, steps.get(thing.id, ()), by_batch.get(thing.id, ()))
            )


def _batch(name: str, objects: Objects, events: Sequence[Event], *, wrong: Sequence[str]) -> Row:
    issue, start, review = first_of(events, "issue"), first_of(events, "start"), last_of(events, "review")
    ended_as, ended = ended_of(events)
    said = given(issue) if issue else {}
    release = objects.find("release", name).state
    decided = bool(ended_as) and release not in {"absent", "under review"}
    not_good = [*([] if ended_as in {"complete", ""} else [ended_as]), *wrong]
    not_good += [str(release)] if decided and release not in OUT else []
    numbered = sum(one.startswith("deviation") for one in wrong)
    values: dict[str, Value] = {
        "batch": name,
        **{field: value_of(said.get(key)) for field, key in _ISSUED.items()},
        "state": str(objects.find("batch", name).state),
        "ended_as": ended_as,
        "release": "" if release == "absent" else str(release),
        "started": moment(start.at if start else None),
        "ended": moment(ended.at if ended else None),
        "hours": hours(start.at if start else None, ended.at if ended else None),
        "review_hours": hours(ended.at if ended else None, review.at if review else None),
        "deviations": float(numbered),
        "right_first_time": ("no" if not_good else "yes") if ended_as else "",
        "why_not": ", ".join(not_good),
    }
    shown = (issue, start, ended, review)
    return Row(values, tuple(sorted({event.seq for event in shown if event is not None})))


_ISSUED = {
    "recipe": "recipe",
    "version": "recipe_version",
    "product": "product",
    "lot_type": "lot_type",
    "order": "order",
}


def _wrong(events: Sequence[Event], steps: Sequence[Step], rows: Sequence[Row]) -> list[str]:
    """Say what of a batch had to be put right, each with its event."""
    found = [f"{event.kind} (event {event.seq})" for event in events if event.kind in _MOVED]
    for step in steps:
        for event in step.events:
            if event.kind in {"doubt", "recalculated"}:
                found.append(f"{event.kind} in {step.name} (event {event.seq})")
            elif event.kind == "judged" and event.fields.get("band") in {"action", "reject"}:
                found.append(f"{event.fields.get('what')} beyond its limits (event {event.seq})")
    for row in rows:
        if row.text("deviation"):
            found.append(f"deviation {row.text('deviation')} (event {row.events[0]})")
        elif row.text("verdict") not in {"", "meets", "out of trend"}:
            found.append(f"{row.text('name')} {row.text('verdict')} (event {row.events[-1]})")
    return found


def materials(objects: Objects) -> Iterator[Row]:
    """Give one row for each use of a material lot in a batch."""
    for thing in objects.every("lot"):
        events = objects.streams[f"lot/{thing.id}"]
        receipt = first_of(events, "receive")
        what = given(receipt) if receipt else {}
        for event in (one for one in events if one.kind == "use"):
            said = given(event)
            if said.get("batch"):
                values: dict[str, Value] = {field: value_of(said.get(field)) for field in ("batch", "step", "quantity")}
                values |= {"lot": thing.id, "material": value_of(what.get("what"))}
                values |= {"supplier": value_of(what.get("supplier")), "unit": value_of(said.get("unit"))}
                yield Row({**values, "at": moment(event.at)}, (event.seq,))


def people(objects: Objects) -> Iterator[Row]:
    """Give one row for each person and step: how often that person answered, verified, moved or signed."""
    acts: dict[tuple[str, str, str], list[int]] = {}
    for thing in objects.every("prompt"):
        events = objects.streams[f"prompt/{thing.id}"]
        said = given(events[0])
        for event in events[1:]:
            _note(acts, event, batch=str(said.get("batch") or ""), step=str(said.get("step") or ""))
    for thing in objects.every("batch"):
        for event in objects.streams[f"batch/{thing.id}"]:
            _note(acts, event, batch=thing.id, step="")
    for (batch, step, person), seqs in acts.items():
        yield Row({"batch": batch, "step": step, "person": person, "acts": float(len(seqs))}, tuple(seqs))


def _note(acts: dict[tuple[str, str, str], list[int]], event: Event, *, batch: str, step: str) -> None:
    persons = {event.by, *(signature.by for signature in event.read(Recorded).signed)}
    for person in sorted(persons):
        if batch and is_person(person):
            acts.setdefault((batch, step, person), []).append(event.seq)


def tests(objects: Objects) -> Iterator[Row]:
    """Give one row for each test of a lot that has a result: the one that counts."""
    for thing in objects.every("test"):
        report = last_of(objects.streams[f"test/{thing.id}"], *_REPORTS)
        if isinstance(thing, QcTest) and thing.request is not None and report is not None:
            verdict, unit = _judged(thing, objects)
            values: dict[str, Value] = {"batch": thing.batch, "test": thing.id, "name": thing.request.test}
            values |= {"value": _number(thing.value), "unit": unit, "status": thing.statuses[-1]}
            values |= {"state": str(thing.state), "verdict": verdict, "at": moment(report.at)}
            yield Row(values, (report.seq,))


def _judged(test: QcTest, objects: Objects) -> tuple[str, str]:
    """Give the verdict on a result and the unit of its limit; not evaluable where its specification is not there."""
    try:
        limit = criterion_of(test, objects).limit
        return str(judge_by(test, objects)[0]), parse(limit)[0].unit if limit else ""
    except CellwrightError:
        return "not evaluable", ""


def _number(text: str) -> Value:
    try:
        return float(text)
    except ValueError:
        return text


def deviations(objects: Objects) -> Iterator[Row]:
    """Give one row for each deviation; its hours are those to its closing."""
    for thing in objects.every("deviation"):
        events = objects.streams[f"deviation/{thing.id}"]
        opened, closed = first_of(events, "open"), last_of(events, "close")
        if opened is None:
            continue
        said = given(opened)
        values: dict[str, Value] = {"deviation": thing.id, "state": str(thing.state), "opened": moment(opened.at)}
        values |= {field: value_of(said.get(field)) for field in ("batch", "subject", "rule")}
        over = closed if str(thing.state) == "closed" else None
        values["hours"] = hours(opened.at, over.at if over else None)
        yield Row(values, (opened.seq, over.seq) if over else (opened.seq,))

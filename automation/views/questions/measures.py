"""Metrics: numbers of batches with the events that they come from, gathered under one heading each, and summed up.

Shares of lots (contaminated, right first time) come with their exact interval: none of few is not zero.
Units:  %, h; each number states its own.
Source: ICH Q10 4.1 (performance indicators) and FDA quality metrics (lot acceptance); EU GMP Annex 1 (contamination);
        USP <1116> (contamination recovery rate); vein to vein is from the end of the collection to the begin of the
        infusion.
"""

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from automation.formulas.distributions import Interval, rate
from automation.gmp.codes import moment as instant
from automation.gmp.product.collections import BY_PROGRAM
from automation.kernel.clock import MICRO
from automation.kernel.errors import InputError
from automation.ledger.event import Event
from automation.views.questions.of_batches import OUT, ended_of, first_of, given, last_of
from automation.views.questions.rows import Row, hours, like, moment
from automation.views.questions.tables import Tables

CONTAMINATION = ("*sterility*", "*mycoplasma*", "*endotoxin*", "*bioburden*", "*contamination*")
_OUT_OF = "out of specification"


@dataclass(frozen=True, slots=True)
class Number:
    """One number: of which batch, what, how much, when (text, UTC), and the events that show it."""

    what: str
    batch: str  # or the sampling point
    value: float
    unit: str
    at: str
    events: tuple[int, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """All numbers of one heading; a share of lots has an interval instead of a scatter."""

    what: str
    unit: str
    number: int
    mean: float
    sd: float | None
    least: float
    most: float
    share: Interval | None = None  # of 1


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: what it tells, how its numbers are found, and of lots (0 or 1 each) which is the rare one."""

    words: str
    find: Callable[[Tables], Iterable[Number]]
    rare: float | None = None  # the value of a lot that is the event; None for measured numbers


def numbers(metric: str, tables: Tables, *, recipe: str = "", what: str = "") -> tuple[Number, ...]:
    """Give the numbers of a metric in the order in which they came, of one ``recipe`` (``ID`` or ``ID@VERSION``).

    Raises InputError for a metric that there is not.
    """
    if metric not in METRICS:
        raise InputError(f"there is no metric {metric!r}; there are {', '.join(METRICS)}")
    own = {
        row.text("batch")
        for row in tables["batches"].rows
        if recipe in {row.text("recipe"), f"{row.text('recipe')}@{row.text('version')}"}
    }
    found = [
        one
        for one in METRICS[metric].find(tables)
        if (not recipe or one.batch in own) and (not what or like(one.what, what))
    ]
    return tuple(sorted(found, key=lambda one: (one.what, one.at, one.batch)))


def summaries(metric: str, found: Sequence[Number]) -> tuple[Summary, ...]:
    """Sum numbers up, heading by heading; one of several units is told by unit."""
    groups: dict[tuple[str, str], list[float]] = {}
    for one in found:
        groups.setdefault((one.what, one.unit), []).append(one.value)
    counted = METRICS[metric].rare is not None
    return tuple(_summary(values, what=what, unit=unit, counted=counted) for (what, unit), values in groups.items())


def _summary(values: Sequence[float], *, what: str, unit: str, counted: bool) -> Summary:
    share = rate(sum(value > 0.0 for value in values), len(values)) if counted else None
    scatter = statistics.stdev(values) if len(values) > 1 and not counted else None
    return Summary(what, unit, len(values), statistics.fmean(values), scatter, min(values), max(values), share)


def _of_row(row: Row, what: str, *, field: str = "value", unit: str = "h") -> Iterator[Number]:
    value = row.number(field)
    if value is not None:
        at = row.text("at") or row.text("ended")
        yield Number(what, row.text("batch"), value, unit, at, row.events)


def _yields(tables: Tables) -> Iterator[Number]:
    for row in tables["results"].rows:
        if row.text("kind") == "yield":
            yield from _of_row(row, f"{row.text('step')}.{row.text('name')}", unit=row.text("unit"))


def _results(tables: Tables) -> Iterator[Number]:
    """Give every number that steps and reviewed tests came to."""
    for row in tables["results"].rows:
        if row.text("kind") == "result":
            yield from _of_row(row, f"{row.text('step')}.{row.text('name')}", unit=row.text("unit"))
    for row in tables["tests"].rows:
        if row.text("state") == "reviewed":
            yield from _of_row(row, f"test {row.text('name')}", unit=row.text("unit"))


def _viability(tables: Tables) -> Iterator[Number]:
    return (one for one in _results(tables) if like(one.what.lower(), "*viability*"))


def _contamination(tables: Tables) -> Iterator[Number]:
    """Give 0 or 1 for each lot and test that has a reviewed, final result."""
    for row in tables["tests"].rows:
        name = row.text("name").lower()
        known = any(like(name, pattern) for pattern in CONTAMINATION)
        if known and row.text("state") == "reviewed" and row.text("status") != "preliminary":
            hit = row.text("verdict") == _OUT_OF
            note = f"{row.text('test')}: {row.text('value')}"
            yield Number(row.text("name"), row.text("batch"), float(hit), "of 1", row.text("at"), row.events, note)


def _environment(tables: Tables) -> Iterator[Number]:
    """Give 0 or 1 for each plate and air sample: whether anything grew, and whether it called for action."""
    for row in tables["environment"].rows:
        grown = (row.number("value") or 0.0) > 0.0
        found = {"growth": grown and row.text("viable") == "yes", "action": row.text("verdict") == "action"}
        for what, hit in found.items():
            if what == "action" or row.text("viable") == "yes":
                where = f"{what}: grade {row.text('grade')}, {row.text('method')}"
                note = f"{row.text('room')}, {row.text('sample')}: {row.text('value')} {row.text('unit')}"
                yield Number(where, row.text("point"), float(hit), "of 1", row.text("at"), row.events, note)


def _media_fills(tables: Tables) -> Iterator[Number]:
    """Give 0 or 1 for each unit of a media fill that was looked at: whether it has grown."""
    for row in tables["media-fills"].rows:
        units, grown = (round(row.number(field) or 0.0) for field in ("incubated", "grown"))
        for unit in range(units):
            hit = float(unit < grown)
            note = f"{row.text('room')}: {row.text('state')}"
            yield Number(row.text("process"), row.text("fill"), hit, "of 1", row.text("at"), row.events, note)


def _right_first_time(tables: Tables) -> Iterator[Number]:
    for row in tables["batches"].rows:
        if row.text("ended_as"):
            right = float(row.text("right_first_time") == "yes")
            note = row.text("why_not")
            yield Number("right first time", row.text("batch"), right, "of 1", row.text("ended"), row.events, note)


def _waiting(tables: Tables) -> Iterator[Number]:
    """Give the time of each batch by cause."""
    ended = {row.text("batch"): row.text("ended") for row in tables["batches"].rows}
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in tables["times"].rows:
        if row.text("batch"):
            groups.setdefault((row.text("cause"), row.text("batch")), []).append(row)
    for (cause, batch), rows in groups.items():
        total = sum(row.number("hours") or 0.0 for row in rows)
        seqs = tuple(sorted({seq for row in rows for seq in row.events}))
        yield Number(cause, batch, total, "h", ended.get(batch, ""), seqs)


def _wastes(tables: Tables) -> Iterator[Number]:
    """Give what each batch that ended has of every waste that any had; none is a number, too."""
    groups: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in tables["wastes"].rows:
        if row.text("batch"):
            heading = f"{row.text('waste')}: {row.text('what')}", row.text("unit")
            groups.setdefault(heading, {}).setdefault(row.text("batch"), []).append(row)
    for row in tables["batches"].rows:
        for (what, unit), found in groups.items() if row.text("ended_as") else ():
            rows = found.get(row.text("batch"), [])
            total = sum(one.number("amount") or 0.0 for one in rows)
            seqs = tuple(sorted({seq for one in rows or (row,) for seq in one.events}))
            yield Number(what, row.text("batch"), total, unit, row.text("ended"), seqs)


def _turnaround(tables: Tables) -> Iterator[Number]:
    for row in tables["batches"].rows:
        yield from _of_row(row, "batch, start to end", field="hours")
        yield from _of_row(row, "review, end to reviewed", field="review_hours")
    for row in tables["steps"].rows:
        yield from _of_row(row, f"step {row.text('step')}", field="hours")
    for row in tables["times"].rows:
        if row.text("cause") == "waiting for release":
            yield from _of_row(row, "release, reviewed to decided", field="hours")
    yield from _vein_to_vein(tables)


def _vein_to_vein(tables: Tables) -> Iterator[Number]:
    """Give the way of each therapy: from the end of its collection to receipt, end of the batch, and infusion."""
    streams, zone = tables.objects.streams, tables.objects.zone
    batches = {row.text("order"): row.text("batch") for row in tables["batches"].rows if row.text("order")}
    infused = {str(given(plan).get("order", "")): plan.stream for plan in _opened(tables, "infusion", by="plan")}
    for slot in _opened(tables, "collection", by="schedule"):
        order, own = str(given(slot).get("order", "")), streams[slot.stream]
        report, batch = last_of(own, "report") or last_of(own, BY_PROGRAM), batches.get(order, "")
        if report is None:
            continue
        since = round(float(instant(str(given(report)["collected"]), zone=zone)) * MICRO)
        ends = {
            "collection to receipt": first_of(own, "receive"),
            "collection to end of batch": ended_of(streams[f"batch/{batch}"])[1] if batch else None,
            "vein to vein": first_of(streams.get(infused.get(order, ""), []), "begin"),
        }
        for what, end in ends.items():
            spent = hours(since, end.at if end else None)
            if end is not None and spent is not None:
                yield Number(what, batch or order, spent, "h", moment(end.at) or "", (report.seq, end.seq))


def _opened(tables: Tables, kind: str, *, by: str) -> Iterator[Event]:
    """Give the event by which each object of a kind came to be what it is."""
    events = (last_of(tables.objects.streams[f"{kind}/{thing.id}"], by) for thing in tables.objects.every(kind))
    return (event for event in events if event is not None)


def _accepted(tables: Tables) -> Iterator[Number]:
    """Give 1 for each lot whose release was decided for it, 0 for each that was rejected or revoked."""
    for row in tables["batches"].rows:
        state = row.text("release")
        if state and state != "under review":
            good = float(state in OUT)
            yield Number("lots accepted", row.text("batch"), good, "of 1", row.text("ended"), row.events, state)


METRICS = {
    "yield": Metric("yields that the recipe states, step by step", _yields),
    "viability": Metric("viabilities of counts and tests", _viability),
    "results": Metric("every number that steps and reviewed tests came to; narrow it by --what", _results),
    "contamination": Metric("lots with a test for contamination out of specification", _contamination, rare=1.0),
    "environment": Metric("samples of rooms with growth (recovery rate), and beyond action", _environment, rare=1.0),
    "media-fills": Metric("units of media fills that have grown, by process", _media_fills, rare=1.0),
    "turnaround": Metric("times: vein to vein, batch, step, review, release", _turnaround),
    "right-first-time": Metric("batches that nothing had to be put right in", _right_first_time, rare=0.0),
    "acceptance": Metric("lots released of those decided", _accepted, rare=0.0),
    "waiting": Metric("where the time of a batch went, by cause", _waiting),
    "wastes": Metric("what each batch has of the wastes that records show", _wastes),
}
"""What can be measured."""

"""A trend report: what a process came to in a period, drawn from the ledger alone, so that it can be drawn again.

Charts go over everything up to the end of the period, because limits of few points say little; what signals in the
period is told with the events of its points. Capability comes with intervals, and is refused where the data do not
carry it. Nothing here concludes: that is for people (``gmp.quality.trend_reports``).
Units:  those of the metrics; shares of 1; periods in the site's zone.
Source: FDA process validation guidance 2011, stage 3; 21 CFR 211.180(e); EU GMP chapter 1, 1.10, Annex 15 5.28.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import cast

import msgspec

from automation.formulas.periods import bounds
from automation.formulas.spc_rules import NELSON
from automation.gmp.codes import moment as instant
from automation.gmp.quality.changes import Change
from automation.gmp.quality.deviations import Deviation
from automation.gmp.quality.trend_reports import WORD, TrendReports
from automation.gmp.quality.trend_reports import Charted as Wanted
from automation.kernel.clock import MICRO, iso
from automation.kernel.errors import DamagedError, InputError
from automation.kernel.quantity import Instant
from automation.kernel.untrusted import UNREADABLE
from automation.views.objects import Objects
from automation.views.questions.charting import Asked, Charted, charted, limits_of
from automation.views.questions.measures import METRICS, Number, Summary, numbers, summaries
from automation.views.questions.tables import Tables

_RATES = ("contamination", "environment", "media-fills")
_ROOMS = frozenset({"environment", "media-fills"})  # of the whole site, whatever is made there
_MADE = frozenset({"implement", "close", "reject"})
NO_CODE = "no cause yet"


class Batch(msgspec.Struct, frozen=True):
    """One batch that ended in the period."""

    batch: str
    recipe: str
    ended: str
    ended_as: str
    right_first_time: str
    why_not: str
    events: tuple[int, ...]


class Measured(msgspec.Struct, frozen=True):
    """One metric: its numbers up to the end of the period, and which of them are new."""

    metric: str
    heading: str
    limits: tuple[str, ...]
    numbers: tuple[Number, ...]
    new: int  # how many of them are of the period


class Hit(msgspec.Struct, frozen=True):
    """One signal of a rule whose last point is of the period."""

    what: str
    chart: str
    rule: str
    words: str
    side: str
    batches: tuple[str, ...]
    events: tuple[int, ...]


class Cause(msgspec.Struct, frozen=True):
    """Deviations of the period that have one cause."""

    code: str
    deviations: tuple[str, ...]
    events: tuple[int, ...]


class Changed(msgspec.Struct, frozen=True):
    """One change that was made or closed in the period."""

    change: str
    title: str
    state: str
    events: tuple[int, ...]


class TrendReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report as it is kept; its SHA-256 is that of its file."""

    format: int = 1
    plan: str
    title: str
    recipe: str
    period: str
    begins: str
    ends: str
    simulated: bool
    site: str
    ledger: str  # id, hex
    seq: int  # of the ledger's last event then
    head: str  # hash of that event, hex
    drawn: str  # moment of that event
    batches: tuple[Batch, ...]
    measured: tuple[Measured, ...]
    hits: tuple[Hit, ...]
    rates: tuple[Summary, ...]
    causes: tuple[Cause, ...]
    changes: tuple[Changed, ...]

    @property
    def data(self) -> bytes:
        """Give it as the bytes of its file."""
        return msgspec.json.encode(self)

    @property
    def digest(self) -> str:
        """Give the SHA-256 of its file, hex."""
        return sha256(self.data).hexdigest()


class Within:
    """A period of a site."""

    def __init__(self, period: str, zone: str) -> None:
        """Read it; raises InputError for a name that is none."""
        self.days = bounds(period)
        self.begin, self.end = (instant(day, zone=zone) for day in self.days)

    def has(self, at: Instant) -> bool:
        """Tell whether a moment lies in it."""
        return self.begin <= at < self.end

    def before_its_end(self, text: str) -> bool:
        """Tell whether a moment (text, UTC) lies before its end; nothing does not."""
        return bool(text) and instant(text, zone="UTC") < self.end

    def has_text(self, text: str) -> bool:
        """Tell whether a moment (text, UTC) lies in it."""
        return bool(text) and self.has(instant(text, zone="UTC"))


def series_of(objects: Objects, name: str) -> TrendReports:
    """Give a planned series; raises InputError for one that is not known."""
    found = objects.known(WORD, name)
    if not isinstance(found, TrendReports) or found.planned is None:
        raise InputError(f"{WORD} {name} has no plan")
    return found


def draw(objects: Objects, name: str, *, period: str, site: str, now: Instant) -> TrendReport:
    """Draw the report of a series for a period as of the ledger's last event.

    Raises InputError for a series or period that is none, and for a period that goes on at ``now``.
    """
    plan = series_of(objects, name).planned
    within = Within(period, objects.zone)
    if now < within.end:
        raise InputError(f"the period {period} goes on until {within.days[1]}; its report is drawn when it is over")
    if plan is None:
        raise InputError(f"{WORD} {name} has no plan")
    tables, last = Tables(objects), objects.last
    measured = tuple(_measured(tables, one, within, recipe=plan.recipe) for one in plan.measures)
    rows = tables["batches"].rows
    own = [row for row in rows if plan.recipe in {row.text("recipe"), f"{row.text('recipe')}@{row.text('version')}"}]
    ended = [row for row in own if within.has_text(row.text("ended"))]
    return TrendReport(
        plan=name,
        title=plan.title,
        recipe=plan.recipe,
        period=period,
        begins=within.days[0],
        ends=within.days[1],
        simulated=objects.simulated,
        site=site,
        ledger=objects.reader.genesis.ledger,
        seq=last.seq,
        head=last.hash.hex(),
        drawn=iso(Instant(last.at / MICRO), zone=objects.zone),
        batches=tuple(
            Batch(
                row.text("batch"),
                f"{row.text('recipe')}@{row.text('version')}",
                row.text("ended"),
                row.text("ended_as"),
                row.text("right_first_time"),
                row.text("why_not"),
                row.events,
            )
            for row in ended
        ),
        measured=measured,
        hits=tuple(hit for one in measured for hit in hits(one, within)),
        rates=tuple(rate for metric in _RATES for rate in _rates(tables, metric, within, recipe=plan.recipe)),
        causes=tuple(_causes(objects, {row.text("batch") for row in own}, within)),
        changes=tuple(_changes(objects, within)),
    )


def read(data: bytes, *, where: str) -> TrendReport:
    """Read a report as it was kept; raises DamagedError for what is none."""
    try:
        return msgspec.json.decode(data, type=TrendReport)
    except UNREADABLE as error:
        raise DamagedError(f"it can't be read as a trend report ({error})", where=where) from error


def since(kept: TrendReport, now: TrendReport) -> Iterator[str]:
    """Say what the ledger says otherwise now than a report of the same period that was kept, number by number."""
    for before, after in zip(kept.measured, now.measured, strict=True):
        old, new = ({(one.what, one.batch, one.at): one for one in part.numbers} for part in (before, after))
        for key in sorted(old.keys() | new.keys()):
            was, becomes = _told(old.get(key)), _told(new.get(key))
            if was != becomes:
                yield f"{key[0]} of {key[1] or 'the site'}, {key[2]}: {was} in the report, {becomes} now"
    then = {one.batch: one for one in kept.batches}
    for batch in now.batches:
        if batch.batch not in then:
            yield f"batch {batch.batch} ended in the period and is not in the report"
        elif batch.right_first_time != then[batch.batch].right_first_time:
            yield f"batch {batch.batch} is no longer what it was: {batch.why_not or 'right first time'}"
    if kept.rates != now.rates:
        yield "contamination: the shares in the period are others now"


def _told(one: Number | None) -> str:
    return f"{one.value:g} {one.unit}".strip() if one else "nothing"


def charts_of(one: Measured) -> tuple[Charted, ...]:
    """Chart the numbers of a metric anew; the same numbers give the same charts. Raises InputError for wrong limits."""
    if not one.numbers:
        return ()
    return charted(one.numbers, Asked(NELSON, 0, limits_of(one.limits)), rare=METRICS[one.metric].rare)


def _measured(tables: Tables, wanted: Wanted, within: Within, *, recipe: str) -> Measured:
    scope = "" if wanted.metric in _ROOMS else recipe
    every = numbers(wanted.metric, tables, recipe=scope, what=wanted.heading)
    some = tuple(one for one in every if within.before_its_end(one.at))
    new = sum(within.has_text(one.at) for one in some)
    return Measured(str(wanted.metric), wanted.heading, wanted.limits, some, new)


def hits(one: Measured, within: Within) -> Iterator[Hit]:
    """Give the signals whose last point is of the period."""
    for drawn in charts_of(one):
        for chart, found in zip(drawn.charts, drawn.signals, strict=True):
            for signal in found:
                shift = 1 if chart.kind == "MR" else 0  # a moving range lies between two numbers
                points = drawn.numbers[signal.first : signal.last + shift + 1]
                if within.has_text(points[-1].at):
                    batches = tuple(dict.fromkeys(point.batch for point in points))
                    events = tuple(sorted({seq for point in points for seq in point.events}))
                    yield Hit(drawn.what, chart.kind, signal.rule, signal.words, str(signal.side), batches, events)


def _rates(tables: Tables, metric: str, within: Within, *, recipe: str) -> Sequence[Summary]:
    found = numbers(metric, tables, recipe="" if metric in _ROOMS else recipe)
    return summaries(metric, [one for one in found if within.has_text(one.at)])


def _causes(objects: Objects, own: set[str], within: Within) -> Iterator[Cause]:
    """Give the deviations that were opened in the period by cause: of the recipe's batches, and of none."""
    groups: dict[str, list[Deviation]] = {}
    for one in (cast("Deviation", thing) for thing in objects.every("deviation")):
        batch = one.opening.batch if one.opening else ""
        if one.opened_at is not None and within.has(one.opened_at) and (not batch or batch in own):
            groups.setdefault(one.code or NO_CODE, []).append(one)
    for code, some in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
        seqs = (objects.streams[f"deviation/{one.id}"][0].seq for one in some)
        yield Cause(code, tuple(one.id for one in some), tuple(seqs))


def _changes(objects: Objects, within: Within) -> Iterator[Changed]:
    for one in (cast("Change", thing) for thing in objects.every("change")):
        events = objects.streams[f"change/{one.id}"]
        moved = [event for event in events if event.kind in _MADE and within.has(Instant(event.at / MICRO))]
        if moved:
            title = one.proposal.title if one.proposal else ""
            yield Changed(one.id, title, str(one.state), tuple(event.seq for event in moved))

"""The improvement board: each card with what its measure was before and during the trial, read off the ledger.

Nobody enters a number: before are the numbers from the day that the card names until the trial began, during are those
from then until it was measured, or until now. Every number cites its events.
Units:  those of the metric; shares of 1.
Source: ICH Q10 3.2.3; Welch (1947) and Fisher's exact test for what chance alone would do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from automation.formulas.association import fisher
from automation.formulas.differences import CONFIDENCE, difference
from automation.gmp.quality.improvements import WORD, Better, Improvement, State
from automation.kernel.clock import MICRO
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant
from automation.views.objects import Objects
from automation.views.questions.measures import METRICS, Number, Summary, numbers, summaries
from automation.views.questions.rows import moment
from automation.views.questions.tables import Tables
from automation.views.wording import show

_CHANCE = 1.0 - CONFIDENCE


@dataclass(frozen=True, slots=True)
class Side:
    """What a measure was in one of the two times."""

    summary: Summary | None  # none where nothing was recorded
    numbers: tuple[Number, ...]

    @property
    def events(self) -> tuple[int, ...]:
        """Give the events that it comes from."""
        return tuple(sorted({seq for one in self.numbers for seq in one.events}))

    @property
    def words(self) -> str:
        """Say it: how many, the mean or the share, with the unit."""
        if self.summary is None:
            return "nothing recorded"
        unit = "" if self.summary.share else f" {self.summary.unit}"
        return f"{show(self.summary.mean)}{unit} of {self.summary.number}"


@dataclass(frozen=True, slots=True)
class Card:
    """One card of the board."""

    improvement: Improvement
    before: Side
    during: Side
    verdict: str  # in words: what the numbers carry


def board(objects: Objects, now: Instant) -> tuple[Card, ...]:
    """Give all cards, those first of which most is still to be done."""
    tables = Tables(objects)
    cards = [_card(one, tables, now) for one in objects.every(WORD) if isinstance(one, Improvement)]
    order = list(State)
    return tuple(sorted(cards, key=lambda card: (order.index(card.improvement.state), card.improvement.id)))


def _card(one: Improvement, tables: Tables, now: Instant) -> Card:
    nothing = Side(None, ())
    if one.idea is None:
        return Card(one, nothing, nothing, "")
    begun = one.tried_at if one.trial else now
    ended = one.measured_at if one.state in {State.MEASURED, State.ADOPTED, State.DROPPED} and one.finding else now
    try:
        found = numbers(one.idea.measure, tables, recipe=one.idea.recipe, what=one.idea.heading)
        headings = sorted({f"{number.what} ({number.unit})" for number in found})
        if len(headings) > 1:
            raise InputError(
                f"{one.idea.heading!r} means {', '.join(headings)}: values of several kinds are not compared"
            )
    except InputError as wrong:
        return Card(one, nothing, nothing, str(wrong))
    before = _side(one, _within(found, since=one.since, until=begun))
    during = _side(one, _within(found, since=begun, until=ended) if one.trial else ())
    return Card(one, before, during, _verdict(one, before=before, during=during) if one.trial else "")


def _within(found: Sequence[Number], *, since: Instant, until: Instant) -> Iterator[Number]:
    first, last = (moment(round(float(at) * MICRO)) or "" for at in (since, until))
    return (number for number in found if first <= number.at < last)


def _side(one: Improvement, found: Iterator[Number] | tuple[()]) -> Side:
    some = tuple(found)
    made = summaries(one.idea.measure, some) if one.idea else ()
    return Side(made[0] if made else None, some)


def _verdict(one: Improvement, *, before: Side, during: Side) -> str:
    """Say what the numbers carry: better, worse, or neither, and what chance alone would do."""
    if one.idea is None or before.summary is None or during.summary is None:
        return "nothing to compare yet"
    values = tuple([number.value for number in side.numbers] for side in (before, during))
    if METRICS[one.idea.measure].rare is not None:
        hits = tuple(round(sum(some)) for some in values)
        chance = fisher(hits[0], of_first=len(values[0]), second=hits[1], of_second=len(values[1]))
        off = during.summary.mean - before.summary.mean
        return f"{_direction(one, off, known=chance < _CHANCE)}; chance alone parts them so far with {chance:.2g}"
    try:
        found = difference(values[0], values[1])
    except InputError as wrong:
        return f"not known: {wrong}"
    known = found.low > 0.0 or found.high < 0.0
    said = f"{_direction(one, found.value, known=known)}: {show(found.value)} ({show(found.low)} to {show(found.high)})"
    return f"{said} {during.summary.unit}, 95 % interval"


def _direction(one: Improvement, off: float, *, known: bool) -> str:
    if not known or one.idea is None:
        return "no difference is shown"
    return "better" if (off > 0.0) == (one.idea.better is Better.HIGHER) else "worse"

"""The transfer report: batches of both units, tolerance intervals, equivalence by the declared margins, deviations.

The verdict is arithmetic: every margin is met, every planned batch is there and completed. The conclusion is a
person's, signed over the SHA-256 of this report.
Source: WHO TRS 1044 annex 4 (2022), 12 (phases III and IV); Schuirmann 1987 as in ``automation.formulas.equivalence``.
"""

import hashlib
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from automation.gmp.counted import deviations_of
from automation.gmp.objects import Site
from automation.gmp.quality.transfers import TELLS, Execution, GapLine, Transfer
from automation.gmp.quality.transfers import Side as Made
from automation.kernel.errors import InputError
from automation.views.comparison import Class, Classes, Comparison, Kind, Role, Row, Side
from automation.views.equivalence import equivalences, margin_of
from automation.views.transfer.package import FORMAT, frozen
from automation.views.transfer.told import open_feedback

_ROLES = {Made.SENDING: Role.SENDING, Made.RECEIVING: Role.RECEIVING}


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch that counts."""

    batch: str
    made_by: str
    ended_as: str
    assets: tuple[str, ...]
    amended: tuple[str, ...]  # what planned amendments changed
    cited_by: str  # hash of a signed head


@dataclass(frozen=True, slots=True)
class Attribute:
    """One critical attribute of both units; numbers in its unit, None where there are too few."""

    where: str
    unit: str
    weight: str
    sending: tuple[float | str | None, ...]  # of its batches, in their order in the report
    receiving: tuple[float | str | None, ...]
    sending_mean: float | None
    receiving_mean: float | None
    low: float | None  # of the tolerance interval of the sending unit's batches
    high: float | None
    outside: int  # receiving batches beyond it


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole report."""

    simulated: bool
    transfer: str
    title: str
    package: str
    sending: str
    receiving: str
    recipe: str
    digest: str
    runs: int  # planned at the receiving unit
    references: int  # planned of the sending unit
    rationale: str
    margins: tuple[str, ...]
    batches: tuple[Batch, ...]  # of the sending unit first
    others: tuple[tuple[str, str], ...]  # by the recipe, of the sending unit, not counted: batch, state
    attributes: tuple[Attribute, ...]
    same: tuple[str, ...]  # critical, and the same in every batch
    equivalence: tuple[str, ...]
    gaps: tuple[tuple[str, str, str, str], ...]  # gap, weighs, decision, how
    deviations: tuple[tuple[str, str], ...]
    feedback: tuple[tuple[str, str, str, str], ...]  # still open: feedback, step, state, what was seen
    missing: tuple[str, ...]
    equivalent: bool

    @property
    def text(self) -> bytes:
        """Give the JSON over which the evaluation is signed; the same report gives the same bytes."""
        return frozen({"format": FORMAT, "is": "transfer report", **asdict(self)})

    @property
    def sha256(self) -> str:
        """Give the SHA-256 of that (hex)."""
        return hashlib.sha256(self.text).hexdigest()


def report(transfer: Transfer, found: Comparison, site: Site, *, others: Sequence[tuple[str, str]] = ()) -> Report:
    """Put it together; raises InputError for batches that are not those that were counted.

    ``others`` are batches by the recipe that the sending unit has made, too, and that were not counted.
    """
    plan = transfer.plan
    if plan is None:
        raise InputError(f"transfer {transfer.id} is not planned here")
    _check_counted(transfer, found)
    made = _ordered(transfer, found)
    tested = equivalences(found, [margin_of(text) for text in plan.margins])
    missing = [*_missing(transfer), *(one.sentence for one in tested if one.test is None)]
    missing += [why for one, at in made for why in _lacking(found, one, at, [test.margin.where for test in tested])]
    rows = [row for row in found.rows if row.weight is not Class.OTHER]
    shown = all(one.test is not None and one.test.equivalent for one in tested)
    return Report(
        simulated=any(one.simulated for one in found.sides),
        transfer=transfer.id,
        title=plan.title,
        package=plan.package,
        sending=plan.sending,
        receiving=plan.receiving,
        recipe=plan.recipe,
        digest=plan.digest,
        runs=plan.runs,
        references=plan.references,
        rationale=plan.rationale,
        margins=plan.margins,
        batches=tuple(_batch(one, found.sides[at]) for one, at in made),
        others=tuple(others),
        attributes=tuple(_attribute(row, made) for row in rows),
        same=tuple(name for name in plan.critical if not any(_within(row.where, name) for row in rows)),
        equivalence=tuple(one.sentence for one in tested),
        gaps=tuple(_gap(transfer, one) for one in plan.gaps),
        deviations=tuple(deviations_of(site, transfer.batches(Made.RECEIVING))),
        feedback=open_feedback(site, plan.recipe),
        missing=tuple(missing),
        equivalent=bool(tested) and shown and not missing,
    )


def critical(found: Comparison, names: Sequence[str]) -> Classes:
    """Give as critical what a plan calls so and the batches have: what was measured, and parameters that differ.

    A parameter differs between batches that came to its step; a name takes its parts along, such as one ramp.
    """
    named = [row for row in found.rows if any(_within(row.where, name) for name in names)]
    unlike = (row for row in named if len(set(row.values) - {None}) > 1)
    return Classes(
        cpp=tuple(row.where for row in unlike if row.kind is Kind.PARAMETER),
        cqa=tuple(row.where for row in named if row.kind is Kind.RESULT),
    )


def _within(where: str, name: str) -> bool:
    return where == name or where.startswith(f"{name}.")


def _ordered(transfer: Transfer, found: Comparison) -> list[tuple[Execution, int]]:
    """Give the batches that count with their places in the comparison: of the sending unit first, then as counted."""
    places = {(one.label.partition("@")[0], one.role): at for at, one in enumerate(found.sides)}
    counted = sorted(transfer.counted, key=lambda one: one.side is Made.RECEIVING)
    return [(one, places[one.batch, _ROLES[one.side]]) for one in counted]


def _lacking(found: Comparison, one: Execution, at: int, tested: Sequence[str]) -> Iterator[str]:
    """Say what a batch lacks: its end, or a value of an attribute that is tested."""
    side, name = found.sides[at], f"batch {one.batch} of the {one.side} unit"
    if side.ended_as != "complete":
        yield f"{name} is {side.ended_as or 'not over'}, not complete"
    for row in found.rows:
        if row.where in tested and row.measured and not isinstance(row.values[at], float):
            yield f"{name} has no {row.where}"


def _batch(one: Execution, side: Side) -> Batch:
    return Batch(one.batch, one.side, side.ended_as, side.assets, side.amended, one.head)


def _missing(transfer: Transfer) -> list[str]:
    plan = transfer.plan
    wanted = ((Made.RECEIVING, plan.runs), (Made.SENDING, plan.references)) if plan else ()
    made = [(side, len(transfer.batches(side)), number) for side, number in wanted]
    return [f"{has} of {number} batches of the {side} unit" for side, has, number in made if has < number]


def _check_counted(transfer: Transfer, found: Comparison) -> None:
    """Refuse a comparison of other batches than those that count, or of one in another role."""
    counted = {(one.batch, str(_ROLES[one.side])) for one in transfer.counted}
    named = {(one.label.partition("@")[0], str(one.role)) for one in found.sides}
    for batch, role in sorted(counted ^ named):
        side = "is counted and not named" if (batch, role) in counted else "is named and not counted"
        raise InputError(f"batch {batch} ({role}) {side}; name those of transfer {transfer.id} and no others")


def _attribute(row: Row, made: Sequence[tuple[Execution, int]]) -> Attribute:
    sending, receiving = (
        tuple(row.values[at] for one, at in made if one.side is side) for side in (Made.SENDING, Made.RECEIVING)
    )
    return Attribute(
        row.where,
        row.unit,
        row.weight,
        sending,
        receiving,
        _mean(sending),
        _mean(receiving),
        row.band.low if row.band else None,
        row.band.high if row.band else None,
        sum(row.outside),
    )


def _mean(values: Sequence[float | str | None]) -> float | None:
    numbers = [value for value in values if isinstance(value, float)]
    return statistics.fmean(numbers) if numbers else None


def _gap(transfer: Transfer, line: GapLine) -> tuple[str, str, str, str]:
    one = next((one for one in transfer.disposed if one.said.gap == line.id), None)
    if one is None:
        return (line.id, line.weighs, "told" if line.weighs == TELLS else "not disposed", line.sentence)
    how = one.settled.what if one.settled else one.said.rationale
    return (line.id, line.weighs, f"{one.said.decision} ({one.by})", how)

"""The transfer report: batches of both units, tolerance intervals, equivalence by the declared margins, deviations.

The verdict is arithmetic: every margin is met, every planned batch is there and completed. The conclusion is a
person's, signed over the SHA-256 of this report.
Source: WHO TRS 1044 annex 4 (2022), 12 (phases III and IV); Schuirmann 1987 as in ``automation.formulas.equivalence``.
"""

import hashlib
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from automation.gmp.counted import deviations_of
from automation.gmp.objects import Site
from automation.gmp.quality.transfers import Execution, GapLine, Transfer
from automation.gmp.quality.transfers import Side as Made
from automation.kernel.errors import InputError
from automation.views.comparison import Class, Comparison, Role, Row
from automation.views.equivalence import equivalences, margin_of
from automation.views.transfer.package import FORMAT, frozen

_ROLES = {Made.SENDING: Role.SENDING, Made.RECEIVING: Role.RECEIVING}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One critical attribute of both units; numbers in its unit, None where there are too few."""

    where: str
    unit: str
    weight: str
    values: tuple[float | str | None, ...]
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
    batches: tuple[tuple[str, str, str, str], ...]  # batch, made by, ended as, cited by
    attributes: tuple[Attribute, ...]
    equivalence: tuple[str, ...]
    gaps: tuple[tuple[str, str, str, str], ...]  # gap, weighs, decision, how
    deviations: tuple[tuple[str, str], ...]
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


def report(transfer: Transfer, found: Comparison, site: Site) -> Report:
    """Put it together; raises InputError for batches that are not those that were counted."""
    plan = transfer.plan
    if plan is None:
        raise InputError(f"transfer {transfer.id} is not planned here")
    _check_counted(transfer, found)
    tested = equivalences(found, [margin_of(text) for text in plan.margins])
    missing = [*_missing(transfer), *(one.sentence for one in tested if one.test is None)]
    missing += [
        f"{one.label} is {one.ended_as or 'not over'}, not complete"
        for one in found.sides
        if one.ended_as != "complete"
    ]
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
        batches=tuple((one.batch, one.side, _ended(found, one), one.head) for one in transfer.counted),
        attributes=tuple(_attribute(found, row) for row in found.rows if row.weight is not Class.OTHER),
        equivalence=tuple(one.sentence for one in tested),
        gaps=tuple(_gap(transfer, one) for one in plan.gaps),
        deviations=tuple(deviations_of(site, transfer.batches(Made.RECEIVING))),
        missing=tuple(missing),
        equivalent=bool(tested) and shown and not missing,
    )


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


def _ended(found: Comparison, counted: Execution) -> str:
    role = _ROLES[counted.side]
    sides = (one for one in found.sides if (one.label.partition("@")[0], one.role) == (counted.batch, role))
    return next((one.ended_as for one in sides), "")


def _attribute(found: Comparison, row: Row) -> Attribute:
    return Attribute(
        row.where,
        row.unit,
        row.weight,
        row.values,
        _mean(found, row, Role.SENDING),
        _mean(found, row, Role.RECEIVING),
        row.band.low if row.band else None,
        row.band.high if row.band else None,
        sum(row.outside),
    )


def _mean(found: Comparison, row: Row, role: Role) -> float | None:
    sides: Sequence[tuple[Role, float | str | None]] = [
        (side.role, value) for side, value in zip(found.sides, row.values, strict=True)
    ]
    numbers = [value for at, value in sides if at is role and isinstance(value, float)]
    return statistics.fmean(numbers) if numbers else None


def _gap(transfer: Transfer, line: GapLine) -> tuple[str, str, str, str]:
    one = next((one for one in transfer.disposed if one.said.gap == line.id), None)
    if one is None:
        return (line.id, line.weighs, "not disposed", "")
    how = one.settled.what if one.settled else one.said.rationale
    return (line.id, line.weighs, f"{one.said.decision} ({one.by})", how)

"""Whether the figures of one count can belong together; figures that can't are a swapped or damaged column.

Units: cells/mL or 10^6 cells/mL (the same in one call), %. Tolerances follow from the digits that the maker writes.
"""

from dataclasses import dataclass
from decimal import Decimal

from instruments.drivers.result_text import Fields

_HALF = Decimal("0.51")  # of the last digit: rounding, and that the maker rounds an unrounded figure


def step(value: Decimal, *, figures: int = 0) -> Decimal:
    """Give the worth of the last digit written, or of the last of so many significant figures."""
    written = int(value.as_tuple().exponent)
    if figures and value:
        written = max(written, value.adjusted() - figures + 1)
    return Decimal(1).scaleb(written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The columns of one row that depend on each other; ``figures`` is how many significant ones are written."""

    total: str
    viable: str
    viability: str
    figures: int = 0


def check_shares(row: Fields, columns: Figures, values: tuple[Decimal, Decimal, Decimal]) -> None:
    """Refuse a row unless viability (%) follows from total and viable; raises InputError that names the column."""
    total, viable, viability = values
    if viability > 100:
        row.refuse("the viability is above 100 %", columns.viability)
    if viable > total:
        row.refuse("more viable cells than cells; are the columns swapped?", columns.viable)
    if not total:
        if viable or viability:
            row.refuse("the field says something of no cells", columns.viability)
        return
    share = 100 * viable / total
    off = _HALF * (
        step(viability)
        + share * step(total, figures=columns.figures) / total
        + 100 * step(viable, figures=columns.figures) / total
    )
    if abs(viability - share) > off:
        row.refuse("the field does not follow from total and viable cells; are columns swapped?", columns.viability)


def check_sum(row: Fields, column: str, parts: tuple[Decimal, Decimal], *, whole: Decimal, figures: int = 0) -> None:
    """Refuse a row unless viable and dead cells make up all; raises InputError that names the column of the dead."""
    off = _HALF * (step(whole, figures=figures) + sum(step(part, figures=figures) for part in parts))
    if abs(whole - sum(parts)) > off:
        row.refuse("live and dead cells are not all cells; are columns swapped?", column)

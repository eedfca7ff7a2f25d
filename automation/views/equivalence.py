"""Equivalence of batches by results: two one-sided tests for each result that a margin was declared for.

The reference batches of a comparison stand on one side, on the other the receiving ones, or all others where none is
called so. A margin is the user's own, declared before the data are seen; without one no conclusion is drawn.
Units: margins and differences in the unit of the result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from automation.engine.recipe.yaml_source import nearest
from automation.formulas.equivalence import Equivalence, tost
from automation.formulas.limits import parse
from automation.kernel.errors import InputError
from automation.views.comparison import Comparison, Role, Row


@dataclass(frozen=True, slots=True)
class Margin:
    """How far two means may differ and still be equivalent."""

    where: str  # step.name
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One result: its margin, the number of values on either side, and the test, or why there is none."""

    margin: Margin
    references: int
    others: int
    test: Equivalence | None
    refused: str = ""

    @property
    def sentence(self) -> str:
        """Say the verdict with its interval."""
        unit, where = self.margin.unit, self.margin.where
        if self.test is None:
            return f"{where}: not tested; {self.refused}"
        verdict = "equivalent" if self.test.equivalent else "not shown to be equivalent"
        interval = f"{self.test.low:+.4g} to {self.test.high:+.4g} {unit}"
        return (
            f"{where}: {verdict}; 90 % interval of the difference {interval}, margin +/- {self.margin.value:g} {unit}"
        )


def margin_of(text: str) -> Margin:
    """Read ``STEP.NAME=VALUE UNIT``; raises InputError that says how it is written."""
    where, sign, amount = text.partition("=")
    wrong = f"the margin is {text!r}; write STEP.NAME=VALUE UNIT, for example count.viability=5 %"
    if not sign or not where.strip():
        raise InputError(wrong)
    try:
        bound = parse(f"<= {amount.strip()}")[0]
    except InputError:
        raise InputError(wrong) from None
    return Margin(where.strip(), float(bound.value), bound.unit)


def equivalences(found: Comparison, margins: Sequence[Margin]) -> tuple[Judged, ...]:
    """Test each result that has a margin; raises InputError for one that is not compared, or in another unit."""
    rows = {row.where: row for row in found.rows if row.measured}
    return tuple(_judged(found, rows, margin) for margin in margins)


def _judged(found: Comparison, rows: Mapping[str, Row], margin: Margin) -> Judged:
    row = rows.get(margin.where)
    if row is None:
        raise InputError(f"{margin.where!r} has a margin and is no measured result here; {nearest(margin.where, rows)}")
    if row.unit != margin.unit:
        raise InputError(f"the margin of {margin.where} is in {margin.unit or 'no unit'}; its values are in {row.unit}")
    receiving = any(side.role is Role.RECEIVING for side in found.sides)
    first, second = [], []
    for side, reference, value in zip(found.sides, found.references, row.values, strict=True):
        if isinstance(value, float):
            if reference:
                first.append(value)
            elif side.role is Role.RECEIVING or not receiving:
                second.append(value)
    try:
        test = tost(first, second, margin=margin.value)
    except InputError as error:
        return Judged(margin, len(first), len(second), None, str(error))
    return Judged(margin, len(first), len(second), test)

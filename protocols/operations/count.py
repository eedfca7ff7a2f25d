"""Unit operation: count cells in duplicate. From the counter's result file, or entered by hand and verified.

Two counts have to agree, and a number of cells that surprises is asked about (a slip of ten is easily made); when
they do not stand, two more are made, and a person decides after that. What later steps use is
the mean with its uncertainty, never a single count.
Source: duplicate rule |a - b| / mean and mean with uncertainty as in ``automation.formulas.counts``; 21 CFR 211.194(a).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Amount, Product
from automation.engine.prompts import Operator
from automation.engine.visit import Move, Visit
from automation.formulas.counts import duplicate_difference, total_cells
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Cells, CellsPerMillilitre, Millilitres, Percent
from instruments.interfaces.counter import CellCounter
from protocols.operations.counting import Counting, Means, Several, Single, means

AS_COUNTED = "it is as counted"


class State(StrEnum):
    """Where a count stands; COUNTED and DISAGREED are final."""

    DRAWN = "drawn"
    READ = "read"
    COUNTED = "counted"
    DISAGREED = "disagreed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    volume: Millilitres = field(metadata={"range": (0.0, 5000.0), "label": "Volume of the container"})
    expected_cells: Cells = field(metadata={"range": (0.0, 1e13), "label": "Viable cells of the step before, or usual"})
    expected_low: Percent = field(metadata={"range": (0.1, 100.0), "label": "Share below which it is asked"})
    expected_high: Percent = field(metadata={"range": (1.0, 10_000.0), "label": "Share above which it is asked"})
    sample: Millilitres = field(metadata={"range": (0.05, 50.0), "label": "Volume drawn for each sample"})
    differ_at_most: Percent = field(metadata={"range": (0.1, 50.0), "label": "Duplicates differ at most"})
    dilution_uncertainty: Percent = field(metadata={"range": (0.0, 20.0), "label": "Uncertainty of the dilution"})
    volume_uncertainty: Percent = field(metadata={"range": (0.0, 20.0), "label": "Uncertainty of the volume"})
    pairs_at_most: int = field(metadata={"range": (1, 5), "label": "Pairs of counts at most"})
    of_several: Several = field(metadata={"label": "Which of several result files for one sample counts"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use; uncertainties are standard uncertainties."""

    counts: tuple[Single, ...] = ()
    pair: int = 0
    difference: Percent | None = None
    total_concentration: CellsPerMillilitre | None = None
    viable_concentration: CellsPerMillilitre | None = None
    viable_uncertainty: CellsPerMillilitre | None = None
    viability: Percent | None = None
    viable_cells: Cells | None = None  # in the volume before the samples were drawn
    total_cells: Cells | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """Count a sample of the batch's container in duplicate."""

    counter: CellCounter
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.COUNTED})
    safe: ClassVar = (
        SafeProduct(after=("holding",), told="close"),
        SafeProduct(after=ENDINGS, told="close"),
    )
    table: ClassVar = Table(
        State.DRAWN,
        (
            Row("read", State.DRAWN, State.READ),
            Row("again", State.READ, State.DRAWN),
            Row("agree", State.READ, State.COUNTED),
            Row("disagree", State.READ, State.DISAGREED),
        ),
    )

    async def drawn(self, visit: Visit[Results]) -> Move:
        """Get two counts of one pair of samples, from the file when it names them, else by hand."""
        pair = visit.got.pair + 1
        names = tuple(f"{visit.batch}-{visit.step}-{pair}{letter}" for letter in "AB")
        source = self.product.one()
        await self.operator.confirm(
            f"Mix. Draw {self.given.sample:g} mL from {source.id} into each of {names[0]} and {names[1]}, "
            "count them, export the results, then confirm"
        )
        drawn = Amount(self.given.sample, self.given.sample * (float(self.given.volume_uncertainty) / 100))
        for name in names:
            await self.product.draw(self.product.held(source.id), to=name, amount=drawn, why="sample for counting")
        counting = Counting(self.counter, self.operator, self.product, self.given.of_several)
        found = [await counting.single(name) for name in names]
        return Move("read", counts=tuple(found), pair=pair)

    async def read(self, visit: Visit[Results]) -> Move:
        """Judge the pair; when it disagrees count again, and after the last pair let it stand as disagreed."""
        first, second = visit.got.counts
        differ = duplicate_difference(first.viable, second.viable)
        if differ > self.given.differ_at_most:
            why = f"differs by {differ:.1f} %, at most {self.given.differ_at_most:g} % is allowed"
        else:
            why = await self._slip(visit.got.counts)
        if not why:
            return Move("agree", difference=differ, **self._means(visit.got.counts))
        await self.product.deviation(f"pair {visit.got.pair} {why}", rule="duplicate rule")
        if visit.got.pair < self.given.pairs_at_most:
            return Move("again", difference=differ)
        return Move("disagree", difference=differ, **self._means(visit.got.counts))

    async def _slip(self, counts: tuple[Single, ...]) -> str:
        """Ask about a number of cells that surprises; empty when it stands as it was counted."""
        found = float(total_cells(self._mean(counts).viable, self.given.volume))
        expected, low, high = map(float, (self.given.expected_cells, self.given.expected_low, self.given.expected_high))
        if low * expected <= 100.0 * found <= high * expected:
            return ""
        asked = (
            f"{found:.3g} viable cells were counted; {low:g} to {high:g} % of {expected:.3g} are expected. "
            "Is there a slip?"
        )
        said = await self.operator.choose(asked, AS_COUNTED, "count again", second=True)
        return "" if said == AS_COUNTED else f"was not believed: {found:.3g} viable cells"

    async def holding(self, _visit: Visit[Results]) -> None:
        """The samples can wait, the product is closed meanwhile; its clocks run on."""
        await self.operator.confirm(f"Held: close {self._names()} and keep it as its label says. Clocks run on")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Close the product and keep it as its label says, under QA hold."""
        await self._put_aside("stopped")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping; the counter is left to finish, it holds samples only."""
        await self._put_aside("aborted")

    async def _put_aside(self, how: str) -> None:
        names = self._names()
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=f"count {how}")
        await self.operator.confirm(
            f"The count was {how}: close {names} and keep it as its label says, discard what was drawn, and ask QA"
        )

    def _names(self) -> str:
        return ", ".join(label.id for label in self.product.labels())

    def _mean(self, counts: tuple[Single, ...]) -> Means:
        given = self.given
        return means(
            counts, dilution_uncertainty=given.dilution_uncertainty, volume_uncertainty=given.volume_uncertainty
        )

    def _means(self, counts: tuple[Single, ...]) -> dict[str, object]:
        found = self._mean(counts)
        return {
            "total_concentration": found.total,
            "viable_concentration": found.viable,
            "viable_uncertainty": found.viable_uncertainty,
            "viability": found.viability,
            "viable_cells": total_cells(found.viable, self.given.volume),
            "total_cells": total_cells(found.total, self.given.volume),
        }

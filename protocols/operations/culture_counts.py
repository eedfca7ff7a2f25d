"""Counting a culture that grows: pairs of each vessel until they agree, and a slip of ten is asked about.

What a count may be follows from the one before and the time since: cells do not double faster than ``FASTEST``.
Units:  cells, cells/mL, mL, %, s.
Source: as ``counting``; ``automation.formulas.growth.plausible``.
"""

from dataclasses import dataclass

from automation.engine.product import Amount, Product
from automation.engine.prompts import Operator
from automation.formulas.counts import duplicate_difference
from automation.formulas.growth import plausible
from automation.kernel.quantity import Cells, CellsPerMillilitre, Millilitres, Percent, Seconds
from instruments.interfaces.counter import CellCounter
from protocols.operations.counting import Counting, Means, Rules, Single, means

SLIP = 5.0  # times more or fewer cells than can be: somebody looks at it again
FASTEST = Seconds(16.0 * 3600.0)  # a doubling of activated lymphocytes is never shorter, with a margin


@dataclass(frozen=True, slots=True)
class Before:
    """What was counted the time before, and how long ago."""

    viable: CellsPerMillilitre
    ago: Seconds


@dataclass(frozen=True, slots=True)
class Seen:
    """What the counts of one vessel say, and what was drawn for them (mL)."""

    counts: tuple[Single, ...]
    means: Means
    drawn: Millilitres


@dataclass(frozen=True, slots=True)
class Sum:
    """All vessels together."""

    counts: tuple[Single, ...]
    cells: Cells
    viable: CellsPerMillilitre
    uncertainty: CellsPerMillilitre
    viability: Percent

    @property
    def share(self) -> float:
        """Give the relative standard uncertainty; 0 without cells."""
        return float(self.uncertainty) / float(self.viable) if float(self.viable) else 0.0


@dataclass(frozen=True, slots=True)
class CultureCounts:
    """Draws and counts samples of vessels."""

    counter: CellCounter
    operator: Operator
    product: Product
    rules: Rules
    sample: Millilitres

    async def of(self, vessel: str, name: str, *, before: Before | None) -> Seen:
        """Count pairs of samples of a vessel until two agree, or as often as is allowed; ``name`` begins theirs."""
        rules, drawn, pair = self.rules, Millilitres(0.0), 0
        source = self.product.held(vessel)
        while True:
            pair += 1
            again = "" if pair == 1 else f"{pair}"
            names = tuple(f"{name}{again}{letter}" for letter in "AB")
            await self.operator.confirm(
                f"Mix. Draw {self.sample:g} mL from {source.id} into each of {names[0]} and {names[1]}, "
                "count them, export the results, then confirm"
            )
            amount = Amount(self.sample, self.sample * (float(rules.volume_uncertainty) / 100))
            for one in names:
                await self.product.draw(source, to=one, amount=amount, why="sample for counting")
                drawn += self.sample
            by = Counting(self.counter, self.operator, self.product, rules.of_several)
            counts = tuple([await by.single(one) for one in names])
            seen = means(
                counts, dilution_uncertainty=rules.dilution_uncertainty, volume_uncertainty=rules.volume_uncertainty
            )
            slip = await self._slip(seen, duplicate_difference(counts[0].viable, counts[1].viable), before)
            if slip:
                await self.product.deviation(f"{name}, pair {pair}: {slip}", rule="duplicate rule")
            if not slip or pair == rules.pairs_at_most:
                return Seen(counts, seen, drawn)

    async def _slip(self, seen: Means, differ: Percent, before: Before | None) -> str:
        """Say why a pair can't be taken as it is; empty when it can."""
        if differ > self.rules.differ_at_most:
            return f"counts differ by {differ:.1f} %, at most {self.rules.differ_at_most:g} % is allowed"
        if before is None or plausible(
            Cells(float(seen.viable)), Cells(float(before.viable)), seconds=before.ago, fastest=FASTEST, slip=SLIP
        ):
            return ""
        asked = f"{seen.viable:.3g} viable cells/mL were counted, {before.viable:.3g} the time before. Is there a slip?"
        said = await self.operator.choose(asked, "it is as counted", "count again", second=True)
        return "" if said == "it is as counted" else f"{seen.viable:.3g} cells/mL were not believed"


def together(seen: tuple[Seen, ...], volumes: tuple[Millilitres, ...]) -> Sum:
    """Give cells, concentration and viability of vessels with these volumes (mL, samples taken off)."""
    volume = sum(map(float, volumes))
    viable = [float(one.means.viable) * float(each) for one, each in zip(seen, volumes, strict=True)]
    total = [float(one.means.total) * float(each) for one, each in zip(seen, volumes, strict=True)]
    spread = [float(one.means.viable_uncertainty) * float(each) for one, each in zip(seen, volumes, strict=True)]
    return Sum(
        tuple(count for one in seen for count in one.counts),
        Cells(sum(viable)),
        CellsPerMillilitre(sum(viable) / volume if volume else 0.0),
        CellsPerMillilitre(sum(spread) / volume if volume else 0.0),  # dilution and volume are shared: they add up
        Percent(100.0 * sum(viable) / sum(total) if sum(total) else 0.0),
    )

"""Counting a sample in duplicate: from the counter's file, or by hand and verified; what the pair says together.

What later steps use is the mean with its uncertainty, never a single count.
Units:  cells/mL, mL, %.
Source: duplicate rule |a - b| / mean and mean with uncertainty as in ``automation.formulas.counts``; 21 CFR 211.194(a).
"""

from dataclasses import dataclass, field
from enum import StrEnum

from automation.engine.product import Product
from automation.engine.prompts import Entry, Operator
from automation.formulas.counts import Count as Counted
from automation.formulas.counts import Systematic, mean_concentration
from automation.kernel.quantity import CellsPerMillilitre, Percent
from instruments.interfaces.counter import CellCounter, CountReport, CountResult

FILE, HAND = "from the result file", "by hand"


class Several(StrEnum):
    """Which counts when several files with different bytes name one sample; all are kept."""

    FIRST = "first"  # by the clock of the instrument
    LAST = "last"
    NEITHER = "neither"  # a person is asked


@dataclass(frozen=True, slots=True)
class Single:
    """One count as it was read or entered."""

    sample: str
    total: CellsPerMillilitre
    viable: CellsPerMillilitre
    viability: Percent
    seen: int  # cells counted; 0 when not told
    viable_seen: int
    source: str  # SHA-256 of the file and its row, or who entered it


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How well a count is known, and how far duplicates may differ; set by the approved recipe."""

    differ_at_most: Percent = field(metadata={"range": (0.1, 50.0), "label": "Duplicates differ at most"})
    dilution_uncertainty: Percent = field(metadata={"range": (0.0, 20.0), "label": "Uncertainty of the dilution"})
    volume_uncertainty: Percent = field(metadata={"range": (0.0, 20.0), "label": "Uncertainty of the volume"})
    pairs_at_most: int = field(metadata={"range": (1, 5), "label": "Pairs of counts at most"})
    of_several: Several = field(metadata={"label": "Which of several result files for one sample counts"})


@dataclass(frozen=True, slots=True)
class Means:
    """What the counts of one sample say together; the uncertainty is a standard one."""

    total: CellsPerMillilitre
    viable: CellsPerMillilitre
    viable_uncertainty: CellsPerMillilitre
    viability: Percent


@dataclass(frozen=True, slots=True)
class Counting:
    """Gets counts of named samples."""

    counter: CellCounter
    operator: Operator
    product: Product
    of_several: Several

    async def single(self, name: str) -> Single:
        """Get one count, from the file when it names the sample, else by hand."""
        while True:
            report = await self.counter.result(sample=name)
            found = _usable(report, self.of_several)
            if found is not None:
                return found
            why = _why(report)
            if report.conflict:
                await self.product.deviation(report.conflict, rule="one result for each sample")
            choice = await self.operator.choose(f"No result for {name}: {why}", "look again", HAND)
            if choice == HAND:
                return await self._by_hand(name)

    async def _by_hand(self, name: str) -> Single:
        entered = await self.operator.enter(
            f"Enter the count of {name}",
            Entry("total", "Total concentration", unit="cells/mL", low=0.0, high=1e9),
            Entry("viability", "Viability", unit="%", low=0.0, high=100.0, decimals=1),
            Entry("seen", "Cells counted", low=0.0, high=1e7, decimals=0),
            second=True,
        )
        total, viability = entered.number("total"), entered.number("viability")
        seen = int(entered.number("seen"))
        return Single(
            name,
            CellsPerMillilitre(total),
            CellsPerMillilitre(total * viability / 100),
            Percent(viability),
            seen,
            round(seen * viability / 100),
            f"entered by {entered.by}, verified by {entered.verified_by}",
        )


def means(counts: tuple[Single, ...], *, dilution_uncertainty: Percent, volume_uncertainty: Percent) -> Means:
    """Give the means of counts of one sample."""
    fixed = Systematic(float(dilution_uncertainty) / 100, float(volume_uncertainty) / 100)
    viable = mean_concentration(tuple(Counted(one.viable, one.viable_seen) for one in counts), fixed)
    total = mean_concentration(tuple(Counted(one.total, one.seen) for one in counts), fixed)
    return Means(
        CellsPerMillilitre(total.value),
        CellsPerMillilitre(viable.value),
        CellsPerMillilitre(viable.standard),
        Percent(100.0 * viable.value / total.value if total.value else 0.0),
    )


def _usable(report: CountReport, of_several: Several) -> Single | None:
    one = _one(report, of_several)
    if one is None or one.error or one.total is None or one.viable is None or one.viability is None:
        return None
    return Single(
        one.sample,
        one.total,
        one.viable,
        one.viability,
        one.cells_counted or 0,
        one.viable_counted or 0,
        one.entered or f"file {one.file_sha256[:16]} line {one.row}{_of(report, of_several)}",
    )


def _one(report: CountReport, of_several: Several) -> CountResult | None:
    """Give the one result that counts; of several only by the rule, and only where all their times can be compared."""
    if not report.conflict:
        return report.results[0] if len(report.results) == 1 else None
    times = [one.analysed for one in report.results]
    known = [time for time in times if time is not None]
    if of_several is Several.NEITHER or len(set(known)) < len(times):
        return None
    return report.results[times.index(min(known) if of_several is Several.FIRST else max(known))]


def _of(report: CountReport, of_several: Several) -> str:
    return f", the {of_several} of {len(report.results)}" if report.conflict else ""


def _why(report: CountReport) -> str:
    if report.conflict:
        return report.conflict
    if report.unread:
        return "; ".join(report.unread)
    if not report.results:
        return "no file names it"
    return report.results[0].error or "the file holds no numbers for it"

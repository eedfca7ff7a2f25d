"""Glucose and lactate of a sample, from the analyser that the site has: from its file, or entered and verified.

What the instrument marked counts as no result. Beyond the range of a test the limit stands for the value, and is noted.
Units:  g/L; a file in mmol/L is converted by the molar mass (glucose 180.16, lactate 89.07 g/mol, the ion).
Source: 21 CFR 211.194(a) (identity of the sample, data as obtained); molar masses of the formulas C6H12O6 and C3H5O3.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from automation.engine.product import Product
from automation.engine.prompts import Entry, Operator
from automation.kernel.quantity import GramsPerLitre, Seconds
from instruments.interfaces.analyser import Measured, MeasurementReport, MetaboliteAnalyser

AGAIN, HAND = "look again", "enter it by hand"
MOLAR: Mapping[str, float] = {"glucose": 180.16, "lactate": 89.07}  # g/mol
UNITS = ("g/L", "mmol/L")
HIGHEST = 20.0  # g/L, of a culture; more is a slip
WITHIN = Seconds(1800.0)  # s, until people are called


@dataclass(frozen=True, slots=True)
class Sugars:
    """What was measured of one sample; ``source`` says where it stands, ``bounds`` what lies beyond a test's range."""

    glucose: GramsPerLitre
    lactate: GramsPerLitre
    source: str
    bounds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metabolites:
    """Gets glucose and lactate of named samples."""

    analyser: MetaboliteAnalyser
    operator: Operator
    product: Product

    async def of(self, sample: str) -> Sugars:
        """Let a sample be measured; looked for again, or entered by hand, as long as there is no result."""
        await self.operator.confirm(
            f"Measure glucose and lactate of {sample} and export what was found, then confirm", within=WITHIN
        )
        while True:
            report = await self.analyser.result(sample=sample)
            found = usable(report)
            if isinstance(found, Sugars):
                return found
            if report.conflict:
                await self.product.deviation(report.conflict, rule="one result for each sample")
            if await self.operator.choose(f"No result of the analyser for {sample}: {found}", AGAIN, HAND) == HAND:
                return await self._by_hand(sample)

    async def _by_hand(self, sample: str) -> Sugars:
        entered = await self.operator.enter(
            f"Enter glucose and lactate of {sample}",
            Entry("glucose", "Glucose", unit="g/L", low=0.0, high=HIGHEST, decimals=2),
            Entry("lactate", "Lactate", unit="g/L", low=0.0, high=HIGHEST, decimals=2),
            second=True,
        )
        glucose, lactate = entered.number("glucose"), entered.number("lactate")
        source = f"entered by {entered.by}, verified by {entered.verified_by}"
        return Sugars(GramsPerLitre(glucose), GramsPerLitre(lactate), source)


def usable(report: MeasurementReport) -> Sugars | str:
    """Give glucose and lactate of a report, or why it holds none that can be taken."""
    if report.conflict:
        return report.conflict
    if not report.results:
        return "; ".join(report.unread) or "no file names it"
    values, sources, bounds = dict[str, float](), list[str](), list[str]()
    for quantity in MOLAR:
        every = list(report.of(quantity))
        if len(every) != 1:
            return f"it has {len(every)} results of {quantity}; one is needed"
        one = every[0]
        figure = one.value if one.value is not None else one.limit
        if one.error or one.unit not in UNITS or figure is None:
            return one.error or f"{quantity} is in {one.unit}; {' or '.join(UNITS)} is read"
        share = 1.0 if one.unit == "g/L" else MOLAR[quantity] / 1000.0
        values[quantity] = float(figure) * share
        sources.append(one.entered or f"file {one.file_sha256[:16]} line {one.row}")
        if one.bound:
            bounds.append(_bound(one))
    said = "; ".join(dict.fromkeys(sources))
    return Sugars(GramsPerLitre(values["glucose"]), GramsPerLitre(values["lactate"]), said, tuple(bounds))


def _bound(one: Measured) -> str:
    return f"{one.quantity} {one.bound} {one.limit} {one.unit}"

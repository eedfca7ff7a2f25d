"""Metabolites that a person measures (strip, hand meter, an analyser without files), enters, and another verifies.

Wire:   none; each sample is one question with plausibility limits.
Units:  g/L for glucose and lactate, mmol/L for glutamine and ammonia, mm[Hg] for gases, pH.
Source: 21 CFR 211.194(a)(7)-(8) (who performed, who checked); Annex 11 6 (second check of critical entries);
        support level L0, because there are no bytes that a document or a capture could prove. Limits are ours and wide.
"""

from collections.abc import Mapping
from decimal import Decimal

from automation.engine.prompts import Answer, Entry, Question, ask_person
from automation.kernel.errors import InputError
from instruments.drivers.by_person import by_hand, declared
from instruments.drivers.factory import Factory
from instruments.interfaces.analyser import Measured, MeasurementReport, MetaboliteAnalyser
from instruments.interfaces.device import Identity
from instruments.transport import Link

QUANTITIES: Mapping[str, Entry] = {
    "glucose": Entry("glucose", "Glucose", unit="g/L", low=0.0, high=50.0, decimals=2),
    "lactate": Entry("lactate", "Lactate", unit="g/L", low=0.0, high=30.0, decimals=2),
    "glutamine": Entry("glutamine", "Glutamine", unit="mmol/L", low=0.0, high=50.0, decimals=2),
    "ammonia": Entry("ammonia", "Ammonia", unit="mmol/L", low=0.0, high=50.0, decimals=2),
    "pH": Entry("ph", "pH", unit="[pH]", low=4.0, high=10.0, decimals=2),
    "pO2": Entry("po2", "pO2", unit="mm[Hg]", low=0.0, high=800.0, decimals=0),
    "pCO2": Entry("pco2", "pCO2", unit="mm[Hg]", low=0.0, high=800.0, decimals=0),
}
USUAL = "glucose lactate"


class ManualAnalyser:
    """A ``MetaboliteAnalyser`` that is a person: every figure is entered, and verified by a second one."""

    by_person = True

    def __init__(self, identity: Identity, *, quantities: tuple[str, ...]) -> None:
        """Declare what is measured with, and what is measured."""
        self.links: tuple[Link, ...] = ()
        self._identity = identity
        self._quantities = quantities

    async def identify(self) -> Identity:
        """Give what the site declares."""
        return self._identity

    async def result(self, *, sample: str) -> MeasurementReport:
        """Let a person enter what was measured; the report comes back when a second one has verified it."""
        question = Question(
            "enter",
            f"Enter what was measured of {sample}",
            fields=tuple(QUANTITIES[quantity] for quantity in self._quantities),
            second=True,
        )
        answer = await ask_person(question)
        results = tuple(_measured(sample, quantity=quantity, answer=answer) for quantity in self._quantities)
        return MeasurementReport(sample=sample, results=results)


def _measured(sample: str, *, quantity: str, answer: Answer) -> Measured:
    entry = QUANTITIES[quantity]
    return Measured(
        sample=sample,
        quantity=quantity,
        value=Decimal(f"{answer.number(entry.name):.{entry.decimals}f}"),
        unit=entry.unit,
        entered=f"entered by {answer.by}, verified by {answer.verified_by}",
    )


def build(link: Link, given: Mapping[str, str], *, control: bool) -> ManualAnalyser:  # noqa: ARG001  there is no link
    """Build the driver; raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    quantities = tuple(dict.fromkeys(given.get("quantities", USUAL).split()))
    unknown = [one for one in quantities if one not in QUANTITIES]
    if unknown or not quantities:
        raise InputError(f"quantities is {given['quantities']!r}; some of {', '.join(QUANTITIES)}", where="quantities")
    return ManualAnalyser(declared(given), quantities=quantities)


FACTORY = Factory(
    build=build,
    interface=MetaboliteAnalyser,
    support=by_hand("a person measures and enters"),
    transports=(),
    settings={
        "maker": "maker of what is measured with; declared",
        "model": "its model; declared",
        "serial": "its serial number; declared",
        "quantities": f"what is measured, of {', '.join(QUANTITIES)}; '{USUAL}' unless said",
    },
)

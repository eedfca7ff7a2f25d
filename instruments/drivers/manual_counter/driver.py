"""Cell counts that a person makes (chamber and microscope, or a counter without files), enters, and another verifies.

Wire:   none; each result is one question with plausibility limits.
Units:  cells/mL, %.
Source: 21 CFR 211.194(a)(7)-(8) (who performed, who checked); Annex 11 6 (second check of critical entries);
        support level L0, because there are no bytes that a document or a capture could prove.
"""

from collections.abc import Mapping

from automation.engine.prompts import Answer, Entry, Question, ask_person
from automation.kernel.errors import InputError
from automation.kernel.quantity import CellsPerMillilitre, Percent, finite
from instruments.drivers.by_person import declared
from instruments.drivers.factory import Factory
from instruments.interfaces.counter import CellCounter, CountReport, CountResult
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.transport import Link

LOWEST, HIGHEST = CellsPerMillilitre(0.0), CellsPerMillilitre(1e9)  # plausible unless the site says otherwise
MOST_SEEN = 1e7


class ManualCounter:
    """A ``CellCounter`` that is a person: every result is entered, and verified by a second one."""

    by_person = True

    def __init__(self, identity: Identity, *, lowest: CellsPerMillilitre, highest: CellsPerMillilitre) -> None:
        """Declare what is counted with, and which total concentrations (cells/mL) are plausible."""
        self.links: tuple[Link, ...] = ()
        self._identity = identity
        self._lowest = lowest
        self._highest = highest

    async def identify(self) -> Identity:
        """Give what the site declares."""
        return self._identity

    async def result(self, *, sample: str) -> CountReport:
        """Let a person enter the count of a sample; the report comes back when a second one has verified it."""
        question = Question(
            "enter",
            f"Enter the count of {sample}",
            fields=(
                Entry(
                    "total", "Total concentration", unit="cells/mL", low=float(self._lowest), high=float(self._highest)
                ),
                Entry("viability", "Viability", unit="%", low=0.0, high=100.0, decimals=1),
                Entry("seen", "Cells counted", low=0.0, high=MOST_SEEN, decimals=0),
            ),
            second=True,
        )
        return CountReport(sample=sample, results=(_result(sample, await ask_person(question)),))


def _result(sample: str, entered: Answer) -> CountResult:
    total, viability, seen = entered.number("total"), entered.number("viability"), round(entered.number("seen"))
    return CountResult(
        sample=sample,
        total=CellsPerMillilitre(total),
        viable=CellsPerMillilitre(total * viability / 100.0),
        viability=Percent(viability),
        cells_counted=seen,
        viable_counted=round(seen * viability / 100.0),
        analysed_at="",
        dilution=1.0,
        file_sha256="",
        row=0,
        entered=f"entered by {entered.by}, verified by {entered.verified_by}",
    )


def build(link: Link, given: Mapping[str, str], *, control: bool) -> ManualCounter:  # noqa: ARG001  there is no link
    """Build the driver; raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    lowest, highest = _limit(given, "lowest", LOWEST), _limit(given, "highest", HIGHEST)
    if lowest >= highest:
        raise InputError(f"lowest is {lowest:g} and highest is {highest:g} cells/mL; lowest < highest is needed")
    return ManualCounter(declared(given), lowest=lowest, highest=highest)


def _limit(given: Mapping[str, str], key: str, unless: CellsPerMillilitre) -> CellsPerMillilitre:
    text = given.get(key)
    if text is None:
        return unless
    try:
        value = finite(float(text), what=key)
    except ValueError:
        raise InputError(f"{key} is {text!r}; a number of cells/mL is needed, for example 1e5", where=key) from None
    if value < 0.0:
        raise InputError(f"{key} is {text!r}; 0 cells/mL or more is needed", where=key)
    return CellsPerMillilitre(value)


FACTORY = Factory(
    build=build,
    interface=CellCounter,
    support=Support(
        kind=DriverKind.MANUAL,
        level=SupportLevel.L0,
        on_host_loss=OnHostLoss.CONTINUES,
        source="no bytes: a person counts and enters",
    ),
    transports=(),
    settings={
        "maker": "maker of what is counted with; declared",
        "model": "its model, for example 'Neubauer improved'; declared",
        "serial": "its serial number; declared",
        "lowest": "lowest plausible total concentration in cells/mL; 0 unless said",
        "highest": "highest plausible total concentration in cells/mL; 1e9 unless said",
    },
)

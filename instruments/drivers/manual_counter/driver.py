"""Cell counts that a person makes (chamber and microscope, or a counter without files), enters, and another verifies.

Either the concentration is entered, or what was seen in a chamber: live and dead cells, squares, dilution; then the
concentration is worked out here, by the formulas that ``cellwright calc`` shows.
Wire:   none; each result is one question with plausibility limits.
Units:  cells/mL, %; a square of a chamber is 1 mm x 1 mm x 0.1 mm.
Source: 21 CFR 211.194(a)(7)-(8) (who performed, who checked); Annex 11 6 (second check of critical entries);
        support level L0, because there are no bytes that a document or a capture could prove.
"""

from collections.abc import Mapping

from automation.engine.prompts import Answer, Entry, Question, ask_person
from automation.formulas.counts import haemocytometer, viability
from automation.kernel.errors import InputError
from automation.kernel.quantity import Cells, CellsPerMillilitre, Percent, finite
from instruments.drivers.by_person import by_hand, declared
from instruments.drivers.factory import Factory
from instruments.interfaces.counter import CellCounter, CountReport, CountResult
from instruments.interfaces.device import Identity
from instruments.transport import Link

LOWEST, HIGHEST = CellsPerMillilitre(0.0), CellsPerMillilitre(1e9)  # plausible unless the site says otherwise
MOST_SEEN = 1e7


CONCENTRATION, CHAMBER = "concentration", "chamber"
MOST_SQUARES, MOST_DILUTION = 1_000.0, 10_000.0
IN_CHAMBER = (
    Entry("live", "Live cells counted", low=0.0, high=MOST_SEEN, decimals=0),
    Entry("dead", "Dead cells counted", low=0.0, high=MOST_SEEN, decimals=0),
    Entry("squares", "Large squares counted (1 mm x 1 mm x 0.1 mm)", low=1.0, high=MOST_SQUARES, decimals=0),
    Entry("dilution", "Dilution, dye included (2 for one to one)", low=1.0, high=MOST_DILUTION),
)


class ManualCounter:
    """A ``CellCounter`` that is a person: every result is entered, and verified by a second one."""

    by_person = True

    def __init__(
        self,
        identity: Identity,
        *,
        lowest: CellsPerMillilitre,
        highest: CellsPerMillilitre,
        entry: str = CONCENTRATION,
    ) -> None:
        """Declare what is counted with, which total concentrations (cells/mL) are plausible, and what is entered."""
        self.links: tuple[Link, ...] = ()
        self._identity = identity
        self._lowest = lowest
        self._highest = highest
        self._entry = entry

    async def identify(self) -> Identity:
        """Give what the site declares."""
        return self._identity

    async def result(self, *, sample: str) -> CountReport:
        """Let a person enter the count of a sample; the report comes back when a second one has verified it."""
        if self._entry == CHAMBER:
            return CountReport(sample=sample, results=(await self._of_chamber(sample),))
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

    async def _of_chamber(self, sample: str) -> CountResult:
        """Ask for what was seen until a plausible concentration comes of it."""
        trouble = ""
        while True:
            text = f"Enter the count of {sample} in the chamber{trouble}"
            answer = await ask_person(Question("enter", text, fields=IN_CHAMBER, second=True))
            try:
                found = _seen_in_chamber(sample, answer)
            except InputError as wrong:
                trouble = f" once more: {wrong}"
                continue
            if found.total is not None and self._lowest <= found.total <= self._highest:
                return found
            allowed = f"{self._lowest:g} to {self._highest:g} are plausible"
            trouble = f" once more: it came to {found.total:.3g} cells/mL; {allowed}"


def _seen_in_chamber(sample: str, entered: Answer) -> CountResult:
    """Work out a count from what was seen; raises InputError when it gives none."""
    live, dead = round(entered.number("live")), round(entered.number("dead"))
    squares, dilution = round(entered.number("squares")), entered.number("dilution")
    return CountResult(
        sample=sample,
        total=haemocytometer(cells=live + dead, squares=squares, dilution=dilution),
        viable=haemocytometer(cells=live, squares=squares, dilution=dilution),
        viability=viability(Cells(live), Cells(dead)),
        cells_counted=live + dead,
        viable_counted=live,
        analysed_at="",
        dilution=dilution,
        file_sha256="",
        row=0,
        flags=(f"{squares} squares",),
        entered=f"entered by {entered.by}, verified by {entered.verified_by}",
    )


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
    entry = given.get("entry", CONCENTRATION)
    if entry not in {CONCENTRATION, CHAMBER}:
        raise InputError(f"entry is {entry!r}; {CONCENTRATION} or {CHAMBER} is needed", where="entry")
    return ManualCounter(declared(given), lowest=lowest, highest=highest, entry=entry)


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
    support=by_hand("a person counts and enters"),
    transports=(),
    settings={
        "maker": "maker of what is counted with; declared",
        "model": "its model, for example 'Neubauer improved'; declared",
        "serial": "its serial number; declared",
        "entry": "what is entered: concentration, or what was seen in a chamber; concentration unless said",
        "lowest": "lowest plausible total concentration in cells/mL; 0 unless said",
        "highest": "highest plausible total concentration in cells/mL; 1e9 unless said",
    },
)

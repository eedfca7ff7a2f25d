"""Cell counters: results arrive as files that a person's count has written, and are matched by sample alone.

Units: cells/mL, %. A result that the instrument marks as an error has no numbers.
"""

from dataclasses import dataclass
from typing import Protocol

from automation.kernel.effect import Kind, effect
from automation.kernel.quantity import CellsPerMillilitre, Instant, Percent
from instruments.interfaces.device import Identity
from instruments.interfaces.source_file import SourceFile


@dataclass(frozen=True, slots=True, kw_only=True)
class CountResult:
    """One row of one result file; concentrations are of the sample as the instrument reports them."""

    sample: str
    total: CellsPerMillilitre | None
    viable: CellsPerMillilitre | None
    viability: Percent | None
    cells_counted: int | None
    viable_counted: int | None
    analysed_at: str  # as written in the file: local time of the instrument
    dilution: float | None
    file_sha256: str
    row: int  # line of the file
    error: str = ""  # what the instrument marked; then there are no numbers
    flags: tuple[str, ...] = ()  # what the instrument noted beside the figures
    analysed: Instant | None = None  # ``analysed_at`` in UTC; None where neither file nor site states a zone
    entered: str = ""  # who entered and who verified it, when there is no file


@dataclass(frozen=True, slots=True, kw_only=True)
class CountReport:
    """All that the folder says of one sample."""

    sample: str
    results: tuple[CountResult, ...] = ()  # one for each different content that names the sample
    files: tuple[SourceFile, ...] = ()  # those that the results come from
    conflict: str = ""  # the sample stands in files with different bytes: a person decides
    unread: tuple[str, ...] = ()  # files that could not be read, each with the reason


class CellCounter(Protocol):
    """A counter whose results are read, never commanded."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Give maker, model and serial as far as they are known."""
        ...

    @effect(Kind.QUERY, deadline=60)
    async def result(self, *, sample: str) -> CountReport:
        """Look for the results of a sample; without any yet, the report has none."""
        ...

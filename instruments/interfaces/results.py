"""What a result file says, row by row: one shape for every counter and one for every analyser.

What a file does not say is None (a number) or empty (a text), never 0. Times are those of the instrument's own clock.
Units: cells/mL and % for counts, micrometres for diameters; a measurement names its unit (UCUM code).
Source: 21 CFR 211.194(a): identity of the sample, method, and the data as obtained.
"""

from dataclasses import dataclass
from decimal import Decimal

from automation.kernel.quantity import CellsPerMillilitre, Percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What every row says of itself."""

    sample: str
    analysed: str = ""  # as written, by the clock of the instrument
    analysed_local: str = ""  # ISO 8601, with an offset only where the file states one; empty where it can't be told
    method: str = ""  # cell type, protocol or test, as the file names it
    instrument: str = ""  # serial number, where the file states one
    line: int  # of the file; row of the sheet
    flags: tuple[str, ...] = ()  # what the instrument noted beside the figures
    error: str = ""  # why the figures don't count; then who uses them takes none


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow(Row):
    """One count; concentrations are of the sample, as the instrument reports them."""

    cells: int | None = None
    viable_cells: int | None = None
    total: CellsPerMillilitre | None = None
    viable: CellsPerMillilitre | None = None
    dead: CellsPerMillilitre | None = None
    viability: Percent | None = None
    diameter_um: Decimal | None = None  # micrometres, as written
    aggregates: Percent | None = None
    dilution: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementRow(Row):
    """One quantity of one sample; outside the range of a test there is a bound and no value."""

    quantity: str  # glucose, lactate, pH, ...
    value: Decimal | None
    unit: str  # UCUM code
    bound: str = ""  # "<" or ">": the value lies below or above ``limit``
    limit: Decimal | None = None
    unit_stated: bool = True  # False: the file names no unit, this is the one that the instrument has from the works


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow(Row):
    """One channel of one tube: what is stained there, and how its linear values are spread before compensation."""

    channel: str
    marker: str
    events: int
    lowest: float | None  # None without events
    median: float | None
    highest: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WellRow(Row):
    """One well of a plate; only one that holds a sample has an identifier."""

    plate: str
    well: str  # A1 to H12
    content: str  # standard, blank, sample or empty
    signal: Decimal
    unit: str  # as the file names it

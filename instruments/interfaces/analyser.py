"""Metabolite analysers: glucose, lactate, glutamine, ammonia, pH, gases; results arrive as files, matched by sample.

Units: each figure names its own (UCUM code). Below or above the range of its test there is a bound and no value, and
what the instrument marked has neither.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from automation.kernel.effect import Kind, effect
from automation.kernel.quantity import Instant
from instruments.interfaces.device import Identity
from instruments.interfaces.source_file import SourceFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One quantity of one sample, as one line of one file has it."""

    sample: str
    quantity: str  # glucose, lactate, glutamine, ammonia, pH, pO2, ...
    value: Decimal | None  # as written
    unit: str  # UCUM code; stated by the file or by the site
    bound: str = ""  # "<" or ">": it lies below or above ``limit``
    limit: Decimal | None = None
    method: str = ""  # code of the test
    analysed_at: str = ""  # as written in the file: local time of the instrument
    analysed: Instant | None = None  # in UTC; None where neither file nor site states a zone
    file_sha256: str = ""
    row: int = 0  # line of the file
    flags: tuple[str, ...] = ()  # what the instrument noted beside the figure
    error: str = ""  # why it has no figure
    entered: str = ""  # who entered and who verified it, when there is no file


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementReport:
    """All that the folder says of one sample."""

    sample: str
    results: tuple[Measured, ...] = ()
    files: tuple[SourceFile, ...] = ()  # those that the results come from
    conflict: str = ""  # the sample stands in files with different bytes: a person decides
    unread: tuple[str, ...] = ()  # files that could not be read, each with the reason

    def of(self, quantity: str) -> Iterator[Measured]:
        """Give the results of one quantity; several where several tests or files measured it."""
        return (one for one in self.results if one.quantity == quantity)


class MetaboliteAnalyser(Protocol):
    """An analyser whose results are read, never commanded."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Give maker, model and serial as far as they are known."""
        ...

    @effect(Kind.QUERY, deadline=60)
    async def result(self, *, sample: str) -> MeasurementReport:
        """Look for the results of a sample; without any yet, the report has none."""
        ...

"""Flow cytometers: what share of a sample's events lies in the gates of a strategy; files are matched by sample alone.

Units: shares in % of the population within which a gate lies, with a 95 % interval.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from automation.formulas.gating import Population, Strategy
from automation.kernel.effect import Kind, effect
from automation.kernel.quantity import Instant
from instruments.interfaces.device import Identity
from instruments.interfaces.source_file import SourceFile


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowResult:
    """One tube, gated; with an error there are no populations."""

    sample: str
    populations: tuple[Population, ...]
    strategy: str  # its name
    events: int
    analysed_at: str  # as written in the file: local time of the cytometer
    analysed: Instant | None  # in UTC; None where the site states no zone or the file no full date
    cytometer: str
    file_sha256: str
    flags: tuple[str, ...] = ()  # what is odd about the file
    error: str = ""  # why nothing of it can be trusted

    def of(self, name: str) -> Population | None:
        """Give a population by the name of its gate."""
        return next((one for one in self.populations if one.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowReport:
    """All that the folder says of one sample."""

    sample: str
    results: tuple[FlowResult, ...] = ()  # one for each different content that names the sample
    files: tuple[SourceFile, ...] = ()
    conflict: str = ""  # the sample stands in files with different bytes: a person decides
    unread: tuple[str, ...] = ()  # files that could not be read, each with the reason

    def of(self, name: str) -> Iterator[Population]:
        """Give the populations of one gate, one for each result."""
        return (found for one in self.results if (found := one.of(name)) is not None)


class FlowCytometer(Protocol):
    """A cytometer whose files are read, never commanded."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Give maker, model and serial as the site states them."""
        ...

    @effect(Kind.QUERY, deadline=120)
    async def populations(self, *, sample: str, strategy: Strategy) -> FlowReport:
        """Look for the files of a sample and gate their events; without any yet, the report has no result."""
        ...

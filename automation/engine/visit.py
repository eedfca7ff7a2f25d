"""What a state's method gets and gives: a visit in, a move out; nothing else survives a state."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from automation.kernel.quantity import Instant

R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Visit(Generic[R_co]):
    """One stay in one state: since when, and the typed results of earlier moves."""

    batch: str
    step: str
    number: int  # 1.. within the step
    state: str
    since: Instant  # when the state was entered; the same after a restart
    got: R_co
    stands: str = ""  # the working state of the step: the visit's own, or the one that a visit for a hold stands beside


class Move:
    """The command that leaves a state, and the results that it brings."""

    __slots__ = ("command", "results")

    def __init__(self, command: str, **results: object) -> None:
        """Name the command; results are fields of the operation's ``Results``."""
        self.command = command
        self.results = results

    def __repr__(self) -> str:
        """Show the move as it is written."""
        return f"Move({self.command!r}, {self.results})"

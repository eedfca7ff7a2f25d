"""What an entry point of the group ``cellwright.readers`` gives: how a file is recognised, and how it is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from instruments.interfaces.results import Row


class Read(Protocol):
    """Reads a whole file."""

    def __call__(self, data: bytes, *, name: str) -> Sequence[Row]:
        """Give the rows of a file; raises InputError that names file, line and column."""
        ...


@dataclass(frozen=True, slots=True)
class Reader:
    """One format of one maker."""

    title: str  # for people: "Vi-CELL BLU result file (csv)"
    claims: Callable[[bytes], bool]  # by content alone: is this such a file, whole or damaged?
    read: Read

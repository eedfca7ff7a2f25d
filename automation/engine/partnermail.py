"""What a partner's message says once its bytes are read; how they are read is joined to the site from outside.

Source: design: the engine knows no standard form, it is given a reader.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Said:
    """The number that the sender gave a message, and the fields of its envelope that its bytes hold."""

    number: str
    fields: Mapping[str, object]


class Reads(Protocol):
    """Reads the bytes of a message."""

    def __call__(self, data: bytes, *, ledger: str, simulated: bool) -> Said:
        """Read it; raises InputError that names the element."""
        ...

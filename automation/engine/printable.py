"""What an operation will print, and which driver can say whether it fits: asked before anything is sent.

Source: 21 CFR 211.122, 211.130 (labels are examined for suitability before use).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Of:
    """What the record knows of a batch that is being issued."""

    batch: str
    din: str
    identity: str


@dataclass(frozen=True, slots=True)
class Text:
    """What is to stand on one label: lines from the top, then marks, printed large."""

    container: str
    lines: tuple[str, ...]
    marks: tuple[str, ...] = ()


@runtime_checkable
class Prints(Protocol):
    """An operation that prints labels; ``given`` are the parameters that the recipe writes out."""

    @staticmethod
    def texts(given: Mapping[str, object], of: Of) -> Iterable[Text]:
        """Give the longest text of each sort of label."""
        ...


@runtime_checkable
class Draws(Protocol):
    """A driver that knows what fits on its labels."""

    def misfit(self, text: Text) -> str:
        """Say why a text does not fit; empty when it does."""
        ...

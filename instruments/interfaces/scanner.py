"""Scanners: what a person reads off a label arrives by itself, once, or is refused with a hint.

A scan is text; what it means (donation, product, person) is decided above by its own structure and check character.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from automation.kernel.effect import Kind, effect
from automation.kernel.quantity import Seconds
from instruments.interfaces.device import Identity


@dataclass(frozen=True, slots=True)
class Scan:
    """One good read of one symbol."""

    text: str
    symbology: str = ""  # AIM identifier such as ``]C0``, when the scanner sends it
    device: str = ""  # name of the scanner that read it


@dataclass(frozen=True, slots=True)
class BadScan:
    """One read that is not used, with a hint for the person who holds the scanner."""

    hint: str
    raw: bytes
    device: str = ""


OnScan = Callable[[Scan], None]
OnBadScan = Callable[[BadScan], None]


class Scanner(Protocol):
    """A scanner that can be asked for its next read."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Give maker, model and serial as far as they are known."""
        ...

    @effect(Kind.QUERY, deadline=120)
    async def next_scan(self, *, within: Seconds) -> Scan | BadScan | None:
        """Wait for the next read; None when the time is over (s)."""
        ...


class ScanSource(Protocol):
    """A scanner that tells who listens; what prompts subscribe to."""

    def on_scan(self, good: OnScan, bad: OnBadScan | None = None) -> Callable[[], None]:
        """Call ``good`` at every read and ``bad`` at every refused one; gives the call that ends it."""
        ...

    async def listen(self) -> None:
        """Pass reads on until cancelled; raises LinkError when the scanner is lost."""
        ...

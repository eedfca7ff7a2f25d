"""What every instrument gives: who it is, and how its driver stands to it.

Source: design rules for drivers; support levels L0 (fake only), L1 (bytes from a public document),
L2 (replayed real capture), L3 (run on a real device).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from automation.kernel.effect import Call, Kind, Reconciled, effect


class DriverKind(StrEnum):
    """How the software stands to the device."""

    DRIVEN = "driven"  # we command it
    OBSERVED = "observed"  # a person starts it; we watch by a probe, an input or its run report
    MANUAL = "manual"  # a person does it and enters readings


class OnHostLoss(StrEnum):
    """What the device does when the program is gone; a property of the device."""

    CONTINUES = "continues"
    STOPS = "stops"
    UNKNOWN = "unknown"


class SupportLevel(StrEnum):
    """What the driver's bytes are known from."""

    L0 = "L0"
    L1 = "L1"
    L2 = "L2"
    L3 = "L3"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a device says it is; compared with the asset at connect."""

    maker: str
    model: str
    serial: str
    firmware: str = ""
    configuration: str = ""  # digest of what was read of the configuration


@dataclass(frozen=True, slots=True)
class Support:
    """What a driver declares of itself; stands in the code, the docs and the record."""

    kind: DriverKind
    level: SupportLevel
    on_host_loss: OnHostLoss
    source: str  # the document that the bytes come from


class Instrument(Protocol):
    """Any device behind a driver."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read maker, model, serial, firmware and a digest of the configuration."""
        ...


class Reconciles(Protocol):
    """A driver whose acts can be settled after doubt; reads only."""

    async def reconcile(self, call: Call) -> Reconciled:
        """Say from the device's own state whether an open call took effect."""
        ...


class Replies(Protocol):
    """A driver whose acts answer something; reads only."""

    async def reply_of(self, call: Call) -> object:
        """Give what an act would have answered, once a person has seen that it is done; raises FailedError."""
        ...


class InWords(Protocol):
    """A driver that can say what its bytes mean; bytes of the others are shown as text, as far as they are text."""

    def in_words(self, sent: bytes, received: bytes) -> tuple[str, str]:
        """Say in words what was sent and what came back; empty for what can't be read."""
        ...

"""Liquid handlers: every operation is an intent, and its outcome is known for each channel: done, not done, unknown.

A move says what the record knows (what is in the well, what is in the tip), so that a driver remembers nothing and can
check volumes before anything moves. Channels count from 1. Wells are named ``labware.position`` (``vials.A1``).
Units: uL.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from automation.engine.handles import Container
from automation.kernel.effect import Call, Kind, effect, in_doubt, shows_state
from automation.kernel.errors import FailedError
from automation.kernel.quantity import Microlitres
from instruments.interfaces.device import Identity


class Outcome(StrEnum):
    """What is known of one channel's part of an operation."""

    DONE = "done"
    NOT_DONE = "not done"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """Why a channel did not do what was asked, in the words of all handlers."""

    NONE = "none"
    NO_LIQUID = "no liquid found"
    CLOT = "clot"
    NO_TIP = "no tip"
    TIP_ALREADY = "tip already there"
    TIP_LOST = "tip lost"
    PRESSURE = "pressure"
    POSITION = "position"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TipMove:
    """Pick up a tip from a spot, or put it back or into the waste there."""

    channel: int
    spot: str  # ``tips.A1``; ``waste`` to throw it away


@dataclass(frozen=True, slots=True)
class Aspirate:
    """Draw a volume; ``in_well`` and ``in_tip`` are what the record knows before."""

    channel: int
    well: str
    volume: Microlitres
    in_well: Microlitres
    in_tip: Microlitres = Microlitres(0.0)
    mix_volume: Microlitres = Microlitres(0.0)  # mixed in the well before drawing
    mix_cycles: int = 0


@dataclass(frozen=True, slots=True)
class Dispense:
    """Give a volume; ``in_well`` and ``in_tip`` are what the record knows before."""

    channel: int
    well: str
    volume: Microlitres
    in_well: Microlitres
    in_tip: Microlitres


@dataclass(frozen=True, slots=True)
class ChannelResult:
    """How one channel's part went."""

    channel: int
    outcome: Outcome
    cause: Cause = Cause.NONE
    why: str = ""  # for people
    raw: str = ""  # what the device wrote


@dataclass(frozen=True, slots=True)
class DeckSeen:
    """Which deck definition the driver works with."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class HandlerStatus:
    """One look at the handler: which channels carry a tip, as the device senses it."""

    channels: int
    tips: tuple[bool, ...]
    ready: bool = True
    problem: str = ""


def seen_done(call: Call) -> tuple[ChannelResult, ...]:
    """Give the outcome of a motion that a person has seen to be done: every channel did its part.

    Raises FailedError for a call that names no channels.
    """
    moves = call.arguments.get("tips") or call.arguments.get("moves")
    if not isinstance(moves, tuple | list):
        msg = f"{call.asset}: {call.method} names no channels"
        raise FailedError(msg)
    known = [move for move in moves if isinstance(move, TipMove | Aspirate | Dispense)]
    return tuple(ChannelResult(move.channel, Outcome.DONE, why="seen by a person") for move in known)


class LiquidHandler(Protocol):
    """A pipettor with one or more channels over a deck.

    All motion raises RefusedError before anything moves (a volume, a well, a tip that can't be), FailedError when the
    device says that nothing moved, and UnknownError when nobody can say.
    """

    @effect(Kind.QUERY, deadline=60)
    async def identify(self) -> Identity:
        """Read maker, model, serial and firmware."""
        ...

    @effect(Kind.QUERY)
    async def deck(self) -> DeckSeen:
        """Say which deck definition is loaded, by its hash."""
        ...

    @shows_state
    @effect(Kind.QUERY)
    async def look(self) -> HandlerStatus:
        """Look at the channels."""
        ...

    @in_doubt(twice="a handler that is ready does not move", never="nothing can be pipetted")
    @effect(Kind.ACT, deadline=180)
    async def set_up(self) -> None:
        """Make the handler ready to move; one that is ready already does not move. Refused with tips on."""
        ...

    @in_doubt(twice="a channel that carries a tip is refused", never="the channel has no tip to draw into")
    @effect(Kind.ACT, deadline=180)
    async def pick_up(self, *, tips: tuple[TipMove, ...]) -> tuple[ChannelResult, ...]:
        """Pick up tips."""
        ...

    @in_doubt(
        twice="twice the volume is drawn out of the container",
        never="the tip is empty and air is given in its place",
    )
    @effect(Kind.ACT, deadline=330, touches=("containers",))
    async def aspirate(
        self, *, moves: tuple[Aspirate, ...], containers: tuple[Container, ...]
    ) -> tuple[ChannelResult, ...]:
        """Draw liquid, each well mixed first where asked; ``containers`` are all whose product is touched."""
        ...

    @in_doubt(
        twice="the container gets twice the volume, or air on top of it",
        never="the container stays empty and the product in the tip",
    )
    @effect(Kind.ACT, deadline=330, touches=("containers",))
    async def dispense(
        self, *, moves: tuple[Dispense, ...], containers: tuple[Container, ...]
    ) -> tuple[ChannelResult, ...]:
        """Give liquid; ``containers`` are all whose product is touched."""
        ...

    @in_doubt(twice="there is no tip to drop", never="a used tip stays on and meets the next liquid")
    @effect(Kind.ACT, deadline=180, making_safe=True)
    async def drop(self, *, tips: tuple[TipMove, ...]) -> tuple[ChannelResult, ...]:
        """Put tips back or into the waste."""
        ...

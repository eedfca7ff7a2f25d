"""Driver of our own liquid handler: one exchange for each operation, whatever the number of its channels.

Wire:   lines with tag and checksum (see ``wire``). The device numbers its motions and keeps the results of the last
        one, so that every act can be settled after doubt.
Units:  uL; nL on the wire, so that volumes are kept to 0.001 uL.
Source: docs/drivers/own_handler.md; support level L0: the grammar is ours and no vendor's, made for fast simulation.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import cast

from automation.engine.handles import Container
from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import InputError, RefusedError, WireError
from automation.kernel.quantity import Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.own_handler import wire
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.liquid_handler import (
    Aspirate,
    ChannelResult,
    DeckSeen,
    Dispense,
    HandlerStatus,
    LiquidHandler,
    Outcome,
    TipMove,
    seen_done,
)
from instruments.labware.deck import Deck, load
from instruments.transport import Link

MOTION = Seconds(160.0)  # s, longest time of any motion; set-up and tips have to answer within 180 s
LIQUID = Seconds(300.0)  # s, of an aspiration or a dispense with mixing
ANSWER = Seconds(50.0)  # s, for a question; asked while something moves, it is answered afterwards
WASTE = "waste"
DECK = "final-day-star"
CHANNELS = 8
_CHANNELS = re.compile(r"[0-9]{1,2}")
WORDS = {"pick_up": "tip", "drop": "drop", "aspirate": "asp", "dispense": "disp"}


class OwnHandler:
    """A ``LiquidHandler`` that remembers nothing but how many questions it has asked.

    RefusedError: a volume, a well or a channel that can't be, or the device said no; nothing moved.
    LinkError, WireError: nobody can say before ``reconcile`` has asked.
    """

    def __init__(self, link: Link, deck: Deck, *, channels: int = CHANNELS, control: bool = False) -> None:
        """Use a link and a deck; without ``control`` every motion is refused."""
        self.links = (link,)
        self._link = link
        self._deck = deck
        self._seen = DeckSeen(deck.name, deck.version, deck.sha256)
        self._channels = range(1, channels + 1)
        self._control = control
        self._asked = 0
        self._number = -1  # of the last motion that was answered here

    async def identify(self) -> Identity:
        """Read maker, model, serial and firmware; the configuration is the hash of the deck."""
        maker, model, serial, firmware = (*(await self._ask("id")).split("|"), "", "", "", "")[:4]
        if not model:
            raise WireError(f"{self._link.name}: 'id' was not answered by maker|model|serial|firmware")
        return Identity(maker, model, serial, firmware, self._deck.sha256)

    async def deck(self) -> DeckSeen:
        """Say which deck definition is loaded."""
        return self._seen

    async def look(self) -> HandlerStatus:
        """Look at the channels."""
        return wire.read_status(await self._ask("status"))

    async def set_up(self) -> None:
        """Make the handler ready; one that is ready already does not move."""
        self._commanding("set_up")
        if not (await self.look()).ready:
            await self._move("setup", (), MOTION)

    async def pick_up(self, *, tips: tuple[TipMove, ...]) -> tuple[ChannelResult, ...]:
        """Pick up tips."""
        self._commanding("pick_up")
        self._check(tips)
        for tip in tips:
            self._spot(tip)
        return await self._move("tip", tips, MOTION)

    async def aspirate(
        self,
        *,
        moves: tuple[Aspirate, ...],
        containers: tuple[Container, ...],  # noqa: ARG002  for the gates
    ) -> tuple[ChannelResult, ...]:
        """Draw liquid, each well mixed first where asked."""
        return await self._transfer("asp", moves)

    async def dispense(
        self,
        *,
        moves: tuple[Dispense, ...],
        containers: tuple[Container, ...],  # noqa: ARG002  for the gates
    ) -> tuple[ChannelResult, ...]:
        """Give liquid."""
        return await self._transfer("disp", moves)

    async def drop(self, *, tips: tuple[TipMove, ...]) -> tuple[ChannelResult, ...]:
        """Put tips back or into the waste; also before the set-up."""
        self._commanding("drop")
        self._check(tips)
        for tip in tips:
            if tip.spot.partition(".")[0] != WASTE:
                self._spot(tip)
        return await self._move("drop", tips, MOTION)

    async def reconcile(self, call: Call) -> Reconciled:
        """Ask the device for its last motion; what it did not receive was not done."""
        if call.method == "set_up":
            return Done() if (await self.look()).ready else NotDone()
        if call.method not in WORDS:
            return Unknown(f"{call.method} is no motion")
        moves = cast("wire.Moves", call.arguments["tips" if call.method in {"pick_up", "drop"} else "moves"])
        last = wire.read_last(await self._ask("last"))
        if last.tag != wire.tag_of(WORDS[call.method], moves) or last.number == self._number:
            return NotDone()
        if all(one.outcome is Outcome.UNKNOWN for one in last.results):
            return Unknown(f"the device has lost how its motion {last.number} ended; look at tips and wells")
        return Done(last.results)

    async def reply_of(self, call: Call) -> tuple[ChannelResult, ...]:
        """Give the outcome of a motion that a person has seen to be done."""
        return seen_done(call)

    async def _transfer(
        self, word: str, moves: tuple[Aspirate, ...] | tuple[Dispense, ...]
    ) -> tuple[ChannelResult, ...]:
        self._commanding(word)
        self._deck.check(moves)
        self._check(moves)
        return await self._move(word, moves, LIQUID)

    async def _move(self, word: str, moves: wire.Moves, deadline: Seconds) -> tuple[ChannelResult, ...]:
        tag = wire.tag_of(word, moves)
        frame = wire.line(f"{tag} {word} {wire.arguments(moves)}".rstrip())
        said, rest = wire.answer(await self._link.exchange(frame, partial(wire.ended, tag), deadline=deadline), tag)
        if said == "no":
            raise RefusedError(f"{self._link.name}: {rest}")
        done = wire.read_did(rest, tag=tag)
        if [one.channel for one in done.results] != [move.channel for move in moves]:
            raise WireError(f"{self._link.name}: {word} was answered by {rest!r}, which names other channels")
        self._number = done.number
        return done.results

    async def _ask(self, word: str) -> str:
        self._asked += 1
        tag = f"q{self._asked}"
        frame = wire.line(f"{tag} {word}")
        said, rest = wire.answer(await self._link.exchange(frame, partial(wire.ended, tag), deadline=ANSWER), tag)
        if said != "is":
            raise WireError(f"{self._link.name}: {word!r} was answered by '{said} {rest}'")
        return rest

    def _commanding(self, what: str) -> None:
        if not self._control:
            raise RefusedError(f"{self._link.name}: {what} needs control; this driver was given none")

    def _check(self, moves: wire.Moves) -> None:
        channels = [move.channel for move in moves]
        if not moves or len(set(channels)) != len(channels):
            raise RefusedError(f"channels are {channels}; each channel once, and at least one")
        for channel in channels:
            if channel not in self._channels:
                raise RefusedError(f"channel is {channel}; {self._link.name} has 1 to {self._channels[-1]}")

    def _spot(self, tip: TipMove) -> None:
        self._deck.position(tip.spot)
        kind = self._deck.labware[tip.spot.partition(".")[0]].kind
        if kind != "tips":
            raise RefusedError(
                f"channel {tip.channel}: spot is {tip.spot!r}, a place for {kind}; one for tips is needed"
            )


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> OwnHandler:
    """Make the driver from the settings of a site; raises InputError for a deck or number of channels that is none."""
    FACTORY.check(settings)
    channels = settings.get("channels", str(CHANNELS))
    if not _CHANNELS.fullmatch(channels) or not 1 <= int(channels) <= 16:
        raise InputError(f"channels is {channels!r}; a number from 1 to 16 is needed", where="channels")
    return OwnHandler(link, load(settings.get("deck", DECK)), channels=int(channels), control=control)


FACTORY = Factory(
    build=build,
    interface=LiquidHandler,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L0,
        on_host_loss=OnHostLoss.STOPS,
        source="docs/drivers/own_handler.md: a grammar of our own for fast simulation, no vendor's",
    ),
    transports=("memory", "pty", "tcp"),
    settings={
        "deck": f"name of a shipped deck definition; {DECK} unless stated",
        "channels": f"number of channels, 1 to 16; {CHANNELS} unless stated",
    },
)

"""Driver of a Hamilton STAR: our rules around PyLabRobot's unmodified back end.

Volumes, wells and channels are checked before PyLabRobot sees them; each operation is an intent with an outcome for
each channel; nothing is repeated, and nothing moves because a link came back.
Wire:   firmware frames (see ``wire``), written and read by PyLabRobot (see ``adapter``), sent by our link.
Units:  uL; s.
Source: pylabrobot 0.2.2; support level L1, never run on a device by us.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, TypeVar

from automation.engine.handles import Container
from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import FailedError, InputError, RefusedError
from automation.kernel.ids import digest
from automation.kernel.quantity import Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.hamilton_star import geometry, outcomes
from instruments.drivers.hamilton_star.engine import Engine, Seen
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.liquid_handler import (
    Aspirate,
    Cause,
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

if TYPE_CHECKING:
    from instruments.drivers.hamilton_star.adapter import Star

QUESTION = Seconds(30.0)
CONFIGURATION = (("RM", "kb"), ("QM", "ka"), ("RU", "ru"), ("UA", "ua"))  # questions, and how their answers begin
RATE = 100.0  # uL/s; slow, for cells
_RATE = re.compile(r"[0-9]{1,4}(\.[0-9]{1,6})?")
LEAST = 0.1  # uL, the step of volumes on the wire
MOST_CYCLES = 99  # of mixing, in one command

_M = TypeVar("_M", TipMove, Aspirate, Dispense)


class HamiltonStar:
    """A ``LiquidHandler`` that speaks firmware frames through PyLabRobot.

    Every method raises one of four errors, named by what is then known:

    RefusedError: it can't be, or the driver is read-only; nothing moved.
    FailedError: the device did not take the command; nothing moved.
    LinkError, WireError: the link broke, or the answer is none; it may have happened.
    UnknownError: the device reports an error that does not name the channels; it may have happened.
    """

    def __init__(self, link: Link, deck: Deck, *, rate: float, identity: Identity, control: bool) -> None:
        """Speak over ``link``; ``rate`` in uL/s; without ``control`` nothing moves."""
        self.links = (link,)
        self._link = link
        self._laid = deck
        self._engine = Engine(link, deck, rate=rate)
        self._identity = identity
        self._control = control
        self._turn = asyncio.Lock()
        self._unsent: tuple[geometry.Move, ...] = ()  # asked for last, and broken off before it was sent

    def close(self) -> None:
        """End the thread on which PyLabRobot works; the line is closed by the site."""
        self._engine.close()

    async def identify(self) -> Identity:
        """Read the firmware and a digest of the configuration; model and serial are the site's declaration."""
        async with self._turn:
            firmware = await self._engine.ask("RF", "rf")
            configuration = [await self._engine.ask(what, name) for what, name in CONFIGURATION]
        said = self._identity
        return Identity(said.maker, said.model, said.serial, firmware.strip(), digest(*configuration).hex()[:16])

    async def deck(self) -> DeckSeen:
        """Say which deck definition is loaded; the device has none of its own."""
        return DeckSeen(self._laid.name, self._laid.version, self._laid.sha256)

    async def look(self) -> HandlerStatus:
        """Ask for tips and readiness."""
        seen = await self._seen()
        problem = "" if seen.initialised else "not initialised"
        return HandlerStatus(len(seen.tips), seen.tips, ready=seen.initialised, problem=problem)

    async def set_up(self) -> None:
        """Initialise a device that is not; one that is does not move. Refused with tips on."""
        self._commanding("set_up")
        async with self._turn:
            seen = await self._engine.look()
            if any(seen.tips):
                on = ", ".join(str(n) for n, tip in enumerate(seen.tips, 1) if tip)
                raise RefusedError(
                    f"{self._link.name}: channels {on} carry tips; take them off by a drop or by hand first"
                )
            if seen.initialised:
                return
            await self._engine.initialise()
            if not (await self._engine.look()).initialised:
                raise FailedError(f"{self._link.name}: the device went through its set-up and is not initialised")

    async def pick_up(self, *, tips: tuple[TipMove, ...]) -> tuple[ChannelResult, ...]:
        """Pick up tips with channels that carry none."""
        self._check_tips(tips, kinds=("tips",))
        async with self._turn:
            carrying = (await self._engine.look()).tips
            for move in tips:
                if move.channel in range(1, len(carrying) + 1) and carrying[move.channel - 1]:
                    raise RefusedError(f"{self._link.name}: channel {move.channel} carries a tip already")
            return await self._operate("pick_up", tips, lambda star, ordered: star.pick_up(ordered))

    async def aspirate(
        self,
        *,
        moves: tuple[Aspirate, ...],
        containers: tuple[Container, ...],  # noqa: ARG002  the binding asks the gate for them
    ) -> tuple[ChannelResult, ...]:
        """Draw liquid."""
        self._check_moves(moves)
        async with self._turn:
            return await self._operate("aspirate", moves, lambda star, ordered: star.aspirate(ordered))

    async def dispense(
        self,
        *,
        moves: tuple[Dispense, ...],
        containers: tuple[Container, ...],  # noqa: ARG002  the binding asks the gate for them
    ) -> tuple[ChannelResult, ...]:
        """Give liquid."""
        self._check_moves(moves)
        async with self._turn:
            return await self._operate("dispense", moves, lambda star, ordered: star.dispense(ordered))

    async def drop(self, *, tips: tuple[TipMove, ...]) -> tuple[ChannelResult, ...]:
        """Put tips back or into the waste."""
        self._check_tips(tips, kinds=("tips", "waste"))
        async with self._turn:
            return await self._operate("drop", tips, lambda star, ordered: star.drop(ordered))

    async def reconcile(self, call: Call) -> Reconciled:
        """Say what can be seen of an open call: tips by their sensors, readiness; liquid can't be seen.

        What this driver itself knows not to have been sent was not done.
        """
        if call.method not in {"pick_up", "drop", "set_up"}:
            if self._unsent and self._unsent == call.arguments.get("moves"):
                return NotDone()
            return Unknown("the device can't say how much liquid moved")
        seen = await self._seen()
        if call.method == "set_up":
            return Done() if seen.initialised else NotDone()
        wanted = call.method == "pick_up"
        tips = call.arguments["tips"]
        moves = [move for move in tips if isinstance(move, TipMove)] if isinstance(tips, tuple | list) else []
        done = {move.channel: seen.tips[move.channel - 1] is wanted for move in moves}
        if not any(done.values()):
            return NotDone()
        return Done(tuple(_sensed(channel, done=was) for channel, was in sorted(done.items())))

    async def reply_of(self, call: Call) -> tuple[ChannelResult, ...]:
        """Give the outcome of a motion that a person has seen to be done."""
        return seen_done(call)

    async def _seen(self) -> Seen:
        async with self._turn:
            return await self._engine.look()

    async def _operate(
        self,
        what: str,
        moves: tuple[_M, ...],
        work: Callable[["Star", tuple[_M, ...]], Coroutine[object, object, None]],
    ) -> tuple[ChannelResult, ...]:
        """Let PyLabRobot do an operation; the outcome of each channel is read from the device's own words."""
        ordered = tuple(sorted(moves, key=lambda move: move.channel))
        geometry.check(self._laid, ordered, channels=await self._engine.channels())
        self._unsent = moves
        try:
            answer = await self._engine.move(lambda star: work(star, ordered))
        finally:
            if self._engine.sent:
                self._unsent = ()
        return outcomes.results(what, (move.channel for move in moves), answer.channels, raw=answer.text)

    def _check_moves(self, moves: tuple[Aspirate | Dispense, ...]) -> None:
        self._commanding("pipetting")
        self._laid.check(moves)
        for move in moves:
            self._check_kind(move.well, ("plate", "tubes", "trough"))
            if float(move.volume) < LEAST:
                raise RefusedError(
                    f"channel {move.channel}: volume is {float(move.volume):g} uL; at least {LEAST:g} uL"
                )
            if isinstance(move, Aspirate) and not 0 <= move.mix_cycles <= MOST_CYCLES:
                raise RefusedError(
                    f"channel {move.channel}: mix_cycles is {move.mix_cycles}; 0 to {MOST_CYCLES} are allowed"
                )

    def _check_tips(self, tips: tuple[TipMove, ...], kinds: tuple[str, ...]) -> None:
        self._commanding("handling tips")
        for move in tips:
            self._check_kind(move.spot, kinds)
        if len({geometry.kind_of(self._laid, move.spot) for move in tips}) > 1:
            raise RefusedError("tips go to the rack or to the waste; one command has one height for both")

    def _check_kind(self, place: str, kinds: tuple[str, ...]) -> None:
        kind = geometry.kind_of(self._laid, place)
        if kind not in kinds:
            raise RefusedError(f"{place} is of kind {kind}; for this it has to be {' or '.join(kinds)}")

    def _commanding(self, what: str) -> None:
        if not self._control:
            raise RefusedError(f"{self._link.name}: {what} needs control; this driver was given none")


def _sensed(channel: int, *, done: bool) -> ChannelResult:
    outcome = Outcome.DONE if done else Outcome.NOT_DONE
    return ChannelResult(channel, outcome, Cause.NONE if done else Cause.OTHER, why="seen by the tip sensor afterwards")


def build(link: Link, given: Mapping[str, str], *, control: bool) -> HamiltonStar:
    """Build the driver over a link; raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    rate = given.get("rate", f"{RATE:g}")
    if not _RATE.fullmatch(rate) or not 0.4 <= float(rate) <= 500.0:
        raise InputError(
            f"rate is {rate!r}; a number from 0.4 to 500 (uL/s) is needed, for example '100'", where="rate"
        )
    identity = Identity("Hamilton", given.get("model", "Microlab STAR"), given.get("serial", ""))
    if "deck" not in given:
        raise InputError("deck is missing; the name of a deck definition is needed", where="deck")
    return HamiltonStar(link, load(given["deck"]), rate=float(rate), identity=identity, control=control)


FACTORY = Factory(
    build=build,
    interface=LiquidHandler,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.STOPS,
        source="pylabrobot 0.2.2 (MIT), its STAR back end and the firmware strings of its tests",
    ),
    transports=("usb", "memory", "tcp", "pty"),
    settings={
        "deck": "name of the deck definition, for example final-day-star",
        "rate": "flow rate for drawing, giving and mixing (uL/s); 100 unless stated",
        "model": "model as on the rating plate; Microlab STAR unless stated",
        "serial": "serial number on the rating plate",
    },
)

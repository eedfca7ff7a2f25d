"""Driver of a Hamilton STAR: our rules around PyLabRobot's unmodified back end.

Volumes, wells and channels are checked before PyLabRobot sees them; each operation is an intent with an outcome for
each channel; nothing is repeated, and nothing moves because a link came back.
Wire:   firmware frames (see ``wire``), written and read by PyLabRobot (see ``adapter``), sent by our link.
Units:  uL; s.
Source: pylabrobot 0.2.2; support level L1, never run on a device by us.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, TypeVar, cast

from automation.engine.handles import Container
from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import CellwrightError, FailedError, InputError, RefusedError, UnknownError, WireError
from automation.kernel.ids import digest
from automation.kernel.quantity import Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.hamilton_star import geometry, outcomes, wire
from instruments.drivers.hamilton_star.backstage import Backstage, Trouble, Usb
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
    from instruments.drivers.hamilton_star.adapter import Seen, Star

QUESTION = Seconds(30.0)
MOTION = {
    "C0VI": Seconds(150.0),
    "C0DI": Seconds(120.0),
    "C0ZA": Seconds(60.0),
    "C0TP": Seconds(120.0),
    "C0TR": Seconds(120.0),
    "C0AS": Seconds(300.0),
    "C0DS": Seconds(300.0),
}
"""The frames that move something, and how long each may take; all others are questions and definitions."""
RATE = 100.0  # uL/s; slow, for cells
MOST_CYCLES = 99  # of mixing, in one command

_T = TypeVar("_T")
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
        self._rate = rate
        self._identity = identity
        self._control = control
        self._turn = asyncio.Lock()
        self._stage: Backstage | None = None
        self._star: Star | None = None
        self._last_id = 0
        self._channels = 0
        self._moving: wire.Frame | None = None  # the last frame of motion in the call at hand
        self._answer: wire.Answer | None = None  # what the device said to it

    async def identify(self) -> Identity:
        """Read the firmware and a digest of the configuration; model and serial are the site's declaration."""
        async with self._turn:
            star = await self._connected()
            firmware, configuration = await self._run(star.firmware)
        said = self._identity
        return Identity(said.maker, said.model, said.serial, firmware, digest(configuration).hex()[:16])

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
            star = await self._connected()
            seen = await self._run(star.look)
            if any(seen.tips):
                on = ", ".join(str(n) for n, tip in enumerate(seen.tips, 1) if tip)
                raise RefusedError(
                    f"{self._link.name}: channels {on} carry tips; take them off by a drop or by hand first"
                )
            if seen.initialised:
                return
            await self._run(star.initialise)
            if not (await self._run(star.look)).initialised:
                raise FailedError(f"{self._link.name}: the device went through its set-up and is not initialised")

    async def pick_up(self, *, tips: tuple[TipMove, ...]) -> tuple[ChannelResult, ...]:
        """Pick up tips with channels that carry none."""
        self._check_tips(tips, kinds=("tips",))
        async with self._turn:
            star = await self._ready(tips)
            carrying = (await self._run(star.look)).tips
            for move in tips:
                if carrying[move.channel - 1]:
                    raise RefusedError(f"{self._link.name}: channel {move.channel} carries a tip already")
            return await self._operate("pick_up", tips, lambda: star.pick_up(_ordered(tips)))

    async def aspirate(
        self,
        *,
        moves: tuple[Aspirate, ...],
        containers: tuple[Container, ...],  # noqa: ARG002  the binding asks the gate for them
    ) -> tuple[ChannelResult, ...]:
        """Draw liquid."""
        self._check_moves(moves)
        async with self._turn:
            star = await self._ready(moves)
            return await self._operate("aspirate", moves, lambda: star.aspirate(_ordered(moves)))

    async def dispense(
        self,
        *,
        moves: tuple[Dispense, ...],
        containers: tuple[Container, ...],  # noqa: ARG002  the binding asks the gate for them
    ) -> tuple[ChannelResult, ...]:
        """Give liquid."""
        self._check_moves(moves)
        async with self._turn:
            star = await self._ready(moves)
            return await self._operate("dispense", moves, lambda: star.dispense(_ordered(moves)))

    async def drop(self, *, tips: tuple[TipMove, ...]) -> tuple[ChannelResult, ...]:
        """Put tips back or into the waste."""
        self._check_tips(tips, kinds=("tips", "waste"))
        async with self._turn:
            star = await self._ready(tips)
            return await self._operate("drop", tips, lambda: star.drop(_ordered(tips)))

    async def reconcile(self, call: Call) -> Reconciled:
        """Say what can be seen of an open call: tips by their sensors, readiness; liquid can't be seen."""
        if call.method not in {"pick_up", "drop", "set_up"}:
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

    async def _seen(self) -> "Seen":
        async with self._turn:
            star = await self._connected()
            return await self._run(star.look)

    async def _operate(
        self, what: str, moves: tuple[geometry.Move, ...], work: Callable[[], Coroutine[object, object, None]]
    ) -> tuple[ChannelResult, ...]:
        """Let PyLabRobot do an operation; the outcome of each channel is read from the device's own words."""
        await self._run(work, channels=True)
        if self._answer is None:
            raise UnknownError(f"{self._link.name}: PyLabRobot came back from {what} without having asked the device")
        channels = (move.channel for move in moves)
        return outcomes.results(what, channels, self._answer.channels, raw=self._answer.text)

    async def _run(self, work: Callable[[], Coroutine[object, object, _T]], *, channels: bool = False) -> _T:
        """Let PyLabRobot work; after a call that did not come back it is thrown away, and connected anew when needed.

        With ``channels`` an error of single channels is no error here: the answer says which.
        """
        stage = self._stage
        if stage is None:
            raise UnknownError(f"{self._link.name}: nobody is connected")
        self._moving, self._answer = None, None
        settled = False
        try:
            got = await stage.run(work(), self._exchange)
            settled = not isinstance(got, Trouble) or (channels and self._named_channels)
        finally:
            if not settled:
                self._forget()
        if isinstance(got, Trouble) and not settled:
            raise self._meaning(got, moving=channels)
        return cast("_T", got)

    @property
    def _named_channels(self) -> bool:
        """Tell whether the device's last words name the channels, and nothing else, that had an error."""
        said = self._answer
        return said is not None and said.error == (99, 0) and bool(said.channels) and not said.others

    def _meaning(self, trouble: Trouble, *, moving: bool) -> CellwrightError:
        """Say what is known after PyLabRobot gave up; ``moving``: it was to move something."""
        said = f"{self._link.name}: {trouble.text}"
        if self._moving is None and not moving:
            return WireError(said)
        if self._moving is None:
            return RefusedError(f"{said} (nothing that moves was sent)")
        if self._answer is not None and not outcomes.taken(self._answer.error):
            return FailedError(f"{said} (the device did not take the command: {self._answer.text})")
        return UnknownError(said)

    async def _exchange(self, data: bytes) -> bytes:
        """Send one frame of PyLabRobot's and give the answer, each on the tape."""
        frame = wire.read_command(data.decode("ascii"))
        if frame.what in MOTION:
            self._moving, self._answer = frame, None
        received = await self._link.exchange(
            data + wire.END,
            lambda got: wire.answered(got, frame),
            deadline=MOTION.get(frame.what, QUESTION),
        )
        text = wire.last(received)
        if frame.what in MOTION:
            self._answer = wire.read_answer(text)
        return text.encode("ascii")

    async def _connected(self) -> "Star":
        """Give PyLabRobot, connected to the device; nothing moves."""
        if self._star is None:
            from instruments.drivers.hamilton_star.adapter import Star  # noqa: PLC0415  loads PyLabRobot, 0.25 s

            usb = Usb()
            self._stage = Backstage(usb)
            star = Star(usb, self._laid, rate=self._rate, first_id=self._last_id)
            self._stage.last.append(star.stop)
            self._channels = await self._run(star.connect)
            self._star = star
        return self._star

    async def _ready(self, moves: tuple[geometry.Move, ...]) -> "Star":
        star = await self._connected()
        geometry.check(self._laid, moves, channels=self._channels)
        return star

    def _forget(self) -> None:
        """Throw PyLabRobot away: what it believes of the device may not be so."""
        if self._star is not None:
            self._last_id = self._star.last_id  # so that a late answer never fits a later question
        if self._stage is not None:
            self._stage.close()
        self._stage = self._star = None

    def _check_moves(self, moves: tuple[Aspirate | Dispense, ...]) -> None:
        self._commanding("pipetting")
        self._laid.check(moves)
        for move in moves:
            self._check_kind(move.well, ("plate", "tubes", "trough"))
            if isinstance(move, Aspirate) and not 0 <= move.mix_cycles <= MOST_CYCLES:
                raise RefusedError(
                    f"channel {move.channel}: mix_cycles is {move.mix_cycles}; 0 to {MOST_CYCLES} are allowed"
                )

    def _check_tips(self, tips: tuple[TipMove, ...], kinds: tuple[str, ...]) -> None:
        self._commanding("handling tips")
        for move in tips:
            self._check_kind(move.spot, kinds)

    def _check_kind(self, place: str, kinds: tuple[str, ...]) -> None:
        kind = geometry.kind_of(self._laid, place)
        if kind not in kinds:
            raise RefusedError(f"{place} is of kind {kind}; for this it has to be {' or '.join(kinds)}")

    def _commanding(self, what: str) -> None:
        if not self._control:
            raise RefusedError(f"{self._link.name}: {what} needs control; this driver was given none")


def _ordered(moves: tuple[_M, ...]) -> tuple[_M, ...]:
    return tuple(sorted(moves, key=lambda move: move.channel))


def _sensed(channel: int, *, done: bool) -> ChannelResult:
    outcome = Outcome.DONE if done else Outcome.NOT_DONE
    return ChannelResult(channel, outcome, Cause.NONE if done else Cause.OTHER, why="seen by the tip sensor afterwards")


def build(link: Link, given: Mapping[str, str], *, control: bool) -> HamiltonStar:
    """Build the driver over a link; raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    rate = given.get("rate", f"{RATE:g}")
    if not rate.replace(".", "", 1).isdigit() or not 0.4 <= float(rate) <= 500.0:
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
    transports=("memory", "tcp", "pty"),
    settings={
        "deck": "name of the deck definition, for example final-day-star",
        "rate": "flow rate for drawing, giving and mixing (uL/s); 100 unless stated",
        "model": "model as on the rating plate; Microlab STAR unless stated",
        "serial": "serial number on the rating plate",
    },
)

"""Driver of an Opentrons OT-2: our rules around PyLabRobot's unmodified back end.

Volumes, wells and channels are checked before PyLabRobot sees them. The channels of one operation go one after the
other: an OT-2 has two pipettes and one arm. Every command carries a key made of what is asked and of what the record
knew, so that each act can be settled after doubt by asking the robot, as long as it keeps its run.
Wire:   HTTP and JSON of the robot server (see ``wire``); the commands are PyLabRobot's (see ``plan``).
Units:  uL; s.
Source: Opentrons robot-server; pylabrobot 0.2.2; support level L1, never run on a robot by us. The robot senses
        neither tips nor liquid.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from automation.engine.handles import Container
from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import FailedError, InputError, RefusedError
from automation.kernel.ids import digest
from instruments.drivers.factory import Factory
from instruments.drivers.opentrons_ot2 import outcomes, wire
from instruments.drivers.opentrons_ot2.robot import MOVING, Robot, Seen
from instruments.drivers.opentrons_ot2.wire import Command, Entry
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

if TYPE_CHECKING:
    from instruments.drivers.opentrons_ot2.plan import Planner, Rack, Step

Move = TipMove | Aspirate | Dispense
MOST_CYCLES = 50  # of mixing; each is two commands
UNSENSED = "not set up; an OT-2 does not sense tips: see that none is on"
_RATE = re.compile(r"[0-9]{1,4}(\.[0-9]{1,6})?")
_M = TypeVar("_M", TipMove, Aspirate, Dispense)


class OpentronsOt2:
    """A ``LiquidHandler`` with one channel for each pipette that is mounted, the left one first.

    RefusedError: it can't be, or the driver is read-only; nothing moved. FailedError: the robot did not take it.
    LinkError, WireError, UnknownError: nobody can say before ``reconcile`` has asked.
    """

    def __init__(
        self, link: Link, deck: Deck, *, rate: float | None = None, serial: str = "", control: bool = False
    ) -> None:
        """Speak over ``link``; ``rate`` in uL/s, None for the robot's own; without ``control`` nothing moves.

        ``serial`` is the one on the rating plate, for a robot that does not tell its own.
        """
        self.links = (link,)
        self._link = link
        self._laid = deck
        self._rate = rate
        self._serial = serial
        self._control = control
        self._robot = Robot(link, prefix=f"deck-{deck.sha256[:8]}")
        self._planner: Planner | None = None
        self._pipettes: Mapping[str, str] = {}
        self._answered = ""  # id of the last command of the last operation that was answered here
        self._turn = asyncio.Lock()

    async def identify(self) -> Identity:
        """Read model, serial and software; the configuration is a digest of deck and pipettes."""
        async with self._turn:
            told, mounted = await self._robot.health(), await self._robot.mounted()
        pipettes = [f"{mount} {name} {serial}" for mount, (name, serial) in mounted.items()]
        configuration = digest(self._laid.sha256, *pipettes).hex()[:16]
        model, software = wire.text(told, "robot_model"), wire.text(told, "api_version")
        serial = self._serial if told.get("robot_serial") is None else wire.text(told, "robot_serial")
        return Identity("Opentrons", model, serial, software, configuration)

    async def deck(self) -> DeckSeen:
        """Say which deck definition is loaded; a run is ours only while it was set up with this one."""
        return DeckSeen(self._laid.name, self._laid.version, self._laid.sha256)

    async def look(self) -> HandlerStatus:
        """Look at the run: tips are those that the robot was told to pick up and drop, for it has no sensor."""
        async with self._turn:
            seen = await self._seen()
            if self._robot.run:
                carried = seen.tips or {}
                tips = tuple(carried.get(mount, False) for mount in seen.pipettes)
                return HandlerStatus(len(tips), tips)
            count = len(await self._robot.mounted())
            return HandlerStatus(count, (False,) * count, ready=False, problem=UNSENSED)

    async def set_up(self) -> None:
        """Begin a run, home, and tell the robot of pipettes and tip racks; goes on where it was left off."""
        self._commanding("set_up")
        async with self._turn:
            seen = await self._seen()
            if self._robot.run:
                return
            if any((seen.tips or {}).values()):
                raise RefusedError(
                    f"{self._link.name}: a pipette carries a tip; take it off by a drop or by hand first"
                )
            await self._check_robot()
            pipettes = {mount: name for mount, (name, _) in (await self._robot.mounted()).items()}
            racks = await self._plan_for(pipettes).racks()
            fresh = not seen.run or seen.others or seen.failed is not None
            run = await self._robot.begin() if fresh else seen.run
            await self._prepare(run, () if fresh else seen.begun, racks)
            if not (await self._seen()).is_set_up:
                raise FailedError(f"{self._link.name}: went through its set-up and is not ready")

    async def pick_up(self, *, tips: tuple[TipMove, ...]) -> tuple[ChannelResult, ...]:
        """Pick up tips with pipettes that carry none."""
        self._check_tips(tips, kinds=("tips",))
        async with self._turn:
            seen = await self._seen()
            self._check_channels(tips)
            for tip in tips:
                if (seen.tips or {}).get(list(seen.pipettes)[tip.channel - 1]):
                    raise RefusedError(f"{self._link.name}: channel {tip.channel} carries a tip already")
            return await self._operate("pick_up", tips, lambda planner, move: planner.pick_up(move))

    async def aspirate(
        self,
        *,
        moves: tuple[Aspirate, ...],
        containers: tuple[Container, ...],  # noqa: ARG002  the binding asks the gate for them
    ) -> tuple[ChannelResult, ...]:
        """Draw liquid, one channel after the other."""
        self._check_moves(moves)
        async with self._turn:
            return await self._operate("aspirate", moves, lambda planner, move: planner.aspirate(move))

    async def dispense(
        self,
        *,
        moves: tuple[Dispense, ...],
        containers: tuple[Container, ...],  # noqa: ARG002  the binding asks the gate for them
    ) -> tuple[ChannelResult, ...]:
        """Give liquid, one channel after the other."""
        self._check_moves(moves)
        async with self._turn:
            return await self._operate("dispense", moves, lambda planner, move: planner.dispense(move))

    async def drop(self, *, tips: tuple[TipMove, ...]) -> tuple[ChannelResult, ...]:
        """Put tips back or into the waste."""
        self._check_tips(tips, kinds=("tips", "waste"))
        async with self._turn:
            return await self._operate("drop", tips, lambda planner, move: planner.drop(move))

    async def reconcile(self, call: Call) -> Reconciled:
        """Ask the robot what became of the commands of a call; without its run nobody can say."""
        async with self._turn:
            seen = await self._seen()
            if call.method == "set_up":
                return Done() if self._robot.run else NotDone()
            if not self._robot.run:
                return Unknown("the robot has lost its run: it was switched off, or another run was begun")
            moves = call.arguments.get("tips") or call.arguments.get("moves")
            if not isinstance(moves, tuple | list):
                return Unknown(f"{call.method} names no channels")
            ordered = cast("tuple[Move, ...]", tuple(moves))
            told = await self._robot.trail(seen.run, _tag(call.method, ordered))
        if told and told[-1].status in MOVING:
            return Unknown(f"the robot says that {told[-1].kind} is still {told[-1].status}")
        if not told or told[-1].id == self._answered:
            return NotDone()
        found = _results(ordered, told)
        return NotDone() if all(one.outcome is Outcome.NOT_DONE for one in found) else Done(found)

    async def reply_of(self, call: Call) -> tuple[ChannelResult, ...]:
        """Give the outcome of a motion that a person has seen to be done."""
        return seen_done(call)

    async def _seen(self) -> Seen:
        """Look, and take over the pipettes of a run that is ours."""
        seen = await self._robot.look()
        if self._robot.run:
            self._plan_for(seen.pipettes)
        return seen

    def _plan_for(self, pipettes: Mapping[str, str]) -> "Planner":
        """Give PyLabRobot for these pipettes; it is made anew when they are others."""
        from instruments.drivers.opentrons_ot2.plan import Planner  # noqa: PLC0415  loads PyLabRobot, 0.25 s

        if self._planner is None or self._pipettes != pipettes:
            self._planner, self._pipettes = Planner(self._laid, pipettes, rate=self._rate), dict(pipettes)
        return self._planner

    async def _check_robot(self) -> None:
        told = wire.text(await self._robot.health(), "api_version")
        if wire.version(told) < wire.OLDEST:
            oldest = ".".join(map(str, wire.OLDEST))
            raise RefusedError(f"{self._link.name}: its software is {told}; {oldest} or later is needed")

    async def _prepare(self, run: str, begun: Sequence[Entry], racks: Sequence["Rack"]) -> None:
        """Send the set-up commands that have not succeeded yet; home comes first."""
        loads: list[Step] = [
            ("loadPipette", {"pipetteName": name, "mount": mount, "pipetteId": mount})
            for mount, name in self._pipettes.items()
        ]
        steps = [("home", {}), *loads, *(rack.load for rack in racks)]
        done = {one.key for one in begun}
        for rack in racks:
            await self._robot.define(run, rack.definition)
        for number, (kind, params) in enumerate(steps, 1):
            key = self._robot.key(number, len(steps))
            if key in done:
                continue
            told = await self._robot.put(Command(kind, params, key), run=run)
            if told.error:
                raise FailedError(f"{self._link.name}: {kind} failed: {told.error}: {told.detail}")

    async def _operate(
        self,
        what: str,
        moves: tuple[_M, ...],
        plan: Callable[["Planner", _M], Coroutine[object, object, tuple["Step", ...]]],
    ) -> tuple[ChannelResult, ...]:
        """Let the channels work one after the other; after one whose outcome is unknown the others do nothing."""
        if not self._robot.run:
            await self._seen()
        self._check_channels(moves)
        planner = self._plan_for(self._pipettes)
        ordered = sorted(moves, key=lambda move: move.channel)
        plans = [(move, await plan(planner, move)) for move in ordered]
        tag, told = _tag(what, moves), []
        for move, steps in plans:
            for key, (kind, params) in zip(_keys(tag, move.channel, steps), steps, strict=True):
                try:
                    told.append(await self._robot.put(Command(kind, params, key)))
                except FailedError:
                    if not told:
                        raise
                    break
                if told[-1].error:
                    break
            if not self._robot.run or _results((move,), told)[0].outcome is Outcome.UNKNOWN:
                break
        self._answered = told[-1].id
        return _results(moves, told)

    def _check_moves(self, moves: tuple[Aspirate | Dispense, ...]) -> None:
        self._commanding("pipetting")
        self._laid.check(moves)
        for move in moves:
            self._check_kind(move.well, ("plate", "tubes", "trough"))
            if isinstance(move, Aspirate) and move.mix_cycles > MOST_CYCLES:
                raise RefusedError(
                    f"channel {move.channel}: mix_cycles is {move.mix_cycles}; 0 to {MOST_CYCLES} are allowed"
                )

    def _check_tips(self, tips: tuple[TipMove, ...], kinds: tuple[str, ...]) -> None:
        self._commanding("handling tips")
        for move in tips:
            self._check_kind(move.spot, kinds)

    def _check_kind(self, place: str, kinds: tuple[str, ...]) -> None:
        self._laid.position(place)
        kind = self._laid.labware[place.partition(".")[0]].kind
        if kind not in kinds:
            raise RefusedError(f"{place} is of kind {kind}; for this it has to be {' or '.join(kinds)}")

    def _check_channels(self, moves: Sequence[Move]) -> None:
        """Refuse channels that are not there or come twice, and everything before the set-up."""
        if not self._robot.run:
            raise RefusedError(f"{self._link.name}: {UNSENSED}")
        used, count = [move.channel for move in moves], len(self._pipettes)
        if not used or len(set(used)) != len(used) or min(used) < 1 or max(used) > count:
            raise RefusedError(f"channels are {used}; each once, from 1 to {count}, and at least one")

    def _commanding(self, what: str) -> None:
        if not self._control:
            raise RefusedError(f"{self._link.name}: {what} needs control; this driver was given none")


def _tag(what: str, moves: Sequence[Move]) -> str:
    """Give the tag of an operation: what is asked and what was known before, so that the same asked anew differs."""
    ordered = sorted(moves, key=lambda move: move.channel)
    return digest(what, *(word for move in ordered for word in _words(move))).hex()[:12]


def _words(move: Move) -> tuple[str, ...]:
    if isinstance(move, TipMove):
        return str(move.channel), move.spot
    numbers = [move.volume, move.in_well, move.in_tip]
    if isinstance(move, Aspirate):
        numbers += [move.mix_volume]
    cycles = move.mix_cycles if isinstance(move, Aspirate) else 0
    return str(move.channel), move.well, *(repr(float(one)) for one in numbers), str(cycles)


def _keys(tag: str, channel: int, steps: Sequence["Step"]) -> list[str]:
    """Give the key of each command of a channel: tag, channel, number, and what it is to the operation."""
    roles = outcomes.roles([kind for kind, _ in steps])
    return [f"{tag}.{channel}.{number}.{role}" for number, role in enumerate(roles, 1)]


def _results(moves: Sequence[Move], told: Sequence[Entry]) -> tuple[ChannelResult, ...]:
    """Give the result of each channel from the commands that the robot has told of."""
    found = []
    for move in sorted(moves, key=lambda move: move.channel):
        own = {one.key: one for one in told if one.key.split(".")[1:2] == [str(move.channel)]}
        found.append(outcomes.result(move.channel, own))
    return tuple(found)


def build(link: Link, given: Mapping[str, str], *, control: bool) -> OpentronsOt2:
    """Build the driver over a link; raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    rate = given.get("rate")
    if rate is not None and (not _RATE.fullmatch(rate) or not 0.1 <= float(rate) <= 1000.0):
        raise InputError(f"rate is {rate!r}; a number from 0.1 to 1000 (uL/s) is needed", where="rate")
    if "deck" not in given:
        raise InputError("deck is missing; the name of a deck definition is needed", where="deck")
    number, serial = None if rate is None else float(rate), given.get("serial", "")
    return OpentronsOt2(link, load(given["deck"]), rate=number, serial=serial, control=control)


FACTORY = Factory(
    build=build,
    interface=LiquidHandler,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.STOPS,
        source="Opentrons robot-server (github Opentrons/opentrons); pylabrobot 0.2.2 (MIT), its OT-2 back end",
    ),
    transports=("tcp", "memory", "pty"),
    settings={
        "deck": "name of the deck definition, for example bench-ot2",
        "rate": "flow rate for drawing, giving and mixing (uL/s); the robot's own unless stated",
        "serial": "serial number on the rating plate, for a robot that does not tell its own",
    },
)

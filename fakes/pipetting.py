"""Pipetting as it happens in the world: tips and liquids, whoever moves them, a handler or a person's hand.

A tip is a container of the world, as is the waste, so that what stays in a tip is not lost from any balance.
Units:  uL at the border, mL in the world.
Physics: a channel draws ``volume * (1 + trueness + cv * normal)``; trueness is one number for each channel within
        +-0.3 %, cv is 0.5 % (a person: 1 % and 1 %), both pure functions of (seed, device, channel, draw). The last
        dispense empties the tip; one before it gives its share with the same cv. Cells settle until a well is mixed
        (``fakes.world``). Below nine tenths of what is asked no liquid is found. A clot or a blocked tip lets a random
        share of the volume through. All of these are models; the figures are those that pipettors usually state.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from automation.kernel.errors import FailedError
from automation.kernel.ids import normal, uniform
from automation.kernel.quantity import Celsius, Instant, Microlitres, Millilitres
from fakes.physics.trace import Constant
from fakes.world import Container, World
from instruments.interfaces.liquid_handler import Cause, Outcome

WASTE = "waste"
ENOUGH = 0.9  # share of the asked volume that has to be in the well for a liquid level to be found
ROOM = 22.0  # degC
MICRO = 1000.0  # uL in one mL
_ROUNDING = 1e-6  # uL

Went = tuple[Outcome, Cause]
"""How one channel's part went."""

DONE: Went = (Outcome.DONE, Cause.NONE)
_NOTHING: Went = (Outcome.NOT_DONE, Cause.POSITION)  # nothing stands there


@dataclass(frozen=True, slots=True)
class Precision:
    """How well volumes are kept (shares of the volume): bound of the trueness of a channel, and cv of one draw."""

    trueness: float = 0.003
    cv: float = 0.005


@dataclass(slots=True)
class Channel:
    """One channel: whether it carries a tip, and what it was told to hold (uL)."""

    tip: bool = False
    held: float = 0.0
    fell: bool = False  # the tip fell off, and the device has not noticed yet
    draws: int = 0
    trouble: Cause = Cause.NONE  # what happens to the next draw or dispense


class Pipettor:
    """Channels over places on which containers of the world stand."""

    def __init__(self, world: World, name: str, *, channels: int, precision: Precision) -> None:
        """Stand in the world as the place ``name``; all spots for tips are full."""
        self.world = world
        self.name = name
        self.channels = {number: Channel() for number in range(1, channels + 1)}
        self._precision = precision
        self._standing: dict[str, str] = {}  # position -> container
        self._empty: set[str] = set()  # spots whose tip was taken
        self._bare = False  # whether all racks are
        world.add_place(name, Constant(ROOM))

    @property
    def standing(self) -> Mapping[str, str]:
        """Give which container stands where."""
        return self._standing

    def number(self, stated: float) -> int:
        """Give the number of a channel; raises FailedError when there is none such."""
        if stated not in self.channels:
            msg = f"channel is {stated:g}; {self.name} has 1 to {len(self.channels)}"
            raise FailedError(msg)
        return round(stated)

    def stands(self, position: str) -> str:
        """Name the container at a position; where one thing stands on a labware, the labware alone names it."""
        if position in self._standing:
            return self._standing[position]
        labware, _, place = position.partition(".")
        alone = [one for at, one in self._standing.items() if at.partition(".")[0] == labware]
        exact = labware in self._standing  # the place has no name of its own
        return alone[0] if len(alone) == 1 and (not place or exact) else ""

    def place(self, container: str, *, at: str, now: Instant) -> None:
        """Put a container of the world on a position; raises FailedError when something stands there."""
        other = self._standing.get(at)
        if other is not None:
            msg = f"{self.name}: {other} stands at {at}; {container} can't be put there"
            raise FailedError(msg)
        self.world.move(container, to=self.name, now=now)
        self._standing = {there: one for there, one in self._standing.items() if one != container}
        self._standing[at] = container

    def take(self, position: str, *, to: str, now: Instant) -> None:
        """Take the container away from a position; raises FailedError when nothing stands there."""
        if position not in self._standing:
            msg = f"{self.name}: nothing stands at {position}; there are {', '.join(sorted(self._standing)) or 'none'}"
            raise FailedError(msg)
        self.world.move(self._standing.pop(position), to=to, now=now)

    def refill(self) -> None:
        """Put full racks of tips on the deck."""
        self._empty.clear()
        self._bare = False

    @property
    def out_of_tips(self) -> bool:
        """Tell whether no rack has a tip left."""
        return self._bare

    def run_out(self) -> None:
        """Leave no tip in any rack."""
        self._bare = True

    def pick_up(self, number: int, spot: str, now: Instant) -> Went:
        """Take a new tip from a spot."""
        channel = self.channels[number]
        if channel.tip:
            return Outcome.NOT_DONE, Cause.TIP_ALREADY
        if self._bare or spot in self._empty:
            return Outcome.NOT_DONE, Cause.NO_TIP
        self._empty.add(spot)
        self._vessel(self._tip(number), kind="tip", now=now)
        channel.tip, channel.fell, channel.held = True, False, 0.0
        return DONE

    def drop(self, number: int, spot: str, now: Instant) -> Went:
        """Put the tip back to an empty spot or into the waste; what is left in it counts as waste."""
        channel = self.channels[number]
        missing = self._missing(channel)
        if missing is not None:
            return missing
        if spot.partition(".")[0] != WASTE and spot not in self._empty:
            return Outcome.NOT_DONE, Cause.TIP_ALREADY
        self._empty.discard(spot)
        self._shed(number, now)
        return DONE

    def draw(self, number: int, position: str, volume: Microlitres, *, mixed: bool, now: Instant) -> Went:
        """Draw a volume (uL), the well mixed before when asked."""
        channel = self.channels[number]
        source, tip = self.stands(position), self._tip(number)
        missing = self._missing(channel) or (None if source else _NOTHING)
        if missing is not None:
            return missing
        asked = float(volume)
        if MICRO * float(self.world.container(source).contents.volume) < ENOUGH * asked:
            return Outcome.NOT_DONE, Cause.NO_LIQUID
        if mixed:
            self.world.mix(source, now)
        channel.draws += 1
        wanted = asked * (1.0 + self._trueness(number) + self._scatter(number, "draw")) * self._share(number)
        room = MICRO * float(self.world.container(tip).room)
        self.world.pour(source, tip, volume=Millilitres(min(wanted, room) / MICRO), now=now, settled=True)
        channel.held += asked
        return self._went(channel)

    def give(self, number: int, position: str, volume: Microlitres, now: Instant) -> Went:
        """Give a volume (uL); the last one that the tip holds empties it."""
        channel = self.channels[number]
        dest, tip = self.stands(position), self._tip(number)
        missing = self._missing(channel) or (None if dest else _NOTHING)
        if missing is not None:
            return missing
        there, asked = float(self.world.container(tip).contents.volume), float(volume)
        part = 1.0
        if asked < channel.held - _ROUNDING:
            channel.draws += 1
            part = min(1.0, asked / channel.held * (1.0 + self._scatter(number, "give")))
        amount = there * part * self._share(number)
        if amount > float(self.world.container(dest).room):
            return Outcome.NOT_DONE, Cause.OTHER
        self.world.pour(tip, dest, volume=Millilitres(amount), now=now)
        channel.held = max(0.0, channel.held - asked)
        return self._went(channel)

    def lose_tip(self, number: int, now: Instant) -> None:
        """Let a tip fall off with what is in it."""
        if self.channels[number].tip:
            self._shed(number, now)
            self.channels[number].fell = True

    def trouble(self, number: int, cause: Cause) -> None:
        """Let the next draw or dispense of a channel meet a clot or a blocked tip."""
        self.channels[number].trouble = cause

    def _shed(self, number: int, now: Instant) -> None:
        tip, waste = self._tip(number), f"{self.name}.{WASTE}"
        self._vessel(waste, kind="bottle", now=now)
        self.world.pour(tip, waste, volume=self.world.container(tip).contents.volume, now=now)
        self.channels[number].tip = False
        self.channels[number].held = 0.0

    def _vessel(self, name: str, *, kind: str, now: Instant) -> None:
        if not self.world.has(name):
            self.world.add(Container(name, kind), place=self.name, at=Celsius(ROOM), now=now)

    def _tip(self, number: int) -> str:
        return f"{self.name}.tip{number}"

    @staticmethod
    def _missing(channel: Channel) -> Went | None:
        """Say that there is no tip, or that it fell off, which is noticed once."""
        if channel.tip:
            return None
        fell, channel.fell = channel.fell, False
        return Outcome.NOT_DONE, Cause.TIP_LOST if fell else Cause.NO_TIP

    def _trueness(self, number: int) -> float:
        return self._precision.trueness * (2.0 * uniform(self.world.seed, self.name, number) - 1.0)

    def _scatter(self, number: int, what: str) -> float:
        draws = self.channels[number].draws
        return self._precision.cv * normal(self.world.seed, self.name, number, what, draws)

    def _share(self, number: int) -> float:
        """Give what gets through a clot or a blocked tip; all when there is none."""
        channel = self.channels[number]
        if channel.trouble is Cause.NONE:
            return 1.0
        return uniform(self.world.seed, self.name, number, "trouble", channel.draws)

    @staticmethod
    def _went(channel: Channel) -> Went:
        """Say how it went, and forget the trouble that it met."""
        met, channel.trouble = channel.trouble, Cause.NONE
        return DONE if met is Cause.NONE else (Outcome.UNKNOWN, met)

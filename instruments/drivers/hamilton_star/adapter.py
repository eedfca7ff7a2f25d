"""The one module that knows PyLabRobot: our moves become operations of its STAR back end, on geometry from our deck.

The back end is used unmodified. Its front end, its trackers and its liquid classes are not: volumes and tips are the
record's, and a volume on the wire is the volume asked for. Nothing of PyLabRobot leaves this module; what became of an
operation is read from the device's answer (``outcomes``). Imported when something is to move, never earlier: it takes
a quarter of a second.
Units:  mm, uL, uL/s.
Source: pylabrobot 0.2.2, hamilton/base.py and STAR_backend.py; docs/drivers/hamilton_star.md says what is left out.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pylabrobot.liquid_handling import Strictness, set_strictness
from pylabrobot.liquid_handling.backends.hamilton.base import HamiltonTask
from pylabrobot.liquid_handling.backends.hamilton.STAR_backend import STARBackend
from pylabrobot.liquid_handling.standard import Drop, Mix, Pickup, SingleChannelAspiration, SingleChannelDispense
from pylabrobot.resources import Container, Coordinate, TipSpot, Trash, set_tip_tracking, set_volume_tracking
from pylabrobot.resources.hamilton import HamiltonTip, STARDeck, TipPickupMethod, TipSize

from instruments.drivers.hamilton_star.backstage import Usb
from instruments.drivers.hamilton_star.geometry import Move, area, place_of, slot
from instruments.interfaces.liquid_handler import Aspirate, Dispense, TipMove
from instruments.labware.deck import Deck, Position

IMMERSION = 2.0  # mm below the surface that was found
CLOT_HEIGHT = 2.0  # mm above the surface, where the pressure has to have let go
BLOW_OUT = 30.0  # uL of air drawn before the first liquid, given after the last


class Star:
    """A STAR behind PyLabRobot's back end; every method runs on PyLabRobot's loop. Moves come in order of channels."""

    def __init__(self, usb: Usb, deck: Deck, *, rate: float) -> None:
        """Lay out the deck; ``rate`` in uL/s for drawing, giving and mixing."""
        set_strictness(Strictness.STRICT)
        set_tip_tracking(enabled=False)
        set_volume_tracking(enabled=False)
        self._rate = rate
        self._tip = _tip(deck)
        self._places = _lay_out(deck, self._tip)
        self._deck = deck
        self._usb = usb
        self._backend = STARBackend()
        self._backend.io = usb
        self._backend.set_deck(self._places.deck)

    def count_from(self, number: int) -> None:
        """Let the numbers of frames go on after ``number``."""
        self._backend.id_ = number

    async def connect(self) -> None:
        """Read what the back end has to know of the device; nothing moves, other than in its own ``setup``."""
        backend = self._backend
        self._keep_reading()
        # Its own setup would set these after moving all channels up and throwing mounted tips away.
        backend._machine_conf = await backend.request_machine_configuration()  # noqa: SLF001
        backend._extended_conf = await backend.request_extended_configuration()  # noqa: SLF001
        backend._num_channels = len(await backend.request_tip_presence())  # noqa: SLF001
        spacing = [await backend.channel_request_y_minimum_spacing(n) for n in range(backend.num_channels)]
        backend._channels_minimum_y_spacing = spacing  # noqa: SLF001

    async def initialise(self) -> None:
        """Run the back end's own ``setup``: the device moves."""
        await self.stop()
        self._keep_reading()
        await self._backend.setup()

    async def stop(self) -> None:
        """End the back end's reader; nothing is sent."""
        self._usb.leave()
        await self._backend.stop()

    def _keep_reading(self) -> None:
        """Let the reader wait at the line all the time: with nothing to wait for it sleeps 10 ms before each answer."""
        never = asyncio.get_running_loop().create_future()
        never.add_done_callback(asyncio.Future.exception)  # when it stops it tells everybody who waits
        forever = HamiltonTask(id_=-1, loop=never.get_loop(), fut=never, cmd="", timeout_time=math.inf)
        self._backend._waiting_tasks.append(forever)  # noqa: SLF001

    async def pick_up(self, tips: tuple[TipMove, ...]) -> None:
        """Pick up tips."""
        ops = [Pickup(self._places.spots[move.spot], self._offset(move), self._tip) for move in tips]
        await self._backend.pick_up_tips(ops, _channels(tips))

    async def drop(self, tips: tuple[TipMove, ...]) -> None:
        """Put tips back or into the waste."""
        ops = [Drop(self._places.spots[move.spot], self._offset(move), self._tip) for move in tips]
        await self._backend.drop_tips(ops, _channels(tips))

    async def aspirate(self, moves: tuple[Aspirate, ...]) -> None:
        """Draw liquid: the surface is found by capacitance, followed, and left under watch for a clot."""
        count = len(moves)
        await self._backend.aspirate(
            [self._aspiration(move) for move in moves],
            _channels(moves),
            lld_mode=[STARBackend.LLDMode.GAMMA] * count,
            immersion_depth=[IMMERSION] * count,
            surface_following_distance=[float(move.volume) / area(self._deck.position(move.well)) for move in moves],
            clot_detection_height=[CLOT_HEIGHT] * count,
            hamilton_liquid_classes=[None] * count,
        )

    async def dispense(self, moves: tuple[Dispense, ...]) -> None:
        """Give liquid where its surface will be; a tip that gives all it holds is blown out."""
        last = [float(move.volume) >= float(move.in_tip) - 1e-9 for move in moves]
        await self._backend.dispense(
            [self._dispense(move, blow_out=BLOW_OUT if out else 0.0) for move, out in zip(moves, last, strict=True)],
            _channels(moves),
            blow_out=last,
            hamilton_liquid_classes=[None] * len(moves),
        )

    def _offset(self, move: Move) -> Coordinate:
        return Coordinate(0.0, slot(self._deck, place_of(move), move.channel), 0.0)

    def _aspiration(self, move: Aspirate) -> SingleChannelAspiration:
        mixed = move.mix_cycles > 0 and float(move.mix_volume) > 0.0
        return SingleChannelAspiration(
            resource=self._places.wells[move.well],
            offset=self._offset(move),
            tip=self._tip,
            volume=float(move.volume),
            flow_rate=self._rate,
            liquid_height=float(move.in_well) / area(self._deck.position(move.well)),
            blow_out_air_volume=BLOW_OUT if float(move.in_tip) <= 0.0 else 0.0,
            mix=Mix(float(move.mix_volume), move.mix_cycles, self._rate) if mixed else None,
        )

    def _dispense(self, move: Dispense, *, blow_out: float) -> SingleChannelDispense:
        return SingleChannelDispense(
            resource=self._places.wells[move.well],
            offset=self._offset(move),
            tip=self._tip,
            volume=float(move.volume),
            flow_rate=self._rate,
            liquid_height=(float(move.in_well) + float(move.volume)) / area(self._deck.position(move.well)),
            blow_out_air_volume=blow_out,
            mix=None,
        )


def _channels(moves: Sequence[Move]) -> list[int]:
    """Give the channels as PyLabRobot counts them, from 0; it wants them in order, and so they come."""
    return [move.channel - 1 for move in moves]


@dataclass(frozen=True, slots=True)
class _Places:
    """PyLabRobot's resources by our names."""

    deck: STARDeck
    spots: dict[str, TipSpot | Trash]  # where tips are and go
    wells: dict[str, Container]


def _lay_out(deck: Deck, tip: HamiltonTip) -> _Places:
    """Put every position of a deck straight onto PyLabRobot's deck, as geometry and nothing else."""
    places = _Places(STARDeck(with_trash=False, with_trash96=False, with_teaching_rack=False), {}, {})
    for name, labware in deck.labware.items():
        for place, position in labware.positions.items():
            thing = _thing(f"{name}.{place}", position, kind=labware.kind, tip=tip)
            at = Coordinate(
                labware.x + position.x - thing.get_size_x() / 2,
                labware.y + position.y - thing.get_size_y() / 2,
                labware.z + position.z,
            )
            places.deck.assign_child_resource(thing, location=at, ignore_collision=True)  # looks at every pair
            table = places.spots if labware.kind in {"tips", "waste"} else places.wells
            for known_as in (thing.name, *((name,) if len(labware.positions) == 1 else ())):
                table[known_as] = thing
    return places


def _thing(name: str, position: Position, *, kind: str, tip: HamiltonTip) -> TipSpot | Trash | Container:
    match kind:
        case "tips":
            return TipSpot(name, 9.0, 9.0, make_tip=_always(tip))
        case "waste":
            return Trash(name, 0.0, 0.0, 0.0)
        case _:  # as wide as what it holds; PyLabRobot reads its bottom, its height and its middle
            side = area(position) ** 0.5
            return Container(name, side, side, position.depth, material_z_thickness=0.0, max_volume=position.holds)


def _tip(deck: Deck) -> HamiltonTip:
    return HamiltonTip(
        has_filter=deck.tip.filter,
        total_tip_length=deck.tip.length,
        maximal_volume=deck.tip.holds,
        tip_size=TipSize.HIGH_VOLUME,
        pickup_method=TipPickupMethod.OUT_OF_RACK,
        name=deck.tip.kind,
    )


def _always(tip: HamiltonTip) -> Callable[[str], HamiltonTip]:
    def make(name: str) -> HamiltonTip:  # noqa: ARG001  PyLabRobot looks for a parameter of this name
        return tip

    return make

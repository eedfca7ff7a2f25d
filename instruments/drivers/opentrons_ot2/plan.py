"""The one module that knows PyLabRobot: its OT-2 back end writes the commands of a move, on geometry from our deck.

The back end is PyLabRobot's own, unmodified, in the variant that PyLabRobot ships for dry runs: it takes every decision
and does every sum of the real one, and notes what it would have sent instead of sending it. What it notes is put into
the commands of the robot server here, as the library does that PyLabRobot sends with; our link sends them, so that each
stands in the record and has an outcome. Its front end, trackers and labware downloads are not used. Imported when
something is to move, never earlier: it takes a quarter of a second.
Units:  mm, uL, uL/s.
Source: pylabrobot 0.2.2, opentrons_backend.py and opentrons_chatterbox.py; opentrons-http-api-client 0.2.1 (names of
        parameters).
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass

from pylabrobot.liquid_handling.backends.opentrons_backend import OpentronsOT2Backend
from pylabrobot.liquid_handling.backends.opentrons_chatterbox import OpentronsOT2ChatterboxBackend
from pylabrobot.liquid_handling.standard import Drop, Mix, Pickup, SingleChannelAspiration, SingleChannelDispense
from pylabrobot.resources import Container, Coordinate, Resource, Tip, TipRack, TipSpot, set_tip_tracking
from pylabrobot.resources.opentrons import OTDeck

from automation.kernel.errors import RefusedError
from instruments.drivers.opentrons_ot2.wire import Object
from instruments.interfaces.liquid_handler import Aspirate, Dispense, TipMove
from instruments.labware.deck import Deck, Labware, Position

WASTE = "waste"
IMMERSION = 2.0  # mm below the surface that will be left
ABOVE_BOTTOM = 1.0  # mm, never deeper
_SLOTS = 12
_RACK = (127.76, 85.48, 97.47)  # mm, outer size of a tip rack of the maker
_REACH = 1.0  # mm that labware may stand beside its slot

Step = tuple[str, Object]
"""Type and parameters of one command of the robot server."""


@dataclass(frozen=True, slots=True)
class Rack:
    """A tip rack as the robot has to know it: what it looks like, and the command that puts it on the deck."""

    definition: Object
    load: Step


class Planner:
    """PyLabRobot's back end over one deck and the pipettes that are mounted; every method gives commands."""

    def __init__(self, deck: Deck, pipettes: Mapping[str, str], *, rate: float | None) -> None:
        """Lay out the deck; ``pipettes`` names those mounted by their id, ``rate`` in uL/s or None for the robot's own.

        Raises RefusedError for a pipette or labware that PyLabRobot does not know.
        """
        set_tip_tracking(enabled=False)
        self._deck = deck
        self._rate = rate
        self._pipettes = [{"name": name, "pipetteId": mount} for mount, name in pipettes.items()]
        self._tip = Tip(deck.tip.filter, deck.tip.length, deck.tip.holds, deck.tip.overlap, name=deck.tip.kind)
        self._places: dict[str, Resource] = {}
        self._racks: dict[str, TipRack] = {}
        self._backend = OpentronsOT2ChatterboxBackend(None, None, verbose=False)
        self._backend.ot_api_version = "8.2.0"
        self._backend.set_deck(self._lay_out())
        for mount, name in pipettes.items():
            self._fits(mount, name)

    async def racks(self) -> tuple[Rack, ...]:
        """Give what the robot has to know of the tip racks before it picks up."""
        found = []
        for rack in self._racks.values():
            self._backend.commands.clear()
            await self._backend._assign_tip_rack(rack, self._tip)  # noqa: SLF001  pick_up_tips would call it in between
            (_, (definition,), _), load = self._backend.commands
            # the recorder answers with a name of its own where the robot says what it was given
            step = _step(*load)
            own = {"loadName": definition["parameters"]["loadName"], "namespace": definition["namespace"]}
            found.append(Rack(definition, (step[0], {**step[1], **own, "version": definition["version"]})))
        return tuple(found)

    async def pick_up(self, move: TipMove) -> tuple[Step, ...]:
        """Pick up a tip."""
        self._use(move.channel, tip=False)
        return await self._noted(
            lambda: self._backend.pick_up_tips([Pickup(self._place(move.spot), Coordinate.zero(), self._tip)], [0])
        )

    async def drop(self, move: TipMove) -> tuple[Step, ...]:
        """Put a tip back or into the waste."""
        self._use(move.channel, tip=True)
        return await self._noted(
            lambda: self._backend.drop_tips([Drop(self._place(move.spot), Coordinate.zero(), self._tip)], [0])
        )

    async def aspirate(self, move: Aspirate) -> tuple[Step, ...]:
        """Draw liquid, well under the surface that is left; the robot has no level detection."""
        name = self._use(move.channel, tip=True)
        left = max(0.0, float(move.in_well) - float(move.volume))
        rate = self._rate or self._backend._get_default_aspiration_flow_rate(name)  # noqa: SLF001  of its makers
        mixed = move.mix_cycles > 0 and float(move.mix_volume) > 0.0
        op = SingleChannelAspiration(
            resource=self._place(move.well),
            offset=Coordinate.zero(),
            tip=self._tip,
            volume=float(move.volume),
            flow_rate=rate,
            liquid_height=max(ABOVE_BOTTOM, left / _area(self._deck.position(move.well)) - IMMERSION),
            blow_out_air_volume=None,
            mix=Mix(float(move.mix_volume), move.mix_cycles, rate) if mixed else None,
        )
        return await self._noted(lambda: self._backend.aspirate([op], [0]))

    async def dispense(self, move: Dispense) -> tuple[Step, ...]:
        """Give liquid where its surface will be."""
        name = self._use(move.channel, tip=True)
        there = float(move.in_well) + float(move.volume)
        op = SingleChannelDispense(
            resource=self._place(move.well),
            offset=Coordinate.zero(),
            tip=self._tip,
            volume=float(move.volume),
            flow_rate=self._rate or self._backend._get_default_dispense_flow_rate(name),  # noqa: SLF001  as above
            liquid_height=max(ABOVE_BOTTOM, there / _area(self._deck.position(move.well))),
            blow_out_air_volume=None,
            mix=None,
        )
        return await self._noted(lambda: self._backend.dispense([op], [0]))

    async def _noted(self, work: Callable[[], Coroutine[object, object, None]]) -> tuple[Step, ...]:
        """Give what PyLabRobot would have sent; raises RefusedError when it will not."""
        self._backend.commands.clear()
        task = asyncio.ensure_future(work())
        await asyncio.wait({task})
        error = task.exception()  # PyLabRobot's errors have no root of their own; nothing was sent
        if error is not None:
            raise RefusedError(f"PyLabRobot will not: {type(error).__name__}: {error}") from error
        return tuple(_step(*call) for call in self._backend.commands)

    def _use(self, channel: int, *, tip: bool) -> str:
        """Let PyLabRobot see one pipette alone, with a tip on it or not; gives its name."""
        pipette = self._pipettes[channel - 1]
        self._backend.left_pipette, self._backend.right_pipette = pipette, None
        self._backend.left_pipette_has_tip, self._backend.right_pipette_has_tip = tip, False
        return pipette["name"]

    def _fits(self, mount: str, name: str) -> None:
        known = OpentronsOT2Backend.pipette_name2volume
        if name not in known or "multi" in name:
            raise RefusedError(f"the {mount} pipette is {name}; PyLabRobot works with single channels it knows")
        self._backend.left_pipette = {"name": name, "pipetteId": mount}
        if not self._backend.can_pick_up_tip(0, self._tip):
            raise RefusedError(f"the {mount} pipette is {name}; tips of {self._deck.tip.holds:g} uL do not fit it")

    def _place(self, name: str) -> Resource:
        labware, _, place = name.partition(".")
        return self._places[name if place else f"{labware}.{next(iter(self._deck.labware[labware].positions))}"]

    def _lay_out(self) -> OTDeck:
        deck = OTDeck(with_trash=True)
        for name, labware in self._deck.labware.items():
            if labware.kind == WASTE:
                for place in labware.positions:
                    self._places[f"{name}.{place}"] = deck.get_resource("trash")
                continue
            slot = _slot(deck, name, labware)
            thing = self._rack(name, labware) if labware.kind == "tips" else Resource(name, *_RACK)
            deck.assign_child_at_slot(thing, slot)
            if isinstance(thing, TipRack):
                self._racks[name] = thing
                self._backend._tip_racks[name] = slot  # noqa: SLF001  set-up has put it there
                continue
            for place, at in labware.positions.items():
                self._places[f"{name}.{place}"] = well = _well(f"{name}.{place}", at)
                side = well.get_size_x() / 2
                thing.assign_child_resource(well, location=Coordinate(at.x - side, at.y - side, at.z))
        return deck

    def _rack(self, name: str, labware: Labware) -> TipRack:
        """Make a tip rack; our names of places are the names of wells that the robot gets."""
        spots = {}
        for place, at in labware.positions.items():
            spots[place] = spot = TipSpot(place, 0.0, 0.0, make_tip=_always(self._tip))
            spot.location = Coordinate(at.x, at.y, at.z)
            self._places[f"{name}.{place}"] = spot
        rack = TipRack(name, *_RACK, ordered_items=spots, with_tips=False)  # gives its spots other names
        names = {name: name.lower()} | {spot.name: place for place, spot in spots.items()}
        self._backend._plr_name_to_load_name.update(names)  # noqa: SLF001  it would draw random ones
        return rack


def _slot(deck: OTDeck, name: str, labware: Labware) -> int:
    """Give the slot in which labware stands; raises RefusedError for one beside all of them."""
    first = deck.slot_locations[0]
    for number in range(1, _SLOTS + 1):
        at = deck.slot_locations[number - 1] - first
        if abs(at.x - labware.x) <= _REACH and abs(at.y - labware.y) <= _REACH:
            return number
    raise RefusedError(f"{name} stands at {labware.x:g}, {labware.y:g} mm; that is in no slot of an OT-2")


def _well(name: str, position: Position) -> Container:
    """Make a well as wide as what it holds; PyLabRobot reads its bottom and its middle."""
    side = _area(position) ** 0.5
    return Container(name, side, side, position.depth, material_z_thickness=0.0, max_volume=position.holds)


def _area(position: Position) -> float:
    """Give the mean cross-section of a well (mm2)."""
    return position.holds / position.depth


def _always(tip: Tip) -> Callable[[str], Tip]:
    def make(name: str) -> Tip:  # noqa: ARG001  PyLabRobot looks for a parameter of this name
        return tip

    return make


# from what PyLabRobot calls to what the robot server is sent


def _step(name: str, positional: Sequence[object], named: Mapping[str, object]) -> Step:
    """Give the command that the sending library makes of a call."""
    match name:
        case "lh.pick_up_tip" | "lh.drop_tip":
            labware = {"labwareId": positional[0]} if positional else {"labwareId": named["labware_id"]}
            kind = "pickUpTip" if name == "lh.pick_up_tip" else "dropTip"
            return kind, {**labware, "wellName": named["well_name"], "wellLocation": _at(named, "bottom"), **_by(named)}
        case "lh.aspirate_in_place":
            return "aspirateInPlace", {**_flow(named), **_by(named)}
        case "lh.dispense_in_place":
            return "dispenseInPlace", {**_flow(named), **_by(named), "pushOut": 0.0}
        case "lh.move_arm":
            at = {axis: named[f"location_{axis}"] for axis in "xyz"}
            extra = {"minimumZHeight": named["minimum_z_height"], "forceDirect": named["force_direct"]}
            return "moveToCoordinates", {**_by(named), "coordinates": at, **extra}
        case "lh.move_to_addressable_area_for_drop_tip":
            area = {"addressableAreaName": "fixedTrash", "offset": _at(named, "")["offset"]}
            return "moveToAddressableAreaForDropTip", {**_by(named), **area, "alternateDropLocation": False}
        case "lh.drop_tip_in_place":
            return "dropTipInPlace", _by(named)
        case "labware.add":
            where = {"location": {"slotName": str(named["ot_location"])}, "labwareId": named["labware_id"]}
            return "loadLabware", {**where, "displayName": named["display_name"]}
        case _:
            raise RefusedError(f"PyLabRobot calls {name}, which this driver does not know")


def _by(named: Mapping[str, object]) -> dict[str, object]:
    return {"pipetteId": named["pipette_id"]}


def _flow(named: Mapping[str, object]) -> dict[str, object]:
    return {"flowRate": named["flow_rate"], "volume": named["volume"]}


def _at(named: Mapping[str, object], origin: str) -> dict[str, object]:
    return {"origin": origin, "offset": {axis: named[f"offset_{axis}"] for axis in "xyz"}}

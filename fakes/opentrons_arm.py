"""What the commands of an OT-2 do: its arm, two pipettes of 1 mL and the deck, in the world.

Like the robot it senses neither tips nor liquid: it believes what it was told, a command that met an empty spot or well
succeeds, and what is really there stands in the world alone. A well is stirred by what is given back into it.
Assumed: how long things take. Errors have the robot's names.
Units:  mm, uL, uL/s, s.
Source: Opentrons api, protocol_engine/commands and protocol_engine/errors; physics: ``fakes.pipetting``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from automation.kernel.errors import FailedError
from automation.kernel.ids import digest
from automation.kernel.quantity import Instant, Microlitres
from fakes.pipetting import WASTE, Pipettor, Precision
from fakes.world import World
from instruments.labware.deck import Deck

PIPETTE = "p1000_single_gen2"
MOUNTS = ("left", "right")
HOME, CROSS = 12.0, 1.5  # s; to the waste
TAKES = {"pickUpTip": 3.5, "dropTip": 2.5, "dropTipInPlace": 1.0, "moveToCoordinates": 1.5}  # s
STROKE = 0.2  # s, of any stroke, beside its volume
SLOWEST = 0.1  # uL/s
NEAR = 3.0  # mm; how far from its middle a position is met
SLOTS = {str(n): (132.5 * ((n - 1) % 3), 90.5 * ((n - 1) // 3)) for n in range(1, 13)}  # mm, corners of the slots
ROUNDING = 1e-6  # uL

Object = dict[str, object]
Did = tuple[Object, float]
"""Result of a command, and how long it took (s)."""


class CommandError(Exception):
    """A command failed: the robot's name for the error, and the detail."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


@dataclass(slots=True)
class Pipette:
    """What the robot believes of one pipette."""

    at: tuple[float, float] | None = None  # mm; None before the robot has homed
    tip: bool = False
    held: float = 0.0  # uL
    drawn: str = ""  # where it drew last


@dataclass(slots=True)
class Run:
    """One run, as the robot keeps it until it is switched off."""

    id: str
    commands: list[Object] = field(default_factory=list)
    pipettes: dict[str, str] = field(default_factory=dict)  # id -> mount
    labware: dict[str, tuple[str, Object]] = field(default_factory=dict)  # id -> slot and definition
    defined: dict[str, Object] = field(default_factory=dict)  # URI -> definition


class Arm:
    """Two pipettes over a deck."""

    def __init__(self, world: World, name: str, deck: Deck) -> None:
        """Stand in a world with a full tip rack, not homed."""
        self.pipettor = Pipettor(world, name, channels=len(MOUNTS), precision=Precision())
        self.mounted: dict[str, str] = dict.fromkeys(MOUNTS, PIPETTE)
        self.pipettes = {mount: Pipette() for mount in MOUNTS}
        self._deck = deck
        self._places = _places(deck)
        self.works: Mapping[str, Callable[[Run, Object, Instant], Did]] = {
            "home": lambda _run, _params, _now: (self.home(), HOME),
            "loadPipette": self._load_pipette,
            "loadLabware": self._load_labware,
            "pickUpTip": self._pick_up,
            "dropTip": self._drop_back,
            "moveToCoordinates": self._move,
            "moveToAddressableAreaForDropTip": self._to_waste,
            "dropTipInPlace": self._drop_here,
            "aspirateInPlace": self._aspirate,
            "dispenseInPlace": self._dispense,
        }

    def forget(self, *, position: bool) -> None:
        """Forget tips and volumes, as with a new run; with power also where the arm stands."""
        self.pipettes = {mount: Pipette(at=None if position else one.at) for mount, one in self.pipettes.items()}

    def home(self) -> Object:
        """Move all axes to their first position."""
        for arm in self.pipettes.values():
            arm.at = (0.0, 0.0)
        return {}

    def _load_pipette(self, run: Run, params: Object, _now: Instant) -> Did:
        mount, name = params.get("mount"), params.get("pipetteName")
        if not isinstance(mount, str) or self.mounted.get(mount) != name:
            raise CommandError("FailedToLoadPipetteError", f"no {str(name)[:80]} is on {str(mount)[:80]}")
        made = str(params.get("pipetteId") or uuid(run.id, mount, 1))
        run.pipettes[made] = mount
        return {"pipetteId": made}, 0.0

    def _load_labware(self, run: Run, params: Object, _now: Instant) -> Did:
        uri = f"{params.get('namespace')}/{params.get('loadName')}/{params.get('version')}"
        slot = dig(params, "location", "slotName")
        if uri not in run.defined or slot not in SLOTS:
            raise CommandError("LabwareDefinitionDoesNotExistError", f"{uri[:80]} in slot {slot}")
        made = str(params.get("labwareId") or uuid(run.id, slot, 1))
        run.labware[made] = (slot, run.defined[uri])
        return {"labwareId": made, "definition": run.defined[uri], "offsetId": None}, 0.0

    def _pick_up(self, run: Run, params: Object, now: Instant) -> Did:
        channel, arm = self._by(run, params, tip=False)
        arm.at = self._spot(run, params)
        place = self._under(arm.at)
        if self._kind(place) == "tips":  # else it presses into the air
            self.pipettor.pick_up(channel, place, now)
        arm.tip, arm.held = True, 0.0
        return {"tipVolume": 1000.0, "position": _position(arm)}, TAKES["pickUpTip"]

    def _drop_back(self, run: Run, params: Object, now: Instant) -> Did:
        channel, arm = self._by(run, params, tip=True)
        arm.at = self._spot(run, params)
        self.pipettor.drop(channel, self._under(arm.at) or WASTE, now)
        arm.tip = False
        return {"position": _position(arm)}, TAKES["dropTip"]

    def _to_waste(self, run: Run, params: Object, _now: Instant) -> Did:
        _, arm = self._by(run, params)
        waste = next(at for at, kind in self._places.values() if kind == "waste")
        arm.at = waste
        return {"position": _position(arm)}, CROSS

    def _drop_here(self, run: Run, params: Object, now: Instant) -> Did:
        channel, arm = self._by(run, params, tip=True)
        self.pipettor.drop(channel, WASTE, now)
        arm.tip = False
        return {}, TAKES["dropTipInPlace"]

    def _move(self, run: Run, params: Object, _now: Instant) -> Did:
        _, arm = self._by(run, params)
        arm.at = (_number(params, "coordinates", "x"), _number(params, "coordinates", "y"))
        _number(params, "coordinates", "z")
        return {"position": _position(arm)}, TAKES["moveToCoordinates"]

    def _aspirate(self, run: Run, params: Object, now: Instant) -> Did:
        channel, arm = self._by(run, params, tip=True)
        volume, rate = _number(params, "volume"), _number(params, "flowRate")
        if not 0.0 <= volume <= self._deck.tip.holds - arm.held + ROUNDING:
            raise CommandError("InvalidAspirateVolumeError", f"Cannot aspirate {volume:g} uL")
        arm.drawn = self._under(arm.at)
        self.pipettor.draw(channel, arm.drawn, Microlitres(volume), mixed=False, now=now)
        arm.held += volume
        return {"volume": volume}, STROKE + volume / max(rate, SLOWEST)

    def _dispense(self, run: Run, params: Object, now: Instant) -> Did:
        channel, arm = self._by(run, params, tip=True)
        volume, rate = _number(params, "volume"), _number(params, "flowRate")
        if not 0.0 <= volume <= arm.held + ROUNDING:
            raise CommandError("InvalidDispenseVolumeError", f"Cannot dispense {volume:g} uL; {arm.held:g} is there")
        place = self._under(arm.at)
        self.pipettor.give(channel, place, Microlitres(volume), now)
        stands = self.pipettor.stands(place)
        if stands and place == arm.drawn:
            self.pipettor.world.mix(stands, now)
        arm.held = max(0.0, arm.held - volume)
        return {"volume": volume}, STROKE + volume / max(rate, SLOWEST)

    def _by(self, run: Run, params: Object, *, tip: bool | None = None) -> tuple[int, Pipette]:
        """Give channel and pipette of a command; raises what the robot finds wrong with it before it moves."""
        mount = run.pipettes.get(str(params.get("pipetteId")))
        if mount is None:
            raise CommandError("PipetteNotLoadedError", f"Pipette {str(params.get('pipetteId'))[:80]} not found.")
        arm = self.pipettes[mount]
        if arm.at is None:
            raise CommandError("MustHomeError", f"Current position of {mount} mount unknown, please home.")
        if tip is True and not arm.tip:
            raise CommandError("TipNotAttachedError", "Pipette should have a tip attached, but does not.")
        if tip is False and arm.tip:
            raise CommandError("UnexpectedTipAttachError", "Pipette should not have a tip attached, but does.")
        return MOUNTS.index(mount) + 1, arm

    def _spot(self, run: Run, params: Object) -> tuple[float, float]:
        """Give where a well of labware is that the robot was told of (mm)."""
        if str(params.get("labwareId")) not in run.labware:
            raise CommandError("LabwareNotLoadedError", f"Labware {str(params.get('labwareId'))[:80]} not found.")
        slot, definition = run.labware[str(params.get("labwareId"))]
        wells = definition.get("wells")
        well = wells.get(params.get("wellName")) if isinstance(wells, dict) else None
        if not isinstance(well, dict):
            raise CommandError("WellDoesNotExistError", f"{str(params.get('wellName'))[:80]} does not exist.")
        x, y = SLOTS[slot]
        corner = {"at": definition.get("cornerOffsetFromSlot")}
        return x + _number(well, "x") + _number(corner, "at", "x"), y + _number(well, "y") + _number(corner, "at", "y")

    def _under(self, at: tuple[float, float] | None) -> str:
        x, y = at or (-1000.0, -1000.0)
        for place, ((px, py), _) in self._places.items():
            if abs(x - px) <= NEAR and abs(y - py) <= NEAR:
                return place
        return ""

    def _kind(self, place: str) -> str:
        return self._places[place][1] if place in self._places else ""

    def place(self, name: str) -> str:
        """Give the position of a name; raises FailedError for one that the deck does not have."""
        known = name if name in self._places else f"{name}.A1"
        if known not in self._places:
            raise FailedError(f"position is {name!r}; the deck {self._deck.name} has none such")
        return known


def _places(deck: Deck) -> dict[str, tuple[tuple[float, float], str]]:
    """Give x and y (mm) and the kind of every position."""
    return {
        f"{name}.{place}": ((labware.x + at.x, labware.y + at.y), labware.kind)
        for name, labware in deck.labware.items()
        for place, at in labware.positions.items()
    }


def dig(found: Mapping[str, object], *names: str) -> str:
    """Give what stands at a path of names, as text."""
    value: object = found
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return str(value)[:80]


def _number(found: Mapping[str, object], *names: str) -> float:
    value: object = found
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        raise CommandError("InvalidRequest", f"{names[-1]} is {str(value)[:80]!r}")
    return float(value)


def _position(arm: Pipette) -> Object:
    x, y = arm.at or (0.0, 0.0)
    return {"x": x, "y": y, "z": 0.0}


def uuid(*parts: str | int) -> str:
    """Make an id of what it is of."""
    digits = digest(*parts).hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))

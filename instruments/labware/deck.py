"""Decks as data: which labware stands where, with the hash that recipe, driver and record agree on.

A deck file is JSON: ``name``, ``version``, ``handler`` (the frame that its positions are in), ``tip`` (kind and what it
holds, uL) and ``labware``: for each its kind, its origin (mm, left front bottom of the frame) and its positions, each
with centre x, y (mm from the origin), bottom z (mm), what it holds (uL) and its depth (mm). ``source`` says where these
numbers come from.
Units: mm, uL.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files

import msgspec

from automation.kernel.errors import InputError, RefusedError
from automation.kernel.quantity import Microlitres, finite
from instruments.interfaces.liquid_handler import Aspirate, Dispense


@dataclass(frozen=True, slots=True)
class Position:
    """One well, tube or tip spot."""

    x: float  # mm, centre, from the origin of the labware
    y: float
    z: float  # mm, inner bottom
    holds: float  # uL; 0 for a tip spot
    depth: float = 0.0  # mm


@dataclass(frozen=True, slots=True)
class Labware:
    """One thing on the deck."""

    kind: str  # tips, plate, tubes, trough, waste
    x: float
    y: float
    z: float
    positions: Mapping[str, Position]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Tip:
    """The one kind of tip of a deck."""

    kind: str
    holds: float  # uL
    length: float = 0.0  # mm
    filter: bool = True
    overlap: float = 0.0  # mm that it goes onto the channel


@dataclass(frozen=True, slots=True)
class Deck:
    """A deck with its hash."""

    name: str
    version: str
    handler: str
    tip: Tip
    labware: Mapping[str, Labware]
    sha256: str = ""

    def position(self, well: str) -> Position:
        """Give the position ``labware.position`` (``labware`` where it has one); RefusedError names what there is."""
        name, _, place = well.partition(".")
        if name not in self.labware:
            raise RefusedError(f"well is {well!r}; the deck {self.name} has {', '.join(sorted(self.labware))}")
        positions = self.labware[name].positions
        if not place and len(positions) == 1:
            return next(iter(positions.values()))
        if place not in positions:
            raise RefusedError(f"well is {well!r}; {name} has {', '.join(positions)}")
        return positions[place]

    def check(self, moves: tuple[Aspirate | Dispense, ...]) -> None:
        """Refuse what can't be before anything moves; raises RefusedError naming channel, value and what is allowed."""
        channels = [move.channel for move in moves]
        if not moves or len(set(channels)) != len(channels):
            raise RefusedError(f"channels are {channels}; each channel once, and at least one")
        for move in moves:
            self._check(move)

    def _check(self, move: Aspirate | Dispense) -> None:
        where = f"channel {move.channel}, {move.well}"
        for name in ("volume", "in_well", "in_tip"):
            self._finite(getattr(move, name), f"{where}: {name}")
        if float(move.volume) <= 0.0:
            raise RefusedError(f"{where}: volume is {float(move.volume):g} uL; more than 0 uL is needed")
        place = self.position(move.well)
        if float(move.in_well) > place.holds + 1e-9:
            raise RefusedError(f"{where}: in_well is {float(move.in_well):g} uL; the well holds {place.holds:g} uL")
        if isinstance(move, Aspirate):
            self._finite(move.mix_volume, f"{where}: mix_volume")
            if move.mix_cycles < 0:
                raise RefusedError(f"{where}: mix_cycles is {move.mix_cycles}; 0 or more are needed")
            free = self.tip.holds - float(move.in_tip)
            most, what = min(free, float(move.in_well)), "the tip takes" if free < float(move.in_well) else "there are"
            if float(move.mix_volume) > min(self.tip.holds, float(move.in_well)):
                raise RefusedError(f"{where}: mix_volume is {float(move.mix_volume):g} uL, above what tip or well hold")
        else:
            room = place.holds - float(move.in_well)
            most = min(room, float(move.in_tip))
            what = "the well takes" if room < float(move.in_tip) else "the tip holds"
        if float(move.volume) > most + 1e-9:
            raise RefusedError(f"{where}: volume is {float(move.volume):g} uL; {what} {most:g} uL")

    @staticmethod
    def _finite(value: Microlitres, what: str) -> None:
        try:
            number = finite(float(value), what=what)
        except InputError as wrong:
            raise RefusedError(str(wrong)) from None
        if number < 0.0:
            raise RefusedError(f"{what} is {number:g} uL; at least 0 uL is needed")


def load(name: str) -> Deck:
    """Load a deck that is shipped here; raises InputError naming those there are."""
    folder = files("instruments.labware") / "decks"
    known = sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))
    if name not in known:
        raise InputError(f"deck is {name!r}; shipped are {', '.join(known) or 'none'}")
    return read((folder / f"{name}.json").read_bytes(), where=name)


def read(data: bytes, *, where: str) -> Deck:
    """Read a deck file; its hash is that of its content, whatever its white space. Raises InputError."""
    try:
        content = json.loads(data)
        plain = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
        deck = msgspec.convert(content, Deck)
    except (ValueError, msgspec.ValidationError) as wrong:
        raise InputError(f"this is no deck: {wrong}", where=where) from None
    return replace(deck, sha256=hashlib.sha256(plain.encode()).hexdigest())

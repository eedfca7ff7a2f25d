"""Stores as they stand: last readings, what is in them, how long it keeps cold, and where it can go.

The plan of a move takes the containers in the order of their positions to free positions of the stores that are in
their conditions, the one that keeps cold longest first.
Units:  %, degC, s; times as ISO 8601 in the site's zone.
Source: the hold times of the site file, each with its own source; ``automation.formulas.cold_store``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from automation.engine.alarmmodel import StoreEntry, WatchEntry
from automation.engine.monitor import recent_of, stream_of
from automation.engine.trends import Sealed, unpack
from automation.formulas.cold_store import time_left
from automation.gmp.marks import OPEN
from automation.gmp.plant.alarms import Alarm
from automation.gmp.product.containers import Container
from automation.kernel.clock import MICRO, iso
from automation.kernel.quantity import Celsius, Instant, Percent, Seconds
from automation.ledger.blobs import Blobs
from automation.views.objects import Objects

LEVEL, WARM = "level", "temperature"  # channels by the beginning of their name
STALE = 3.5  # grid steps; a reading older than that is none


@dataclass(frozen=True, slots=True)
class Reading:
    """The last look at one channel."""

    at: Instant
    value: float | None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """One container in a store."""

    container: str
    position: str
    batch: str
    identity: str
    on_hold: bool


@dataclass(frozen=True, slots=True)
class Move:
    """Where one container can go; ``to`` is empty when there is no free place for it."""

    container: str
    position: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One store; ``left`` is how long its contents stay cold without help (s), None when that is not known."""

    id: str
    at: str  # of the last reading
    stale: bool  # nobody has read it lately
    readings: Mapping[str, float | None]
    units: Mapping[str, str]
    left: float | None
    highest: float
    in_order: bool
    alarms: tuple[str, ...]
    contents: tuple[Kept, ...]
    free: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Stores:
    """All stores of a site by id."""

    every: Mapping[str, Store]

    def plan(self, store: str) -> tuple[Move, ...]:
        """Say where each container of a store can go."""
        others = [one for one in self.every.values() if one.id != store and one.in_order]
        others.sort(key=lambda one: -(one.left or 0.0))
        places = [place for one in others for place in one.free]
        kept = self.every[store].contents
        places += [""] * max(0, len(kept) - len(places))
        return tuple(Move(one.container, one.position, to) for one, to in zip(kept, places, strict=False))


def stores(objects: Objects, folder: Path, entries: Mapping[str, StoreEntry], *, now: Instant) -> Stores:
    """Look at every store of a site."""
    there = objects.every("container") if entries else ()
    containers = [one for one in there if isinstance(one, Container) and one.state == "stored"]
    return Stores({name: _store(objects, folder, entry, now=now, kept=containers) for name, entry in entries.items()})


def readings(objects: Objects, folder: Path, asset: str) -> dict[str, Reading]:
    """Give the last look at every channel of a monitored asset."""
    found: dict[str, Reading] = {}
    for event in objects.streams.get(stream_of(asset), []):
        if event.kind == "data":
            chunk = event.read(Sealed)
            found[chunk.channel] = Reading(Instant(chunk.last / MICRO), _last_of(folder, chunk), chunk.unit)
    path = recent_of(folder, asset)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for line in lines:
        parts = line.split("\t")
        if len(parts) == 5 and parts[0] == stream_of(asset):
            found[parts[1]] = Reading(Instant(int(parts[2]) / MICRO), float(parts[3]) if parts[3] else None, parts[4])
    return found


def latest(objects: Objects, folder: Path, entries: Iterable[str]) -> Instant:
    """Give the moment of the last event or reading, whichever is later."""
    looks = (one.at for name in entries for one in readings(objects, folder, name).values())
    return max([objects.now, *looks])


@dataclass(frozen=True, slots=True)
class Watched:
    """The last readings of a device that is watched for what it measures; no moment when there is none."""

    at: Instant | None
    values: Mapping[str, float | None]
    units: Mapping[str, str]


def watched(objects: Objects, folder: Path, entry: WatchEntry) -> Watched:
    """Look at what a watched device has told."""
    looks = readings(objects, folder, entry.asset)
    at = max((one.at for one in looks.values()), default=None)
    values = {name: one.value for name, one in looks.items()}
    return Watched(at, values, {name: one.unit for name, one in looks.items()})


def standing(objects: Objects, asset: str) -> tuple[str, ...]:
    """Name the alarms of an asset that are active."""
    alarms = [one for one in objects.marked("alarm", OPEN) if isinstance(one, Alarm) and one.standing and one.active]
    return tuple(one.id for one in alarms if one.raising is not None and one.raising.asset == asset)


def _last_of(folder: Path, chunk: Sealed) -> float | None:
    return unpack(Blobs(folder / "blobs", sync=False).get(chunk.blob))[1][-1]


def _store(objects: Objects, folder: Path, entry: StoreEntry, *, now: Instant, kept: list[Container]) -> Store:
    looks = readings(objects, folder, entry.asset)
    at = max((one.at for one in looks.values()), default=Instant(0.0))
    stale = float(now - at) > STALE * float(entry.every)
    warmest = [one.value for name, one in looks.items() if name.startswith(WARM) and one.value is not None]
    level = looks[LEVEL].value if LEVEL in looks else None
    left = time_left(
        entry.holding,
        level=None if level is None else Percent(level),
        warmest=Celsius(max(warmest)) if warmest else None,
    )
    if left is not None:
        left = max(Seconds(0.0), left - (now - at))
    ours = standing(objects, entry.asset)
    inside = sorted((one for one in kept if entry.holds(one.position)), key=lambda one: one.position)
    taken = {one.position for one in inside}
    steady = bool(warmest) and Celsius(max(warmest)) <= entry.holding.steady
    return Store(
        id=entry.asset,
        at=iso(at, zone=objects.zone) if at > Instant(0.0) else "",
        stale=stale,
        readings={name: one.value for name, one in looks.items()},
        units={name: one.unit for name, one in looks.items()},
        left=None if left is None else float(left),
        highest=float(entry.holding.highest),
        in_order=steady and not stale and not ours and objects.find("asset", entry.asset).state == "qualified",
        alarms=ours,
        contents=tuple(Kept(one.id, one.position, one.batch, one.identity, one.on_hold) for one in inside),
        free=tuple(place for place in entry.positions() if place not in taken),
        source=entry.holding.source,
    )

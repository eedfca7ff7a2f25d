"""From a site folder to a running site; the only place where parts are joined.

A folder holds ``site.yaml``, ``site.key`` (0600), the ledger and what belongs to it. Drivers, fakes, operations and
recipes come by entry points; ``site.yaml`` names them and can't give module paths.
"""

import asyncio
import importlib.metadata
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from automation.engine import origin, verification
from automation.engine.alarms import Alarms
from automation.engine.answers import Answers
from automation.engine.clockwatch import STREAM, Clockwatch
from automation.engine.connections import Connection, Connections, Driver, Line
from automation.engine.house import Device, House
from automation.engine.intake import Intake
from automation.engine.label_fit import Printer
from automation.engine.partnermail import Said
from automation.engine.printable import Draws
from automation.engine.prompts import Desk
from automation.engine.recipe.spec import OperationSpec, spec_of
from automation.engine.recorder import Recorder
from automation.engine.scanning import Scanning, Source
from automation.engine.setup import CONFIGURED, Support, furnish, note_configuration, recorded_configuration
from automation.engine.site import PlantPort, Site, Stream
from automation.engine.sitefile import FILE, DriverFacts, Known, ReadPort, load_site, site_of
from automation.engine.sitemodel import AssetEntry, SiteFile
from automation.engine.timers import Timers
from automation.engine.trends import Recent
from automation.engine.verification import Verification
from automation.engine.vigil import keep_vigil
from automation.gmp.door import Door
from automation.gmp.objects import Thing
from automation.gmp.plant.assets import Asset
from automation.gmp.registry import KINDS
from automation.gmp.secrets import LIVE, SIMULATED, Credentials
from automation.gmp.things import rules_of
from automation.kernel import ids
from automation.kernel.clock import MICRO, Clock, SimulatedClock, SimulatedLoop, SystemClock, instant
from automation.kernel.errors import DamagedError, InputError
from automation.kernel.files import write_whole
from automation.kernel.quantity import Instant
from automation.ledger import anchor, derived, where
from automation.ledger.blobs import Blobs
from automation.ledger.event import Event, Genesis, Mode
from automation.ledger.read import Reader
from automation.ledger.shelf import Shelf
from automation.ledger.store import Ledger
from automation.qualification import executor

KEY = "site.key"
PLANT_LOG = "plant.log"
START = "2026-01-05T08:00:00"
SETUP = "system:setup"
_LAST = 1 << 16  # bytes at the end of a plant's log that hold its last whole line but for very long ones


class DriverFactory(DriverFacts, Protocol):
    """What an entry point of ``cellwright.drivers`` gives."""

    interface: type
    settings: Mapping[str, str]
    support: Support

    def build(self, link: object, settings: Mapping[str, str], *, control: bool) -> Driver:
        """Make a driver over a link."""
        ...


class LinkTo(Protocol):
    """What the entry point ``link`` of ``cellwright.transports`` gives."""

    def __call__(self, port: str, *, name: str, stream: Stream | None) -> Line:
        """Give a link over a port, or over a stream that is there already."""
        ...


class PlantBuilder(Protocol):
    """What the entry point ``cellwright.plants`` gives."""

    def __call__(self, file: SiteFile, clock: Clock, log: Path, *, careful: bool, faults: object) -> PlantPort:
        """Build the plant of a simulated site; a log that is there already is lived through again."""
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """How a site is opened: ``careful`` commits before every act, ``each`` after every event (crash tests).

    ``through`` writes a simulated ledger to the disk as a live one is written (load tests).
    ``take_over`` takes it also from a process that owns it and no longer answers.
    """

    careful: bool = False
    each: bool = False
    through: bool = False
    take_over: bool = False
    seed: int | None = None  # instead of the one in the site file; a new simulated site only
    faults: object = None
    staffed: bool = True
    after: list[Callable[[Site], None]] = field(default_factory=list)


def release() -> str:
    """Give the release of this program."""
    return importlib.metadata.version("cellwright")


@cache
def check_origin() -> None:
    """Raise InputError when a package that runs is not that of the installed distribution."""
    origin.check(origin.installed())


@cache
def points(group: str) -> Mapping[str, importlib.metadata.EntryPoint]:
    """Give the entry points of a group by name."""
    return {point.name: point for point in importlib.metadata.entry_points(group=f"cellwright.{group}")}


def loaded(point: importlib.metadata.EntryPoint) -> object:
    """Import what an entry point names; raises InputError, with the place, when its file can't be imported."""
    try:
        return point.load()
    except (SyntaxError, ImportError, AttributeError) as error:
        raise InputError(f"{point.group}: {point.name} = {point.value} can't be imported: {error}") from error


def _read_message(data: bytes, *, ledger: str, simulated: bool) -> Said:
    """Read the message of a partner; the reader is imported when there is one."""
    from automation.exchange.partners.reading import read_message  # noqa: PLC0415  most sites never need it

    return read_message(data, ledger=ledger, simulated=simulated)


@cache
def operations() -> Mapping[str, OperationSpec]:
    """Give all installed operations by name."""
    return {
        name: spec_of(cast("type", loaded(point)), name=name) for name, point in sorted(points("operations").items())
    }


def known() -> Known:
    """Give what is installed, as the site file has to know it."""
    return Known(
        drivers=Lazily(points("drivers")),
        fakes=tuple(points("fakes")),
        read_port=cast("ReadPort", points("transports")["read"].load()),
    )


class Lazily(Mapping[str, DriverFacts]):
    """Entry points that are loaded when they are looked at."""

    def __init__(self, found: Mapping[str, importlib.metadata.EntryPoint]) -> None:
        """Keep the entry points."""
        self._found = found

    def __getitem__(self, name: str) -> DriverFacts:
        """Load one."""
        return cast("DriverFacts", self._found[name].load())

    def __iter__(self) -> Iterator[str]:
        """Go over the names."""
        return iter(self._found)

    def __len__(self) -> int:
        """Count them."""
        return len(self._found)


def read_site(folder: Path) -> SiteFile:
    """Read a folder's site file; raises InputError for a folder that is no site or whose ledger is not the file's."""
    if not (folder / FILE).exists():
        msg = f"{folder} is no site folder: it has no {FILE}; make one with: cellwright init {folder}"
        raise InputError(msg)
    file = load_site(folder, known())
    check_ledger(folder, Mode(str(file.mode)))
    return file


def site_to_look_at(folder: Path) -> tuple[SiteFile, str]:
    """Read a folder's site file; when it has a mistake give the one that was in force last, and say the mistake."""
    try:
        return read_site(folder), ""
    except InputError as mistake:
        text = recorded_configuration(folder) if mistake.where.startswith(FILE) else ""
        if not text:
            raise
        return site_of(text, known()), str(mistake)


def check_ledger(folder: Path, mode: Mode) -> None:
    """Check that a folder's ledger is there, if it ever was, and that it is of this mode; writes nothing.

    Raises DamagedError for a ledger that is gone or unreadable, InputError for one of the other mode, FailedError when
    its database can't be reached.
    """
    place = where.of_site(folder)
    if not place.exists():
        said = last_anchored(folder)
        if said is not None:
            lost = f"the ledger is gone; {anchor.NAME} says it had {said} events; restore it"
            raise DamagedError(lost, where=str(place.path))
        return
    with Reader(folder) as reader:
        made = reader.genesis.mode
    if made != mode:
        msg = f"the ledger is {made}, for ever; {mode} was asked for by {FILE}"
        raise InputError(msg, where=str(place.path))


def last_anchored(folder: Path) -> int | str | None:
    """Give the last event that ``heads.log`` vouches for; ``some`` when it can't be read, None without such a file."""
    path = folder / anchor.NAME
    lines = path.read_bytes().splitlines() if path.exists() else []
    if not lines:
        return None
    for line in reversed(lines):  # the last one may be torn
        with suppress(ValueError):
            return anchor.read_line(line).said.seq
    return "some"


def read_key(folder: Path) -> bytes:
    """Give the private key of a site that has one; raises InputError without it, DamagedError when it is no key."""
    path = folder / KEY
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        lost = "the site's private key is missing and its ledger is there; restore the file, no other key fits"
        raise InputError(lost, where=str(path)) from None
    except UnicodeDecodeError:
        text = ""
    if re.fullmatch(r"[0-9a-fA-F]{64}", text) is None:
        raise DamagedError("this is no private key; 64 hex digits are needed; restore the file", where=str(path))
    return bytes.fromhex(text)


def make_key(folder: Path) -> bytes:
    """Give the private key of a site without a ledger, made at first use (0600)."""
    path = folder / KEY
    if path.exists():
        return read_key(folder)
    key = ids.secret()
    write_whole(path, f"{key.hex()}\n".encode("ascii"), mode=0o600)
    return key


def begins(folder: Path, file: SiteFile) -> Instant:
    """Give the moment at which simulated time goes on: the site's start, or after the last thing that happened."""
    moment = max(file.start or instant(START, zone=file.zone), Instant(last_of_ledger(folder) / MICRO))
    if (folder / PLANT_LOG).exists():
        moment = max(moment, last_of_plant(folder / PLANT_LOG))
    return moment


def last_of_ledger(folder: Path) -> int:
    """Give the time of a folder's last event (us, UTC); 0 when there is no ledger yet."""
    if not where.of_site(folder).exists():
        return 0
    with Reader(folder) as reader:
        return reader.last.at


def last_of_plant(path: Path) -> Instant:
    """Give the moment of the last whole line of a plant's log."""
    import json  # noqa: PLC0415  only for a plant that has lived

    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - _LAST))
        lines = [line for line in log.read().split(b"\n")[:-1] if line]
        if not lines:
            log.seek(0)
            lines = [line for line in log.read().split(b"\n")[:-1] if line]
    return Instant(int(json.loads(lines[-1])["at"]) / MICRO) if lines else Instant(0.0)


def open_ledger(folder: Path, file: SiteFile, clock: Clock, way: Way) -> Ledger:
    """Open the folder's ledger, or make it."""
    mode = Mode(str(file.mode))
    if not where.of_site(folder).exists():
        key = make_key(folder)
        genesis = Genesis(
            ledger=ids.ledger_id(seed=(file.seed or 0) if file.simulated else None, site=file.name).hex(),
            mode=mode,
            site=file.name,
            zone=file.zone,
            created=clock.micros(),
            release=release(),
        )
        return Ledger.create(folder, genesis=genesis, key=key, commit_each=way.each, through=way.through)
    moment = clock.micros() if way.take_over else None
    return Ledger.open(
        folder, key=read_key(folder), mode=mode, commit_each=way.each, through=way.through, take_over_at=moment
    )


async def open_site(folder: Path, way: Way | None = None, *, clock: Clock | None = None) -> Site:
    """Open a site for work; the caller closes it. Raises InputError and its kin, or RefusedError when it is owned."""
    check_origin()
    way = way or Way()
    file = read_site(folder)
    if way.seed is not None:
        file = replace(file, seed=way.seed)
    clock = clock or _clock(folder, file)
    if not file.simulated:
        _check_live(folder, way, clock)
    ledger = open_ledger(folder, file, clock, way)
    try:
        return await _joined(folder, file, ledger, clock, way)
    except BaseException:
        ledger.close()
        raise


def _clock(folder: Path, file: SiteFile) -> Clock:
    loop = asyncio.get_running_loop()
    if isinstance(loop, SimulatedLoop):
        return SimulatedClock(loop, start=begins(folder, file))
    return SystemClock(not_before=0 if file.simulated else last_of_ledger(folder))


def _check_live(folder: Path, way: Way, clock: Clock) -> None:
    """Refuse on a live site what only a simulated one may have."""
    found = {"a simulated clock": clock.simulated, "a seed": way.seed is not None, "faults": way.faults is not None}
    for what, there in found.items():
        if there:
            raise InputError(f"{folder} is a live site, for ever; {what} is for simulated sites only")


async def _joined(folder: Path, file: SiteFile, ledger: Ledger, clock: Clock, way: Way) -> Site:
    credentials = Credentials(folder, clock, cost=SIMULATED if file.simulated else LIVE)
    roles = {role: frozenset(str(right) for right in rights) for role, rights in file.roles.items()}
    shelf = Shelf(folder / derived.NAME, ledger, key=read_key(folder), rules=_rules)
    blobs = Blobs(folder / "blobs", sync=not file.simulated)
    door = Door(
        ledger,
        clock,
        kinds=KINDS,
        secrets=credentials,
        roles=roles,
        zone=file.zone,
        capacities=file.capacities,
        operations=frozenset(operations()),
        kept=blobs.has,
        shelf=shelf,
    )
    note_configuration(Recorder(ledger, clock, CONFIGURED), folder / FILE)
    furnish(door, credentials, file, _support(file))
    plant = _plant(folder, file, clock, way)
    live = not file.simulated
    recent = Recent(folder / "recent.log", every=way.careful or live, lasting=live)
    connections = Connections(door, clock)
    house = House(
        ledger=ledger,
        clock=clock,
        door=door,
        desk=Desk(door, blobs),
        blobs=blobs,
        recent=recent,
        intake=Intake(ledger, door, blobs),
        devices=await _devices(file, plant, connections),
        operations=operations(),
        careful=way.careful,
    )
    answers = Answers(door)
    scanning = Scanning(door, answers)
    site = Site(folder, file, house, answers, Timers(door), credentials, scanning, connections, plant)
    site.reads = _read_message
    for device in house.devices.values():
        if hasattr(device.driver, "listen"):
            terminal = file.assets[device.asset].settings.get("terminal", device.asset)
            scanning.listen(cast("Source", device.driver), terminal=terminal)
    loop = asyncio.get_running_loop()
    if isinstance(loop, SimulatedLoop):
        loop.before_jump += [ledger.flush, recent.flush, *([plant.flush] if plant else [])]
    keep_vigil(site, careful=way.careful or not file.simulated)
    if plant is not None and way.staffed:
        plant.staff(site)
    if isinstance(clock, SystemClock) and not file.simulated:
        watch = Clockwatch(Recorder(ledger, clock, STREAM), clock, Alarms(door, batch="", step=""))
        behind = Verification(folder, Recorder(ledger, clock, verification.STREAM), Alarms(door, batch="", step=""))
        site.at_close.append(watch.stop)
        site.at_leave.append(behind.stop)
        watch.start()
        behind.start(clock)
    site.jobs["qualify"] = executor.Executor().carry_out
    for call in way.after:
        call(site)
    return site


def _rules() -> str:
    return rules_of(KINDS, release=release())


def kept(folder: Path, reader: Reader) -> Shelf | None:
    """Open what a site's owner keeps of how everything stands, as it is now; None where nothing can be relied on.

    Whoever may not read the site's key can't tell what the owner has kept from what somebody else has put there.
    """
    path = folder / derived.NAME
    if not path.exists() or not os.access(folder / KEY, os.R_OK):
        return None
    try:
        shelf = Shelf(path, reader, key=read_key(folder), rules=_rules, to_write=False)
    except DamagedError:
        return None
    return shelf if shelf.base else None


def _support(file: SiteFile) -> dict[str, Support]:
    drivers = points("drivers")
    used = {asset.driver for asset in file.assets.values() if asset.driver}
    return {name: cast("DriverFactory", drivers[name].load()).support for name in sorted(used)}


def _plant(folder: Path, file: SiteFile, clock: Clock, way: Way) -> PlantPort | None:
    if not any(asset.fake for asset in file.assets.values()):
        return None
    build = cast("PlantBuilder", points("plants")["simulated"].load())
    return build(file, clock, folder / PLANT_LOG, careful=way.careful, faults=way.faults)


@dataclass(frozen=True, slots=True)
class _Joint:
    """An asset at the end of its link."""

    asset: AssetEntry
    factory: DriverFactory
    link: Line
    settings: Mapping[str, str]

    def device(self, *, control: bool) -> Device:
        """Put a driver on the link; without ``control`` it only looks."""
        driver = self.factory.build(self.link, self.settings, control=control)
        declared = frozenset({"maker", "model", "serial"} & set(self.factory.settings))
        return Device(self.asset.id, self.asset.asset_class, driver, self.factory.interface, declared)


async def _devices(file: SiteFile, plant: PlantPort | None, connections: Connections) -> dict[str, Device]:
    """Connect every asset that has a driver; on a live site one that may not act is given control when it may."""
    joints = {asset.id: _joint(asset, plant) for asset in file.assets.values() if asset.driver}
    found: dict[str, Device] = {}
    for name, joint in joints.items():
        device = found[name] = joint.device(control=_may_act(connections.door, file, name))
        line = joint.link if joint.asset.port else None
        recorded = file.simulated or not getattr(device.driver, "by_person", False)
        await connections.make(Connection(name, line, cast("Driver", device.driver), recorded))

    def hand_over(event: Event, thing: Thing) -> None:
        if event.kind == "permit" and isinstance(thing, Asset) and thing.id in joints:
            found[thing.id] = joints[thing.id].device(control=True)

    connections.door.follow(hand_over)
    connections.start()
    return found


def _joint(asset: AssetEntry, plant: PlantPort | None) -> _Joint:
    factory = cast("DriverFactory", loaded(points("drivers")[asset.driver]))
    cable = plant.connect(asset.id) if asset.port.startswith("memory") and plant is not None else None
    link = cast("LinkTo", points("transports")["link"].load())(asset.port, name=asset.id, stream=cable)
    said = {k: getattr(asset, k) for k in ("maker", "model", "serial") if k in factory.settings}
    return _Joint(asset, factory, link, {**said, **asset.settings})


def printers(file: SiteFile) -> tuple[Printer, ...]:
    """Give the printers of a site that can say what fits on their labels; nothing is connected."""
    found = []
    for asset in file.assets.values():
        factory = cast("DriverFactory", loaded(points("drivers")[asset.driver])) if asset.driver else None
        if factory is not None and hasattr(factory.interface, "print"):
            driver = _joint(asset, None).device(control=False).driver
            found += [Printer(asset.id, asset.asset_class, driver)] if isinstance(driver, Draws) else []
    return tuple(found)


def _may_act(door: Door, file: SiteFile, asset: str) -> bool:
    thing = door.find("asset", asset)
    return file.simulated or (isinstance(thing, Asset) and thing.may_act)

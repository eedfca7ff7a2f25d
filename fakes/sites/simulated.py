"""Builds the plant of a simulated site from its file: fakes at the ends of the cables, one world, scripted people.

The ``world`` of the site file names the containers with what is truly in them, and what the scripted people read off
papers. Units: degC, mL, cells; DMSO as a share of the volume.
"""

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from automation.engine.recipe.yaml_source import Plain
from automation.engine.site import Site
from automation.engine.sitemodel import AssetEntry, SiteFile
from automation.kernel.clock import Clock, instant
from automation.kernel.errors import InputError
from automation.kernel.quantity import Cells, Celsius, Instant, Millilitres
from fakes.eurotherm import EurothermFreezer
from fakes.eurotherm_bisynch import EurothermBisynchFreezer
from fakes.faults import Faults
from fakes.freezer import ObservedFreezer
from fakes.keysight_34970a import FakeKeysight34970A
from fakes.people import Staff
from fakes.physics.chamber import Build
from fakes.physics.programmer import PowerFail
from fakes.plant import Fake, Plant, PlantLog
from fakes.vicell_blu import FakeViCellBlu
from fakes.world import Container, Contents, World

START = "2026-01-05T08:00:00"


class SimulatedPlant(Plant):
    """The plant of one site, its world and its people."""

    def __init__(self, file: SiteFile, clock: Clock, log: PlantLog, *, faults: Faults) -> None:
        """Put every fake of the file at the end of its cable."""
        super().__init__(clock, log, faults)
        self.file = file
        self.start = file.start or instant(START, zone=file.zone)
        self.world = World(file.seed or 0)
        self._log_file = log
        self.people = Staff(self, file)
        for asset in file.assets.values():
            if asset.fake:
                self.add(asset.id, self._make(asset))
        for name, entry in _mapping(file.world.get("containers")).items():
            self._bring(name, _mapping(entry))
        self._hang_probes()

    def staff(self, site: Site) -> None:
        """Let the scripted people come to work."""
        self.people.come(site)

    def flush(self) -> None:
        """Write what the log has pending."""
        self._log_file.flush()

    def close(self) -> None:
        """Close the log."""
        self._log_file.close()

    def _make(self, asset: AssetEntry) -> Fake:
        makers: dict[str, Callable[[AssetEntry], Fake]] = {
            "eurotherm_freezer": lambda a: EurothermFreezer(self.world, a.id, _build(a)),
            "eurotherm_bisynch": lambda a: EurothermBisynchFreezer(self.world, a.id, _build(a)),
            "observed_freezer": lambda a: ObservedFreezer(self.world, a.id, _build(a)),
            "keysight_34970a": self._logger,
            "vicell_blu_file": lambda a: FakeViCellBlu(self.world.seed, self._tube, device=a.id),
        }
        if asset.fake in makers:
            return makers[asset.fake](asset)
        found = {point.name: point for point in entry_points(group="cellwright.fakes")}
        return cast("Fake", found[asset.fake].load()(self.world.seed))

    def _logger(self, asset: AssetEntry) -> Fake:
        channels: dict[int, str] = {}
        for entry in asset.settings.get("channels", "101=sample,102=chamber").split(","):
            number, _, name = entry.partition("=")
            channels[int(number)] = name.strip()
        return FakeKeysight34970A(self.world.seed, self._felt, channels=channels, device=asset.id)

    def _felt(self, channel: str, now: Instant) -> float | None:
        return float(self.world.probe(channel, now)) if channel in self.world.probes() else None

    def _tube(self, sample: str, _now: Instant) -> tuple[float, float] | None:
        return self.tube(sample)

    def tube(self, _sample: str) -> tuple[float, float]:
        """Give cells/mL and viability (%) in the tube of a sample: every tube is drawn from the one container."""
        for name in _mapping(self.file.world.get("containers")):
            contents = self.world.container(name).contents
            cells = float(contents.live) + float(contents.dead)
            return cells / float(contents.volume), 100.0 * float(contents.live) / cells
        msg = "world.containers names no container to draw a sample from"
        raise InputError(msg)

    def _bring(self, name: str, entry: Mapping[str, Plain]) -> None:
        contents = Contents(
            Millilitres(_number(entry, "volume")),
            Cells(_number(entry, "live")),
            Cells(_number(entry, "dead")),
            _number(entry, "dmso"),
        )
        container = Container(name, str(entry.get("kind", "bag20")), contents=contents)
        temperature = Celsius(_number(entry, "temperature"))
        self.world.add(container, place=str(entry.get("place", "fridge")), at=temperature, now=self.start)

    def _hang_probes(self) -> None:
        """Hang the independent probes: one in the air of the freezer, one ready on the bench."""
        freezers = [a.id for a in self.file.assets.values() if "freezer" in a.fake or "eurotherm" in a.fake]
        if freezers:
            self.world.attach("chamber", to=freezers[0], now=self.start)
            self.world.attach("sample", to="bench", now=self.start)


def build(file: SiteFile, clock: Clock, log: Path, *, careful: bool, faults: object) -> SimulatedPlant:
    """Build the plant; what its log holds is lived through again."""
    lived = log.exists()
    lines = PlantLog(log, every=careful)
    plant = SimulatedPlant(file, clock, lines, faults=faults if isinstance(faults, Faults) else Faults())
    if lived:
        plant.rebuild(log)
    return plant


def _build(asset: AssetEntry) -> Build:
    strategy = asset.settings.get("power_fail")
    if strategy is None:
        return Build()
    known = {one.value: one for one in PowerFail}
    if strategy not in known:
        msg = f"assets.{asset.id}.settings.power_fail is {strategy!r}; this fake can {', '.join(known)}"
        raise InputError(msg, where=asset.where)
    return Build(power_fail=known[strategy])


def _mapping(value: Plain) -> Mapping[str, Plain]:
    return value if isinstance(value, dict) else {}


def _number(entry: Mapping[str, Plain], key: str) -> float:
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        msg = f"world.containers: {key} is {value!r}; a number is needed"
        raise InputError(msg)
    return float(value)

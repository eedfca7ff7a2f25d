"""Builds the plant of a simulated site from its file: fakes at the ends of the cables, one world, scripted people.

The ``world`` of the site file names the containers with what is in them (product and liquids), settings of single
fakes, and what the scripted people read off papers; density and DMSO truly differ a little from that, by the seed.
Units: degC, mL, g/mL, cells; DMSO as a share of the volume.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import cast

from automation.engine.recipe.yaml_source import Plain
from automation.engine.site import Site
from automation.engine.sitemodel import AssetEntry, SiteFile
from automation.kernel.clock import Clock, instant
from automation.kernel.errors import InputError
from automation.kernel.ids import uniform
from automation.kernel.quantity import Cells, Celsius, Millilitres
from fakes import bench
from fakes.contents import DENSITY, filled
from fakes.faults import Faults
from fakes.people import Staff
from fakes.plant import Build, Fake, Plant, PlantLog
from fakes.world import Container, World

DENSITY_OFF, STOCK_OFF = 0.004, 0.01  # most by which density and DMSO differ from the file (shares): model, lot to lot
START = "2026-01-05T08:00:00"
FREEZER = "controlled rate freezer"


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
        self.add(bench.NAME, bench.Bench(self.world))
        for asset in file.assets.values():
            if asset.fake:
                self.add(asset.id, self._make(asset))
        for name, entry in _mapping(file.world.get("containers")).items():
            self._bring(name, _mapping(entry))
        self._hang_probes()

    def staff(self, site: Site) -> None:
        """Let the scripted people come to work."""
        self.people.come(site)

    def stuck(self) -> tuple[str, ...]:
        """Give what the scripted people could not do, and why."""
        return tuple(self.people.stuck)

    def flush(self) -> None:
        """Write what the log has pending."""
        self._log_file.flush()

    def close(self) -> None:
        """Close the log."""
        self._log_file.close()

    def _make(self, asset: AssetEntry) -> Fake:
        """Make the fake of an asset; ``world.fakes`` may set more of it than the driver's own settings say."""
        more = _mapping(_mapping(self.file.world.get("fakes")).get(asset.id))
        settings = {**asset.settings, **{key: str(value) for key, value in more.items()}}
        return cast("Build", _fakes()[asset.fake].load())(self.world, asset.id, settings)

    def _bring(self, name: str, entry: Mapping[str, Plain]) -> None:
        contents = filled(
            Millilitres(_number(entry, "volume")),
            live=Cells(_number(entry, "live", 0.0)),
            dead=Cells(_number(entry, "dead", 0.0)),
            dmso=_number(entry, "dmso", 0.0) * self._near_one("dmso", name, most=STOCK_OFF),
            density=_number(entry, "density", DENSITY) * self._near_one("density", name, most=DENSITY_OFF),
        )
        contents = replace(
            contents,
            solutes={**contents.solutes, **_amounts(entry, "solutes")},
            subsets=_amounts(entry, "subsets"),
            particles=_amounts(entry, "particles"),
        )
        if sum(contents.subsets.values()) > float(contents.live):
            msg = f"world.containers.{name}: subsets are {sum(contents.subsets.values()):g} cells, live are fewer"
            raise InputError(msg)
        container = Container(name, str(entry.get("kind", "bag20")), contents=contents)
        temperature = Celsius(_number(entry, "temperature"))
        self.world.add(container, place=str(entry.get("place", "fridge")), at=temperature, now=self.start)

    def _near_one(self, what: str, name: str, *, most: float) -> float:
        """Give the factor by which a liquid differs from what is stated of it, by the seed."""
        return 1.0 + most * (2.0 * uniform(self.world.seed, what, name) - 1.0)

    def _hang_probes(self) -> None:
        """Hang the independent probes: one in the air of the freezer, one ready on the bench."""
        freezers = [a.id for a in self.file.assets.values() if a.fake and a.asset_class == FREEZER]
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


def _mapping(value: Plain) -> Mapping[str, Plain]:
    return value if isinstance(value, dict) else {}


@cache
def _fakes() -> Mapping[str, EntryPoint]:
    """Give what is installed in the group ``cellwright.fakes``."""
    return {point.name: point for point in entry_points(group="cellwright.fakes")}


def _amounts(entry: Mapping[str, Plain], what: str) -> dict[str, float]:
    """Give the other solutes (g of each), the subsets (live cells) or the particles (numbers) of a container."""
    stated = _mapping(entry.get(what))
    return {name: _number(stated, name) for name in stated}


def _number(entry: Mapping[str, Plain], key: str, usual: float | None = None) -> float:
    value = entry.get(key, usual)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        msg = f"world.containers: {key} is {value!r}; a number is needed"
        raise InputError(msg)
    return float(value)

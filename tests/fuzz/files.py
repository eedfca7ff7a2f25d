"""Targets: files from outside: results and curves of instruments, run histories, recipes, sites and decks."""

import contextlib
import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Protocol

import msgspec

from automation.bootstrap import known, operations
from automation.engine.recipe.load import load
from automation.engine.recipe.yaml_source import read_text
from automation.engine.sitefile import load_site
from automation.formulas.curves import Point
from automation.kernel.quantity import Millilitres
from automation.opener import packaged
from automation.qualification.of_pytest import counted
from automation.qualification.protocols import load as protocol
from automation.surfaces.cli.story import story
from automation.views.planning.plans import RecipePlan, StepPlan, Work, read_plans
from instruments.drivers.modbus_map.wire import load as maps
from instruments.drivers.washer_history import wire as history
from instruments.interfaces.cell_washer import ProcessValues, RunHistory
from instruments.labware import deck
from tests.fuzz.target import Attempt, Target, pure

READERS, CURVES, RECIPES, SITES = (f"cellwright.{group}" for group in ("readers", "curves", "recipes", "sites"))
ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


class Reader(Protocol):
    """What an entry point of ``cellwright.readers`` gives."""

    def claims(self, data: bytes) -> bool:
        """Tell by the content whether this is such a file."""
        ...

    def read(self, data: bytes, *, name: str) -> Sequence[object]:
        """Read a whole file."""
        ...


class Curve(Protocol):
    """What an entry point of ``cellwright.curves`` gives."""

    def __call__(self, text: str, *, name: str) -> Sequence[Point]:
        """Read a whole curve."""
        ...


@cache
def samples() -> tuple[bytes, ...]:
    """Give every result file of ``tests/data``."""
    return tuple(
        path.read_bytes()
        for path in sorted(DATA.rglob("*"))
        if path.is_file() and path.suffix not in {".md", ".yaml", ".json"}
    )


def _reader(point: EntryPoint) -> Target:
    return Target(
        name=f"reader {point.name}",
        covers=(f"{READERS}:{point.name}", _module(point)),
        corpus=partial(_claimed, point),
        fresh=pure(partial(_read, point)),
        harmless="no checksum: figures that can't belong together are refused; the file is hashed as it was read",
        share=0.02,
    )


def _module(point: EntryPoint) -> str:
    """Name the module of a reader, or the package ``wire`` that it belongs to."""
    module = point.value.partition(":")[0]
    package = module.rpartition(".")[0]
    return package if package.endswith(".wire") else module


def _claimed(point: EntryPoint) -> Sequence[bytes]:
    reader: Reader = point.load()
    return [data for data in samples() if reader.claims(data)] or samples()


def _read(point: EntryPoint, data: bytes) -> object:
    reader: Reader = point.load()
    reader.claims(data)
    return reader.read(data, name="result")


def _curve(point: EntryPoint) -> Target:
    def read(data: bytes) -> object:
        curve: Curve = point.load()
        return curve(data.decode("utf-8-sig", "replace"), name="curve")

    return Target(
        name=f"curve {point.name}",
        covers=(f"{CURVES}:{point.name}", _module(point)),
        corpus=lambda: (*CURVE_CORPUS, (DATA / "epcis" / "courier.jsonld").read_bytes()),
        fresh=pure(read),
        harmless="no checksum: time has to increase and temperatures are judged; the file is hashed as it was read",
        share=0.2,
    )


CURVE_CORPUS = (
    b"# run 7\nremark;Sample (\xc2\xb0C);time [min];Chamber_degC\nx;5;0;4.0\ny;4.5;0.5;3.5\nz;4.1;1;3.0\n",
    b"time/s,chamber/degC,sample/degC\n0,4,\n1,4,OPEN\n2,4,9.9E37\n3,4,nan\n4,4,-1.5\n",
    b"Time,product C\n2026-03-29T01:59:00+01:00,5\n2026-03-29T03:00:00+02:00,4\n",
)


def readers() -> tuple[Target, ...]:
    """Give one target for every installed reader of result files and of curves."""
    results = sorted(entry_points(group=READERS), key=lambda point: point.name)
    return (*map(_reader, results), *map(_curve, entry_points(group=CURVES)))


def _history(data: bytes) -> object:
    read = history.read(data)
    return read if read.protocol or read.events else None


def _histories() -> Sequence[bytes]:
    values = ProcessValues(Millilitres(0.0), Millilitres(1.5), Millilitres(3.0), Millilitres(4.5))
    said = ("wash", "KIT-1", "2026-01-05T08:00:00", "2026-01-05T09:00:00")
    return [history.write(RunHistory("", *said, ("bubble, acknowledged", "end"), values))]


@contextlib.contextmanager
def _file(name: str, read: Callable[[Path], object]) -> Iterator[Attempt]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name

        def attempt(data: bytes) -> object:
            path.write_bytes(data)
            return read(path)

        yield attempt


def _maps() -> Sequence[bytes]:
    """Give the shipped maps of Modbus devices."""
    folder = ROOT / "instruments" / "drivers" / "modbus_map" / "maps"
    return [(folder / f"{name}.yaml").read_bytes() for name in maps.shipped()]


def _map(data: bytes) -> object:
    return maps.read(read_text(data.decode("utf-8", "replace"), name="map.yaml"), name="map")


def _recipes() -> Sequence[bytes]:
    """Give the shipped recipes and small ones, so that a change often hits what matters."""
    return [*((ROOT / "protocols" / "recipes" / f"{name}.yaml").read_bytes() for name in ("freeze-day",)), SMALL]


def _protocols() -> Sequence[bytes]:
    """Give two shipped qualification protocols."""
    folder = ROOT / "protocols" / "qualification"
    return [(folder / f"{name}.yaml").read_bytes() for name in ("balance-oq", "liquid-handler-oq")]


SMALL = b"""\
recipe: {id: R-1, version: "1", title: Small, status: draft}
product: {name: cells}
materials:
  - {name: bag, what: bag, quantity: 3 pcs, step: in}
equipment: {}
steps:
  - id: in
    operation: receive
    given: {transport_lowest: 2.0 degC, transport_highest: 8.0 degC, exposure_longest: 60 min, warn_at: 70 %}
    limits:
      lowest: {reject: at least 2.0 degC}
      exposure: {alert: at most 20 min, reject: [at most 40 min]}
    yields:
      - {name: v, actual: {from: in.volume}, theoretical: 20.0 mL, limits: {alert: between 95.0 and 105.0 %}}
    signatures: [performed, verified]
  - id: again
    repeat: {until: {from: check.lowest, is: at least 2.0 degC}, at_most: 3}
    steps:
      - id: check
        operation: receive
        when: {from: in.lowest, is: [at least 2.0 degC, below 8.0 degC]}
        given: {transport_lowest: 2.0 degC, transport_highest: 8.0 degC, exposure_longest: null, warn_at: null}
  - {id: days, operation: check_documents, daily: {at_most: 2}}
time_limits:
  - {name: out, from: in.identified, to: in.accepted, max: 60 min, warn_at: 80 %}
"""


def _sites() -> Sequence[bytes]:
    """Give the packaged sites, and a small one of what several patients share and how others name it."""
    sites = sorted(entry_points(group=SITES), key=lambda one: one.name)
    return [*(packaged(point.name).encode() for point in sites), SHARED]


SHARED = b"""\
site: {name: S, mode: simulated, zone: UTC}
capacities:
  Suite 1: {is: suite, takes: 10 h, needs: [freezer, operators]}
  freezer: {is: equipment, after: 7 h, takes: 3 h}
  operators: {is: people, at_once: 2}
  courier-1: {is: courier}
exchange:
  namespace: https://id.clinic.example/
  gln: {site-a: "9501101020016"}
"""


def _plans() -> Sequence[bytes]:
    """Give a plan of two steps as a rehearsal writes it."""
    wash = StepPlan("wash", "Wash", 0.0, 600.0, (), ("cell washer",), (Work(5.0, 60.0, 2),))
    freeze = StepPlan("freeze", "Freeze", 600.0, 900.5, ("wash",), ("controlled rate freezer",))
    return [msgspec.json.encode(RecipePlan("freeze-day", "1", "T cells", (wash, freeze)))]


def _decks() -> Sequence[bytes]:
    return [path.read_bytes() for path in sorted((ROOT / "instruments" / "labware" / "decks").glob("*.json"))]


@contextlib.contextmanager
def _workbook() -> Iterator[Attempt]:
    """Read a sheet that is damaged inside a pack that is whole."""
    point = next(point for point in entry_points(group=READERS) if point.name == "vicell_xr")
    reader: Reader = point.load()
    pack = _packed()

    def attempt(data: bytes) -> object:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as made:
            for name, part in pack.items():
                made.writestr(name, data if name == SHEET else part)
        return reader.read(out.getvalue(), name="result")

    yield attempt


@cache
def _packed() -> dict[str, bytes]:
    file = next(path for path in sorted(DATA.rglob("*.xlsx")))
    with zipfile.ZipFile(file) as pack:
        return {name: pack.read(name) for name in pack.namelist() if name in {SHEET, STRINGS}}


STORY = b"""title: one order
batch: B-1
recipes: [mine.yaml]
parts:
  - part: Order
    acts:
      - wait: 90 min
        at: count.viability
        tell: "{finn} looks."
        do: show order 'ORD-1'
        refused: nobody
        shown: ["^order ORD-1: (.*)$"]
        timed: true
"""
PERSON = "a person writes it; it is approved by its hash, and the configuration in force is an event"
FILES: tuple[Target, ...] = (
    Target(
        name="workbook sheet",
        covers=("instruments.drivers.vicell_xr.workbook",),
        corpus=lambda: [_packed()[SHEET]],
        fresh=_workbook,
        harmless="figures that can't belong together are refused; the file is hashed as it was read",
        share=0.005,
    ),
    Target(
        name="washer history",
        covers=("instruments.drivers.washer_history.wire",),
        corpus=_histories,
        fresh=pure(_history),
        harmless="no checksum: the file is hashed as it was read, and volumes are compared with the balance",
    ),
    Target(
        name="modbus map",
        covers=("instruments.drivers.modbus_map.wire.load", "instruments.drivers.modbus_map.wire.model"),
        corpus=_maps,
        fresh=pure(_map),
        harmless="a person writes it beside the maker's table; its digest is in the device's identity",
        share=0.05,
    ),
    Target(
        name="recipe",
        covers=(RECIPES, "automation.engine.recipe.load"),
        corpus=_recipes,
        fresh=partial(_file, "r.yaml", lambda path: load(path, operations())),
        harmless=PERSON,
        share=0.01,
    ),
    Target(
        name="qualification protocol",
        covers=("cellwright.qualification", "automation.qualification.protocols"),
        corpus=_protocols,
        fresh=partial(_file, "p.yaml", protocol),
        harmless=PERSON,
        share=0.005,
    ),
    Target(
        name="report of tests",
        covers=("automation.qualification.of_pytest",),
        corpus=lambda: [b"<testsuites><testcase/><testcase><failure>x</failure></testcase></testsuites>"],
        fresh=pure(lambda data: counted(data) or None),
        harmless="whoever runs the tests writes their report; half a report counts nothing",
        share=0.05,
    ),
    Target(
        name="site",
        covers=(SITES, *(f"automation.engine.{name}file" for name in ("site", "alarm", "capacity", "exchange"))),
        corpus=_sites,
        fresh=partial(_file, "site.yaml", lambda path: load_site(path, known())),
        harmless=PERSON,
        share=0.005,
    ),
    Target(
        name="plan",
        covers=("automation.views.planning.plans",),
        corpus=_plans,
        fresh=partial(_file, "plan.json", lambda path: read_plans([path])),
        harmless="it is looked at, and decides nothing",
        share=0.005,
    ),
    Target(
        name="story",
        covers=("automation.surfaces.cli.story",),
        corpus=lambda: [STORY],
        fresh=pure(lambda data: story(data, name="story.yaml")),
        harmless="a person writes it; what it lets people do goes through the door like everything else",
        share=0.02,
    ),
    Target(
        name="deck",
        covers=("instruments.labware.deck",),
        corpus=_decks,
        fresh=pure(lambda data: deck.read(data, where="deck")),
        harmless="its hash is part of the asset's identity",
        share=0.05,
    ),
)

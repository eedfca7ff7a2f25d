"""A final day in the containers' own words, written by hand into a real ledger.

A harvest is counted, washed, counted again, formulated, and filled into labelled containers.

Units: mL, g, cells/mL.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from automation.ledger.blobs import Blobs
from tests.support.doors import doorway
from tests.support.told_batch import BATCH, MASTER, Life, issue

HARVEST, WASHED = "HARV-1", f"{BATCH}-W"
BAGS = (f"{BATCH}-01", f"{BATCH}-02")
VIAL = f"{BATCH}-V1"
ZPL = b"^XA^FO30,30^FDB-001-01^FS^XZ"
DENSITY, WEIGHED = 1.02, 0.06  # g/mL, of everything here; mL, standard uncertainty of a weighed volume


@dataclass(frozen=True, slots=True)
class Day:
    """What a test works with."""

    made: Life

    def move(self, container: str, command: str, **body: object) -> None:
        """Move a container, a while after the last move."""
        self.made.way.clock.go(30)
        self.made.way.do(f"container/{container}", command, {"batch": BATCH, **body})

    def child(self, name: str, *, of: str, step: str, kind: str = "bag20", purpose: str = "product") -> None:
        """Make a container known and take it in."""
        body = {"identity": "COI-1", "kind": kind, "parent": of, "label": name, "batch": BATCH, "purpose": purpose}
        self.made.way.do(f"container/{name}", "expect", body)
        self.move(name, "receive", step=step)

    def transfer(self, source: str, dest: str, volume: float, step: str, *, weighed: bool = True) -> None:
        """Note that product went from one container into another."""
        amount: dict[str, object] = {"volume_ml": volume, "standard_ml": WEIGHED if weighed else 0.02}
        amount |= {"mass_g": volume * DENSITY} if weighed else {}
        self.move(source, "draw", to=dest, step=step, **amount)
        self.move(dest, "fill", source=source, step=step, **amount)

    def add(self, container: str, lot: str, volume: float, step: str, what: str) -> None:
        """Note that material was weighed in."""
        amount = {"volume_ml": volume, "standard_ml": WEIGHED, "mass_g": volume * DENSITY}
        self.move(container, "fill", lot=lot, what=what, step=step, **amount)

    def count(self, step: str, container: str, *, sample: float, viable: float, total: float) -> None:
        """Count a container: two samples, and what they came to with 4 % uncertainty."""
        given = {"volume_uncertainty": {"value": 0.5, "text": "0.5 %", "unit": "%"}}
        self.made.note(step, "bound", operation="count", assets={}, parameters=given, materials={})
        for letter in "AB":
            self.move(container, "draw", to=f"{step}-1{letter}", volume_ml=sample, standard_ml=0.01,
                      why="sample for counting", step=step)  # fmt: skip
        results = {"viable_concentration": viable, "viable_uncertainty": 0.04 * viable, "total_concentration": total}
        self.made.note(step, "move", visit=1, command="agree", source="read", dest="counted", results=results)

    def label(self, container: str, *ends: tuple[str, Mapping[str, object]], number: int = 1, **body: object) -> None:
        """Issue a label, print it, and let it end."""
        stream = f"label/{container}-L{number}"
        marks = [*(["REPRINT"] if number > 1 else []), "SIMULATED"]
        lines = [f"Lot {BATCH}", f"Container {container}", "Store at or below -150 degC"]
        said = {"container": container, "code": f"CONTAINER:{container}", "lines": lines, "marks": marks}
        template = {"template": "container", "template_version": "1", "batch": BATCH}
        self.made.way.do(stream, "issue", {**said, **template, **body})
        self.made.way.do(stream, "print", {"sha256": self.made.blobs.put(ZPL)})
        for command, more in ends:
            self.made.way.do(stream, command, more)


def until_washed(day: Day, *, weighs: float | None = None) -> None:
    """Receive, count, wash and count again; ``weighs`` (mL) is what the harvest holds by weight, None without one."""
    day.made.way.do(f"container/{HARVEST}", "receive", {"batch": BATCH, "step": "receive"})
    day.count("count", HARVEST, sample=0.5, viable=3.0e6, total=3.3e6)
    day.made.note("wash", "bound", operation="wash", assets={}, parameters={}, materials={})
    if weighs is not None:
        day.move(HARVEST, "weigh", mass_g=weighs * DENSITY, volume_ml=weighs, standard_ml=1.2, step="wash")
    day.child(WASHED, of=HARVEST, step="wash", kind="bag150", purpose="intermediate")
    day.transfer(HARVEST, WASHED, 20.0, "wash")
    day.move(HARVEST, "draw", to="waste", volume_ml=377.0, standard_ml=0.5, why="medium", step="wash")
    day.move(HARVEST, "empty", left_ml=2.0, step="wash")
    day.count("count-washed", WASHED, sample=0.1, viable=5.5e7, total=5.8e7)


def until_filled(day: Day, *, bag: float = 20.0) -> None:
    """Formulate to 49.8 mL and fill two bags of ``bag`` mL and a vial; the rest is waste but for half a mL."""
    day.made.note("formulate", "bound", operation="formulate", assets={}, parameters={}, materials={})
    day.add(WASHED, "BUF-1", 5.0, "formulate", "diluent")
    day.add(WASHED, "CRYO-1", 25.0, "formulate", "cryoprotectant")
    bags = {"value": {"number": 2, "kind": "bag20", "volume": 20.0, "tolerance": 0.3}}
    given = {"density": {"value": DENSITY, "source": 1}, "bags": bags}
    day.made.note("fill", "bound", operation="fill", assets={}, parameters=given, materials={})
    for name in BAGS:
        day.child(name, of=WASHED, step="fill")
        day.label(name, ("verify", {"code": f"CONTAINER:{name}"}), ("apply", {"container": name}))
        day.transfer(WASHED, name, bag, "fill")
    day.child(VIAL, of=WASHED, step="fill", kind="vial")
    day.transfer(WASHED, VIAL, 1.0, "fill", weighed=False)
    day.move(WASHED, "draw", to="waste", volume_ml=8.3, standard_ml=0.06, mass_g=8.3 * DENSITY, step="fill")
    day.move(WASHED, "empty", left_ml=0.5, step="fill")


@contextlib.contextmanager
def final_day(folder: Path) -> Iterator[Day]:
    """Open a site with a harvest of 400 mL, and a batch that has started."""
    with doorway(folder) as way:
        made = Life(folder, way, Blobs(folder / "blobs", sync=False))
        expected = {"identity": "COI-1", "din": "A999921123456", "kind": "bag600", "volume_ml": 400.0}
        way.do(f"container/{HARVEST}", "expect", expected)
        issue(way, BATCH, HARVEST, master=made.blobs.put(MASTER))
        way.clock.go(60)
        way.do(f"batch/{BATCH}", "start", by="perform")
        made.note("receive", "bound", operation="receive", assets={}, parameters={}, materials={})
        yield Day(made)

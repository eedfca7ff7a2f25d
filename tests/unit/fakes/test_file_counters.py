"""Fake counters and analysers write files that the readers of real files read; cells/mL, %, g/L, mmol/L."""

from typing import cast

import pytest

from automation.kernel.quantity import Cells, Celsius, Instant, Millilitres
from fakes.cell_counter import FakeCounter
from fakes.contents import filled
from fakes.file_counters import FakeCedexHiRes, FakeCountess, FakeNcView, FakeNucleoView, FakeViCellXr
from fakes.flex2 import FakeFlex2
from fakes.vicell_blu import FakeViCellBlu
from fakes.world import Container, World
from instruments.drivers.cedex_hires.wire import READER as CEDEX_HIRES
from instruments.drivers.countess.wire import READER as COUNTESS
from instruments.drivers.flex2.wire import READER as FLEX2
from instruments.drivers.nc_view.wire import READER as NC_VIEW
from instruments.drivers.nucleoview.wire import READER as NUCLEOVIEW
from instruments.drivers.readers import Reader
from instruments.drivers.vicell_blu.wire import READER as VICELL_BLU
from instruments.drivers.vicell_xr.wire import READER as VICELL_XR
from instruments.interfaces.results import CountRow, MeasurementRow

START = Instant(1_780_000_000.0)
PAIRS = [
    pytest.param(FakeViCellBlu, VICELL_BLU, id="Vi-CELL BLU"),
    pytest.param(FakeViCellXr, VICELL_XR, id="Vi-CELL XR"),
    pytest.param(FakeNcView, NC_VIEW, id="NC-View"),
    pytest.param(FakeNucleoView, NUCLEOVIEW, id="NucleoView"),
    pytest.param(FakeCedexHiRes, CEDEX_HIRES, id="Cedex HiRes"),
    pytest.param(FakeCountess, COUNTESS, id="Countess 3"),
]

pytestmark = pytest.mark.requirement("F029", "F163")


def count(fake: FakeCounter, reader: Reader, **details: object) -> CountRow:
    """Let a hand count one sample, and read the file by the reader that claims it."""
    fake.hand("count", {"sample": "S-1", "after": 0, **details}, START)
    [data] = fake.files(START).values()
    assert reader.claims(data)
    [row] = reader.read(data, name="r")
    return cast("CountRow", row)


@pytest.mark.parametrize(("fake", "reader"), PAIRS)
@pytest.mark.parametrize(("total", "viability"), [(2.0e6, 90.0), (4.0e5, 55.0), (3.0e7, 98.0), (8.0e5, 0.0)])
def test_the_reader_of_real_files_reads_what_a_fake_writes(
    fake: type[FakeCounter], reader: Reader, total: float, viability: float
) -> None:
    """Concentration and viability within what the number of cells counted allows, in the model's own digits."""
    row = count(fake(1, device="c"), reader, total=total, viability=viability)
    spread = 5.0 * (total * fake.imaged) ** -0.5
    assert float(row.total or 0) == pytest.approx(total, rel=spread + 0.01)
    assert float(row.viability or 0) == pytest.approx(viability, abs=100 * spread)
    assert (row.sample, row.error) == ("S-1", "")


@pytest.mark.parametrize(("fake", "reader"), PAIRS)
def test_dilution_is_in_the_reported_concentration(fake: type[FakeCounter], reader: Reader) -> None:
    """A tenfold dilution is counted with fewer cells and reported as the same tube."""
    row = count(fake(1, device="c"), reader, total=2.0e7, viability=90.0, dilution=10)
    assert float(row.total or 0) == pytest.approx(2.0e7, rel=0.15)
    if not row.flags and reader is not COUNTESS:  # whose guide has no column for it
        assert float(row.dilution or 0) == 10.0


@pytest.mark.parametrize(("fake", "reader"), PAIRS)
def test_a_tube_without_cells_gives_a_count_that_is_read(fake: type[FakeCounter], reader: Reader) -> None:
    """No division by nothing, neither there nor here."""
    row = count(fake(1, device="c"), reader, total=0.0, viability=0.0)
    assert float(row.viability or 0) == 0.0


def test_an_analyser_of_gases_sees_spent_medium() -> None:
    """Lactate takes the pH down; figures at 37 degC are those of the vessel; only the temperature states its unit."""
    world = World(5)
    tube = filled(Millilitres(1.0), live=Cells(1e6))
    for name, grams in (("FRESH", 0.0), ("SPENT", 0.0018)):
        solutes = {"glucose": 0.003, "lactate": grams}
        contents = type(tube)(tube.volume, tube.live, tube.dead, tube.mass, solutes)
        world.add(Container(name, "tube", contents=contents), place="bench", at=Celsius(22.0), now=START)
    fake = FakeFlex2(world)
    found = {}
    for late, name in enumerate(("FRESH", "SPENT")):
        fake.hand("measure", {"sample": name, "after": late}, START)
    for data in fake.files(Instant(float(START) + 5)).values():
        for row in FLEX2.read(data, name="r"):
            one = cast("MeasurementRow", row)
            found[one.sample, one.quantity] = float(one.value or 0)
            assert one.unit_stated == (one.quantity == "vessel temperature")
    assert found["FRESH", "glucose"] == pytest.approx(3.0, rel=0.12)
    assert found["FRESH", "pH"] - found["SPENT", "pH"] == pytest.approx(0.4, abs=0.06)
    assert found["SPENT", "lactate"] == pytest.approx(1.8, rel=0.12)

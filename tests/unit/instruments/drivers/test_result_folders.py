"""Counters and analysers whose results stand in a folder, on real files; units as each file states them."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from automation.engine.tape import take_tape
from automation.kernel.errors import InputError
from automation.ledger.blobs import Blobs
from instruments.drivers.cedex_bio_ht import driver as cedex_bio_ht
from instruments.drivers.cedex_hires import driver as cedex_hires
from instruments.drivers.countess import driver as countess
from instruments.drivers.factory import Factory
from instruments.drivers.flex2 import driver as flex2
from instruments.drivers.nc_view import driver as nc_view
from instruments.drivers.nucleoview import driver as nucleoview
from instruments.drivers.vicell_blu import driver as vicell_blu
from instruments.drivers.vicell_xr import driver as vicell_xr
from instruments.interfaces.analyser import MetaboliteAnalyser
from instruments.interfaces.counter import CellCounter
from instruments.transport.ports import open_link

DATA = Path(__file__).parents[3] / "data"
SETTLE = {"settle": "0.001"}
COUNTERS = [
    pytest.param(vicell_xr.FACTORY, "vicell_xr_206_example07.txt", "CLB001", 90.2e6, id="Vi-CELL XR, text"),
    pytest.param(vicell_xr.FACTORY, "vicell_xr_206_example01.xlsx", "CLB002", 11.3e6, id="Vi-CELL XR, workbook"),
    pytest.param(nc_view.FACTORY, "nc_view_example.csv", "22", 1.07e6, id="NC-View"),
    pytest.param(nucleoview.FACTORY, "nucleoview_example01.csv", "cellsABCD", 3.58e6, id="NucleoView"),
    pytest.param(cedex_hires.FACTORY, "cedex_hires_example1.csv", "0618_F03", 5881440.0, id="Cedex HiRes"),
    pytest.param(countess.FACTORY, "countess_made_by_hand.csv", "CAR-017", 1.42e6, id="Countess 3"),
    pytest.param(vicell_blu.FACTORY, "vicell_blu_example01_utf16.csv", "CLB010", 4.03e6, id="Vi-CELL BLU"),
]

pytestmark = pytest.mark.requirement("F029", "F163")


def original(name: str) -> bytes:
    """Give a real file."""
    [path] = DATA.rglob(name)
    return path.read_bytes()


def watch(
    factory: Factory, folder: Path, script: Callable[[object], Awaitable[None]], settings: Mapping[str, str] = SETTLE
) -> None:
    """Run a script with a driver that watches a real folder."""

    async def main() -> None:
        link = open_link(f"folder:{folder}", name="results")
        await link.open()
        try:
            await script(factory.build(link, settings, control=False))
        finally:
            await link.close()

    asyncio.run(main())


@pytest.mark.requirement("F163.2")
@pytest.mark.parametrize(("factory", "name", "sample", "total"), COUNTERS)
def test_every_counter_finds_its_sample_in_a_real_file(
    tmp_path: Path, factory: Factory, name: str, sample: str, total: float
) -> None:
    """One result, with the hash of the file it stands in."""
    (tmp_path / name).write_bytes(original(name))

    async def script(driver: object) -> None:
        report = await cast("CellCounter", driver).result(sample=sample)
        [result] = report.results
        assert float(result.total or 0) == total
        assert (result.error, report.conflict, report.unread) == ("", "", ())
        assert result.file_sha256 == report.files[0].sha256 == hashlib.sha256(original(name)).hexdigest()

    watch(factory, tmp_path, script)


def test_who_asks_for_one_sample_sees_no_other_and_the_file_is_kept_apart(tmp_path: Path) -> None:
    """Neither the report nor what passed over the link has a word of the others; the original is kept by its hash."""
    name = "cedex_hires_example1.csv"
    (tmp_path / name).write_bytes(original(name))
    blobs = Blobs(tmp_path / "blobs", sync=False)

    async def script(driver: object) -> None:
        report = await cast("CellCounter", driver).result(sample="0618_F03")
        kept = [blobs.put(original) for original in cast("list[bytes]", getattr(driver, "originals", []))]
        passed = b"".join(bytes.fromhex(received) for _, received in take_tape(driver))
        assert "0618_F04" not in repr(report)
        assert b"0618_F" not in passed
        assert report.files[0].sha256.encode() in passed
        assert report.files[0].data == b""
        assert kept == [report.files[0].sha256]
        assert blobs.get(report.files[0].sha256) == original(name)

    watch(cedex_hires.FACTORY, tmp_path, script)


def test_a_file_of_one_sample_stands_in_the_record_of_that_sample_alone(tmp_path: Path) -> None:
    """Whoever looked first for another sample has read it too, and has nothing of it in the record."""
    (tmp_path / "one.csv").write_bytes(original("nucleoview_example01.csv"))

    async def script(driver: object) -> None:
        counter = cast("CellCounter", driver)
        assert (await counter.result(sample="other")).results == ()
        assert not any(b"cellsABCD" in bytes.fromhex(received) for _, received in take_tape(driver))
        report = await counter.result(sample="cellsABCD")
        assert report.files[0].data == original("nucleoview_example01.csv")

    watch(nucleoview.FACTORY, tmp_path, script)


@pytest.mark.requirement("F029", "F163.1", refuses=True)
def test_a_damaged_file_is_told_and_its_bytes_are_nobodys(tmp_path: Path) -> None:
    """Nobody can say whose it is, so it is kept by its hash and stands in no record."""
    (tmp_path / "cut.csv").write_bytes(original("cedex_hires_example1.csv")[:1500])

    async def script(driver: object) -> None:
        report = await cast("CellCounter", driver).result(sample="0618_F01")
        assert (report.results, len(report.unread)) == ((), 1)
        assert "0618_F" not in "".join(report.unread)
        assert not any(b"0618_F" in bytes.fromhex(received) for _, received in take_tape(driver))

    watch(cedex_hires.FACTORY, tmp_path, script)


@pytest.mark.parametrize(
    ("factory", "name", "settings", "utc"),
    [
        (nucleoview.FACTORY, "nucleoview_example01.csv", {}, 1700490616.0),
        (vicell_xr.FACTORY, "vicell_xr_206_example07.txt", {"zone": "Europe/Berlin"}, 1695957692.0),
        (vicell_xr.FACTORY, "vicell_xr_206_example07.txt", {}, None),
        (nc_view.FACTORY, "nc_view_example.csv", {"zone": "Europe/Berlin"}, None),
    ],
)
def test_the_instruments_clock_is_in_utc_where_file_or_site_states_its_zone(
    tmp_path: Path, factory: Factory, name: str, settings: Mapping[str, str], utc: float | None
) -> None:
    """29 Sep 2023 5:21:32 in Berlin is 03:21:32 UTC; without a zone it is no moment, nor is the time of the file."""
    (tmp_path / name).write_bytes(original(name))

    async def script(driver: object) -> None:
        for sample in ("cellsABCD", "CLB001", "1"):
            for result in (await cast("CellCounter", driver).result(sample=sample)).results:
                assert (None if result.analysed is None else float(result.analysed)) == utc

    watch(factory, tmp_path, script, {**SETTLE, **settings})


def test_an_analyser_gives_every_quantity_of_its_sample(tmp_path: Path) -> None:
    """Values as written with their units; below the range of a test there is a bound."""
    (tmp_path / "a.txt").write_bytes(original("cedex_bioht_example01.txt"))

    async def script(driver: object) -> None:
        report = await cast("MetaboliteAnalyser", driver).result(sample="SMPL2")
        [ammonia] = report.of("ammonia")
        assert (ammonia.value, ammonia.unit, ammonia.method) == (Decimal("1.870"), "mmol/L", "NH3B")
        [lactate] = report.of("lactate")
        assert (lactate.value, lactate.bound, lactate.limit) == (None, "<", Decimal("0.00"))
        [density] = report.of("optical density")
        assert (density.value, density.error) == (None, "it lies outside the range of the test")
        assert {one.sample for one in report.results} == {"SMPL2"}

    watch(cedex_bio_ht.FACTORY, tmp_path, script)


@pytest.mark.requirement("F035", "F035.1", "F163", refuses=True)
@pytest.mark.parametrize(
    ("units", "value", "error"),
    [
        ("Gluc=g/L", Decimal("2.65"), ""),
        ("", None, "neither the file nor the site states the unit of Gluc"),
        ("Gluc=mmol/L", None, "the site states mmol/L for Gluc; only g/L is read"),
    ],
)
def test_a_figure_without_a_unit_is_no_result(tmp_path: Path, units: str, value: Decimal | None, error: str) -> None:
    """The file of this analyser states none, so the site has to."""
    (tmp_path / "a.csv").write_bytes(original("flex2_sample_results.csv"))

    async def script(driver: object) -> None:
        report = await cast("MetaboliteAnalyser", driver).result(sample="SMPL_1234")
        [glucose] = report.of("glucose")
        assert (glucose.value, glucose.error) == (value, error)
        [temperature] = report.of("vessel temperature")
        assert (temperature.value, temperature.unit) == (Decimal("37.0"), "Cel")

    watch(flex2.FACTORY, tmp_path, script, {**SETTLE, "units": units})


@pytest.mark.parametrize(
    ("factory", "settings", "message"),
    [
        (flex2.FACTORY, {"units": "Sugar=g/L"}, "write for example 'Gln=mmol/L Glu=mmol/L Gluc=g/L'"),
        (flex2.FACTORY, {"units": "Gluc"}, "write for example"),
        (nc_view.FACTORY, {"zone": "Mars/Base"}, "zone is 'Mars/Base'"),
        (nc_view.FACTORY, {"settle": "0"}, "settle is '0'"),
    ],
)
def test_a_setting_that_is_none_is_refused(factory: Factory, settings: Mapping[str, str], message: str) -> None:
    """The message says what is needed."""
    with pytest.raises(InputError, match=message):
        factory.build(open_link("memory", name="x"), settings, control=False)

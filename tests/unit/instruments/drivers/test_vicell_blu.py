"""The watched folder of a Vi-CELL BLU in simulated time; units cells/mL and s."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import cast

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import FailedError, InputError
from automation.kernel.quantity import Instant, Seconds
from fakes.faults import Faults
from fakes.plant import Plant, PlantLog
from fakes.vicell_blu import FakeViCellBlu
from instruments.drivers.vicell_blu import wire
from instruments.drivers.vicell_blu.driver import FACTORY
from instruments.interfaces.counter import CellCounter
from instruments.transport import Link

START = Instant(1_780_000_000.0)
TUBE = {"total": 2.0e6, "viability": 90.0}

pytestmark = pytest.mark.requirement("F029", "F163")


def at_bench(
    script: Callable[[CellCounter, Plant, SimulatedClock], Awaitable[None]], *, encoding: str = "utf-8"
) -> None:
    """Run a script with a counter whose folder is watched."""

    async def main(clock: SimulatedClock) -> None:
        plant = Plant(clock, PlantLog(None), Faults())
        plant.add("counter", FakeViCellBlu(1, encoding=encoding))
        link = Link(plant.connect("counter"), name="counter")
        await link.open()
        await script(cast("CellCounter", FACTORY.build(link, {}, control=False)), plant, clock)

    run_simulated(main, start=START)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_count_is_found_with_its_bytes_and_their_hash(encoding: str) -> None:
    """The original is kept as the record, whatever its encoding."""

    async def script(counter: CellCounter, plant: Plant, clock: SimulatedClock) -> None:
        plant.hand("counter", "count", sample="S-1", **TUBE)
        await clock.sleep(Seconds(200.0))
        report = await counter.result(sample="S-1")
        (result,), (file,) = report.results, report.files
        assert result.file_sha256 == file.sha256 == hashlib.sha256(file.data).hexdigest()
        assert (result.row, result.dilution, report.conflict, report.unread) == (2, 1.0, "", ())
        assert float(result.total or 0) == pytest.approx(2.0e6, rel=0.06)

    at_bench(script, encoding=encoding)


def test_a_count_that_is_not_done_has_no_result_yet() -> None:
    """The instrument takes its time."""

    async def script(counter: CellCounter, plant: Plant, clock: SimulatedClock) -> None:
        plant.hand("counter", "count", sample="S-1", **TUBE)
        await clock.sleep(Seconds(60.0))
        assert (await counter.result(sample="S-1")).results == ()

    at_bench(script)


@pytest.mark.requirement("F029", refuses=True)
def test_a_file_that_is_still_growing_is_left_alone() -> None:
    """It is complete when size and time stand still."""

    async def script(counter: CellCounter, plant: Plant, clock: SimulatedClock) -> None:
        plant.hand("counter", "count", sample="S-1", after=10, **TUBE)
        await clock.sleep(Seconds(9.5))
        early = await counter.result(sample="S-1")
        assert (early.results, early.unread) == ((), ("S-1.csv: still being written",))
        assert len((await counter.result(sample="S-1")).results) == 1

    at_bench(script)


def test_a_result_is_matched_by_its_sample_alone() -> None:
    """Neither the name of the file nor its place counts."""

    async def script(counter: CellCounter, plant: Plant, _clock: SimulatedClock) -> None:
        plant.hand("counter", "count", sample="S-1", after=0, **TUBE)
        plant.hand("counter", "copy", name="S-1.csv", to="S-2.csv")
        plant.hand("counter", "remove", name="S-1.csv")
        assert (await counter.result(sample="S-2")).results == ()
        assert len((await counter.result(sample="S-1")).results) == 1

    at_bench(script)


def test_the_same_bytes_twice_are_one_result() -> None:
    """Both names are noted."""

    async def script(counter: CellCounter, plant: Plant, _clock: SimulatedClock) -> None:
        plant.hand("counter", "count", sample="S-1", after=0, **TUBE)
        plant.hand("counter", "copy", name="S-1.csv", to="copy.csv")
        report = await counter.result(sample="S-1")
        assert (len(report.results), report.conflict) == (1, "")
        assert report.files[0].names == ("S-1.csv", "copy.csv")

    at_bench(script)


def test_the_same_sample_with_other_bytes_is_kept_twice_and_reported() -> None:
    """Which one holds is a person's decision."""

    async def script(counter: CellCounter, plant: Plant, _clock: SimulatedClock) -> None:
        plant.hand("counter", "count", sample="S-1", after=0, **TUBE)
        plant.hand("counter", "count", sample="S-1", after=0, **TUBE)
        report = await counter.result(sample="S-1")
        assert len(report.results) == len(report.files) == 2
        assert report.conflict.startswith("sample 'S-1' stands in 2 files with different bytes: S-1.csv")

    at_bench(script)


def test_a_cut_and_a_locked_file_are_told_and_hide_no_other() -> None:
    """The report says which file and why."""

    async def script(counter: CellCounter, plant: Plant, _clock: SimulatedClock) -> None:
        for sample in ("S-1", "S-2", "S-3"):
            plant.hand("counter", "count", sample=sample, after=0, **TUBE)
        plant.hand("counter", "cut", name="S-1.csv", keep=300)
        plant.hand("counter", "lock", name="S-2.csv")
        report = await counter.result(sample="S-3")
        assert len(report.results) == 1
        assert report.unread[0] == "S-2.csv: it is in use by another program"
        assert "S-1.csv, line 2" in report.unread[1]

    at_bench(script)


def test_a_row_with_an_error_has_no_numbers() -> None:
    """A concentration beside an error is not one."""
    fields = {
        "Sample ID": "S-1",
        "Total (x10^6) cells/mL": "2.48",
        "Viable (x10^6) cells/mL": "2.45",
        "Viability (%)": "98.5",
    }
    fields |= {"Cell count": "ERROR", "Viable cells": "ERROR", "Analysis date/time": "3/25/2022 11:14", "Dilution": "1"}

    async def script(counter: CellCounter, plant: Plant, _clock: SimulatedClock) -> None:
        plant.hand("counter", "drop", name="r.csv", text=wire.write([fields], wire.NEEDED))
        result = (await counter.result(sample="S-1")).results[0]
        assert result.error == "the instrument wrote ERROR in Cell count, Viable cells"
        assert (result.total, result.viable, result.viability, result.cells_counted) == (None, None, None, None)

    at_bench(script)


def test_dilution_is_in_the_reported_concentration_already() -> None:
    """The fake counts fewer cells and reports the same tube."""

    async def script(counter: CellCounter, plant: Plant, _clock: SimulatedClock) -> None:
        plant.hand("counter", "count", sample="S-1", after=0, dilution=10, total=2.0e7, viability=90.0)
        result = (await counter.result(sample="S-1")).results[0]
        assert result.dilution == 10.0
        assert float(result.total or 0) == pytest.approx(2.0e7, rel=0.06)

    at_bench(script)


def test_counts_scatter_by_seed_and_sample_as_poisson_does() -> None:
    """Forty counts of one tube scatter by one over the root of the cells counted."""
    fake = FakeViCellBlu(7, lambda _sample, _now: (2.0e6, 90.0))
    for number in range(40):
        fake.hand("count", {"sample": f"S-{number}", "after": 0}, START)
    cells = [float(wire.read(data)[0].cells or 0) for data in fake.files(START).values()]
    mean = sum(cells) / len(cells)
    spread = (sum((cell - mean) ** 2 for cell in cells) / (len(cells) - 1)) ** 0.5
    assert spread / mean == pytest.approx(mean**-0.5, rel=0.35)


def test_counting_a_tube_that_is_not_there_fails() -> None:
    """The world has no such sample."""
    with pytest.raises(FailedError, match="no tube of sample 'S-9'"):
        FakeViCellBlu(1).hand("count", {"sample": "S-9"}, START)


def test_a_settling_time_that_is_none_is_refused() -> None:
    """The message says what is needed."""

    async def main(clock: SimulatedClock) -> None:
        link = Link(Plant(clock, PlantLog(None), Faults()).connect("counter"))
        with pytest.raises(InputError, match="settle is 'soon'"):
            FACTORY.build(link, {"settle": "soon"}, control=False)

    run_simulated(main, start=START)

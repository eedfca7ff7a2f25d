"""A folder of FCS files: one sample is found, gated, and told apart from what can't be trusted; units %."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from automation.formulas.gating import Compensation, Verdict
from instruments.drivers.fcs.driver import FACTORY
from instruments.interfaces.flow_cytometer import FlowCytometer
from instruments.transport.ports import open_link
from tests.support.gating import DATA, strategy

IN_TUBE = {"settle": "0.001", "sample": "TUBE NAME"}

pytestmark = pytest.mark.requirement("F038", "F162")


def watch(
    folder: Path, script: Callable[[FlowCytometer], Awaitable[None]], settings: Mapping[str, str] = IN_TUBE
) -> None:
    """Run a script with a cytometer whose folder is watched."""

    async def main() -> None:
        link = open_link(f"folder:{folder}", name="cytometer")
        await link.open()
        try:
            await script(cast("FlowCytometer", FACTORY.build(link, settings, control=False)))
        finally:
            await link.close()

    asyncio.run(main())


def put(folder: Path, name: str, *, as_: str = "") -> None:
    """Copy a real file into the folder."""
    (folder / (as_ or name)).write_bytes((DATA / name).read_bytes())


def test_a_sample_is_found_by_the_keyword_of_the_site_and_gated(tmp_path: Path) -> None:
    """The share, its interval, the cytometer and what is odd about the file."""
    put(tmp_path, "100715-part.fcs")

    async def script(cytometer: FlowCytometer) -> None:
        report = await cytometer.populations(sample="Tube_025", strategy=strategy("aria.yaml"))
        [result] = report.results
        [t_cells] = report.of("CD3+")
        assert (result.events, result.cytometer, result.error) == (4000, "Main Aria (FACSAria)", "")
        assert (t_cells.count, t_cells.of, t_cells.verdict) == (1257, 2956, Verdict.EVALUABLE)
        assert float(t_cells.low or 0) < float(t_cells.share or 0) < float(t_cells.high or 0)
        assert (report.files[0].data, report.conflict) == (b"", "")

    watch(tmp_path, script)


def test_a_file_that_does_not_fit_the_strategy_is_a_result_with_an_error(tmp_path: Path) -> None:
    """It is the sample's file, and no share is made of it."""
    put(tmp_path, "data1.fcs")
    plan = replace(strategy("calibur.yaml"), compensation=Compensation.FROM_FILE)

    async def script(cytometer: FlowCytometer) -> None:
        report = await cytometer.populations(sample="Default Patient ID", strategy=plan)
        [result] = report.results
        assert result.error == "the file has no spill matrix, and the strategy compensates by it"
        assert result.populations == ()

    watch(tmp_path, script, {**IN_TUBE, "sample": "SAMPLE ID"})


def test_events_that_were_taken_for_text_have_no_populations(tmp_path: Path) -> None:
    """The file is found and named, and nothing of it is evaluated."""
    put(tmp_path, "data_start_offset_discrepancy_example.fcs")

    async def script(cytometer: FlowCytometer) -> None:
        report = await cytometer.populations(sample="xxxxxxxx xxxxx", strategy=strategy("lsr.yaml"))
        assert "taken the events for text" in report.results[0].error
        assert report.results[0].populations == ()

    watch(tmp_path, script, {**IN_TUBE, "sample": "TUBE_NAME"})


def test_a_file_without_the_keyword_of_the_sample_and_a_cut_one_are_told(tmp_path: Path) -> None:
    """Nobody can tell whose they are; neither hides the other files."""
    put(tmp_path, "data1.fcs")
    (tmp_path / "cut.fcs").write_bytes((DATA / "100715-part.fcs").read_bytes()[:200_000])
    put(tmp_path, "test_comp_example.fcs")

    async def script(cytometer: FlowCytometer) -> None:
        report = await cytometer.populations(sample="IL10", strategy=strategy("lsr.yaml"))
        assert len(report.results) == 1
        assert report.unread == (
            "cut.fcs: the file has 200000 bytes and its events end at 261120: it was cut",
            "data1.fcs: keyword TUBE NAME is missing: nobody can tell whose sample it is",
        )

    watch(tmp_path, script)


def test_two_files_of_one_sample_are_both_gated_and_in_conflict(tmp_path: Path) -> None:
    """The same bytes under two names are one; other bytes are a person's decision."""
    put(tmp_path, "test_comp_example.fcs")
    put(tmp_path, "test_comp_example.fcs", as_="copy.fcs")
    (tmp_path / "more.fcs").write_bytes((DATA / "test_comp_example.fcs").read_bytes() + b"\0")

    async def script(cytometer: FlowCytometer) -> None:
        report = await cytometer.populations(sample="IL10", strategy=strategy("lsr.yaml"))
        assert [file.names for file in report.files] == [("copy.fcs", "test_comp_example.fcs"), ("more.fcs",)]
        assert report.conflict.startswith("sample 'IL10' stands in 2 files with different bytes")

    watch(tmp_path, script)

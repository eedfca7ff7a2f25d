"""What the Vi-CELL BLU's server tells, by the maker's own model and test data; units cells/mL and %."""

import json

import pytest

from automation.kernel.errors import WireError
from instruments.drivers.vicell_blu_opcua import wire

pytestmark = pytest.mark.requirement("F029", "F163", "C06")

# Figures of the maker's own test data (SampleEswDomainToSampleResultTests: yeast, 100 images).
YEAST = {
    "SampleDataUuid": "91e45d23-9780-4f8c-a237-a0e18f239e2a",
    "SampleId": "SampleJson",
    "Status": 6,
    "CellCount": 588,
    "ViableCells": 0,
    "TotalCellsPerMilliliter": 216384.0,
    "ViableCellsPerMilliliter": 0.0,
    "ViabilityPercent": 0.0,
    "AverageDiameter": 10.19,
    "CellType": "Yeast",
    "AnalysisDateTime": "2021-04-08T12:19:54",
    "ReanalysisDateTime": "0001-01-01T00:00:00",
    "AnalysisBy": "Vi-CELL",
    "Dilution": 1,
    "Tag": "TestJson",
    "QcStatus": 2,
    "Position": {"Row": "A", "Column": 1},
}


def told(*results: dict[str, object], **said: object) -> wire.Results:
    """Give what the server tells."""
    body = {"MethodResult": 1, "ErrorLevel": 0, "ResponseDescription": "", "SampleResults": list(results), **said}
    return wire.results(json.dumps(body))


def changed(**fields: object) -> dict[str, object]:
    """Give the maker's result with some fields changed."""
    return {**YEAST, **fields}


def test_the_figures_are_those_of_the_maker_s_test() -> None:
    """Concentrations are cells/mL here, not millions as in the files; the time is that of the instrument's clock."""
    [row] = wire.rows(told(YEAST), "SampleJson")
    assert [row.cells, row.viable_cells, row.total, row.viability] == [588, 0, 216384.0, 0.0]
    assert (row.analysed, row.analysed_local, row.method) == ("2021-04-08T12:19:54", "2021-04-08T12:19:54", "Yeast")


def test_a_reanalysis_says_so_and_when() -> None:
    """Its time is that of the figures."""
    [row] = wire.rows(told(changed(ReanalysisDateTime="2021-04-09T08:00:00")), "SampleJson")
    assert (row.analysed, row.flags) == ("2021-04-09T08:00:00", ("analysed again",))


@pytest.mark.parametrize("status", range(6))
def test_a_sample_that_is_still_being_run_has_no_result(status: int) -> None:
    """From not processed to acquired."""
    assert not list(wire.rows(told(changed(Status=status)), "SampleJson"))


@pytest.mark.parametrize(("status", "said"), [(7, "by a person"), (8, "by an error"), (9, "unknown state 9")])
def test_a_sample_that_was_skipped_has_no_figures(status: int, said: str) -> None:
    """Whatever else stands in its fields."""
    [row] = wire.rows(told(changed(Status=status)), "SampleJson")
    assert said in row.error
    assert (row.total, row.viable, row.viability, row.cells) == (None, None, None, None)


def test_other_samples_of_the_set_are_seen_and_not_told() -> None:
    """A search by name gives whole sample sets; one name may contain another."""
    found = told(YEAST, changed(SampleId="SampleJson2"))
    assert wire.others(found, "SampleJson")
    assert len(list(wire.rows(found, "SampleJson"))) == 1


@pytest.mark.requirement("F029", refuses=True)
@pytest.mark.parametrize(
    "fields",
    [
        {"ViableCells": 600},
        {"ViabilityPercent": 101.0},
        {"ViabilityPercent": 5.0},
        {"ViableCellsPerMilliliter": 300000.0},
        {"ViableCellsPerMilliliter": 9000.0},
        {"TotalCellsPerMilliliter": -1.0},
        {"Dilution": 0},
        {"AverageDiameter": -2.0},
    ],
    ids=str,
)
def test_figures_that_can_not_belong_together_are_refused(fields: dict[str, object]) -> None:
    """Result and sample are named, with every figure."""
    with pytest.raises(WireError, match="result 91e45d23 of sample 'SampleJson' has"):
        list(wire.rows(told(changed(**fields)), "SampleJson"))


def test_more_cells_than_the_server_can_count_are_refused() -> None:
    """A number of hundreds of digits is no UInt32."""
    with pytest.raises(WireError, match="Vi-CELL BLU said"):
        told(changed(CellCount=10**300))


@pytest.mark.parametrize("text", ["", "null", "{}", '{"MethodResult":"Success"}', "[1]", None])
def test_what_is_no_structure_is_refused(text: str | None) -> None:
    """It is told as it came."""
    with pytest.raises(WireError, match="Vi-CELL BLU said"):
        wire.results(text)

"""``cellwright read FILE --gates STRATEGY``: shares of populations without any site; units %."""

from pathlib import Path
from typing import cast

import pytest

from tests.support.commands import Said, cellwright

DATA = Path(__file__).parents[2] / "data" / "flow"

pytestmark = pytest.mark.requirement("F038", "F162")


def test_populations_of_a_file_are_given_with_their_intervals() -> None:
    """Count, share and verdict of every gate, as numbers for a script."""
    said = cellwright("read", DATA / "100715-part.fcs", "--gates", DATA / "aria.yaml", "--json")
    rows = {row["name"]: row for row in cast("list[dict[str, object]]", said.data["rows"])}
    assert (said.status, said.data["kind"]) == (0, "populations")
    assert (rows["CD3+"]["count"], rows["CD3+"]["of"], rows["CD3+"]["verdict"]) == (1257, 2956, "evaluable")
    assert cast("dict[str, str]", said.data["units"])["share"] == "%"


def test_a_strategy_that_makes_no_sense_is_refused_where_it_stands(tmp_path: Path) -> None:
    """File, line and column of the strategy."""
    plan = tmp_path / "plan.yaml"
    plan.write_text((DATA / "aria.yaml").read_text().replace("within: live", "within: alive"))
    assert_refused(cellwright("read", DATA / "100715-part.fcs", "--gates", plan), names="'alive', unknown above")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("data_start_offset_discrepancy_example.fcs", "taken the events for text"),
        ("data1.fcs", "channel is 'V450-A'; the file has FSC-H"),
        ("calibur.yaml", "does not begin with FCS2.0"),
    ],
)
def test_a_file_that_does_not_fit_has_no_populations(name: str, why: str) -> None:
    """One clear error, and no share."""
    assert_refused(cellwright("read", DATA / name, "--gates", DATA / "aria.yaml"), names=why)


def assert_refused(said: Said, *, names: str) -> None:
    """The input is wrong: status 2, one paragraph that names what is wrong, and nothing on the output."""
    assert (said.status, said.out) == (2, "")
    assert names in said.err
    assert "Traceback" not in said.err

"""``judge transport``: a logger's file from a transport, where a gap is never in range."""

from pathlib import Path
from typing import cast

import pytest

from tests.support.commands import cellwright

COLD = ("--low", "2 degC", "--high", "8 degC", "--gap", "10 min")


def logged(folder: Path, *temperatures: float) -> Path:
    """Write a logger's file with a reading every 300 s."""
    rows = "".join(f"{300 * n},{one}\n" for n, one in enumerate(temperatures))
    path = folder / "logger.csv"
    path.write_text(f"time [s],sample [degC]\n{rows}")
    return path


@pytest.mark.requirement("F023", "F051", "F123", "F132")
@pytest.mark.requirement("F023", "F051", "F123", refuses=True)
def test_a_transport_in_range_is_good_and_what_nobody_read_is_not(tmp_path: Path) -> None:
    """Four good readings are in range; when the transport lasted an hour more than the logger, that is not known."""
    path = logged(tmp_path, 5.0, 5.2, 4.9, 5.1)
    said = cellwright("judge", "transport", path, *COLD, "--json")
    assert (said.status, said.data["verdict"], said.data["within_s"]) == (0, "in range", 900.0)
    said = cellwright("judge", "transport", path, *COLD, "--lasts", "75 min", "--json")
    assert (said.status, said.data["verdict"], said.data["unknown_s"]) == (1, "not evaluable", 3600.0)


@pytest.mark.requirement("F051", "F123")
def test_a_transport_out_of_range_says_when_and_how_far(tmp_path: Path) -> None:
    """Also as a table for people; a limit without its unit is refused by name."""
    path = logged(tmp_path, 5.0, 9.5, 5.0)
    said = cellwright("judge", "transport", path, *COLD, "--json")
    [part] = cast("list[dict[str, object]]", said.data["parts"])
    assert (said.status, part["kind"], part["extreme_c"]) == (1, "above", 9.5)
    assert "OUT OF RANGE" in cellwright("judge", "transport", path, *COLD).out
    wrong = cellwright("judge", "transport", path, "--low", "2", "--high", "8 degC")
    assert (wrong.status, "--low" in wrong.err) == (2, True)

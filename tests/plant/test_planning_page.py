"""The page docs/planning.md, run word for word at the command line; what the page shows is what comes out."""

import re
from pathlib import Path
from typing import cast

import icalendar
import pytest

from automation.ledger.read import Reader
from tests.support.commands import cellwright
from tests.support.pages import DOCS, Told, told


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Told, ...]]:
    """Run the page in a folder with a site that states the capacities of the page."""
    folder = tmp_path_factory.mktemp("planning")
    site = folder / "site"
    assert cellwright("init", site, "--simulated").status == 0
    stated = re.findall(r"```yaml\n(.*?)```", (DOCS / "planning.md").read_text(encoding="utf-8"), re.DOTALL)
    with (site / "site.yaml").open("a", encoding="utf-8") as file:
        file.write("\n" + "\n".join(stated))
    return folder / "site", told("planning.md", folder)


@pytest.mark.requirement("F053.2", "F112.2", "F138.2", "F176.2", "F177.2")
@pytest.mark.requirement("F053.2", "F138.2", "F177.2", refuses=True)
def test_every_command_of_the_page_about_planning_does_what_it_shows(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Refused where the page says so, with these words; else done."""
    assert [(one.words, one.said.err) for one in page[1] if (one.said.status != 0) is not one.refused] == []
    assert [(one.words, one.missing) for one in page[1] if one.missing] == []


@pytest.mark.requirement("F112.2", "F176.2")
def test_the_calendar_of_the_board_holds_every_milestone_to_come(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Eight of each of two orders, read back by another's library."""
    entries = icalendar.Calendar.from_ical((page[0].parent / "board.ics").read_bytes()).walk("VEVENT")
    assert len({entry["UID"] for entry in entries}) == len(entries) == 16


@pytest.mark.requirement("F177.2")
@pytest.mark.requirement("F177.2", refuses=True)
def test_what_would_be_if_moves_all_that_depends_on_it_and_changes_nothing(page: tuple[Path, tuple[Told, ...]]) -> None:
    """A step that is two hours late takes the patient's date with it; the ledger has not one event more."""
    plan = page[0].parent / "freeze-day.json"
    with Reader(page[0]) as reader:
        before = reader.last.seq
    words = ("board", "--plan", plan, "--site", page[0], "--json")
    was, now = (cellwright(*words, *late).data for late in ((), ("--delay", "ORD-1/freeze=2h")))
    shifted = [after - ahead for ahead, after in zip(slacks(was, "ORD-1"), slacks(now, "ORD-1"), strict=True)]
    assert shifted == pytest.approx([-7200.0] * len(shifted))
    assert slacks(was, "ORD-2") == slacks(now, "ORD-2")
    assert cellwright(*words, "--delay", "ORD-1/wash=2h").status == 2
    assert cellwright(*words, "--without", "crf-99").status == 2
    with Reader(page[0]) as reader:
        assert reader.last.seq == before


def slacks(data: dict[str, object], name: str) -> list[float]:
    """Give how much each milestone of a row has to spare (s)."""
    lines = cast("list[dict[str, object]]", data["lines"])
    row = next(one for one in lines if one["id"] == name)
    return [cast("float", one["slack_s"]) for one in cast("list[dict[str, object]]", row["milestones"])]

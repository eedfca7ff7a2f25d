"""``rehearse``: when people are needed for a recipe that begins at a moment."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple, cast
from zoneinfo import ZoneInfo

import icalendar
import pytest

from automation.kernel.quantity import Instant
from automation.surfaces.documents.ical import Entry, ical
from automation.views.rehearsal import Shift
from tests.support.commands import Said, cellwright, simulated_site

START = "2026-12-04 08:00 Europe/Berlin"  # a Friday
BERLIN = ZoneInfo("Europe/Berlin")


class Rehearsed(NamedTuple):
    """What was printed, and the calendar file."""

    said: Said
    file: bytes

    @property
    def lines(self) -> list[dict[str, object]]:
        """Give blocks and waits."""
        return cast("list[dict[str, object]]", self.said.data["lines"])


@pytest.fixture(scope="module")
def culture(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """Nine days of a CAR-T process from a Friday."""
    path = tmp_path_factory.mktemp("rehearsed") / "car-t.ics"
    said = cellwright("rehearse", "car-t", "--start", START, "--ics", path, "--json")
    assert said.status == 0, said.err
    return Rehearsed(said, path.read_bytes())


def rehearsed(*words: object) -> Said:
    """Rehearse the day of freezing."""
    return cellwright("rehearse", "freeze-day", *words)


@pytest.mark.requirement("F112.1")
def test_it_begins_when_asked_and_says_who_where_and_with_which_kits(culture: Rehearsed) -> None:
    """The first block is the receipt, at 8 in the morning; each kit stands with its step."""
    first = culture.lines[0]
    assert (first["step"], first["begin"]) == ("receive", "2026-12-04T08:00:00.000+01:00")
    assert (first["people"], first["rooms"], first["marks"]) == (["anna", "ben"], ["Suite 1"], [])
    kits = {str(line["step"]): line["kits"] for line in culture.lines if line.get("kits")}
    assert kits["transduce"] == ["vector 10 mL"]
    assert (culture.said.data["simulated"], culture.said.data["state"]) == (True, "complete")


def test_steps_that_wait_for_time_are_waits_and_need_nobody(culture: Rehearsed) -> None:
    """A day of activation, two days of growth; a wait ends where work begins."""
    waits = [line for line in culture.lines if line["kind"] == "wait"]
    assert [(line["step"], round(cast("float", line["takes_s"]) / 3600)) for line in waits[:2]] == [
        ("first-day", 24),
        ("expand", 48),
    ]
    begins = {line["begin"] for line in culture.lines if line["kind"] == "work"}
    assert all(line["end"] in begins for line in waits)


def test_weekends_are_marked_by_the_calendar_of_the_site(culture: Rehearsed) -> None:
    """Saturday and Sunday, and no other day."""
    for line in culture.lines:
        if line["kind"] == "work":
            weekend = datetime.fromisoformat(str(line["begin"])).astimezone(BERLIN).weekday() >= 5
            assert ("weekend" in words(line["marks"])) is weekend


@pytest.mark.requirement("F112.1")
def test_what_a_time_limit_bounds_has_its_earliest_and_latest_begin(culture: Rehearsed) -> None:
    """Transduction begins 18 to 36 h after activation, less what comes before its end."""
    block = next(line for line in culture.lines if line["step"] == "transduce")
    limit = next(one for one in limits(culture) if one["name"] == "activation to transduction")
    lead = moment(limit["ended"]) - moment(block["begin"])
    near = timedelta(milliseconds=2)
    assert abs(moment(block["not_before"]) - (moment(limit["started"]) + timedelta(hours=18) - lead)) < near
    assert abs(moment(block["not_after"]) - (moment(limit["started"]) + timedelta(hours=36) - lead)) < near


def test_the_calendar_file_reads_back_with_one_entry_for_each_block(culture: Rehearsed) -> None:
    """Read by another's library: moments, place, texts with commas, lines of at most 75 octets."""
    entries = icalendar.Calendar.from_ical(culture.file).walk("VEVENT")
    work = [line for line in culture.lines if line["kind"] == "work"]
    assert len({entry["UID"] for entry in entries}) == len(entries) == len(work)
    for entry, line in zip(entries, work, strict=True):
        assert entry.decoded("DTSTART") == moment(line["begin"]).astimezone(UTC).replace(microsecond=0)
        assert str(entry["SUMMARY"]) == f"car-t: {line['title']}"
        assert str(entry["DESCRIPTION"]).startswith(f"SIMULATED rehearsal\nPeople: {', '.join(words(line['people']))}")
        assert str(entry["DESCRIPTION"]).endswith("\n".join(words(line["tasks"])))
    assert max(len(line) for line in culture.file.split(b"\r\n")) <= 75


def test_marks_of_the_format_inside_a_text_come_back_as_they_were() -> None:
    """Backslash, semicolon, comma, line ends, and characters of several octets across a fold."""
    text = "Bags; tubes, C:\\n \N{GREEK SMALL LETTER MU}L " + "\N{GREEK SMALL LETTER MU}" * 99 + "\nsecond line"
    made = ical([Entry(key="1", title=text, begin=Instant(0), end=Instant(60))], name=text, made=Instant(0))
    read = icalendar.Calendar.from_ical(made)
    assert str(read.walk("VEVENT")[0]["SUMMARY"]) == text


def test_work_outside_the_shift_is_night(tmp_path: Path) -> None:
    """Nine in the evening is night, a Monday is no weekend. A folder's own site is left as it was."""
    site = simulated_site(tmp_path / "a")
    said = rehearsed("--start", "2026-12-07 21:00", "--site", site)
    blocks = [line for line in said.out.splitlines() if line.startswith(("Mon ", "Tue ")) and "(waits" not in line]
    assert said.status == 0
    assert blocks
    assert all(" night" in line for line in blocks)
    assert [path.name for path in site.iterdir()] == ["site.yaml"]


def test_an_exposure_bounds_the_work_of_the_step_that_ends_it(culture: Rehearsed) -> None:
    """The recipe states the contact with cryoprotectant in one step, and freezing ends it in another."""
    limit = next(one for one in limits(culture) if one["name"] == "exposure before freezing")
    begins = [line for line in culture.lines if (line["kind"], line["step"]) == ("work", "freeze")]
    lead = moment(limit["ended"]) - moment(begins[0]["begin"])
    late = moment(begins[0]["not_after"]) - (moment(limit["due"]) - lead)
    assert (limit["step"], abs(late) < timedelta(milliseconds=2)) == ("freeze", True)


@pytest.mark.parametrize(
    ("hours", "begin", "end", "within"),
    [
        ((7, 19), "2026-12-07T07:00", "2026-12-07T19:00", True),
        ((7, 19), "2026-12-07T18:50", "2026-12-07T19:01", False),
        ((7, 19), "2026-12-07T08:00", "2026-12-08T08:00", False),
        ((22, 6), "2026-12-07T23:00", "2026-12-08T05:00", True),
        ((22, 6), "2026-12-08T05:00", "2026-12-08T06:30", False),
    ],
)
def test_a_shift_holds_what_lies_between_its_ends(hours: tuple[int, int], begin: str, end: str, within: bool) -> None:  # noqa: FBT001  a column
    """Also one across midnight; work that goes through a whole night lies in no shift."""
    first, last = (datetime.fromisoformat(text).replace(tzinfo=BERLIN) for text in (begin, end))
    assert Shift(time(hours[0]), time(hours[1])).holds(first, last) is within


@pytest.mark.requirement("F112.1", refuses=True)
@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--start", "tomorrow"), "write for example"),
        (("--start", "2026-12-04 08:00 Europe/Nowhere"), "no such day, time or zone"),
        (("--start", "2026-02-30 08:00"), "no such day, time or zone"),
        (("--start", "2026-03-29 02:30 Europe/Berlin"), "add an offset"),
        (("--start", "2026-10-25 02:30 Europe/Berlin"), "add an offset"),
        (("--start", START, "--hours", "7 to 19"), "07:00-19:00"),
        (("--start", START, "--set", "freeze.evry=5 s"), "did you mean 'every'"),
        (("--start", START, "--site", "nowhere"), "nowhere"),
    ],
)
def test_bad_input_is_one_clear_error(more: tuple[str, ...], why: str) -> None:
    """Exit status 2, nothing printed."""
    said = rehearsed(*more)
    assert (said.status, said.out, why in said.err) == (2, "", True)


def limits(culture: Rehearsed) -> list[dict[str, object]]:
    """Give the time limits."""
    return cast("list[dict[str, object]]", culture.said.data["limits"])


def moment(text: object) -> datetime:
    """Read a moment."""
    return datetime.fromisoformat(str(text))


def words(found: object) -> list[str]:
    """Give a list of texts."""
    return cast("list[str]", found)

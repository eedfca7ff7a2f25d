"""``cellwright demo``: one patient's story, played once for all tests here, and what it leaves behind."""

import re
from pathlib import Path
from typing import cast

import pytest

from automation.gmp.product.labels import Label
from automation.gmp.quality.deviations import Deviation
from automation.kernel.errors import FailedError, InputError
from automation.ledger.read import Reader
from automation.opener import House, packaged
from automation.surfaces.cli.playing import Player, Told, lines
from automation.surfaces.cli.port import Opening
from automation.surfaces.cli.story import FILE, Story, story
from automation.views.objects import Objects
from tests.support.commands import Said, cellwright

STATEMENTS = {"FOR AUTOLOGOUS USE ONLY", "NOT EVALUATED FOR INFECTIOUS SUBSTANCES", "FOR CLINICAL TRIAL USE ONLY"}
SHORT = """
title: an order
batch: B-1
recipes: []
parts:
  - part: Order
    acts:
      - wait: 90 min
        tell: "{finn} orders, {eva} and {finn} look on."
        do: |
          do order ORD-1 place --identity CHA999926GT0017 --subject SUBJ-1 --product "T cells" --profile eu --needed-by 2026-03-15T08:00 --instructions C@1 --volume "at least 1 mL" --tnc "at least 1 cells" --cd3 "at least 1 cells" --as finn
          show order ORD-1
        shown: ["^order ORD-1: (.*)$"]
      - tell: "{eva} wants to confirm."
        do: do order ORD-1 confirm --as eva
        refused: WORDS
"""  # noqa: E501  a command is one line


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that an earlier demo has left."""
    there = tmp_path_factory.mktemp("demo") / "demo"
    there.mkdir()
    (there / ".cellwright-demo").touch()
    (there / "old.txt").touch()
    return there


@pytest.fixture(scope="module")
def demo(folder: Path) -> Said:
    """The demo, once."""
    return cellwright("demo", "--site", folder, "--json")


@pytest.fixture(scope="module")
def site(demo: Said) -> dict[str, object]:
    """What the demo says of its site."""
    assert demo.status == 0, demo.err
    [one] = cast("list[dict[str, object]]", demo.data["sites"])
    return one


@pytest.fixture(scope="module")
def objects(site: dict[str, object]) -> Objects:
    """How everything stands at the end."""
    with Reader(Path(str(site["folder"]))) as reader:
        return Objects(reader)


def acts(site: dict[str, object]) -> list[dict[str, object]]:
    """Give what was told, act by act."""
    return cast("list[dict[str, object]]", site["story"])


def shown(site: dict[str, object], part: str) -> list[str]:
    """Give what was shown in a part."""
    return [line for one in acts(site) if one["part"] == part for line in cast("list[str]", one["shown"])]


@pytest.mark.requirement("F009", "F010", "F020", "F053", "F129", "F164", "C01.1")
def test_the_story_ends_with_the_patient_treated_and_all_of_it_in_order(
    site: dict[str, object], objects: Objects
) -> None:
    """From the order to the infusion; only the CAPA's work is still to be done."""
    ends = {"order/ORD-17": "fulfilled", "batch/B-17": "closed", "release/B-17": "released", "infusion/INF-17": "given"}
    assert {name: str(objects.find(*name.split("/")).state) for name in ends} == ends
    assert (site["intact"], site["state"]) == (True, "closed")
    assert "no exception open; reviewed by dora" in str(site["verdict"])


@pytest.mark.requirement("F060", "F106", refuses=True)
def test_whatever_the_story_shows_as_refused_is_on_the_record(site: dict[str, object]) -> None:
    """Nine acts of nine kinds, each by somebody known; another patient's wristband stands nowhere in the ledger."""
    refused = [line for one in acts(site) for line in cast("list[str]", one["shown"]) if line.startswith("refused: ")]
    with Reader(Path(str(site["folder"]))) as reader:
        events = list(reader.events())
    assert sum(event.stream.startswith("refusals/") for event in events) == len(refused) == 9
    assert [event.seq for event in events if b"CHA999926GT0018" in event.body] == []


@pytest.mark.requirement("F073")
def test_the_deviation_arises_in_the_run_and_is_handled_by_people_who_are_not_each_other(objects: Objects) -> None:
    """The step opened it by its rule; who concluded did not close, who made the lot did not release it."""
    deviation = objects.find("deviation", "B-17-D01")
    assert isinstance(deviation, Deviation)
    opened, *_, closed = [event for event in objects.streams["deviation/B-17-D01"] if event.kind in {"open", "close"}]
    concluded = next(event for event in objects.streams["deviation/B-17-D01"] if event.kind == "conclude")
    assert (opened.by, concluded.by, closed.by) == ("system:runner", "dora", "hugo")
    assert deviation.state == "closed"


@pytest.mark.requirement("F010")
def test_what_stands_in_the_way_of_the_release_is_shown_and_is_empty_in_the_end(site: dict[str, object]) -> None:
    """Five lines, each read off a record; the QA hold of the bag that all was made of is one of them."""
    listed = [line for line in shown(site, "What stands in the way of release") if line.startswith("in the way: ")]
    wanted = ("is not reviewed", "HARV-0301, of which B-17 was made, is on QA hold", "T-1", "T-2", "B-17-D01 is open")
    assert [word for word, line in zip(wanted, listed, strict=True) if word not in line] == []
    assert "nothing stands in the way" in shown(site, "Tests and release")


@pytest.mark.requirement("F061", "F064")
def test_the_labels_that_the_run_printed_say_what_the_release_demands(objects: Objects) -> None:
    """Each statement is a mark of its own, on a line of its own."""
    label = objects.find("label", "B-17-01-L1")
    assert isinstance(label, Label)
    assert set(label.marks) == {*STATEMENTS, "SIMULATED"}


@pytest.mark.requirement("F147", "F167")
def test_the_recall_question_says_what_a_lot_touched_and_where_everything_is_now(site: dict[str, object]) -> None:
    """One bag went into the patient, the other and the vials stand in the store."""
    answer = " ".join(shown(site, "The recall question"))
    assert "batch/B-17 closed order/ORD-17 fulfilled patient SUBJ-017 B-17-01 handed over shipment SH-17" in answer
    assert "INF-17 given 19.5 mL; B-17-02 stored LN2-1/R3/B2/08; B-17-V1 stored LN2-1/R3/B2/09" in answer
    assert re.search(r"answered in \d+ ms HO-3 site-a to carrier-1; HO-4 carrier-1 to ward-4 .*CRYO-2203; ", answer)


def test_the_demo_replaces_its_own_folder_and_leaves_files_to_go_on_with(site: dict[str, object], folder: Path) -> None:
    """Record, plots, certificate and the story itself are where it says; what an earlier demo left is gone."""
    assert all(Path(path).exists() for path in cast("dict[str, str]", site["record"]).values())
    assert len(cast("list[str]", site["plots"])) == 3
    left = {path.name for path in folder.iterdir()}
    assert {"certificate.json", "certificate.pdf", FILE, "final-day-clinical.yaml"} <= left
    assert "old.txt" not in left


def test_a_story_is_for_the_site_that_has_its_people(tmp_path: Path) -> None:
    """Asked for at site b it is refused, before any folder is made."""
    (tmp_path / "mine.yaml").write_text(SHORT)
    said = cellwright("demo", "--site", tmp_path / "demo", "--which", "b", "--story", tmp_path / "mine.yaml")
    assert (said.status, "is played at site a" in said.err) == (2, True)
    assert not (tmp_path / "demo").exists()


def test_a_site_without_a_story_runs_the_main_job_alone(tmp_path: Path) -> None:
    """At site b people wash and freeze; record and plots are made all the same."""
    said = cellwright("demo", "--site", tmp_path / "demo", "--which", "b", "--seed", "7", "--json")
    assert said.status == 0, said.err
    [one] = cast("list[dict[str, object]]", said.data["sites"])
    assert (one["batch"], one["state"], one["story"]) == ("B-001", "closed", [])
    assert all(Path(path).exists() for path in cast("dict[str, str]", one["record"]).values())


def test_the_demo_leaves_a_folder_of_somebody_else_alone(tmp_path: Path) -> None:
    """It says so before it does anything."""
    (tmp_path / "thesis.txt").write_text("years of work")
    assert cellwright("demo", "--site", tmp_path).status == 2
    assert (tmp_path / "thesis.txt").exists()


def played(folder: Path, told: Story) -> list[Told]:
    """Play a story at a new site."""
    House().found(folder, packaged("a"))
    with House().staying(Opening()) as house:
        return list(Player(house, folder, house.site(folder), told).play())


def test_a_story_of_ones_own_is_told_in_lines_with_times_names_and_refusals(tmp_path: Path) -> None:
    """Roles stand beside a name once; a pattern's group is what is shown."""
    told = story(SHORT.replace("WORDS", "nobody has acknowledged").encode(), name="mine.yaml")
    first, second = played(tmp_path / "site", told)
    assert lines(first, at=first.at) == [
        "05 Jan 09:30  Finn Maas (clinic) orders, Eva Roth (coordinator) and Finn Maas look on.",
        "                placed",
    ]
    assert lines(second, at="")[0] == "              Eva Roth wants to confirm."
    assert second.shown == ("refused: order ORD-1 can't be confirmed: nobody has acknowledged C@1",)


def test_a_story_that_does_not_go_as_it_is_told_ends_there_and_says_where(tmp_path: Path) -> None:
    """The house's own words are given; nothing is told that did not happen."""
    with pytest.raises(FailedError, match=r"mine\.yaml:14:9: 'do order ORD-1 confirm --as eva': .*nobody has ack"):
        played(tmp_path / "site", story(SHORT.replace("WORDS", "somebody else").encode(), name="mine.yaml"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tell:", "tel:", r"unknown key 'tel'.*"),
        ('shown: ["^', 'shown: ["(^', "is no pattern"),
        ("90 min", "90 parsec", "wait"),
        ("90 min", "-90 min", "are possible"),
        ("recipes: []", "recipes: [../../mine.yaml]", "name of a file beside the story"),
        ("confirm --as eva", "confirm 'eva", "is no command"),
    ],
)
def test_a_story_that_can_not_be_read_is_refused_with_its_line(old: str, new: str, said: str) -> None:
    """Before any folder is made."""
    with pytest.raises(InputError, match=rf"mine\.yaml:\d+:\d+.*{said}|{said}.*mine\.yaml:\d+:\d+"):
        story(SHORT.replace(old, new, 1).encode(), name="mine.yaml")

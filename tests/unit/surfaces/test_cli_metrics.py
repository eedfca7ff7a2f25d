"""``query``, ``metrics`` and ``contrast`` at the command line; docs/metrics.md is run word for word."""

import csv
import io
from pathlib import Path
from typing import cast

import pytest

from automation.ledger.read import Reader
from tests.support.commands import cellwright
from tests.support.history import BATCHES, history, viability
from tests.support.pages import Told, told


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Told, ...]]:
    """Run the page in a folder with a site of thirty batches."""
    folder = tmp_path_factory.mktemp("metrics")
    history(folder / "site")
    return folder, told("metrics.md", folder)


@pytest.mark.requirement("F003", "F133", "F134", "F136", "F137.1", "F138.1", "F144", "F146")
def test_every_command_of_the_page_does_what_the_page_shows(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Refused where the page says so, with these words; else done."""
    assert len(page[1]) > 10
    for one in page[1]:
        assert (one.said.status != 0, one.words) == (one.refused, one.words), one.said.err
        assert (one.missing, one.words) == ([], one.words)


@pytest.mark.requirement("F105", "F134", "F143", "F182")
def test_every_number_that_is_exported_cites_events_that_are_there(page: tuple[Path, tuple[Told, ...]]) -> None:
    """In JSON and in CSV, as numbers of events; the value stands in the first of them."""
    site = page[0] / "site"
    said = cellwright("metrics", "viability", "--site", site, "--json").data
    found = cast("list[dict[str, object]]", said["numbers"])
    assert (said["simulated"], len(found)) == (True, len(BATCHES))
    with Reader(site) as reader:
        bodies = {event.seq: event.body.decode() for event in reader.events()}
    for one in found:
        first = cast("list[int]", one["events"])[0]
        assert f'"viability":{viability(str(one["batch"]))}' in bodies[first]
    lines = list(csv.DictReader(io.StringIO((page[0] / "waiting.csv").read_text(encoding="utf-8"))))
    assert len(lines) == 2 * len(BATCHES)
    assert all(set(map(int, line["events"].split())) <= set(bodies) for line in lines)


@pytest.mark.requirement("F134", "F137.1")
def test_the_page_of_a_metric_has_its_charts_and_says_simulated(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Individuals and moving ranges, the capability, every number; the same numbers give the same bytes."""
    text = (page[0] / "viability.html").read_text(encoding="utf-8")
    assert (text.count('chart of count.viability" src="data:image/svg'), "SIMULATED" in text, "Cpk 1.61" in text) == (
        2,
        True,
        True,
    )
    assert all(batch in text for batch in BATCHES)


@pytest.mark.requirement("F146", refuses=True)
def test_a_frozen_data_set_that_was_changed_exits_with_no(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Who reads it again learns it, and no row is shown."""
    site = page[0] / "site"
    assert cellwright("query", "steps", "--freeze", "mine", "--site", site).status == 0
    path = site / "frozen" / "mine.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"B-07"', '"B-08"', 1), encoding="utf-8")
    said = cellwright("query", "--frozen", "mine", "--site", site)
    assert (said.status, said.out, "not those that it was frozen with" in said.err) == (1, "", True)


@pytest.mark.requirement("F003", "F133", "F136", "F144", refuses=True)
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("metrics", "speed"), "no metric 'speed'"),
        (("metrics", "viability", "--limit", "warm"), "warm"),
        (("metrics", "viability", "--limit", ">= 80 mL"), "limits are in mL"),
        (("query", "events"), "no table 'events'"),
        (("query", "steps", "--frozen", "x"), "leave the question out"),
        (("query", "--frozen", "never"), "no data set 'never'"),
        (("query", "steps", "--freeze", "../x"), "the data set is '../x'"),
        (("query", "steps", "--of", "shout(hours)"), "no measure"),
        (("contrast", "--failed", "B-99"), "'B-99' has not ended"),
    ],
)
def test_a_wrong_word_is_told_and_changes_nothing(
    page: tuple[Path, tuple[Told, ...]], words: tuple[str, ...], why: str
) -> None:
    """Exit status 2, one paragraph that names it."""
    said = cellwright(*words, "--site", page[0] / "site")
    assert (said.status, said.out, why in said.err) == (2, "", True), said.err


@pytest.mark.requirement("F180.1")
@pytest.mark.requirement("F180.1", refuses=True)
def test_components_of_variance_cite_the_events_of_their_values(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Of a frozen data set, with degrees of freedom; a group that is no field is refused."""
    asked = ("query", "--frozen", "waits-2026", "--site", page[0] / "site")
    said = cellwright(*asked, "--components", "hours by batch", "--json").data
    items = cast("list[dict[str, object]]", said["items"])
    number = cast("int", said["values"])
    assert [(one["name"], one["free"]) for one in items] == [
        ("batch", len(BATCHES) - 1),
        ("within", number - len(BATCHES)),
    ]
    assert len(cast("list[int]", said["events"])) > len(BATCHES)
    wrong = cellwright(*asked, "--components", "hours by bach")
    assert (wrong.status, "did you mean 'batch'" in wrong.err) == (2, True)

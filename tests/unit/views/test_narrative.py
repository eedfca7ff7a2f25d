"""Narratives: sentences of a fixed form, each with the event that it is from, and nothing besides."""

import re
from pathlib import Path

import pytest

from automation.kernel.errors import InputError
from automation.ledger.read import Reader
from automation.views.narrative import Narrative, narrative
from automation.views.objects import Objects
from tests.support.doors import doorway
from tests.support.thread import Thread


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site where a deviation was investigated, with its CAPA, and another was only opened."""
    place = tmp_path_factory.mktemp("narrative")
    with doorway(place) as way:
        Thread(way, "X1").through("deviation", "close")
        way.do("deviation/D2", "open", {"subject": "batch/X1", "title": "lid open"})
    return place


def told(folder: Path, name: str) -> Narrative:
    """Tell a deviation of the site."""
    with Reader(folder) as reader:
        return narrative(Objects(reader), "deviation", name=name)


@pytest.mark.requirement("F077", "F128", "F182")
def test_every_sentence_cites_its_event_and_quotes_nothing_that_is_not_in_it(folder: Path) -> None:
    """Each word in quotation marks stands in the recorded body; who and what are the event's own."""
    made = told(folder, "X1")
    with Reader(folder) as reader:
        events = {event.seq: event for event in reader.events()}
    for one in (one for part in made.parts for one in part.sentences):
        event = events[one.event]
        assert f" {event.by}: {event.kind.replace('_', ' ')}, " in one.text
        quoted = re.findall(r'"([^"]*)"', one.text)
        assert [word for word in quoted if word not in event.body.decode()] == []
    assert [part.title for part in made.parts] == ["What happened", "Before", "Evidence", "Actions"]
    assert (made.missing, "- all that is looked for is there\n" in made.text) == ((), True)


@pytest.mark.requirement("F077")
@pytest.mark.requirement("F182", refuses=True)
def test_what_is_not_on_record_is_listed_and_not_made_up(folder: Path) -> None:
    """An opened deviation has no cause, so its narrative has none."""
    made = told(folder, "D2")
    assert "Root cause" not in made.text
    assert made.missing == ("an investigation", "root cause and impact", "investigate and conclude deviation D2")


@pytest.mark.requirement("F077")
def test_numbers_are_told_with_their_unit(folder: Path) -> None:
    """A volume without its unit would be no statement."""
    with Reader(folder) as reader:
        bag = narrative(Objects(reader), "container", name=reader.names("container")[0])
    assert re.search(r"; Volume \d+ mL;", bag.text)


@pytest.mark.requirement("F077")
def test_every_recorded_event_of_the_object_is_told(folder: Path) -> None:
    """None is left out, in the order of the ledger."""
    with Reader(folder) as reader:
        own = [event.seq for event in reader.stream("deviation/X1")]
    assert [one.event for one in told(folder, "X1").parts[0].sentences] == own


@pytest.mark.requirement("F077", refuses=True)
def test_an_object_that_is_not_there_has_no_narrative(folder: Path) -> None:
    """The error names those that are."""
    with pytest.raises(InputError, match="known: X1, D2"):
        told(folder, "D9")

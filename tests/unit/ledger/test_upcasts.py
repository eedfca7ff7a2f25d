"""What an older release has written is read in today's words, and stands in the ledger as it was written."""

from pathlib import Path

import msgspec
import pytest

from automation.kernel.errors import NewerVersionError
from automation.ledger.event import Draft
from automation.ledger.read import Reader
from automation.ledger.store import Ledger
from automation.ledger.upcasts import UPCASTS, Body, current, family, schema_of
from automation.ledger.verify import verify
from tests.unit.ledger.ledgers import KEY, START, draft, make

WEIGHED = ("scale", "weighed")


class Weighed(msgspec.Struct):
    """A reading as the newest release keeps it."""

    grams: float
    stable: bool


def _in_grams(body: Body) -> Body:
    """Schema 1 said kilograms."""
    return {"grams": float(str(body["kilograms"])) * 1000.0}


def _with_stability(body: Body) -> Body:
    """Schema 2 took only readings that were stable."""
    return {**body, "stable": True}


@pytest.fixture
def changed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release in which one kind of event has changed its shape twice."""
    monkeypatch.setitem(UPCASTS, WEIGHED, (_in_grams, _with_stability))


def _written(folder: Path) -> Path:
    """Give a ledger with the same reading as three releases have written it."""
    bodies = ({"kilograms": 0.25}, {"grams": 250.0}, {"grams": 250.0, "stable": False})
    with make(folder) as ledger:
        drafts = [
            Draft("scale/1", "weighed", msgspec.json.encode(b), "system", schema=n + 1) for n, b in enumerate(bodies)
        ]
        ledger.append(drafts, at=START)
    return folder


@pytest.mark.requirement("F106")
@pytest.mark.usefixtures("changed_twice")
def test_an_old_event_is_read_in_todays_words(tmp_path: Path) -> None:
    """Through every shape in between, typed or plain; what is stored and verified is what was written."""
    with Reader(_written(tmp_path)) as reader:
        events = reader.stream("scale/1")
    assert [event.read(Weighed) for event in events] == [Weighed(250.0, s) for s in (True, True, False)]
    assert events[0].fields == {"grams": 250.0, "stable": True}
    assert (events[0].schema, events[0].body) == (1, b'{"kilograms":0.25}')
    assert verify(tmp_path).intact


@pytest.mark.usefixtures("changed_twice")
def test_a_new_event_is_written_with_the_newest_schema(tmp_path: Path) -> None:
    """Nobody who writes has to know the number; kinds that never changed keep 1."""
    with make(tmp_path) as ledger:
        drafts = [Draft("scale/1", "weighed", b'{"grams":1.0,"stable":true}', "system"), draft("scale/1", "moved")]
        assert [event.schema for event in ledger.append(drafts, at=START)] == [3, 1]


def test_an_older_release_says_that_it_can_not_read_a_newer_event(tmp_path: Path) -> None:
    """Kind, schema and what to do are named; the chain still verifies, and nothing is guessed."""
    with Ledger.open(_written(tmp_path), key=KEY) as ledger:
        with pytest.raises(NewerVersionError, match="'weighed' of scale/1 has schema 3; this release reads up to 1"):
            ledger.last.read(Weighed)
        with pytest.raises(NewerVersionError):
            _ = ledger.last.fields
    assert verify(tmp_path).intact


@pytest.mark.usefixtures("changed_twice")
def test_a_kind_is_known_by_the_family_of_its_stream() -> None:
    """The same word in another family is another kind; a step's events are one family."""
    assert [family(name) for name in ("ledger", "batch/B-1", "batch/B-1/step/freeze")] == ["ledger", "batch", "step"]
    assert (schema_of("scale/9", "weighed"), schema_of("batch/B-1", "weighed")) == (3, 1)
    assert current("batch/B-1", "weighed", schema=1, body=b"{}") == b"{}"

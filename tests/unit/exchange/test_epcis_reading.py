"""A partner's EPCIS document: read as lines of custody and as a curve, or refused with the field that is wrong."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import cast

import msgspec
import pytest

from automation.exchange.epcis.reading import READER, curve
from automation.kernel.errors import InputError
from tests.referees.changes import changed
from tests.support.commands import cellwright

COURIER = Path(__file__).parents[2] / "data" / "epcis" / "courier.jsonld"
Fields = dict[str, object]


def document() -> Fields:
    """Give the courier's document as plain values."""
    return cast("Fields", msgspec.json.decode(COURIER.read_bytes()))


def event(said: Fields, number: int = 0) -> Fields:
    """Give one event of it."""
    return cast("list[Fields]", cast("Fields", said["epcisBody"])["eventList"])[number]


def element(said: Fields) -> Fields:
    """Give the first sensor element of the courier's readings."""
    return cast("list[Fields]", event(said, 1)["sensorElementList"])[0]


@pytest.mark.requirement("F103.3")
def test_a_couriers_events_are_lines_of_custody_that_people_may_enter() -> None:
    """Who gave what to whom, how cold it was; what was declared wrong is nothing to enter; own fields are passed."""
    first, second, third = READER.read(COURIER.read_bytes(), name="courier")
    assert (first.items, first.giver, first.receiver) == (("BAG-0301",), "centre-1", "courier-1")
    assert (first.step, first.enter, third.enter) == ("shipping", "handover attest_giving", "")
    assert [float(one or 0.0) for one in (second.lowest_c, second.highest_c, third.lowest_c)] == [4.9, 6.0, 4.2]
    assert third.declared == "incorrect_data"


@pytest.mark.requirement("F103.3", "F023")
def test_readings_of_a_logger_are_judged_like_any_other_trace() -> None:
    """Kelvin and Fahrenheit are converted; a time at which the logger failed is not known, so it is no pass."""
    points = curve(COURIER.read_text(), name="courier")
    assert [(float(one.at), one.sample) for one in points] == [(0.0, 5.1), (600.0, 4.9), (1200.0, 6.0), (1800.0, None)]
    judged = cellwright("judge", "transport", COURIER, "--low", "2 degC", "--high", "8 degC")
    assert judged.status == 1
    assert "NOT EVALUABLE" in judged.out
    shown = cellwright("read", COURIER, "--json")
    assert [row["place"] for row in cast("list[Fields]", shown.data["rows"])][2] == "dock"


def _without(name: str) -> Callable[[Fields], object]:
    return lambda said: event(said).pop(name)


WRONG: dict[str, tuple[Callable[[Fields], object], str]] = {
    "a misspelt field": (lambda s: event(s).update(bizStp="shipping"), r"eventList\[0\]: 'bizStp' is no field of it"),
    "no time": (_without("eventTime"), r"eventList\[0\]: has no eventTime"),
    "a time without offset": (lambda s: event(s).update(eventTime="2026-01-05T09:10:00"), "eventTime: is '2026-01-05"),
    "no such day": (lambda s: event(s).update(eventTime="2026-02-30T09:10:00Z"), "a date and time with its offset"),
    "a strange step": (lambda s: event(s).update(bizStep="throwing"), "bizStep: is 'throwing'; one of accepting"),
    "another's action": (lambda s: event(s).update(action="REMOVE"), "one of ADD, DELETE, OBSERVE"),
    "an item that is no URI": (lambda s: event(s).update(epcList=["BAG-1"]), r"epcList\[0\]: is 'BAG-1'; a URI"),
    "an item twice": (lambda s: event(s).update(epcList=["urn:a:1", "urn:a:1"]), "each item once"),
    "about nothing": (_without("epcList"), "is about nothing: epcList or quantityList is needed"),
    "master data later": (lambda s: event(s).update(ilmd={}), "has ilmd, which only the begin"),
    "a strange type": (lambda s: event(s).update(type="MagicEvent"), "type: is 'MagicEvent'; one of ObjectEvent"),
    "a value in words": (
        lambda s: cast("list[Fields]", element(s)["sensorReport"])[0].update(value="warm"),
        r"sensorReport\[0\].value: is 'warm'; a number is needed",
    ),
    "version 1.2": (lambda s: s.update(schemaVersion="1.2"), "schemaVersion: is '1.2'; one of 2.0"),
    "no list": (lambda s: s.update(epcisBody={"eventList": {}}), "a list is needed"),
}


@pytest.mark.requirement("F103.3", refuses=True)
@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_as_the_standard_says_is_refused_with_its_place(name: str) -> None:
    """File, field, value, what is allowed; nothing of it is read."""
    spoil, said = WRONG[name]
    made = document()
    spoil(made)
    with pytest.raises(InputError, match=said) as found:
        READER.read(msgspec.json.encode(made), name="courier.jsonld")
    assert str(found.value).startswith("courier.jsonld: document")


@pytest.mark.requirement("F103.3", refuses=True)
def test_readings_that_are_no_one_history_are_refused() -> None:
    """Of two loggers, in no known unit, or none with its time."""
    two, odd, none = document(), document(), document()
    cast("list[Fields]", element(two)["sensorReport"])[0]["deviceID"] = "urn:epc:id:giai:9501101.LOG-8"
    cast("list[Fields]", element(odd)["sensorReport"])[0]["uom"] = "REA"
    event(none, 1).pop("sensorElementList")
    for made, said in ((two, "several loggers"), (odd, "'REA'; CEL, KEL, FAH"), (none, "no sensor element")):
        with pytest.raises(InputError, match=said):
            curve(msgspec.json.encode(made).decode(), name="courier")


def _read(made: object) -> str:
    try:
        return f"{len(READER.read(msgspec.json.encode(made), name='courier'))} lines"
    except InputError as error:
        return str(error)


@pytest.mark.requirement("F103.3", refuses=True)
def test_a_changed_document_is_read_or_refused_never_more() -> None:
    """Two hundred changes of one place each: lines, or an error that says where."""
    plain = document()
    said = {what: _read(made) for what, made in (changed(plain, number) for number in range(200))}
    assert {what: text for what, text in said.items() if not text.startswith(("courier: document", "3 lines"))} == {}
    assert "3 lines" in said.values()
    with pytest.raises(InputError, match="this is no JSON"):
        READER.read(COURIER.read_bytes()[:900], name="courier")


@pytest.mark.requirement("F103.3", "F023", refuses=True)
def test_a_cold_reading_hides_no_warm_one_of_the_same_moment() -> None:
    """Two temperatures at one moment are no history; the same twice is one."""
    said = document()
    readings = cast("list[Fields]", event(said, 1)["sensorElementList"])
    again = copy.deepcopy(readings[0])
    assert curve(_text({**said}), name="courier")
    readings.append(again)
    assert curve(_text(said), name="courier")
    cast("list[Fields]", again["sensorReport"])[0]["value"] = 31.0
    with pytest.raises(InputError, match="degC, at one moment"):
        curve(_text(said), name="courier")


@pytest.mark.requirement("F103.3", refuses=True)
def test_nothing_in_a_document_is_read_in_two_ways_or_shown_as_something_else() -> None:
    """A field twice; a name that turns round what stands beside it, also as percent code in one of our own."""
    twice = _text(document()).replace('"schemaVersion":', '"schemaVersion":"2.0","schemaVersion":', 1)
    with pytest.raises(InputError, match="'schemaVersion' twice in one object"):
        READER.read(twice.encode(), name="courier")
    for name, says in (("urn:x:\u202e7", "U+202E"), ("urn:x-cellwright:s:container:%1b%5b31m", "U+001B")):
        said = document()
        event(said)["epcList"] = [name]
        with pytest.raises(InputError, match=says.replace("+", r"\+")):
            READER.read(_text(said).encode(), name="courier")


def _text(said: Fields) -> str:
    return msgspec.json.encode(said).decode()

"""Commands, answers and events of a Reglo ICC as its manual shows them, read and written by the wire module."""

from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from automation.kernel.errors import RefusedError, WireError
from instruments.drivers.reglo_icc import wire

FILE = Path(__file__).parent / "vectors" / "reglo_icc.yaml"


class Line(TypedDict, total=False):
    """One documented command, answer or event."""

    address: int
    command: str
    frame: str
    rpm: float
    line: str
    read: str
    value: object
    source: str
    disputed: str


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), dict[str, list[Line]])

pytestmark = pytest.mark.requirement("C06")


def each(key: str) -> pytest.MarkDecorator:
    """Give one case for each documented line."""
    return pytest.mark.parametrize(
        "vector", VECTORS[key], ids=lambda one: one.get("line", one.get("command", one.get("frame")))
    )


def value(read: str, text: str) -> object:
    """Read an answer the way that the driver does."""
    ways = {"clockwise": wire.clockwise, "mode": wire.mode, "speed": wire.speed, "single": wire.single}
    if read == "model":
        return wire.model(text).model
    if read in {"turns", "pumped"}:
        return wire.count(text, to=read)
    return {**ways, "cause": wire.cause}[read](text)


def test_every_vector_names_its_source() -> None:
    """A line without a source would be our own opinion."""
    assert all(vector["source"] and "disputed" in vector for group in VECTORS.values() for vector in group)


@each("commands")
def test_a_command_is_framed_as_documented(vector: Line) -> None:
    """The digit, the command, CR."""
    assert wire.command(vector["address"], vector["command"]) == vector["frame"].encode() + b"\r"


@each("speeds")
def test_a_speed_is_six_digits_of_hundredths(vector: Line) -> None:
    """The manual's example is above the pump's own highest speed, so that a hundredth of it is written."""
    text = wire.speed_set(vector["rpm"] / 100.0)
    assert wire.command(vector["address"], text).decode()[:-1] == vector["frame"].replace("012300", "000123")


@each("answers")
def test_a_documented_answer_is_read(vector: Line) -> None:
    """Whatever event came before it, and however it is cut."""
    for before in (b"", *(one["line"].encode() + b"\r\n" for one in VECTORS["events"])):
        whole = before + vector["line"].encode() + b"\r\n"
        assert [wire.answer_complete(whole[:n]) for n in range(len(whole))] == [0] * len(whole)
        assert wire.answer_complete(whole) == len(whole)
        assert value(vector["read"], wire.said(whole)) == vector["value"]


@each("events")
def test_an_event_is_no_status(vector: Line) -> None:
    """What is set is answered behind it."""
    whole = vector["line"].encode() + b"\r\n"
    assert [wire.status_complete(whole[:n]) for n in range(1, len(whole))] == [0] * (len(whole) - 1)
    assert wire.said(whole + b"*") == wire.DONE
    assert wire.status_complete(whole + b"*") == len(whole) + 1


@each("never")
def test_what_changes_the_pump_for_good_is_never_sent(vector: Line) -> None:
    """The list of what may be sent holds nothing of it."""
    with pytest.raises(RefusedError, match="never sent"):
        wire.command(1, vector["command"])


@pytest.mark.parametrize("rpm", [0.0, 100.5])
def test_a_speed_that_the_pump_has_not_is_refused(rpm: float) -> None:
    """It turns from 0.1 to 100 1/min."""
    with pytest.raises(RefusedError, match=r"0\.1 to 100"):
        wire.speed_set(rpm)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_a_wire_error(data: bytes) -> None:
    """Nothing else comes out of the reader."""
    for complete in (wire.answer_complete, wire.status_complete):
        try:
            length = complete(data)
            assert 0 <= length <= len(data)
            wire.speed(wire.said(data[:length]))
        except WireError:
            continue

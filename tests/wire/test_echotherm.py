"""Lines of EchoTherm dry baths as documents show them, read and written by the wire module."""

from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from automation.kernel.errors import RefusedError, WireError
from instruments.drivers.echotherm import wire

FILE = Path(__file__).parent / "vectors" / "echotherm.yaml"


class Line(TypedDict, total=False):
    """One documented line, with what it says."""

    line: str
    command: str
    value: float
    model: str
    version: str
    source: str
    disputed: str


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), dict[str, list[Line]])

pytestmark = pytest.mark.requirement("C06")


def lines(key: str) -> pytest.MarkDecorator:
    """Give one case for each documented line."""
    return pytest.mark.parametrize("vector", VECTORS[key], ids=lambda vector: vector["line"])


def framed(line: str) -> bytes:
    """End a line as the unit does."""
    return line.encode() + b"\r\n"


def test_every_vector_names_its_source() -> None:
    """A line without a source would be our own opinion."""
    assert all(vector["source"] and "disputed" in vector for group in VECTORS.values() for vector in group)


@lines("commands")
def test_a_command_is_framed_as_documented(vector: Line) -> None:
    """Ended by CR alone."""
    assert wire.command(vector["command"]) == vector["line"].encode() + b"\r"


@lines("settings")
def test_a_set_point_is_written_as_documented(vector: Line) -> None:
    """With one decimal, which every model takes."""
    assert wire.setting(vector["value"]) == vector["line"]


@lines("set_points")
def test_a_documented_set_point_is_read(vector: Line) -> None:
    """A bare number; blanks before the end do not count."""
    assert wire.set_point(wire.text(framed(vector["line"]))) == vector["value"]
    assert wire.plate(wire.text(framed(vector["line"]))) == (vector["value"], "")


@lines("idle")
def test_idle_mode_is_no_temperature(vector: Line) -> None:
    """It reads none."""
    assert wire.set_point(wire.text(framed(vector["line"]))) is None


@lines("identities")
def test_a_model_and_its_version_are_read(vector: Line) -> None:
    """From one line."""
    assert wire.identification(wire.text(framed(vector["line"]))) == (vector["model"], vector["version"])


@lines("events")
def test_an_event_never_answers_a_question(vector: Line) -> None:
    """It is passed over, before the reply and while that is not there yet."""
    both = framed(vector["line"]) + framed("37.0")
    assert wire.complete(framed(vector["line"])) == 0
    assert wire.complete(both) == len(both)
    assert wire.text(both) == "37.0"


@lines("refusals")
def test_what_the_unit_does_not_understand_is_an_error(vector: Line) -> None:
    """Whatever was asked."""
    with pytest.raises(WireError, match="did not understand"):
        wire.text(framed(vector["line"]))


@lines("never")
def test_what_resets_calibrates_or_clears_is_never_sent(vector: Line) -> None:
    """The list of what may be sent holds nothing of it."""
    with pytest.raises(RefusedError, match="never sent to a dry bath"):
        wire.command(vector["line"])


@pytest.mark.parametrize("wanted", [-10.1, 110.1, 1000.0, float("nan")])
def test_a_set_point_beyond_the_range_is_refused(wanted: float) -> None:
    """Before anything is sent."""
    with pytest.raises(RefusedError, match="are possible"):
        wire.setting(wanted)


def test_an_error_code_is_no_temperature() -> None:
    """Whatever it looks like."""
    assert wire.plate("E1") == (None, "E1")
    with pytest.raises(WireError, match="empty"):
        wire.plate("")


def test_a_line_without_an_end_is_given_up() -> None:
    """After as many bytes as no line has."""
    with pytest.raises(WireError, match="no end of the line"):
        wire.complete(b"9" * (wire.LONGEST + 1))


@settings(deadline=None, derandomize=True, max_examples=25)
@given(data=st.binary(max_size=60))
def test_any_bytes_are_read_or_a_wire_error(data: bytes) -> None:
    """Nothing else comes out of the reader."""
    try:
        length = wire.complete(data)
        if length:
            said = wire.text(data[:length])
            wire.plate(said)
            wire.set_point(said)
    except WireError:
        return
    assert 0 <= length <= len(data)

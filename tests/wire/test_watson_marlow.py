"""Commands and answers of Watson-Marlow pumps as documents show them, read and written by the wire module."""

from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from automation.kernel.errors import RefusedError, WireError
from instruments.drivers.watson_marlow import wire

FILE = Path(__file__).parent / "vectors" / "watson_marlow.yaml"


class Line(TypedDict, total=False):
    """One documented command or answer."""

    unit: int
    command: str
    frame: str
    line: str
    model: str
    rpm: float
    count: int
    source: str
    disputed: str


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), dict[str, list[Line]])

pytestmark = pytest.mark.requirement("C06")


def lines(key: str) -> pytest.MarkDecorator:
    """Give one case for each documented line."""
    return pytest.mark.parametrize("vector", VECTORS[key], ids=lambda one: one.get("line", one.get("command")))


def test_every_vector_names_its_source() -> None:
    """A line without a source would be our own opinion."""
    assert all(vector["source"] and "disputed" in vector for group in VECTORS.values() for vector in group)


@lines("commands")
def test_a_command_is_framed_as_documented(vector: Line) -> None:
    """The pump's number, letters, CR."""
    assert wire.command(vector["unit"], vector["command"]) == vector["frame"].encode() + b"\r"


@lines("answers")
def test_a_documented_answer_is_read_behind_its_echo(vector: Line) -> None:
    """The echo is the command itself; without an echo the line alone is."""
    frame, line = wire.command(1, "RS"), vector["line"].encode() + b"\r"
    for echoes, whole in ((True, frame + line), (False, line)):
        answer = wire.Answer(frame, echoes=echoes, line=True)
        assert [answer(whole[:n]) for n in range(1, len(whole))] == [0] * (len(whole) - 1)
        found = wire.status(answer.text(whole[: answer(whole)]))
        assert (found.model, found.rpm, found.count) == (vector["model"], vector["rpm"], vector.get("count"))


@lines("never")
def test_what_clears_counts_or_doses_is_never_sent(vector: Line) -> None:
    """The list of what may be sent holds nothing of it."""
    with pytest.raises(RefusedError, match="never sent"):
        wire.command(1, vector["command"])


def test_another_echo_is_another_pump_or_noise() -> None:
    """What was heard is not what was sent."""
    with pytest.raises(WireError, match="echoed"):
        wire.Answer(b"1GO\r", echoes=True, line=False)(b"1ST\r")


@settings(deadline=None, derandomize=True, max_examples=50)
@given(data=st.binary(max_size=150))
def test_any_bytes_are_read_or_a_wire_error(data: bytes) -> None:
    """Nothing else comes out of the reader."""
    answer = wire.Answer(b"", echoes=False, line=True)
    try:
        length = answer(data)
        assert 0 <= length <= len(data)
        wire.status(answer.text(data[:length]))
    except WireError:
        return

"""Lines of Sartorius balances in the columns that documents show, read by the wire module; g."""

from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from automation.kernel.errors import FailedError, RefusedError, WireError
from instruments.drivers.sartorius_sbi import wire

FILE = Path(__file__).parent / "vectors" / "sartorius_sbi.yaml"


class Line(TypedDict, total=False):
    """One documented line or command, with what it says."""

    command: str
    frame: str
    line: str
    value: float
    state: str
    source: str
    disputed: str


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), dict[str, list[Line]])

pytestmark = pytest.mark.requirement("C06")


def lines(key: str) -> pytest.MarkDecorator:
    """Give one case for each documented line."""
    return pytest.mark.parametrize("vector", VECTORS[key], ids=lambda one: one.get("line", one.get("command")))


def framed(vector: Line) -> bytes:
    """End a line as the balance does."""
    return vector["line"].encode() + b"\r\n"


def test_every_vector_names_its_source() -> None:
    """A line without a source would be our own opinion."""
    assert all(vector["source"] and "disputed" in vector for group in VECTORS.values() for vector in group)


@lines("commands")
def test_a_command_is_framed_as_documented(vector: Line) -> None:
    """ESC, the command, CR LF."""
    assert wire.command(vector["command"]) == bytes.fromhex(vector["frame"])


@lines("weights")
def test_a_weight_is_read_and_is_stable_only_with_its_unit(vector: Line) -> None:
    """In lines of 16 and of 22 characters."""
    reply = framed(vector)
    assert wire.complete(reply + b"+") == len(reply)
    found = wire.weighing(reply)
    assert float(found.net or 0.0) == vector["value"]
    assert str(found.state) == vector["state"]


@lines("specials")
def test_over_under_and_nothing_are_states_and_never_numbers(vector: Line) -> None:
    """As words or as numbers of errors."""
    found = wire.weighing(framed(vector))
    assert (found.net, str(found.state)) == (None, vector["state"])


@lines("errors")
def test_an_error_is_told(vector: Line) -> None:
    """As the balance shows it."""
    with pytest.raises(FailedError, match="the balance reports"):
        wire.weighing(framed(vector))


@lines("other_units")
def test_another_unit_is_refused_never_converted(vector: Line) -> None:
    """It can be changed at the panel."""
    with pytest.raises(FailedError, match="g is needed"):
        wire.weighing(framed(vector))


@lines("never")
def test_what_restarts_adjusts_or_locks_is_never_sent(vector: Line) -> None:
    """The list of what may be sent holds nothing of it."""
    with pytest.raises(RefusedError, match="never sent"):
        wire.command(vector["command"])


@pytest.mark.parametrize("line", ["+  123.56 g  ", "+ 1 2 3.5 g   ", "x  123.56 g   ", "              "])
def test_a_line_in_other_columns_is_no_weight(line: str) -> None:
    """A byte that was lost does not make another number."""
    with pytest.raises(WireError):
        wire.weighing(line.encode() + b"\r\n")


@settings(deadline=None, derandomize=True, max_examples=50)
@given(data=st.binary(max_size=100))
def test_any_bytes_are_read_or_an_error_of_ours(data: bytes) -> None:
    """Nothing else comes out of the reader."""
    try:
        length = wire.complete(data)
        assert 0 <= length <= len(data)
        wire.weighing(data[:length])
    except (WireError, FailedError):
        return

"""Lines of the TEC 3000 as documents show them, read and written by the wire module."""

from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from automation.kernel.errors import InputError, RefusedError, WireError
from instruments.drivers.tec3000 import wire

FILE = Path(__file__).parent / "vectors" / "tec3000.yaml"


class Line(TypedDict, total=False):
    """One documented line, with what it says."""

    line: str
    question: str
    address: str
    value: float
    source: str
    disputed: str


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), dict[str, list[Line]])

pytestmark = pytest.mark.requirement("C06", "F030")


def lines(key: str) -> pytest.MarkDecorator:
    """Give one case for each documented line."""
    return pytest.mark.parametrize("vector", VECTORS[key], ids=lambda vector: vector["line"])


def test_every_vector_names_its_source() -> None:
    """A line without a source would be our own opinion."""
    assert all(vector["source"] and "disputed" in vector for group in VECTORS.values() for vector in group)


@lines("questions")
def test_a_question_is_framed_as_documented(vector: Line) -> None:
    """With its address where the controller has one, and CR LF."""
    assert wire.question(vector["question"], address=vector["address"]) == vector["line"].encode() + b"\r\n"


@lines("numbers")
def test_a_documented_value_is_read(vector: Line) -> None:
    """A bare number."""
    assert wire.number(vector["line"], to="TEMPA?") == vector["value"]


@lines("never")
def test_what_sets_calibrates_or_tells_the_password_is_never_sent(vector: Line) -> None:
    """The list of what may be sent holds questions alone."""
    with pytest.raises(RefusedError, match="never sent to a store"):
        wire.question(vector["line"])


@pytest.mark.parametrize("text", ["CODE?", "CALVL?", "CALTA?", "LEVL", "levl?", "L?", "LEVL 1?", ""])
def test_a_level_question_that_is_none_or_is_denied_is_refused(text: str) -> None:
    """The setting opens no back door."""
    with pytest.raises(InputError, match="level_question"):
        wire.level_question(text)


def test_a_site_may_name_another_question_for_the_level() -> None:
    """Because ours is from memory."""
    assert wire.question("LEVEL?", level=wire.level_question("LEVEL?")) == b"LEVEL?\r\n"


@pytest.mark.parametrize("text", ["1", "0001", "abc"])
def test_an_address_has_three_digits(text: str) -> None:
    """Or there is none."""
    with pytest.raises(InputError, match="three digits"):
        wire.address(text)


@pytest.mark.parametrize("reply", ["", "OK", "12,5", "1e5", "nan", "-", "12.", "99999"])
def test_a_reply_that_is_no_number_is_refused(reply: str) -> None:
    """The error shows what came."""
    with pytest.raises(WireError, match="a number is needed"):
        wire.number(reply, to="TEMPA?")


@given(data=st.binary(max_size=60))
def test_any_bytes_are_a_value_or_a_wire_error(data: bytes) -> None:
    """Nothing else comes out of the reader."""
    length = wire.complete(data)
    assert 0 <= length <= len(data)
    try:
        said = wire.text(data)
        assert -9999.9 < wire.number(said, to="TEMPA?") < 9999.999999
    except WireError:
        return


@given(reply=st.from_regex(r"[+-]?[0-9]{1,4}\.[0-9]{1,2}", fullmatch=True), cut=st.integers(0, 20))
def test_a_reply_is_complete_wherever_it_is_split(reply: str, cut: int) -> None:
    """Nothing before its last byte, and all of it then."""
    whole = reply.encode() + wire.END
    assert wire.complete(whole[: min(cut, len(whole) - 1)]) == 0
    assert wire.complete(whole) == len(whole)

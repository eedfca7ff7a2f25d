"""Telegrams of Hettich's robotic centrifuges as their document shows them, read and written by the wire module."""

from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from automation.kernel.errors import RefusedError, WireError
from automation.kernel.quantity import Celsius
from instruments.drivers.hettich_460r import wire
from instruments.drivers.hettich_460r.wire import Ask, Motion, Tell

FILE = Path(__file__).parent / "vectors" / "hettich_460r.yaml"


class Line(TypedDict, total=False):
    """One documented telegram, whole or by its check byte."""

    unit: str
    code: str
    value: int
    frame: str
    check: str
    source: str
    disputed: str


VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), dict[str, list[Line]])

pytestmark = pytest.mark.requirement("C06")


def lines(key: str) -> pytest.MarkDecorator:
    """Give one case for each documented telegram."""
    return pytest.mark.parametrize("vector", VECTORS[key], ids=lambda one: f"{one['code']}={one.get('value', 0):04X}")


def reply_of(vector: Line) -> bytes:
    """Give a documented reply, put together from its parts where the document prints it as text."""
    if "frame" in vector:
        return bytes.fromhex(vector["frame"])
    text = f"{vector['unit']}\2{vector['code']}={vector['value']:04X}\3"
    return text.encode() + bytes.fromhex(vector["check"])


def test_every_vector_names_its_source() -> None:
    """A telegram without a source would be our own opinion."""
    assert all(vector["source"] and "disputed" in vector for group in VECTORS.values() for vector in group)


@lines("enquiries")
def test_an_enquiry_is_framed_as_documented(vector: Line) -> None:
    """Without a check byte."""
    assert Ask(vector["unit"], vector["code"]).frame == bytes.fromhex(vector["frame"])


@lines("selects")
def test_a_select_is_framed_as_documented(vector: Line) -> None:
    """The check byte, and the whole of it where it is shown."""
    frame = Tell(vector["unit"], vector["code"], value=vector["value"]).frame
    assert frame.hex(" ") == vector["frame"] if "frame" in vector else frame[-1:].hex() == vector["check"]


@lines("check_bytes")
def test_a_check_byte_is_as_documented(vector: Line) -> None:
    """From after STX up to ETX."""
    assert wire.telegram(vector["code"], vector["value"])[-1:].hex() == vector["check"]


@lines("replies")
def test_a_documented_reply_is_read_however_it_is_cut(vector: Line) -> None:
    """Complete at its last byte and not before; a wrong check byte is no reply."""
    ask, reply = Ask(vector["unit"], vector["code"]), reply_of(vector)
    assert [ask.complete(reply[:n]) for n in range(1, len(reply))] == [0] * (len(reply) - 1)
    assert ask.value(reply[: ask.complete(reply)]) == vector["value"]
    with pytest.raises(WireError, match="wrong check byte"):
        ask.complete(reply[:-1] + bytes((reply[-1] ^ 1,)))


@lines("misprints")
def test_a_check_byte_that_breaks_the_rule_of_the_document_is_no_reply(vector: Line) -> None:
    """What a capture would decide; until then the rule counts, not the print."""
    assert vector["disputed"]
    with pytest.raises(WireError, match="wrong check byte"):
        Ask(vector["unit"], vector["code"]).complete(reply_of(vector))


@lines("never")
def test_what_moves_hatch_and_positions_or_locks_is_never_sent(vector: Line) -> None:
    """The list of what may be set holds nothing of it."""
    with pytest.raises(RefusedError, match="never sent"):
        Tell("]", vector["code"], value=1)


def test_documented_states_say_what_the_rotor_does() -> None:
    """Two internal bits, then standing."""
    assert Motion(354 & 0x9F) is Motion.STANDING


def test_a_temperature_is_in_half_degrees_above_minus_25() -> None:
    """As the public driver has it."""
    assert wire.temperature(70) == Celsius(10.0)


def test_a_refusal_is_told_from_an_answer() -> None:
    """NAK to an enquiry and to a select."""
    ask, tell = Ask("]", "00604"), Tell("]", "00603", value=1)
    assert ask.complete(b"]\x15") == tell.complete(b"]\x15") == 2
    assert (Tell.accepted(b"]\x06"), Tell.accepted(b"]\x15")) == (True, False)
    with pytest.raises(RefusedError, match="does not tell"):
        ask.value(b"]\x15")


@settings(deadline=None, derandomize=True, max_examples=50)
@given(data=st.binary(min_size=1, max_size=40))
def test_any_bytes_are_read_or_a_wire_error(data: bytes) -> None:
    """Nothing else comes out of the readers, on either side of the line."""
    found, length = wire.request(data)
    assert 0 <= length <= len(data)
    assert found is None or length in {wire.ENQUIRY, wire.SELECT}
    try:
        whole = Ask("]", "00604").complete(data)
        assert whole in {0, wire.ANSWER, wire.VALUE}
    except WireError:
        return

"""Frames in pieces and frames with errors: any split gives the same frame, any single wrong byte is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.kernel.errors import RefusedError, WireError
from automation.kernel.quantity import Seconds
from fakes.eurotherm import EurothermFreezer
from fakes.eurotherm_bisynch import EurothermBisynchFreezer
from fakes.world import World
from instruments.drivers.eurotherm.wire import bisynch, registers
from instruments.transport import modbus
from tests.support.freezers import START

pytestmark = pytest.mark.requirement("C05.1", "C06")

WORDS = st.integers(0, 0xFFFF)
NUMBERS = st.floats(-200.0, 200.0).map(lambda value: f"{value:.1f}")


def reply_to(asked: modbus.Read, words: list[int]) -> bytes:
    """Give the reply that holds these words."""
    data = b"".join(word.to_bytes(2, "big") for word in words)
    return modbus.reply_read(modbus.request(asked.frame), data)


def taken(asked: modbus.Read | bisynch.Ask, data: bytes) -> bool:
    """Tell whether bytes are taken for the whole reply."""
    try:
        return asked.complete(data) == len(data)
    except WireError:
        return False


@given(st.lists(WORDS, min_size=1, max_size=20))
def test_a_modbus_reply_is_complete_with_its_last_byte_and_not_before(words: list[int]) -> None:
    """However the stream is split."""
    asked = modbus.Read(1, 0, count=len(words))
    reply = reply_to(asked, words)
    assert [asked.complete(reply[:length]) for length in range(1, len(reply))] == [0] * (len(reply) - 1)
    assert asked.complete(reply) == len(reply)
    assert [registers.word(asked.data(reply), 2 * at) for at in range(len(words))] == words


@pytest.mark.requirement("C05.1", "C06", refuses=True)
@given(st.lists(WORDS, min_size=1, max_size=8), st.data())
def test_a_modbus_reply_with_one_wrong_byte_is_never_taken(words: list[int], data: st.DataObject) -> None:
    """Whichever byte, whichever other value."""
    asked = modbus.Read(1, 0, count=len(words))
    reply = bytearray(reply_to(asked, words))
    reply[data.draw(st.integers(0, len(reply) - 1))] ^= data.draw(st.integers(1, 255))
    assert not taken(asked, bytes(reply))


@given(NUMBERS)
def test_a_bisynch_reply_is_complete_with_its_check_byte_and_not_before(text: str) -> None:
    """Also when the check byte looks like a control byte."""
    asked, reply = bisynch.Ask(1, "PV"), bisynch.message("PV", text)
    assert [asked.complete(reply[:length]) for length in range(1, len(reply))] == [0] * (len(reply) - 1)
    assert asked.complete(reply) == len(reply)
    assert asked.text(reply) == text


@given(NUMBERS, st.data())
def test_a_bisynch_reply_with_one_wrong_byte_is_never_taken(text: str, data: st.DataObject) -> None:
    """Whichever byte, whichever other value of seven bits."""
    asked, reply = bisynch.Ask(1, "PV"), bytearray(bisynch.message("PV", text))
    reply[data.draw(st.integers(0, len(reply) - 1))] ^= data.draw(st.integers(1, 127))
    assert not taken(asked, bytes(reply))


@given(st.integers(1, 7))
def test_the_fake_waits_for_the_rest_of_a_modbus_request(split: int) -> None:
    """Bytes that come in two chunks are one request."""
    frame = modbus.Read(1, 1, count=5).frame
    whole, pieces = EurothermFreezer(World(1), "freezer"), EurothermFreezer(World(1), "freezer")
    assert pieces.feed(frame[:split], START) + pieces.feed(frame[split:], START) == whole.feed(frame, START)


@given(st.integers(0, 7), st.integers(1, 255))
def test_the_fake_is_silent_on_a_garbled_modbus_request(at: int, change: int) -> None:
    """A wrong CRC gets no answer and moves nothing."""
    frame = bytearray(modbus.WriteOne(1, registers.TARGET_SP, value=40).frame)
    frame[at] ^= change
    fake = EurothermFreezer(World(1), "freezer")
    assert fake.feed(bytes(frame), START) == b""
    assert fake.acts["set point"] == 0


def test_the_fake_is_silent_for_another_address() -> None:
    """Only the addressed unit answers."""
    assert EurothermFreezer(World(1), "freezer").feed(modbus.Read(2, 1, count=1).frame, START) == b""


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (modbus.seal(bytes((1, 43, 14, 1, 0))), 1),
        (modbus.Read(1, 5000, count=1).frame, 2),
        (modbus.WriteOne(1, registers.PV, value=1).frame, 2),
        (modbus.WriteOne(1, registers.STATUS, value=5).frame, 3),
    ],
    ids=["unknown function", "unknown address", "read-only parameter", "unknown status"],
)
def test_the_fake_refuses_with_the_code_that_fits(frame: bytes, code: int) -> None:
    """Illegal function, address and value."""
    reply = EurothermFreezer(World(1), "freezer").feed(frame, START)
    assert (reply[1] & 0x80, reply[2]) == (0x80, code)


def test_an_exception_is_a_refusal_that_says_which() -> None:
    """The driver's side names code and meaning."""
    asked = modbus.Read(1, 5000, count=1)
    reply = modbus.reply_exception(modbus.request(asked.frame), 2)
    assert asked.complete(reply) == 5
    with pytest.raises(RefusedError, match=r"exception 2 \(illegal data address\)"):
        asked.data(reply)


@given(st.binary(min_size=1, max_size=40))
def test_any_bytes_whatever_leave_the_bisynch_fake_alive(noise: bytes) -> None:
    """After noise and a pause it answers as before."""
    fake = EurothermBisynchFreezer(World(1), "freezer")
    fake.feed(noise, START)
    later = START + Seconds(10.0)
    assert fake.feed(bisynch.Ask(1, "PC").frame, later) == bisynch.message("PC", "1")

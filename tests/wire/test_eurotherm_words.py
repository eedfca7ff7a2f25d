"""What an exchange with a Eurotherm says in words, for who decides about an act in doubt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.drivers.eurotherm import words
from instruments.transport import modbus

RUN = modbus.seal(bytes.fromhex("010600170002"))  # write 2 to register 23
ASK = modbus.seal(bytes.fromhex("010300170001"))


@pytest.mark.parametrize(
    ("sent", "received", "told"),
    [
        (RUN, RUN, ("write programmer status = run", "taken")),
        (RUN, b"", ("write programmer status = run", "")),
        (ASK, modbus.seal(bytes.fromhex("0103020004")), ("read programmer status", "hold")),
        (ASK, modbus.seal(bytes.fromhex("018302")), ("read programmer status", "refused, code 2")),
        (ASK, bytes.fromhex("01030200"), ("read programmer status", "not whole: its check sum is wrong")),
        (b"\x01\x02\x03", b"", ("", "")),
    ],
)
def test_modbus_frames_are_read_in_words(sent: bytes, received: bytes, told: tuple[str, str]) -> None:
    """Register 23 is the programmer's status; what is no frame has no words."""
    assert words.of_modbus(sent, received) == told


@pytest.mark.parametrize(
    ("sent", "received", "told"),
    [
        (b"\x040011\x02PC2\x03A", b"\x06", ("write programmer status = 2", "taken")),
        (b"\x040011\x02PC2\x03A", b"\x15", ("write programmer status = 2", "refused")),
        (b"\x040011PC\x05", b"\x02PC4\x03x", ("read programmer status", "programmer status = 4")),
        (b"?", b"", ("", "")),
    ],
)
def test_bisynch_messages_are_read_in_words(sent: bytes, received: bytes, told: tuple[str, str]) -> None:
    """The mnemonic stands before its value."""
    assert words.of_bisynch(sent, received) == told


@given(sent=st.binary(max_size=300), received=st.binary(max_size=300), sealed=st.booleans())
def test_no_bytes_are_too_strange_to_be_shown(sent: bytes, received: bytes, *, sealed: bool) -> None:
    """Whatever a line brought is shown to who decides, also with a right check sum."""
    one, two = (modbus.seal(sent), modbus.seal(received)) if sealed else (sent, received)
    assert all(isinstance(word, str) for word in (*words.of_modbus(one, two), *words.of_bisynch(sent, received)))

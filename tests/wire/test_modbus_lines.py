"""Modbus frames of every framing: any split gives the same, a wrong byte is refused, a foreign reply is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.kernel.errors import RefusedError, WireError
from instruments.transport import modbus
from instruments.transport.modbus_lines import Framer, Framing, from_ascii, heard, to_ascii, to_tcp

ASKED = modbus.Read(7, 0x0100, count=2)
DATA = b"\x42\x34\x00\x01"
BODY = b"\7\3\4" + DATA
EACH = pytest.mark.parametrize("framing", list(Framing))

pytestmark = pytest.mark.requirement("C06")


def framed(framing: Framing, body: bytes, *, transaction: int = 1) -> bytes:
    """Frame a reply as the far end does."""
    if framing is Framing.RTU:
        return modbus.seal(body)
    return to_ascii(body) if framing is Framing.ASCII else to_tcp(body, transaction)


@EACH
def test_a_reply_is_whole_when_its_last_byte_is_there(framing: Framing) -> None:
    """Not one byte earlier; then it says the registers."""
    sent, reply = Framer(framing).framed(ASKED), framed(framing, BODY)
    assert [sent.complete(reply[:end]) for end in range(1, len(reply))] == [0] * (len(reply) - 1)
    assert sent.complete(reply) == len(reply)
    assert ASKED.data(sent.rtu(reply)) == DATA


@EACH
def test_an_exception_of_the_device_is_a_refusal_in_its_words(framing: Framing) -> None:
    """Illegal data address."""
    sent, reply = Framer(framing).framed(ASKED), framed(framing, b"\7\x83\2")
    assert sent.complete(reply) == len(reply)
    with pytest.raises(RefusedError, match="illegal data address"):
        ASKED.check(sent.rtu(reply))


@EACH
@pytest.mark.parametrize("body", [b"\x08\3\4" + DATA, b"\7\4\4" + DATA, b"\7\3\2\0\1"])
def test_what_answers_another_question_is_no_reply(framing: Framing, body: bytes) -> None:
    """Another unit, another function, another number of registers."""
    with pytest.raises(WireError):
        Framer(framing).framed(ASKED).complete(framed(framing, body))


def test_a_late_reply_over_tcp_is_known_by_its_number() -> None:
    """The first answer does not answer the second question, although it reads the same."""
    framer = Framer(Framing.TCP)
    framer.framed(ASKED)
    with pytest.raises(WireError, match="another transaction"):
        framer.framed(ASKED).complete(framed(Framing.TCP, BODY, transaction=1))


@pytest.mark.parametrize("at", range(2 * len(BODY) + 3))
def test_a_changed_digit_of_an_ascii_frame_is_refused(at: int) -> None:
    """The check sees every single one."""
    frame = bytearray(to_ascii(BODY))
    frame[at] = ord("0") if frame[at] != ord("0") else ord("1")
    with pytest.raises(WireError):
        from_ascii(bytes(frame))


@pytest.mark.parametrize("data", [b"\0\1\0\5\0\6", b"\0\1\0\0\0\1\7", b"\0\1\0\0\xff\xff\7"])
def test_a_tcp_header_of_no_modbus_frame_is_refused(data: bytes) -> None:
    """Another protocol, too short, too long."""
    with pytest.raises(WireError):
        Framer(Framing.TCP).framed(ASKED).complete(data)


@EACH
@settings(max_examples=30, deadline=None)
@given(cuts=st.lists(st.integers(0, 60), max_size=5))
def test_the_far_end_hears_the_same_requests_however_they_are_split(framing: Framing, cuts: list[int]) -> None:
    """Two reads and a write, in pieces."""
    framer, rest, found = Framer(framing), b"", []
    line = b"".join(framer.framed(one).frame for one in (ASKED, modbus.WriteOne(7, 1, value=9), ASKED))
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(line)], strict=True):
        some, rest = heard(framing, rest + line[start:end])
        found += [one.asked for one in some]
    assert [(one.function, one.start) for one in found] == [(3, 0x0100), (6, 1), (3, 0x0100)]
    assert rest == b""


@EACH
def test_what_the_far_end_says_is_a_reply(framing: Framing) -> None:
    """Both ends of one codec fit; that the codec is right, documents and another library show."""
    sent = Framer(framing).framed(ASKED)
    [request], _ = heard(framing, sent.frame)
    reply = request.answer(modbus.reply_read(request.asked, DATA))
    assert ASKED.data(sent.rtu(reply[: sent.complete(reply)])) == DATA


@pytest.mark.parametrize("framing", [Framing.ASCII, Framing.TCP])
def test_a_request_that_is_not_as_long_as_it_says_is_dropped(framing: Framing) -> None:
    """A write of two registers with the bytes of one."""
    body = b"\7\x10\0\1\0\2\4\0\1"
    assert heard(framing, to_ascii(body) if framing is Framing.ASCII else to_tcp(body, 1)) == ([], b"")

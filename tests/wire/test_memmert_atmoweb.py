"""Golden bytes of AtmoWEB: requests and answers as the maker's document and public clients show them."""

import contextlib

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.kernel.errors import WireError
from instruments.drivers.memmert_atmoweb import wire

pytestmark = pytest.mark.requirement("F025")

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


def answer(body: bytes) -> bytes:
    """Frame a body as a device does."""
    return HEAD % len(body) + body


def test_a_question_is_a_get_with_empty_values() -> None:
    """As ``/atmoweb?Temp1Read=`` of the document."""
    assert wire.request(("Temp1Read",)).startswith(b"GET /atmoweb?Temp1Read= HTTP/1.1\r\n")


def test_a_value_is_set_in_the_same_way() -> None:
    """As ``/atmoweb?TempSet=37.0`` of the document."""
    assert wire.request((), {"TempSet": "37.0"}).startswith(b"GET /atmoweb?TempSet=37.0 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "body", [b'{"Temp1Read": 36.9}', b'"Temp1Read": 36.9,', b'"Temp1Read": "36.9", ', b'{"Temp1Read": "36.9"}\r\n']
)
def test_an_answer_reads_with_and_without_braces(body: bytes) -> None:
    """Older firmware leaves them out and ends with a comma."""
    assert wire.number(wire.values(answer(body)), "Temp1Read") == pytest.approx(36.9)


@pytest.mark.parametrize("text", ["N/A", "N/D", ""])
def test_what_a_device_does_not_have_is_none(text: str) -> None:
    """Never a number."""
    assert wire.number({"O2Read": text}, "O2Read") is None


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        answer(b"[1, 2]"),
        answer(b'{"Temp1Read": 36.9'),
        answer(b'{"Temp1Read": NaN}'),
        answer(b"\xff\xfe"),
    ],
)
def test_any_other_answer_is_refused(reply: bytes) -> None:
    """Another status, no object, cut, not finite, not text."""
    with pytest.raises(WireError):
        wire.values(reply)


def test_an_answer_without_a_length_is_refused() -> None:
    """Its end can't be told from a lost connection."""
    with pytest.raises(WireError, match="length"):
        wire.complete(b"HTTP/1.1 200 OK\r\n\r\n{}")


@given(st.integers(0, 200))
def test_any_split_of_an_answer_gives_the_same_length(at: int) -> None:
    """Incomplete until its last byte."""
    whole = answer(b'{"Temp1Read": 36.9, "CO2Read": 5.0}')
    assert wire.complete(whole[:at]) == (len(whole) if at >= len(whole) else 0)


@given(st.binary(max_size=300))
def test_noise_is_refused_or_incomplete(data: bytes) -> None:
    """No other error."""
    with contextlib.suppress(WireError):
        assert 0 <= wire.complete(data) <= len(data)


def as_h11_reads(data: bytes) -> int:
    """Give where h11 sees the end of an answer; 0 while it waits for more; raises its error."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "incubator")]))
    client.send(h11.EndOfMessage())
    client.receive_data(data)
    while (event := client.next_event()) is not h11.NEED_DATA:
        if isinstance(event, h11.EndOfMessage):
            return len(data) - len(client.trailing_data[0])
    return 0


@given(
    st.sampled_from([b"200 OK", b"204 No Content", b"100 Continue", b"404 Not Found"]),
    st.sampled_from([b"Content-Length: 6", b"Content-Length: 0", b"Transfer-Encoding: chunked"]),
    st.sampled_from([b"\r\n", b"\n"]),
    st.sampled_from([b"{}\r\n\r\n", b'{"a":1}', b"2\r\n{}\r\n0\r\n\r\n", b"{}\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"]),
)
def test_an_answer_ends_where_h11_says(status: bytes, field: bytes, line: bytes, body: bytes) -> None:
    """Whatever its status, its line ends, and how it states its length; more may follow it."""
    data = line.join([b"HTTP/1.1 " + status, field, b"", b""]) + body
    try:
        expected = as_h11_reads(data)
    except h11.RemoteProtocolError:
        with pytest.raises(WireError):
            wire.complete(data)
    else:
        assert wire.complete(data) == expected

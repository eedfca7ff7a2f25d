"""HTTP/1.1 over a link: one request, one answer with a length; no I/O.

The grammar is the library h11's. An answer that only ends with the connection is refused: a lost connection would
look like its end. Source: RFC 9112.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import h11

from automation.kernel.errors import WireError

PLAIN = 200
HEAD_ENDS = b"\r\n\r\n"
JSON = ("Content-Type", "application/json")


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands at the beginning of some bytes; ``length`` is 0 while it is not complete."""

    length: int
    status: int
    body: bytes


def request(method: str, target: str, *, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> bytes:
    """Frame one request; a body goes with its length."""
    fields = [("Host", "device"), ("Accept", "*/*"), *headers]
    if body:
        fields.append(("Content-Length", str(len(body))))
    client = h11.Connection(h11.CLIENT)
    framed = client.send(h11.Request(method=method, target=target, headers=fields)) or b""
    if body:
        framed += client.send(h11.Data(body)) or b""
    return framed + (client.send(h11.EndOfMessage()) or b"")


def complete(data: bytes) -> int:
    """Tell the length of the answer that the bytes begin with; 0 while it is not complete. Raises WireError."""
    return answer(data).length


@lru_cache(maxsize=4)  # an answer is looked at for its end, then for what it says
def answer(data: bytes) -> Answer:
    """Read the answer that the bytes begin with; raises WireError for what is none, and for one without a length."""
    end = data.find(HEAD_ENDS) + len(HEAD_ENDS)
    length = _plain(data[:end]) if end >= len(HEAD_ENDS) else None
    if length is None:
        return _by_parts(data)
    whole = end + length
    return Answer(whole if len(data) >= whole else 0, PLAIN, data[end:whole])


@lru_cache(maxsize=32)  # a device answers the same question for days, and only the length may differ
def _plain(head: bytes) -> int | None:
    """Give the stated length of a usual answer with this head; None for any other; raises WireError."""
    client = _asked()
    try:
        client.receive_data(head)
        event = client.next_event()
    except h11.RemoteProtocolError as error:
        raise WireError(f"not an HTTP answer: {error}") from error
    if not isinstance(event, h11.Response) or event.status_code != PLAIN or client.trailing_data[0]:
        return None
    _check_length(event)
    fields = dict(event.headers)
    return None if b"transfer-encoding" in fields else int(fields[b"content-length"])


def _by_parts(data: bytes) -> Answer:
    """Read an answer whose head is not complete, or whose body comes in parts, or may not come at all."""
    client, status, body = _asked(), 0, b""
    if not data:  # to h11 nothing at all is the end of the connection
        return Answer(0, status, body)
    try:
        client.receive_data(data)
        while True:
            event = client.next_event()
            if event is h11.NEED_DATA:
                return Answer(0, status, body)
            if isinstance(event, h11.Response):
                status = event.status_code
                _check_length(event)
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return Answer(len(data) - len(client.trailing_data[0]), status, body)
    except h11.RemoteProtocolError as error:
        raise WireError(f"not an HTTP answer: {error}") from error


def _asked() -> h11.Connection:
    """Give a connection on which a question was asked."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "device")]))
    client.send(h11.EndOfMessage())
    return client


def _check_length(head: h11.Response) -> None:
    names = {name for name, _ in head.headers}
    if b"content-length" not in names and b"transfer-encoding" not in names:
        raise WireError("the answer states no length, so that its end can't be told from a lost connection")

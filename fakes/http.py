"""The far end of HTTP: requests with bodies out of bytes, and answers into bytes; the grammar is the library h11's.

Source: RFC 9112.
"""

from dataclasses import dataclass
from functools import lru_cache

import h11

from automation.kernel.errors import WireError

LONGEST = 1_000_000  # bytes of one request


@dataclass(frozen=True, slots=True)
class Request:
    """One whole request."""

    method: str
    target: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()  # names in small letters

    def header(self, name: str) -> str:
        """Give a header; empty when it is not there."""
        return next((value for key, value in self.headers if key == name), "")


def take(data: bytes) -> tuple[Request | None, bytes]:
    """Give the request that the bytes begin with, None while it is not whole, and the bytes after it.

    Raises WireError for bytes that are no request.
    """
    if not data:
        return None, data
    server = h11.Connection(h11.SERVER)
    try:
        server.receive_data(data)
        head, body = server.next_event(), b""
        if not isinstance(head, h11.Request):
            return None, data
        while isinstance(event := server.next_event(), h11.Data):
            body += bytes(event.data)
    except h11.RemoteProtocolError as error:
        raise WireError(f"not an HTTP request: {error}") from error
    if not isinstance(event, h11.EndOfMessage):
        if len(data) > LONGEST:
            raise WireError(f"a request of more than {LONGEST} bytes")
        return None, data
    target = head.target.decode("ascii", "replace")
    heads = tuple((name.decode("ascii", "replace"), value.decode("latin-1")) for name, value in head.headers)
    return Request(head.method.decode("ascii", "replace"), target, body, heads), bytes(server.trailing_data[0])


def answer(status: int, body: bytes) -> bytes:
    """Frame an answer of JSON."""
    return _head(status, len(body)) + body


@lru_cache(maxsize=256)
def _head(status: int, length: int) -> bytes:
    server = h11.Connection(h11.SERVER)
    server.receive_data(b"GET / HTTP/1.1\r\nHost: device\r\n\r\n")
    server.next_event()
    server.next_event()
    fields = [("Content-Type", "application/json"), ("Content-Length", str(length))]
    return server.send(h11.Response(status_code=status, headers=fields)) or b""

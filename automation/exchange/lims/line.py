"""One question and one answer over HTTP(S), bounded in size and time; nothing is followed, nothing is asked twice here.

Away from this machine with TLS, the certificate checked. The secret goes into one header and into no error; no words of
the other side do, either, for it may repeat what it was sent.
Units:  s, bytes.
Source: RFC 9110, RFC 6750 (bearer tokens).
"""

import contextlib
import http.client
import socket
import ssl
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

from automation.kernel.errors import FailedError, InputError, UnknownError
from automation.kernel.quantity import Seconds

LARGEST = 8_000_000
"""Bytes of an answer that are still read."""
_PART = 65_536  # bytes read at once
_GOOD = range(200, 300)


class _EndlessError(http.client.HTTPException):
    """An answer whose end can't be told."""


@dataclass(frozen=True, slots=True)
class Line:
    """Where the system is, and how it is reached; ``ca`` names a file of certificates that are trusted besides."""

    url: str
    token: str = field(repr=False)
    ca: str = ""
    patience: Seconds = Seconds(30.0)
    largest: int = LARGEST

    def ask(self, method: str, path: str, *, body: bytes = b"", accept: str) -> bytes:
        """Give the answer to one question.

        Raises FailedError when the system says no or can't be reached, UnknownError when it may have done what was
        asked and no whole answer came.
        """
        parts = urlsplit(self.url)
        connection = self._connection(parts.hostname or "", parts.port, tls=parts.scheme == "https")
        heads = {"Accept": accept, "Connection": "close"}
        heads |= {"Content-Type": accept} if body else {}
        heads |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            try:
                connection.connect()
            except (OSError, http.client.HTTPException) as error:
                raise FailedError(f"{self.url} can't be reached: {_why(error)}") from None
            over = threading.Timer(float(self.patience), _hang_up, (connection.sock,))
            over.daemon = True
            over.start()  # each read has its own time; this is the time of all of them
            try:
                connection.request(method, parts.path + path, body=body or None, headers=heads)
                with connection.getresponse() as answer:
                    said = _whole(answer, self.largest)
            except (OSError, http.client.HTTPException) as error:
                raise UnknownError(f"{self.url} gave no whole answer: {_why(error)}") from None
            finally:
                over.cancel()
        finally:
            connection.close()
        if answer.status not in _GOOD:
            raise FailedError(f"{self.url} answered {in_words(answer.status)}")
        if self.token and self.token.encode() in said:
            raise FailedError(f"{self.url} repeats the secret in its answer, which is not read")
        return said

    def _connection(self, host: str, port: int | None, *, tls: bool) -> http.client.HTTPConnection:
        patience = float(self.patience)
        if not tls:
            return http.client.HTTPConnection(host, port, timeout=patience)
        try:
            context = ssl.create_default_context()
            if self.ca:
                context.load_verify_locations(cafile=self.ca)
        except OSError as error:
            raise InputError(f"the certificates can't be read: {_why(error)}", where=self.ca) from None
        return http.client.HTTPSConnection(host, port, timeout=patience, context=context)


def _hang_up(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _whole(answer: http.client.HTTPResponse, largest: int) -> bytes:
    """Read an answer to its end, in the size that is allowed; its end has to be stated, for a lost line ends too."""
    if answer.length is None and not answer.chunked:
        raise _EndlessError("it states no length, so that its end can't be told from a lost connection")
    found = bytearray()
    while part := answer.read(_PART):
        found += part
        if len(found) > largest:
            raise FailedError(f"the answer has more than {largest} bytes")
    if answer.length:  # what was announced and never came
        raise http.client.IncompleteRead(bytes(found), answer.length)
    return bytes(found)


def in_words(status: int) -> str:
    """Give a status with the words that the standard has for it, whatever the other side wrote."""
    known = {one.value: one.phrase for one in HTTPStatus}
    return f"{status} {known[status]}" if status in known else str(status)


def _why(error: Exception) -> str:
    """Say what went wrong, without what was sent and what came."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, http.client.IncompleteRead):
        return f"it broke off after {len(error.partial)} bytes"
    if isinstance(error, OSError):
        return error.strerror or ("it hung up" if isinstance(error, ConnectionError) else type(error).__name__)
    if isinstance(error, _EndlessError):
        return str(error)
    return f"it is no HTTP ({type(error).__name__})"

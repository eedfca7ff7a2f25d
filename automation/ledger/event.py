"""Events of the ledger: what is stored, what a writer hands in, and the genesis.

Units:  times are integer UTC microseconds; hashes and keys are raw bytes here, lower-case hex in JSON.
Source: docs/ledger-format.md.
"""

from enum import StrEnum
from typing import TypeVar

import msgspec

from automation.kernel.errors import DamagedError
from automation.kernel.untrusted import UNREADABLE
from automation.ledger import upcasts

T = TypeVar("T")

FORMAT = 1
OWN_STREAM = "ledger"  # the ledger's events about itself
ZEROS = bytes(32)


class Mode(StrEnum):
    """What a ledger is, for ever."""

    SIMULATED = "simulated"
    LIVE = "live"


class Genesis(msgspec.Struct, frozen=True, kw_only=True):
    """Body of event 1: what this ledger is."""

    format: int = FORMAT
    ledger: str  # id, 32 hex digits
    mode: Mode
    site: str
    zone: str  # IANA name of the site's time zone
    public_key: str = ""  # Ed25519, 64 hex digits; only a simulated ledger may leave it empty
    created: int  # UTC us
    release: str  # of the program that made it

    @property
    def id(self) -> bytes:
        """Give the ledger id as its 16 bytes."""
        return bytes.fromhex(self.ledger)


class Envelope(msgspec.Struct, frozen=True):
    """What stands around a body; its JSON has these keys in this order."""

    seq: int
    stream: str
    version: int
    kind: str
    schema: int
    epoch: int
    at: int
    zone: str
    by: str
    terminal: str
    cause: int | None


class Draft(msgspec.Struct, frozen=True):
    """An event as its writer hands it in; ``expected`` is the version that the stream must have now."""

    stream: str
    kind: str
    body: bytes  # a JSON object
    by: str
    terminal: str = ""
    cause: int | None = None  # seq of the event that led to this one
    schema: int = 0  # of the body; 0 for the one of this release
    expected: int | None = None


class Event(msgspec.Struct, frozen=True):
    """An event as it stands in the ledger."""

    seq: int  # 1.. over the ledger
    stream: str
    version: int  # 1.. within the stream
    kind: str
    schema: int  # of the body
    epoch: int  # which ownership of the site wrote it
    at: int  # UTC us
    zone: str
    by: str
    terminal: str
    cause: int | None
    body: bytes  # JSON as stored
    prev: bytes
    prev_in_stream: bytes
    hash: bytes

    def read(self, shape: type[T], /) -> T:
        """Give the body as ``shape``, in today's words whenever it was written.

        Raises DamagedError when it does not fit, NewerVersionError when a later release has written it.
        """
        try:
            return msgspec.json.decode(self._current, type=shape)
        except _UNREADABLE as error:
            raise self.damaged(error) from error

    @property
    def envelope(self) -> bytes:
        """Give the envelope's JSON as stored."""
        return msgspec.json.encode(Envelope(*(getattr(self, name) for name in Envelope.__struct_fields__)))

    @property
    def fields(self) -> dict[str, object]:
        """Give the body as plain names and values; as ``read``."""
        try:
            return _FIELDS.decode(self._current)
        except _UNREADABLE as error:
            raise self.damaged(error) from error

    def damaged(self, error: Exception) -> DamagedError:
        """Give the error that says that this event is not as the program writes it."""
        said = " ".join(str(error).split())[:300]
        return DamagedError(f"event {self.seq} ({self.stream} {self.kind}) can't be read ({said}); run verify")

    @property
    def _current(self) -> bytes:
        return upcasts.current(self.stream, self.kind, schema=self.schema, body=self.body)


_UNREADABLE = (*UNREADABLE, TypeError)  # a damaged file may hold something else than bytes
_FIELDS = msgspec.json.Decoder(dict[str, object])

"""The exported record: the streams of one batch with proofs, as one JSON file that verifies alone.

Source: docs/ledger-format.md; RFC 9162 section 2.1.3 (inclusion proofs).
"""

from hashlib import sha256

import msgspec

_DIGEST = b',"digest"'


class HeadLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed head, as in ``heads.log``."""

    body: str
    signature: str  # hex


class Proven(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One event with all that its hash needs, and its way up to the root of ``heads[head]``; hashes in hex."""

    envelope: str
    body: str
    prev: str
    prev_in_stream: str
    head: int  # index into the record's heads
    path: tuple[str, ...]


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file; its JSON has these keys in this order."""

    cellwright_record: int = 1
    ledger: str  # id, hex
    prefixes: tuple[str, ...]  # which streams were asked for
    heads: tuple[HeadLine, ...]
    events: tuple[Proven, ...]  # by seq; the genesis is the first
    digest: str = ""  # SHA-256 of the bytes before this key, hex: finds accidents, proves nothing


def encode(record: Record) -> bytes:
    """Give the file's bytes, with the digest that belongs to them."""
    return msgspec.json.encode(msgspec.structs.replace(record, digest=_digest(msgspec.json.encode(record))))


def is_whole(record: Record, data: bytes) -> bool:
    """Tell whether ``data`` is exactly how this record is written, digest included."""
    return encode(record) == data


def _digest(data: bytes) -> str:
    return sha256(data[: data.rindex(_DIGEST)]).hexdigest()

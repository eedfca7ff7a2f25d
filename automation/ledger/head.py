"""Signed heads: what the key of a site vouches for, and how a key is named.

Units:  times in UTC microseconds; keys are raw Ed25519 bytes (32), hex in JSON.
Source: docs/ledger-format.md; RFC 8032 (Ed25519).
"""

from hashlib import sha256
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from automation.kernel.errors import InputError
from automation.ledger.chain import length

_HEAD_TAG = b"cellwright/head/1"
_DIGEST_TAG = b"cellwright/head-digest/1"


class HeadBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a head says; its JSON has these keys in this order, hashes and keys in hex."""

    ledger: str
    number: int  # 1..
    since: int  # first event that this head adds
    seq: int  # last event that it covers
    hash: str  # of event ``seq``
    root: str  # RFC 9162 tree hash over events since..seq
    at: int  # UTC us, that of event ``seq``
    key: str  # public key
    prev: str  # digest of the head before; zeros in the first


class Head(msgspec.Struct, frozen=True):
    """A head as stored: its body's bytes, what they say, and the signature (64 bytes)."""

    said: HeadBody
    body: bytes
    signature: bytes

    @property
    def digest(self) -> str:
        """Give the hex digest by which the next head cites this one."""
        return sha256(_DIGEST_TAG + length(self.body) + self.body + self.signature).hexdigest()

    @property
    def row(self) -> tuple[int, int, str, str, bytes]:
        """Give the row of the table ``head``."""
        return self.said.seq, self.said.at, key_id(self.said.key), self.body.decode(), self.signature

    @property
    def line(self) -> bytes:
        """Give the line of ``heads.log``, with its line end."""
        return msgspec.json.encode({"body": self.body.decode(), "signature": self.signature.hex()}) + b"\n"


def sign(said: HeadBody, key: bytes) -> Head:
    """Sign a head with the private key (32 bytes)."""
    body = msgspec.json.encode(said)
    signature = Ed25519PrivateKey.from_private_bytes(key).sign(_HEAD_TAG + length(body) + body)
    return Head(said, body, signature)


def parse(body: bytes, signature: bytes) -> Head:
    """Read a stored head; raises msgspec.DecodeError when the body is not one. Proves nothing yet."""
    return Head(msgspec.json.decode(body, type=HeadBody), body, signature)


def is_signed(head: Head) -> bool:
    """Tell whether the signature fits the body and the key that the body names."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(head.said.key))
        key.verify(head.signature, _HEAD_TAG + length(head.body) + head.body)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key(key: bytes) -> bytes:
    """Give the public key (32 bytes) of a private key; raises InputError when it is not one."""
    if len(key) != 32:
        raise InputError(f"a private key has {len(key)} bytes; an Ed25519 key has 32")
    return Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw()


def key_id(public: str) -> str:
    """Give the short name of a public key (hex in, 16 hex digits out; "unreadable" for what is no hex)."""
    try:
        return sha256(bytes.fromhex(public)).hexdigest()[:16]
    except ValueError:
        return "unreadable"


def read_public_key(path: Path, *, site: Path | None = None) -> bytes:
    """Read a public key (64 hex digits in a text file); raises InputError, also when it lies in ``site``.

    A key that lies beside the ledger can be exchanged together with it, so it proves nothing.
    """
    if site is not None and path.resolve().is_relative_to(site.resolve()):
        raise InputError("the key lies inside the site folder, where it proves nothing", where=str(path))
    try:
        public = bytes.fromhex(path.read_text("ascii").strip())
    except OSError as error:
        raise InputError(f"the key can't be read ({error.strerror})", where=str(path)) from error
    except ValueError as error:
        raise InputError("not a public key: 64 hex digits are expected", where=str(path)) from error
    if len(public) != 32:
        raise InputError(f"not a public key: 64 hex digits are expected, found {2 * len(public)}", where=str(path))
    return public

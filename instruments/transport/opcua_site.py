"""What a site says of an OPC UA server: which node is which, what numbers mean, and as whom it is spoken to.

Mapping file (JSON): ``{"nodes": {"KitID": "ns=2;s=Kit.Id", "ProtocolState": "Rotea/State"}, "words": {"KitState":
{"0": "NotLoaded"}}}``; a place is a node id, a path below Objects, or another BrowseName.
Access file (JSON, readable by its owner only): ``{"user": ..., "password": ..., "security": "Basic256Sha256,
SignAndEncrypt,certificate.der,key.pem", "unencrypted": false, "anonymous_writes": false}``; its contents never enter
the ledger. ``security`` is the text that asyncua's ``set_security_string`` takes.
"""

import stat
from pathlib import Path
from typing import TypeVar

import msgspec

from automation.kernel.errors import InputError

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class Mapped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where nodes stand that are not found by their BrowseName, and what the numbers of enumerations mean."""

    nodes: dict[str, str] = {}
    words: dict[str, dict[int, str]] = {}
    about: str = ""


class Access(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As whom a server is spoken to, and how."""

    user: str = ""
    password: str = ""
    security: str = ""
    unencrypted: bool = False  # the site accepts that anybody on the wire can read and write
    anonymous_writes: bool = False

    @property
    def may_write(self) -> bool:
        """Tell whether anything may be written at all."""
        return bool(self.user) or self.anonymous_writes or bool(self.security)

    def check(self, url: str) -> None:
        """Refuse to speak to another host in the clear; raises InputError that says what the site can do."""
        host = url.removeprefix("opc.tcp://").partition("/")[0].rpartition(":")[0]
        if host not in LOOPBACK and not self.security and not self.unencrypted:
            msg = f"{url} is another host: name 'security' in the access file, or say 'unencrypted': true there"
            raise InputError(msg)


def read_mapping(path: Path) -> Mapped:
    """Read a mapping file; raises InputError naming file and field."""
    return _read(path, Mapped)


def read_access(path: Path) -> Access:
    """Read an access file; raises InputError for one that others can read, and naming file and field, never a value."""
    return read_owned(path, Access)


_Kind = TypeVar("_Kind", bound=msgspec.Struct)


def read_owned(path: Path, kind: type[_Kind]) -> _Kind:
    """Read a file with secrets; raises InputError for one that others can read, and naming file and field."""
    held = _read(path, kind)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        msg = f"others can read it; allow only its owner: chmod 600 {path.name}"
        raise InputError(msg, where=str(path))
    return held


def _read(path: Path, kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise InputError(f"can't be read: {error.strerror}", where=str(path)) from None
    except msgspec.MsgspecError as wrong:
        raise InputError(f"is not as it has to be: {wrong}", where=str(path)) from None

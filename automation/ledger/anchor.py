"""``heads.log``: every signed head once more, outside the database, so that an older copy of it shows.

Format: one JSON object a line, see docs/ledger-format.md. Written only after the events are committed.
"""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from automation.kernel.errors import DamagedError, FailedError, InputError
from automation.ledger.head import Head, parse

NAME = "heads.log"
_TAIL = 65_536  # bytes; holds every head that an earlier owner can have written beside one that wakes up


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    body: str
    signature: str


def read_line(line: bytes) -> Head:
    """Read one line (without its end); raises ValueError when it isn't exactly what ``Head.line`` writes."""
    try:
        found = msgspec.json.decode(line, type=_Line)
        head = parse(found.body.encode(), bytes.fromhex(found.signature))
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    if head.line != line + b"\n":
        raise ValueError("not in canonical form")
    return head


class Anchor:
    """The open ``heads.log`` of a ledger's owner."""

    def __init__(self, path: Path, *, live: bool) -> None:
        """Open (or make) the file beside the ledger; ``live`` writes through to the disk."""
        self._path = path
        self._live = live

    def last(self) -> Head | None:
        """Give the last whole head of the file; a torn last line is cut off.

        Raises DamagedError when the last whole line is no head, InputError when the file can't be opened.
        """
        try:
            text = self._path.read_bytes() if self._path.exists() else b""
            whole = text[: text.rfind(b"\n") + 1]
            if len(whole) < len(text):
                os.truncate(self._path, len(whole))
        except OSError as error:
            raise InputError(f"it can't be read or written ({error.strerror})", where=str(self._path)) from error
        if not whole:
            return None
        line = whole[:-1].rpartition(b"\n")[2]
        try:
            return read_line(line)
        except ValueError as error:
            raise DamagedError(f"its last line is no head ({error})", where=str(self._path)) from error

    def add(self, heads: Sequence[Head]) -> None:
        """Append heads whose events are committed; one that stands there already is not said twice.

        Raises FailedError, also when an owner that was taken over still holds the file.
        """
        try:
            with self._path.open("a+b") as out:
                fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
                out.seek(max(0, out.tell() - _TAIL))
                said = out.read().splitlines()
                out.write(b"".join(head.line for head in heads if head.line[:-1] not in said))
                out.flush()
                if self._live:
                    os.fsync(out.fileno())
        except OSError as error:
            raise FailedError(f"{NAME} can't be written ({error.strerror}): the head is not anchored yet") from error

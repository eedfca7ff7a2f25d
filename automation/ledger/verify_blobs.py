"""Check the kept files of a site folder: each is what its name says, and each one that is looked for is there.

Looked for is what process data and the results of qualifications cite. Reads in slices and hashes as a stream, so that
neither a writer nor memory is held up.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from automation.kernel.errors import InputError
from automation.ledger import where
from automation.ledger.place import Rows

FOLDER = "blobs"
_SLICE = 2_000
_NAME = re.compile(r"[0-9a-f]{64}")
_ASIDE = ".tmp"  # what a crash left of a file that was being written; nothing cites it
_CITING = "SELECT seq, body FROM event WHERE seq > ? AND (envelope LIKE ? OR envelope LIKE ?) ORDER BY seq LIMIT ?"
_WHERE = ('%"kind":"data"%', '%"stream":"qualification/%')


class _Citing(msgspec.Struct):
    """What an event says of files: process data of one, the result of a qualification's step of those that show it."""

    blob: str = ""
    given: object = None

    def files(self) -> Iterator[str]:
        """Give the names of the files."""
        if self.blob:
            yield self.blob
        shown = self.given.get("evidence") if isinstance(self.given, dict) else None
        for one in shown if isinstance(shown, list) else ():
            yield str(one.get("sha256", "")) if isinstance(one, dict) else str(one)


def verify_blobs(folder: Path) -> tuple[str, ...]:
    """Give one sentence for every kept file of a site that is wrong or missing; none when all are whole.

    Raises as ``place.Place.to_read``, and DamagedError for a ledger that can't be read.
    """
    cited = dict(_cited(folder))  # before the files: a file is kept before its event is written
    root = folder / FOLDER
    bad = {path.name: said for path in sorted(root.rglob("*")) if (said := _wrong(path, root))}
    lost = [
        f"{FOLDER}/{name[:2]}/{name} is missing; event {seq} cites it"
        for name, seq in cited.items()
        if not (root / name[:2] / name).is_file()
    ]
    return (*bad.values(), *lost)


def _cited(folder: Path) -> Iterator[tuple[str, int]]:
    """Give name and event of every file that process data or the steps of a qualification cite."""
    with closing(where.find(folder).to_read()) as stored:
        yield from _rows(stored)


def _rows(stored: Rows) -> Iterator[tuple[str, int]]:
    last = 0
    while rows := stored.ask(_CITING, last, *_WHERE, _SLICE):
        for seq, body in rows:
            yield from ((name, seq) for name in msgspec.json.decode(body, type=_Citing).files())
        last = rows[-1][0]


def _wrong(path: Path, root: Path) -> str:
    """Say what is wrong with a kept file, or nothing."""
    if path.is_dir() or path.suffix == _ASIDE:
        return ""
    name = f"{FOLDER}/{path.relative_to(root)}"
    if not _NAME.fullmatch(path.name) or path.parent != root / path.name[:2]:
        return f"{name} is no kept file: its name or place is not the SHA-256 of what it holds"
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"the file can't be read ({error.strerror})", where=str(path)) from error
    return "" if found == path.name else f"{name} was changed: it hashes to {found}"

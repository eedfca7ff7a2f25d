"""A folder into which a partner's program puts its messages: each is brought once, and goes where it was decided.

A file is looked at when its signature stands beside it, so that none is read while it is being written. What was taken
goes to ``taken``, what was refused to ``refused``, both below the folder and under the begin of their SHA-256, so that
none overwrites another. What could not be asked stays where it is. Somebody else's program writes here: links are not
followed, large files not read, and another intake may be at work in the same folder.
Units:  bytes.
Source: docs/exchange.md.
"""

import hashlib
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from automation.kernel.errors import InputError, OwnedError, RefusedError

TAKEN, REFUSED = "taken", "refused"
_SEAL = ".sig"
_LARGEST = 8_000_000  # bytes of a file that is read


@dataclass(frozen=True, slots=True)
class Swept:
    """What came of each file: a line, or why it was refused."""

    taken: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Give it as lines."""
        lines = [f"{name}: {what}" for name, what in (*self.taken.items(), *self.refused.items())]
        return "\n".join(lines) or "no signed file is there"


def read_file(path: Path) -> bytes:
    """Give the bytes of a file; raises InputError for a link, what is no file, and more than 8 MB."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(opened, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError("is no file", where=str(path))
            data = file.read(_LARGEST + 1)
    except OSError as error:
        why = "it is a link" if path.is_symlink() else error.strerror
        raise InputError(f"can't be read: {why}", where=str(path)) from None
    if len(data) > _LARGEST:
        raise InputError(f"has more than {_LARGEST} bytes", where=str(path))
    return data


def sweep(where: Path, *, known: Callable[[bytes], bool], bring: Callable[[bytes, bytes], str]) -> Swept:
    """Bring every signed file of a folder in the order of names; gives what was taken, and what was refused and why.

    ``known`` tells whether these bytes were taken before; ``bring`` takes a file and its signature and says what came
    of it. Raises OwnedError and FailedError where nobody could decide: then the file stays. Raises InputError where
    the folders for what was decided lead elsewhere.
    """
    found = Swept()
    for side in (TAKEN, REFUSED):
        if (where / side).is_symlink() or ((where / side).exists() and not (where / side).is_dir()):
            raise InputError("is no folder of its own; what was decided goes there", where=str(where / side))
    for seal in sorted(where.glob(f"?*{_SEAL}")):
        path = seal.with_suffix("")
        if os.path.lexists(path):
            _decide(found, path, seal=seal, known=known, bring=bring)
    return found


def _decide(
    found: Swept, path: Path, *, seal: Path, known: Callable[[bytes], bool], bring: Callable[[bytes, bytes], str]
) -> None:
    name = path.name if path.name.isprintable() else ascii(path.name)
    data = b""
    try:
        data, signature = read_file(path), read_file(seal)
        found.taken[name] = "known already" if known(data) else bring(data, signature)
        goes = TAKEN
    except OwnedError:
        raise
    except (InputError, RefusedError) as wrong:
        if not os.path.lexists(path):  # another intake has decided it meanwhile
            return
        found.refused[name], goes = str(wrong), REFUSED
    _away(path.parent / goes, (path, seal), digest=hashlib.sha256(data).hexdigest())


def _away(folder: Path, files: tuple[Path, ...], *, digest: str) -> None:
    folder.mkdir(exist_ok=True)
    for one in files:
        with suppress(FileNotFoundError):  # another intake was quicker
            one.replace(folder / f"{digest[:8]}-{one.name}")

"""A folder into which a partner's program puts its messages: each is brought once, and goes where it was decided.

A file is looked at when its signature stands beside it, so that none is read while it is being written. What was taken
goes to ``taken``, what was refused to ``refused``, both below the folder and under the begin of their SHA-256, so that
none overwrites another. What could not be asked stays where it is.
Source: docs/exchange.md.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from automation.kernel.errors import InputError, OwnedError, RefusedError

TAKEN, REFUSED = "taken", "refused"
_SEAL = ".sig"


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


def sweep(where: Path, *, known: Callable[[bytes], bool], bring: Callable[[Path, Path], str]) -> Swept:
    """Bring every signed file of a folder in the order of names; gives what was taken, and what was refused and why.

    ``known`` tells whether these bytes were taken before; ``bring`` takes a file and its signature and says what came
    of it. Raises OwnedError and FailedError where nobody could decide: then the file stays.
    """
    found = Swept()
    for seal in sorted(where.glob(f"*{_SEAL}")):
        path = seal.with_suffix("")
        if not path.is_file():
            continue
        data, goes = path.read_bytes(), TAKEN
        try:
            found.taken[path.name] = "known already" if known(data) else bring(path, seal)
        except OwnedError:
            raise
        except (InputError, RefusedError) as wrong:
            found.refused[path.name], goes = str(wrong), REFUSED
        _away(where / goes, (path, seal), digest=hashlib.sha256(data).hexdigest())
    return found


def _away(folder: Path, files: tuple[Path, ...], *, digest: str) -> None:
    folder.mkdir(exist_ok=True)
    for one in files:
        one.replace(folder / f"{digest[:8]}-{one.name}")

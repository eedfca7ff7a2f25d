"""What a page tells its reader to write and to type.

A fence says where its text goes: ``python PATH`` begins a file or goes on with it, ``yaml PATH below LINE`` goes below
a line that is there, ``yaml PATH replace LINE`` in its place, ``console`` is typed; all else is only read.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w+)(?: (\S+)(?: (below|replace) ([^\n]+))?)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TYPED = "console"


@dataclass(frozen=True, slots=True)
class Block:
    """One fence of a page."""

    language: str
    path: str
    how: str
    line: str
    text: str

    @property
    def commands(self) -> list[list[str]]:
        """Give what is typed, by lines, each in its words."""
        return [shlex.split(line) for line in self.text.splitlines()] if self.language == TYPED else []


def blocks(page: Path) -> list[Block]:
    """Give what a page tells to write or to type, in its order."""
    found = [Block(*(part or "" for part in one.groups())) for one in _FENCE.finditer(page.read_text(encoding="utf-8"))]
    return [block for block in found if block.path or block.language == TYPED]


def write(block: Block, folder: Path, *, begun: set[str]) -> None:
    """Write one block as its reader would: the first one of a file replaces it, the next ones follow."""
    path = folder / block.path
    if block.line:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        at = [line.strip() for line in lines].index(block.line)
        kept = lines[at : at + 1] if block.how == "below" else []
        lines[at : at + 1] = [*kept, block.text]
        path.write_text("".join(lines), encoding="utf-8")
        return
    if block.path in begun:
        path.write_text(f"{path.read_text(encoding='utf-8')}\n\n{block.text}", encoding="utf-8")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")
    begun.add(block.path)

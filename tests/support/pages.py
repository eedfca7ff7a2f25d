"""Pages whose commands are run word for word: what a page shows below a command has to be in its answer."""

import hashlib
import os
import re
import shlex
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from automation.opener import House, Staying
from tests.support.commands import Said, cellwright

DOCS = Path(__file__).parents[2] / "docs"
_NOWHERE = frozenset({"init", "verify", "calc", "read"})  # they name their site themselves, or need none
_ASIDE = frozenset({"rehearse", "simulate"})  # they work at a throwaway copy of the site
DIGEST = re.compile(r"\$\(sha256sum (\S+) \| cut -d' ' -f1\)")


@dataclass(frozen=True, slots=True)
class Told:
    """One command of a page, what the page shows of its answer, and what it was."""

    words: str
    shown: tuple[str, ...]
    said: Said

    @property
    def missing(self) -> list[str]:
        """Give the lines of the page that are not in the answer."""
        answer = " ".join((self.said.out + self.said.err).split())
        return [line for line in self.shown if " ".join(line.split()) not in answer]

    @property
    def refused(self) -> bool:
        """Tell whether the page shows that the answer is no."""
        return any(line.startswith(("cellwright: ", "left open: ")) for line in self.shown)


def told(
    page: str, folder: Path, *, prepare: Callable[[], None] = lambda: None, sections: Collection[str] = ()
) -> tuple[Told, ...]:
    """Run the commands of a page in a folder; the site that it makes is ``site`` there.

    ``sections`` are the titles whose commands are run, all of them when none is named.
    """
    here, house = Path.cwd(), Staying()
    os.chdir(folder)
    try:
        prepare()
        return tuple(Told(words, shown, _run(words, house)) for words, shown in _commands(DOCS / page, sections))
    finally:
        house.leave()
        os.chdir(here)


def _commands(page: Path, sections: Collection[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Give every command of a page with the lines that stand below it."""
    parts = re.split(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    titled = [text for title, text in zip(["", *parts[1::2]], parts[::2], strict=True) if title in sections]
    blocks = re.findall(r"```console\n(.*?)```", "".join(titled if sections else parts), re.DOTALL)
    told = [part.strip().splitlines() for block in blocks for part in f"\n{block}".split("\n$ ")[1:]]
    return [(lines[0], tuple(lines[1:])) for lines in told if lines[0].startswith("cellwright ")]


def _run(words: str, house: Staying) -> Said:
    if found := DIGEST.search(words):
        words = words.replace(found[0], hashlib.sha256(Path(found[1]).read_bytes()).hexdigest())
    command, *rest = shlex.split(words)[1:]
    file_alone = (command, *rest[:1]) == ("judge", "transport")
    two_sites = command == "gap" or (command, *rest[:1]) == ("transfer", "package")
    where = [] if two_sites or file_alone or command in _NOWHERE else ["--site", "site"]
    return cellwright(command, *rest, *where, house=House if two_sites or command in _ASIDE else lambda: house)

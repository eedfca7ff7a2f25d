"""The list, in the order of the work, and its page ``docs/cheats.md``."""

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Final

from tests.cheats import (
    batches,
    bedside,
    exchange,
    files,
    identity,
    labels,
    materials,
    people,
    plant,
    qualifications,
    quality,
    records,
    release,
    reports,
    results,
    sealed,
    signatures,
    transfers,
)
from tests.cheats.cheat import Cheat

SECTIONS: Final[Mapping[str, tuple[Cheat, ...]]] = {
    people.TITLE: people.CHEATS,
    signatures.TITLE: signatures.CHEATS,
    batches.TITLE: batches.CHEATS,
    records.TITLE: records.CHEATS,
    identity.TITLE: identity.CHEATS,
    labels.TITLE: labels.CHEATS,
    materials.TITLE: materials.CHEATS,
    plant.TITLE: plant.CHEATS,
    qualifications.TITLE: qualifications.CHEATS,
    results.TITLE: results.CHEATS,
    exchange.TITLE: exchange.CHEATS,
    quality.TITLE: quality.CHEATS,
    transfers.TITLE: transfers.CHEATS,
    reports.TITLE: reports.CHEATS,
    release.TITLE: release.CHEATS,
    bedside.TITLE: bedside.CHEATS,
}
CHEATS: Final = tuple(chain.from_iterable(SECTIONS.values()))
PAGE: Final = Path(__file__).parents[2] / "docs" / "cheats.md"
_HEAD: Final = """\
# Ways to cheat

Written by `python -m tests.cheats` from the lists in `tests/cheats`; a test compares the two. Each of {number} ways is
tried at the door whenever the tests run. It is refused in one sentence, with the words of the last column. Nothing
changes. The ledger says who tried what, and why it was refused. And the same act done rightly succeeds.
"""

_FOUND: Final = """\
Who holds the disk can't be refused. What is done to the files is found by `cellwright verify`, which names the first
bad event; what nothing inside can tell is found by a head that was kept outside.
"""
_SEALS: Final = """\
A PDF that left the site is in anybody's hands. `cellwright verify FILE.pdf --trust ANCHOR.pem` tells what was done.
"""


def page() -> str:
    """Give the page as it has to be."""
    head = _HEAD.format(number=len(CHEATS))
    return "\n".join((head, *chain.from_iterable(map(_section, SECTIONS.items())), *_files()))


def _section(section: tuple[str, tuple[Cheat, ...]]) -> Iterator[str]:
    title, cheats = section
    yield from (f"## {title}", "", "| who tries to | against | is told |", "|---|---|---|")
    yield from (f"| {one.name[0].lower()}{one.name[1:]} | {one.clause} | {one.says} |" for one in cheats)
    yield ""


def _files() -> Iterator[str]:
    heads = ("| who tries to | against | is found as |", "|---|---|---|")
    yield from (f"## {files.TITLE}", "", *_FOUND.splitlines(), "", *heads)
    yield from (f"| {one.name[0].lower()}{one.name[1:]} | {one.clause} | {one.says} |" for one in files.TAMPERINGS)
    yield from ("", f"## {sealed.TITLE}", "", *_SEALS.splitlines(), "", *heads)
    yield from (f"| {one.name[0].lower()}{one.name[1:]} | {one.clause} | {one.says} |" for one in sealed.FORGERIES)
    yield ""

"""Who may record anything: where a site has a curriculum for that, whoever is qualified by it.

A curriculum that says from when on (``records_from``) is the switch: written by one, approved by another, in versions.
Without one everybody records whom the rights allow to. What keeps product and people safe, and the way to become
qualified, is open to everybody.
Source: 21 CFR 11.10(i), 211.25(a); FDA, Data Integrity and Compliance With Drug CGMP (2018), question 16 (training);
        PIC/S PI 041-1, chapter 6.
"""

from collections.abc import Iterator
from typing import Protocol, cast

from automation.gmp.accountability import ACCEPT
from automation.gmp.marks import TO_RECORD
from automation.gmp.objects import Thing
from automation.kernel.quantity import Instant

_OPEN_KINDS = frozenset({"alarm", "call", "curriculum", "observation", "safety-notice", "training"})
_OPEN_MOVES = frozenset(
    {
        *(("batch", command) for command in ("hold", "pause", "stop", "abort")),
        *(("person", command) for command in (ACCEPT, "lock", "renew_secret", "reset_secret")),
    }
)


class _Site(Protocol):
    """What is asked of a site."""

    @property
    def now(self) -> Instant: ...
    @property
    def zone(self) -> str: ...
    def find(self, kind: str, id: str) -> Thing: ...  # noqa: A002  the field's own name
    def marked(self, kind: str, mark: str) -> Iterator[Thing]: ...


class _Curriculum(Protocol):
    """What is asked of a curriculum."""

    id: str
    records_since: Instant | None


class _Training(Protocol):
    """What is asked of a training."""

    def lacking(self, documents: tuple[str, ...], *, at: Instant, done: Instant, zone: str) -> str: ...


def barred(site: _Site, person: str, *, stream: str, command: str) -> str:
    """Say why a person may not record a move; empty when nothing stands in the way."""
    kind = stream.partition("/")[0]
    if kind in _OPEN_KINDS or (kind, command) in _OPEN_MOVES:
        return ""
    for one in (cast("_Curriculum", found) for found in site.marked("curriculum", TO_RECORD)):
        if one.records_since is None or site.now < one.records_since:
            continue
        training = cast("_Training", site.find("training", f"{one.id}.{person}"))
        lacks = training.lacking((), at=site.now, done=site.now, zone=site.zone)
        if lacks:
            return f"{person} may not record anything: {one.id}: {person} {lacks}"
    return ""

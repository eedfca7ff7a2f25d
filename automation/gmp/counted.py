"""Batches that count for a transfer or a process performance qualification: all of them, the bad ones too.

Whoever may leave a batch out decides what is found; so from an approval on every batch of the recipe that has ended is
counted before anything is concluded.
Units: moments in s (UTC).
Source: FDA, Process Validation (2011), IV.C.2 (all data of the PPQ are reported); EU GMP Annex 15, 2.8.
"""

from collections.abc import Collection, Iterator
from typing import Protocol, cast

from automation.gmp.marks import made_by, of_owner
from automation.gmp.objects import Site
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Instant

_ENDED = frozenset({"complete", "stopped", "aborted", "closed"})


class _Issue(Protocol):
    """What is asked of the issue of a batch."""

    recipe_digest: str


class CountedBatch(Protocol):
    """What is asked of a batch."""

    id: str
    state: str
    issued_at: Instant | None
    issue: _Issue | None


def made_since(site: Site, batch: str, *, digest: str, since: Instant, where: str) -> CountedBatch:
    """Give a batch that may be counted.

    Raises RefusedError for one that goes on, was issued before the approval (``since``), or by another recipe.
    A recipe with a parameter set otherwise is another one; what was amended later counts under the one it began with.
    """
    found = cast("CountedBatch", site.find("batch", batch))
    if found.state not in _ENDED:
        raise RefusedError(f"{where}: batch {batch} is {found.state}; it counts when it has ended")
    made = found.issue.recipe_digest if found.issue is not None else ""
    if made != digest:
        raise RefusedError(f"{where}: batch {batch} was issued by recipe {made[:12]}, not by {digest[:12]}")
    if found.issued_at is None or found.issued_at < since:
        raise RefusedError(f"{where} was approved after batch {batch} was issued")
    return found


def left_out(site: Site, digest: str, *, since: Instant, counted: Collection[str]) -> tuple[str, ...]:
    """Give the batches by a recipe that were issued since and are not counted.

    One that goes on is among them when a later one is counted: nobody waits with a bad batch until it is too late.
    """
    made = (cast("CountedBatch", one) for one in site.marked("batch", made_by(digest)))
    later = [(one.issued_at, one) for one in made if one.issued_at is not None and one.issued_at >= since]
    last = max((at for at, one in later if one.id in counted), default=since)
    return tuple(one.id for at, one in later if one.id not in counted and (one.state in _ENDED or at < last))


def deviations_of(site: Site, batches: Collection[str]) -> Iterator[tuple[str, str]]:
    """Give every deviation of some batches with its state."""
    for batch in batches:
        yield from ((one.id, one.state) for one in site.marked("deviation", of_owner(batch)))


def check_deviations(site: Site, batches: Collection[str], *, named: Collection[str], where: str) -> None:
    """Raise RefusedError when a deviation of some batches is not named, or is open."""
    for name, state in deviations_of(site, batches):
        if name not in named:
            raise RefusedError(f"{where}: deviation {name} is not named in the conclusion")
        if state != "closed":
            raise RefusedError(f"{where}: deviation {name} is {state}; it has to be closed before")

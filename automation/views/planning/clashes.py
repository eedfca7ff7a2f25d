"""Clashes: more of one thing is needed at a moment than there is, and by whom.

Units:  moments in s (UTC).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from automation.kernel.quantity import Instant


@dataclass(frozen=True, slots=True)
class Use:
    """Somebody needs so many of a thing for a time."""

    what: str
    many: int
    begin: Instant
    end: Instant
    whose: str


@dataclass(frozen=True, slots=True)
class Clash:
    """More are needed than there are."""

    what: str
    there: int
    needed: int
    begin: Instant
    end: Instant
    whose: tuple[str, ...]


def clashes(uses: Iterable[Use], there: Mapping[str, int]) -> tuple[Clash, ...]:
    """Give the clashes in the order of time, each with all who have a part in it; what is not counted never clashes."""
    by_what: dict[str, list[Use]] = {}
    for use in uses:
        if use.what in there and use.begin < use.end:
            by_what.setdefault(use.what, []).append(use)
    found = (clash for what, some in by_what.items() for clash in _of_one(some, what=what, there=there[what]))
    return tuple(sorted(found, key=lambda clash: (clash.begin, clash.what)))


def _of_one(uses: list[Use], *, what: str, there: int) -> Iterator[Clash]:
    """Look at each moment at which somebody more comes; who was named in the clash before is not named again alone."""
    named: set[str] = set()
    for at in sorted({use.begin for use in uses}):
        here = [use for use in uses if use.begin <= at < use.end]
        needed = sum(use.many for use in here)
        whose = tuple(dict.fromkeys(use.whose for use in here))
        if needed <= there or set(whose) <= named:
            continue
        named |= set(whose)
        yield Clash(what, there, needed, at, min(use.end for use in here), whose)

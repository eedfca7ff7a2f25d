"""What keeps an asset fit between two uses: its cleanings with their hold times, and the maintenance that falls due.

Units:  hold times in h, moments in s (UTC).
Source: 21 CFR 211.67(a), (b) (cleaning and maintenance at set intervals, protection from contamination before use);
        EU GMP Annex 15, 10.8 (time between use and cleaning, and between cleaning and use).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.due import HOUR
from automation.gmp.words import Body, field
from automation.kernel.clock import iso
from automation.kernel.quantity import Instant, Seconds


class Sort(StrEnum):
    """How thoroughly it is cleaned."""

    AFTER_USE = "after use"
    CHANGEOVER = "changeover"  # from one product to another
    EXTENDED = "extended"  # after it has stood dirty for too long, or after maintenance


class Cleaning(Body):
    """How it was cleaned."""

    procedure: str = field(label="Procedure", length=1)
    sort: Sort = field(label="Sort", help="after use, changeover or extended", default=Sort.AFTER_USE)
    agent: str = field(label="Agent", help="Detergent or disinfectant, with its lot", default="")


class Service(Body):
    """When a maintenance plan wants it next; empty when the plan has ended."""

    plan: str = field(label="Maintenance plan", length=1)
    due: str = field(label="Due", help="ISO 8601 moment; empty when nothing is due any more", default="")


@dataclass(frozen=True, slots=True)
class HoldTimes:
    """How long an asset may stand dirty before it is cleaned, and clean before it is used (h; 0: no limit)."""

    dirty_h: float = 0.0
    clean_h: float = 0.0


@dataclass(frozen=True, slots=True)
class Upkeep:
    """How an asset stands between two uses; a value, never edited in place."""

    clean: bool = False
    changed_at: Instant | None = None  # of the last cleaning while it is clean, of the last use while it is not
    sort: Sort = Sort.AFTER_USE  # of the last cleaning
    last_batch: str = ""  # that used it
    services: tuple[tuple[str, Instant], ...] = ()  # maintenance plans, each with its due moment

    def used(self, batch: str, now: Instant) -> Self:
        """Give how it stands after a use."""
        return replace(self, clean=False, changed_at=now, last_batch=batch)

    def cleaned(self, sort: Sort, now: Instant) -> Self:
        """Give how it stands after a cleaning."""
        return replace(self, clean=True, changed_at=now, sort=sort)

    def serviced(self, plan: str, due: Instant | None) -> Self:
        """Give how it stands when a plan wants it at another moment, or never again."""
        others = tuple(one for one in self.services if one[0] != plan)
        return replace(self, services=others if due is None else (*others, (plan, due)))

    def unclean(self, now: Instant, holds: HoldTimes) -> Iterator[str]:
        """Say why it may not be used, as far as cleaning goes."""
        if not self.clean:
            yield "is not clean"
            return
        clean_for = float(HOUR) * holds.clean_h
        if clean_for and self.changed_at is not None and now >= self.changed_at + Seconds(clean_for):
            yield f"was cleaned at {iso(self.changed_at)}; it stays clean for {holds.clean_h:g} h, so clean it again"

    def overdue(self, now: Instant) -> Iterator[str]:
        """Say which maintenance is overdue."""
        for plan, due in self.services:
            if now >= due:
                yield f"is overdue for maintenance {plan} since {iso(due)}"

    def stood_too_long(self, sort: Sort, now: Instant, holds: HoldTimes) -> str:
        """Say why a cleaning of a sort is not enough; empty when it is."""
        if self.clean or self.changed_at is None or not holds.dirty_h or sort is Sort.EXTENDED:
            return ""
        stood = float(now - self.changed_at) / float(HOUR)
        if stood <= holds.dirty_h:
            return ""
        limit = f"at most {holds.dirty_h:g} h"
        return f"has stood dirty for {stood:.1f} h, {limit} are validated; it needs an {Sort.EXTENDED} cleaning"


NEW = Upkeep()
"""Of an asset that was neither used nor cleaned yet."""

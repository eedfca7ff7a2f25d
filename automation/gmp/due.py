"""What is due: one value that says what has to be done, by whom and until when; any object may have some.

A due is read off the object that it is about, so that it can't outlive or contradict it; moving a due date is a move of
that object. Whoever lists them sorts by ``by``.
Units:  moments in s (UTC).
Source: 21 CFR 211.192 (investigations within a set time), 211.111 (time limits); ICH Q10 3.2.2 (CAPA follow-up).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from automation.gmp.objects import Thing
from automation.kernel.quantity import Instant, Seconds

DAY = Seconds(86_400.0)
HOUR = Seconds(3_600.0)
NEAR = 0.25  # share of the time given, before its end, in which it counts as near


class Urgency(StrEnum):
    """How a due stands to the clock."""

    IN_TIME = "in time"
    NEAR = "near"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that somebody has to do."""

    what: str
    owner: str  # a person, or the right that is needed
    by: Instant
    warn: Instant  # from then on it is near
    escalate: str = ""  # the right whose holders are told, too, once it is overdue

    def urgency(self, now: Instant) -> Urgency:
        """Tell how it stands; the very moment is still in time."""
        if now > self.by:
            return Urgency.OVERDUE
        return Urgency.NEAR if now >= self.warn else Urgency.IN_TIME

    def concerns(self, person: str, rights: Iterable[str], now: Instant) -> bool:
        """Tell whether it is on a person's list: as owner, by right, or because it is overdue."""
        mine = {person, *rights}
        return self.owner in mine or (self.escalate in mine and self.urgency(now) is Urgency.OVERDUE)


def within(what: str, *, owner: str, since: Instant, given: Seconds, escalate: str = "") -> Due:
    """Give a due that counts from a moment; it is near in the last quarter of the time given."""
    return until(what, owner=owner, since=since, by=since + given, escalate=escalate)


def until(what: str, *, owner: str, since: Instant, by: Instant, escalate: str = "") -> Due:
    """Give a due with a set end; it is near in the last quarter of the time since ``since``."""
    return Due(what, owner, by, by - NEAR * max(Seconds(0.0), by - since), escalate)


def dues_of(thing: Thing) -> tuple[Due, ...]:
    """Give what is due of an object; of most nothing is."""
    found: tuple[Due, ...] = getattr(thing, "dues", ())
    return found

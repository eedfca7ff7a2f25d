"""Escalation: whom a due reaches beyond its owner, the longer it is overdue; computed from it, never stored.

Whoever acts ends it by acting, because a due is read off the object that it is about.
Units:  s since the due was over.
Source: 21 CFR 211.192, 211.111 (acted on in time); ICH Q10 2.5, 3.2 (issues raised to the appropriate level).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from automation.gmp.due import Due, Urgency
from automation.kernel.quantity import Instant, Seconds


@dataclass(frozen=True, slots=True)
class Level:
    """Who is told, a person or everybody with a right, when nobody has acted for so long."""

    to: str
    after: Seconds  # s since the due was over


def reached(due: Due, now: Instant, levels: Sequence[Level]) -> Iterator[tuple[int, str]]:
    """Give the levels that a due has reached, each with its number (1..) and who is told."""
    over = now - due.by
    for number, level in enumerate(levels, 1):
        if over > Seconds(0.0) and over >= level.after:
            yield number, level.to


def reaches(due: Due, now: Instant, levels: Sequence[Level]) -> tuple[str, ...]:
    """Give everybody beyond its owner whom a due reaches by now, in order, each once."""
    late = (due.escalate,) if due.escalate and due.urgency(now) is Urgency.OVERDUE else ()
    everybody = dict.fromkeys((*late, *(to for _, to in reached(due, now, levels))))
    return tuple(str(one) for one in everybody if one != due.owner)

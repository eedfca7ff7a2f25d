"""Who has done which operation, how often and for how long: added up from the questions that a person has answered.

The time is that at the questions of an operation, from when one was taken (or put, where nobody took it) until it was
answered; what overlaps counts once. Waiting between questions, as for an incubation, is no experience and not in it.
Units:  h.
Source: EU GMP chapter 2, 2.10 to 2.14 (experience of people); 21 CFR 211.25(a) (education, training and experience).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from automation.gmp.people.prompts import Prompt
from automation.kernel.clock import iso
from automation.views.objects import Objects

HOUR = 3600.0  # s


@dataclass(frozen=True, slots=True)
class Experience:
    """One person at one operation: runs are steps of batches; days in the site's zone."""

    person: str
    operation: str
    runs: int
    answers: int
    hours: float
    first: str
    last: str


def experience(objects: Objects, *, person: str = "") -> Iterator[Experience]:
    """Give every person and operation, or those of one person, in the order of their names."""
    found: dict[tuple[str, str], list[Prompt]] = {}
    for one in objects.every("prompt"):
        if isinstance(one, Prompt) and one.state == "answered" and one.operation and person in {"", one.answered_by}:
            found.setdefault((one.answered_by, one.operation.partition("@")[0]), []).append(one)
    for (who, operation), prompts in sorted(found.items()):
        yield _of(objects, prompts, person=who, operation=operation)


def _of(objects: Objects, prompts: list[Prompt], *, person: str, operation: str) -> Experience:
    spans = sorted(_span(one) for one in prompts)
    days = [iso(one.answered_at, zone=objects.zone)[:10] for one in prompts if one.answered_at is not None]
    return Experience(
        person=person,
        operation=operation,
        runs=len({(one.batch, one.step) for one in prompts}),
        answers=len(prompts),
        hours=round(_covered(spans) / HOUR, 2),
        first=min(days, default=""),
        last=max(days, default=""),
    )


def _span(one: Prompt) -> tuple[float, float]:
    end = float(one.answered_at or 0.0)
    began = one.claimed_at if one.claimed_at is not None and one.claimed_by == one.answered_by else one.opened_at
    return (end if began is None else float(began)), end


def _covered(spans: Iterable[tuple[float, float]]) -> float:
    total, until = 0.0, 0.0
    for began, ended in spans:
        total += max(0.0, ended - max(began, until))
        until = max(until, ended)
    return total

"""Whether a person may perform an operation: by the curricula in force, or where there are none by plain training.

From the first curriculum for an operation on, that is what counts, in every lot. Without one, plain training
(``person ID train``) is enough for engineering lots and on simulated sites; a clinical or commercial lot of a live site
needs a curriculum. The versions are those in force when the batch was issued.
Source: 21 CFR 211.25(a) (training before function), 11.10(i); design guarantee 6.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, cast

from automation.gmp.due import DAY
from automation.gmp.marks import opening
from automation.gmp.objects import Site
from automation.gmp.people.curricula import Curriculum, Plan, needed, required
from automation.gmp.people.training import Training, last_done
from automation.gmp.quality.safety_notices import unread
from automation.kernel.quantity import Instant

_FOR_PATIENTS = ("clinical", "commercial")


class _Person(Protocol):
    """What is asked of a person."""

    def is_trained(self, operation: str) -> bool: ...


class _Batch(Protocol):
    """What is asked of a batch."""

    issued_at: Instant | None

    @property
    def lot_type(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be performed: an operation (name or name@version), in which batch, and when that was issued."""

    operation: str
    batch: str = ""
    issued: Instant | None = None  # of a batch that is only planned; else it is the batch's


def unqualified(site: Site, person: str, work: Work, *, at: Instant) -> str:
    """Say why a person may not perform an operation; empty when one may.

    It reads after the operation's name, as in a refusal: ``is part of freeze, on which anna is not trained``.
    """
    unsafe = unread(site, person, operation=work.operation)
    if unsafe:
        return unsafe
    curricula = [one.id for one in site.marked("curriculum", opening(work.operation.partition("@")[0]))]
    issued = work.issued or (_issued(site, work.batch, at) if curricula else at)
    asked = list(needed(site, curricula, at=issued))
    if asked:
        return "; ".join(_lacking(site, person, asked, issued=issued, at=at))
    if not cast("_Person", site.find("person", person)).is_trained(work.operation):
        return f"on which {person} is not trained"
    if site.simulated or not work.batch:
        return ""
    lot = cast("_Batch", site.find("batch", work.batch)).lot_type
    return f"for which no curriculum is in force; a {lot} lot needs one" if lot in _FOR_PATIENTS else ""


def skilled(site: Site, person: str, *, curriculum: str, at: Instant) -> str:
    """Say what a person lacks of a skill such as gowning, and of what it needs; empty when nothing is missing."""
    return "; ".join(_lacking(site, person, list(needed(site, [curriculum], at=at)), issued=at, at=at))


def fades(site: Site, person: str, *, curriculum: str) -> Instant | None:
    """Give when a person's qualification fades unless an operation of it is performed; None when it does not."""
    plan = cast("Curriculum", site.find("curriculum", curriculum)).plan
    training = cast("Training", site.find("training", f"{curriculum}.{person}"))
    if plan is None or not training.held or training.held[-1].fade_days is None:
        return None
    done = max(training.held[-1].since, last_done(site, person, plan.operations))
    return done + training.held[-1].fade_days * DAY


def _issued(site: Site, batch: str, now: Instant) -> Instant:
    issued = cast("_Batch", site.find("batch", batch)).issued_at if batch else None
    return now if issued is None else issued


def _lacking(
    site: Site, person: str, asked: list[tuple[Curriculum, Plan]], *, issued: Instant, at: Instant
) -> Iterator[str]:
    for curriculum, plan in asked:
        training = cast("Training", site.find("training", f"{curriculum.id}.{person}"))
        done = last_done(site, person, plan.operations) if plan.fade_days is not None else at
        lacks = training.lacking(required(site, plan, at=issued), at=at, done=done, zone=site.zone)
        if lacks:
            yield f"{curriculum.id}: {person} {lacks}"

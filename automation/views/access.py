"""The register of access rights: who may what, since when, until when, given and ended by whom.

Read off the persons, so that it can't differ from what the door lets through.
Source: 21 CFR 11.10(d), (g) limited access and authority; Annex 11 draft 11 (identity and access management).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from automation.gmp.accountability import unaccepted
from automation.gmp.people.persons import Access, Person
from automation.kernel.clock import iso
from automation.kernel.quantity import Instant
from automation.views.objects import Objects


@dataclass(frozen=True, slots=True)
class AccessLine:
    """One period in which a person held some roles; moments in the site's zone, empty where there is none."""

    person: str
    name: str
    staff: str
    state: str
    roles: tuple[str, ...]
    rights: tuple[str, ...]  # that the roles give at this site now
    since: str
    by: str
    until: str  # end of the permit
    ended: str
    ended_by: str
    reason: str
    accepted: tuple[str, ...] = ()  # statements that the own signature binds, each with its day
    missing: str = ""  # the statement in force that is not accepted; until then nothing is signed


def register(objects: Objects, *, person: str = "", past: bool = False) -> Iterator[AccessLine]:
    """Give what is in force, or with ``past`` every period, of one person or of all."""
    for one in objects.every("person"):
        if isinstance(one, Person) and person in {"", one.id}:
            yield from (_line(objects, one, period) for period in one.access if past or _in_force(one, period, objects))


def _in_force(person: Person, period: Access, objects: Objects) -> bool:
    over = period.until is not None and objects.now > period.until
    return person.state == "active" and period.ended is None and not over


def _line(objects: Objects, person: Person, period: Access) -> AccessLine:
    def at(moment: Instant | None) -> str:
        return "" if moment is None else iso(moment, zone=objects.zone)[:16]

    return AccessLine(
        person=person.id,
        name=person.name,
        staff=person.staff,
        state=str(person.state),
        roles=period.roles,
        rights=tuple(sorted(objects.rights_of(period.roles))),
        since=at(period.since),
        by=period.by,
        until=at(period.until),
        ended=at(period.ended),
        ended_by=period.ended_by,
        reason=period.reason,
        accepted=tuple(f"{one.document} {at(one.at)[:10]}" for one in person.accepted),
        missing=unaccepted(objects, person.id),
    )

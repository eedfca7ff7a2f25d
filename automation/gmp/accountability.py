"""Accountability: before a signature of somebody counts, that person has signed that it binds like one by hand.

A document of the sort *signature statement* says so. From the moment on at which a version of it is in force, whoever
has not accepted that very version signs nothing else; a site without such a document asks nobody.
Source: 21 CFR 11.10(j) (accountable for actions under one's signature), 11.100(c) (certified to be legally binding);
        EU GMP Annex 11, 14(a).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, cast

from automation.gmp.objects import Thing
from automation.kernel.quantity import Instant

STATEMENT = "signature statement"  # sort of such a document, and the mark of its versions
ACCEPT = "accept_signature"  # the command of a person


@dataclass(frozen=True, slots=True)
class Accepted:
    """One version that somebody has accepted, and when."""

    document: str
    at: Instant


class _Site(Protocol):
    """What is asked of a site, by the door and by views."""

    def find(self, kind: str, id: str) -> Thing: ...  # noqa: A002  the field's own name
    def marked(self, kind: str, mark: str) -> Iterator[Thing]: ...
    @property
    def now(self) -> Instant: ...


class _Document(Protocol):
    """What is asked of a version of a statement."""

    id: str

    def in_force(self, at: Instant) -> bool: ...


class _Person(Protocol):
    """What is asked of a person."""

    accepted: tuple[Accepted, ...]


def unaccepted(site: _Site, person: str) -> str:
    """Give the statement in force that a person has not accepted; empty when nothing stands in the way of signing."""
    wanted = [one.id for one in map(_version, site.marked("document", STATEMENT)) if one.in_force(site.now)]
    if not wanted:
        return ""
    accepted = {one.document for one in cast("_Person", site.find("person", person)).accepted}
    return next((name for name in wanted if name not in accepted), "")


def _version(thing: Thing) -> _Document:
    return cast("_Document", thing)

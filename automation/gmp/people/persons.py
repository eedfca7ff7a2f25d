"""Persons: who they are at the door, which roles they hold and what they are trained on; an id is never given twice.

Printed names of signatories stay, as the law asks; secrets are kept elsewhere and never enter the ledger.
Source: 21 CFR 11.10(d) access, (g) authority, (i) training; 11.100(a) unique, never reassigned;
        11.300(b), (d) recall, lock-out.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import SYSTEM, Body, Reason, Right, field
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.machine import Row, Table


class State(StrEnum):
    """Where an account stands; only an active person has rights."""

    ABSENT = "absent"
    ACTIVE = "active"
    LOCKED = "locked"
    RETIRED = "retired"


class Registration(Body):
    """Who the person is."""

    name: str = field(label="Printed name", help="As it stands beside each signature", length=1)
    roles: tuple[str, ...] = field(label="Roles", help="The site maps roles to rights", default=())


class Grant(Body):
    """All roles that the person holds from now on."""

    roles: tuple[str, ...] = field(label="Roles")
    reason: str = field(label="Reason", length=3)


class Training(Body):
    """What the person has shown to master."""

    operation: str = field(label="Operation", length=1)
    version: str = field(label="Version", help="The effective version that the training covered", default="")

    @property
    def mark(self) -> str:
        """Give the training as one word: operation@version."""
        return f"{self.operation}@{self.version}" if self.version else self.operation


_ID = r"\w[\w.-]{0,63}"
_KEEPERS = frozenset({Right.ADMINISTER, Right.SYSTEM})  # the program: on behalf of the person, known by the old secret
_TRAINERS = frozenset({Right.SUPERVISE, Right.ADMINISTER, Right.SYSTEM})

TABLE = Table(
    State.ABSENT,
    (
        Row("register", State.ABSENT, State.ACTIVE, by=_KEEPERS, body=Registration),
        Row("grant", State.ACTIVE, State.ACTIVE, by={Right.ADMINISTER}, body=Grant),
        Row("train", State.ACTIVE, State.ACTIVE, by=_TRAINERS, body=Training),
        Row("renew_secret", State.ACTIVE, State.ACTIVE, by=_KEEPERS, body=Reason),
        Row("lock", State.ACTIVE, State.LOCKED, by=_KEEPERS, body=Reason),
        Row("unlock", State.LOCKED, State.ACTIVE, by={Right.ADMINISTER}, body=Reason),
        Row("retire", State.ACTIVE, State.RETIRED, by={Right.ADMINISTER}, body=Reason),
        Row("retire", State.LOCKED, State.RETIRED, by={Right.ADMINISTER}, body=Reason),
    ),
)


@dataclass(frozen=True, slots=True)
class Person:
    """One person, folded from the events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    name: str = ""
    roles: tuple[str, ...] = ()
    trained: frozenset[str] = frozenset()

    def is_trained(self, operation: str) -> bool:
        """Tell whether the person is trained on ``name@version``; a name alone asks for any version."""
        name, _, version = operation.partition("@")
        if version:
            return operation in self.trained or name in self.trained
        return any(mark.partition("@")[0] == name for mark in self.trained)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse favours to oneself, names of the program, and the program as personnel office of a live site."""
        if fact.kind == "register" and not re.fullmatch(_ID, self.id):
            allowed = "1 to 64 letters, digits, . _ - are allowed; names with ':' are the program's own"
            raise InputError(f"person id is {self.id!r}; {allowed}")
        if fact.kind in {"grant", "train", "unlock", "retire"} and fact.by == self.id:
            msg = f"person {self.id} may not {fact.kind} the own account; another person has to"
            raise RefusedError(msg)
        if site.simulated or not fact.by.startswith(f"{SYSTEM}:"):
            return
        if fact.kind == "train":
            msg = f"person {self.id}: on a live site a person has to confirm the training"
            raise RefusedError(msg)
        if fact.kind == "register" and any(site.every("person")):
            msg = f"person {self.id}: on a live site the program registers the first administrator and nobody else"
            raise RefusedError(msg)

    def apply(self, fact: Fact) -> Self:
        """Give the person as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        if fact.kind == "register":
            said = fact.stated(Registration)
            return replace(after, name=said.name, roles=said.roles)
        if fact.kind == "grant":
            return replace(after, roles=fact.stated(Grant).roles)
        if fact.kind == "train":
            return replace(after, trained=self.trained | {fact.stated(Training).mark})
        return after


KIND = Kind("person", "people", TABLE, Person)

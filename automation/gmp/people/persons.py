"""Persons: who they are at the door, which roles they hold and what they are trained on; an id is never given twice.

Behind each account stands one human, named by the staff number, and no human has two accounts: so whoever may not be
the same person can't be it under another name. Who comes back gets the old account back. What somebody could do, since
when, until when and by whom stays in the access periods.
Printed names of signatories stay, as the law asks; secrets are kept elsewhere and never enter the ledger.
Source: 21 CFR 11.10(d) access, (g) authority, (i) training; 11.100(a) unique, never reassigned, (b) identity verified;
        11.200(a)(2) used by the owner alone; 11.300(b), (d) recall, lock-out.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, TypeVar

from automation.gmp.accountability import ACCEPT, STATEMENT, Accepted
from automation.gmp.codes import Moment, moment
from automation.gmp.due import Due
from automation.gmp.due import until as due_at
from automation.gmp.marks import OPEN, of_name, of_party, of_staff
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.operating import check_operations
from automation.gmp.words import SYSTEM, Body, Meaning, Reason, Right, field
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant


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
    staff: str = field(label="Staff number", help="Of the human behind the account, as on the badge", default="")
    until: Moment | None = field(label="Permit ends", help="Of a guest, or for a time", default=None)
    parties: tuple[str, ...] = field(
        label="Parties", help="For which the person signs hand-overs: centre, courier, site, ward", default=()
    )


class Belonging(Body):
    """All parties that the person signs for from now on."""

    parties: tuple[str, ...] = field(label="Parties", help="As hand-overs name them: centre, courier, site, ward")
    reason: str = field(label="Reason", length=3)


class Identification(Body):
    """Which human stands behind an account."""

    staff: str = field(label="Staff number", help="As on the badge", length=1)
    seen: str = field(label="What was looked at", help="Badge or passport, in the person's presence", length=3)


class Grant(Body):
    """All roles that the person holds from now on."""

    roles: tuple[str, ...] = field(label="Roles")
    reason: str = field(label="Reason", length=3)
    until: Moment | None = field(label="Permit ends", help="Of a guest, or for a time", default=None)


class Training(Body):
    """What the person has shown to master."""

    operation: str = field(label="Operation", length=1)
    version: str = field(label="Version", help="The effective version that the training covered", default="")

    @property
    def mark(self) -> str:
        """Give the training as one word: operation@version."""
        return f"{self.operation}@{self.version}" if self.version else self.operation


class Acceptance(Body):
    """That the person knows that the electronic signature binds."""

    document: str = field(label="Signature statement", help="The version that was read, for example ESIG@1", length=3)
    binding: bool = field(label="My electronic signature binds me like one by hand")


_ID = r"\w[\w.-]{0,63}"  # in one script, so that no letter looks like another one's
_KEEPERS = frozenset({Right.ADMINISTER, Right.SYSTEM})  # the program: on behalf of the person, known by the old secret
_ANYBODY = frozenset(Right) - {Right.SYSTEM}
_TRAINERS = frozenset({Right.SUPERVISE, Right.ADMINISTER, Right.SYSTEM})
_OWN = frozenset(
    {"grant", "belong", "train", "unlock", "retire", "identify", "reinstate", "reset_secret"}
)  # what nobody does to the own account

_P = TypeVar("_P", bound="Person")

TABLE = Table(
    State.ABSENT,
    (
        Row("register", State.ABSENT, State.ACTIVE, by=_KEEPERS, body=Registration),
        Row("identify", State.ACTIVE, State.ACTIVE, by={Right.ADMINISTER}, body=Identification),
        Row("grant", State.ACTIVE, State.ACTIVE, by={Right.ADMINISTER}, body=Grant),
        Row("belong", State.ACTIVE, State.ACTIVE, by={Right.ADMINISTER}, body=Belonging),
        Row("train", State.ACTIVE, State.ACTIVE, by=_TRAINERS, body=Training),
        Row(ACCEPT, State.ACTIVE, State.ACTIVE, by=_ANYBODY, signs=(Meaning.RESPONSIBLE,), body=Acceptance),
        Row("renew_secret", State.ACTIVE, State.ACTIVE, by=_KEEPERS, body=Reason),
        Row(
            "reset_secret",
            State.ACTIVE,
            State.ACTIVE,
            by={Right.ADMINISTER},
            signs=(Meaning.RESPONSIBLE, Meaning.VERIFIED),
            body=Reason,
        ),
        Row("lock", State.ACTIVE, State.LOCKED, by=_KEEPERS, body=Reason),
        Row("unlock", State.LOCKED, State.ACTIVE, by={Right.ADMINISTER}, body=Reason),
        Row("retire", State.ACTIVE, State.RETIRED, by={Right.ADMINISTER}, body=Reason),
        Row("retire", State.LOCKED, State.RETIRED, by={Right.ADMINISTER}, body=Reason),
        Row("reinstate", State.RETIRED, State.ACTIVE, by={Right.ADMINISTER}, body=Grant),
    ),
)


@dataclass(frozen=True, slots=True)
class Access:
    """Which roles a person held from when until when, who gave them and who ended that."""

    roles: tuple[str, ...]
    since: Instant
    by: str
    reason: str
    until: Instant | None = None  # of the permit, as it was given
    ended: Instant | None = None
    ended_by: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """One person, folded from the events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    name: str = ""
    roles: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()  # that the person signs hand-overs for
    trained: frozenset[str] = frozenset()
    staff: str = ""
    until: Instant | None = None  # end of the permit
    secret_at: Instant = Instant(0.0)  # when the secret was set
    secret_by: str = ""
    accepted: tuple[Accepted, ...] = ()  # statements that the signature binds
    access: tuple[Access, ...] = ()  # the last one is in force while nothing ended it

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: its id, the human behind it, its parties; one whose permit will end is open."""
        if self.state is State.ABSENT:
            return ()
        known = (of_name(self.id), *((of_staff(self.staff),) if self.staff else ()), *map(of_party, self.parties))
        return (*known, OPEN) if self.state is State.ACTIVE and self.until is not None else known

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: a permit is renewed, or the account retired, before it ends."""
        if self.state is not State.ACTIVE or self.until is None:
            return ()
        since = self.access[-1].since if self.access else self.until
        return (due_at(f"renew or end the permit of {self.id}", owner=Right.ADMINISTER, since=since, by=self.until),)

    def is_trained(self, operation: str) -> bool:
        """Tell whether the person is trained on ``name@version``; a name alone asks for any version."""
        name, _, version = operation.partition("@")
        if version:
            return operation in self.trained or name in self.trained
        return any(mark.partition("@")[0] == name for mark in self.trained)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse favours to oneself, a second account, and the program as personnel office of a live site."""
        if fact.kind == "register" and not re.fullmatch(_ID, self.id):
            allowed = "1 to 64 letters, digits, . _ - are allowed; names with ':' are the program's own"
            raise InputError(f"person id is {self.id!r}; {allowed}")
        if fact.kind == "register":
            self._check_alike(site)
        self._refuse(
            fact.kind in _OWN and fact.by == self.id,
            f"may not {fact.kind} the own account; another person has to",
        )
        self._check_human(fact, site)
        if isinstance(fact.body, Training):
            check_operations((fact.body.operation,), site, where=f"person {self.id}")
        if isinstance(fact.body, Acceptance):
            self._check_acceptance(fact, fact.body, site)
        if isinstance(fact.body, Registration | Grant):
            self._check_roles(fact.body.roles, site)
        if isinstance(fact.body, Registration | Grant) and fact.body.until is not None:
            over = moment(fact.body.until, zone=fact.zone) <= fact.at
            self._refuse(over, f"can't have a permit that ended at {fact.body.until}")
        if site.simulated or not fact.by.startswith(f"{SYSTEM}:"):
            return
        live = "on a live site"
        self._refuse(
            fact.kind == "train", f"is not trained by the program: {live} a person has to confirm the training"
        )
        again = fact.kind == "register" and any(site.every("person"))
        self._refuse(again, f"comes too late: {live} the program registers the first administrator and nobody else")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"person {self.id} {why}")

    def _check_alike(self, site: Site) -> None:
        """Refuse an id that people would take for another one: large for small letters, letters of two scripts."""
        like = next((one.id for one in site.marked("person", of_name(self.id)) if one.id != self.id), "")
        self._refuse(bool(like), f"can't be told from person {like}; write another id")
        scripts = sorted({unicodedata.name(one, "?").partition(" ")[0] for one in self.id if one.isalpha()})
        self._refuse(len(scripts) > 1, f"has letters of {' and '.join(scripts)} in one id; write it in one script")

    def _check_roles(self, roles: tuple[str, ...], site: Site) -> None:
        """Refuse a role that the site does not state: it would give no right, and nobody would be told."""
        unknown = sorted(set(roles) - site.roles)
        known = ", ".join(sorted(site.roles))
        self._refuse(bool(unknown), f"can't be {', '.join(unknown)}, no role of this site; known: {known}")

    def _check_human(self, fact: Fact, site: Site) -> None:
        """Refuse a person without a human behind the account, and a human with two accounts."""
        if not isinstance(fact.body, Registration | Identification):
            return
        staff, by_person = fact.body.staff, not fact.by.startswith(f"{SYSTEM}:")
        missing = not staff and by_person and not site.simulated
        self._refuse(missing, "needs a staff number: who is the human behind the account?")
        self._refuse(bool(self.staff) and staff != self.staff, f"has the staff number {self.staff} for ever")
        for other in site.marked("person", of_staff(staff)) if staff else ():
            whose = f"{staff} has the account {other.id}, which is {other.state}"
            self._refuse(other.id != self.id, f"can't be: {whose}; one human has one account")

    def _check_acceptance(self, fact: Fact, said: Acceptance, site: Site) -> None:
        """Refuse what somebody else accepts, what is no such statement, and what was accepted before."""
        self._refuse(fact.by != self.id, f"accepts the statement, nobody else: not {fact.by}")
        document = site.find("document", said.document)
        known = said.document in {one.id for one in site.marked("document", STATEMENT)}
        stands = known and document.state in {"approved", "effective"}
        self._refuse(not stands, f"can't accept {said.document}: it is no approved {STATEMENT} here")
        self._refuse(not said.binding, "does not say that the signature binds; then nothing can be signed")
        again = said.document in {one.document for one in self.accepted}
        self._refuse(again, f"has accepted {said.document} before")

    def apply(self, fact: Fact) -> Self:
        """Give the person as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Registration() as said:
                known = replace(after, name=said.name, staff=said.staff, parties=said.parties)
                return _granted(known, fact, said.roles, ends=said.until)
            case Grant() as said:
                return _granted(after, fact, said.roles, ends=said.until)
            case Belonging(parties=parties):
                return replace(after, parties=parties)
            case Identification(staff=staff):
                return replace(after, staff=staff)
            case Acceptance(document=document):
                return replace(after, accepted=(*self.accepted, Accepted(document, fact.at)))
            case Training() as said:
                return replace(after, trained=self.trained | {said.mark})
        match fact.kind:
            case "renew_secret" | "reset_secret":
                return replace(after, secret_at=fact.at, secret_by=fact.by)
            case "unlock":
                return _opened(after, fact)
        return replace(after, access=_ended(self.access, fact))


def _granted(person: _P, fact: Fact, roles: tuple[str, ...], *, ends: str | None) -> _P:
    until = None if ends is None else moment(ends, zone=fact.zone)
    return _opened(replace(person, roles=roles, until=until), fact)


def _opened(person: _P, fact: Fact) -> _P:
    """Begin a period of access with the roles and the permit that the person has now."""
    reason = fact.body.reason if isinstance(fact.body, Grant | Reason) else "registered"
    opened = Access(person.roles, fact.at, fact.by, reason, person.until)
    return replace(person, access=(*_ended(person.access, fact), opened))


def _ended(periods: tuple[Access, ...], fact: Fact) -> tuple[Access, ...]:
    if not periods or periods[-1].ended is not None:
        return periods
    return (*periods[:-1], replace(periods[-1], ended=fact.at, ended_by=fact.by))


KIND = Kind("person", "people", TABLE, Person)

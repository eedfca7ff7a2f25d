"""Terminals: places where people are known by their secrets; one at which too many were wrong is locked.

A terminal is heard of with its first wrong secret, or registered before. The right secret of anybody ends the counting;
a locked one is opened again by an administrator, who can't sign as those whose secrets were tried there.
Source: 21 CFR 11.300(d) safeguards against attempts at unauthorised use; Annex 11 draft 11.7 to 11.9.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.marks import OPEN
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Reason, Right, field
from automation.kernel.errors import InputError
from automation.kernel.machine import Row, Table

WRONG_IN_A_ROW = 10  # by whomever
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")


class State(StrEnum):
    """Where a terminal stands."""

    ABSENT = "absent"
    IN_USE = "in use"
    LOCKED = "locked"


class Place(Body):
    """Where it stands."""

    location: str = field(label="Location", length=1)


_PROGRAM = frozenset({Right.SYSTEM})

TABLE = Table(
    State.ABSENT,
    (
        Row("register", State.ABSENT, State.IN_USE, by={Right.ADMINISTER}, body=Place),
        *(Row("miss", state, State.IN_USE, by=_PROGRAM) for state in (State.ABSENT, State.IN_USE)),
        Row("recognise", State.IN_USE, State.IN_USE, by=_PROGRAM),
        Row("lock", State.IN_USE, State.LOCKED, by={Right.SYSTEM, Right.ADMINISTER}, body=Reason),
        Row("unlock", State.LOCKED, State.IN_USE, by={Right.ADMINISTER}, body=Reason),
    ),
)


@dataclass(frozen=True, slots=True)
class Terminal:
    """One terminal, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    location: str = ""
    wrong: int = 0  # secrets in a row
    reason: str = ""  # of the last lock or its end

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: a locked one is open for somebody to act."""
        return (OPEN,) if self.state is State.LOCKED else ()

    def check(self, fact: Fact, site: Site) -> None:  # noqa: ARG002  every object is asked the same way
        """Refuse an id that no terminal may have."""
        if not _ID.fullmatch(self.id):
            raise InputError(f"terminal id is {self.id!r}; 1 to 64 letters, digits, '.', '_', '+' and '-' are allowed")

    def apply(self, fact: Fact) -> Self:
        """Give the terminal as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Place(location=location):
                return replace(after, location=location)
            case Reason(reason=reason):
                return replace(after, reason=reason, wrong=0 if fact.kind == "unlock" else self.wrong)
        return replace(after, wrong=self.wrong + 1 if fact.kind == "miss" else 0)


KIND = Kind("terminal", "people", TABLE, Terminal)

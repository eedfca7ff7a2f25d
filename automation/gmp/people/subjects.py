"""Subjects: patients and donors by their code; who they are stands beside the ledger, and every look at it is recorded.

The ledger holds the code and a keyed commitment, which says nothing without the subject's own key. Erasing destroys
that key: what was recorded under the code stays, and leads to nobody any more.
Source: GDPR (EU) 2016/679 art. 4(5), 17, 25, 32; EU GMP Part IV (codes, never names); 21 CFR 1271.290(c).
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.marks import of_subject
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, Strength, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table

_HEX = re.compile(r"[0-9a-f]{64}")


class State(StrEnum):
    """Where what is known of a subject stands; an erased code is never given to anybody again."""

    ABSENT = "absent"
    KEPT = "kept"
    ERASED = "erased"


class Entering(Body):
    """That a person was entered under the code; never who."""

    commitment: str = field(label="Keyed commitment to the identifiers", length=64)


_ENTERING = frozenset({Right.ORDER, Right.COLLECT})

TABLE = Table(
    State.ABSENT,
    (
        Row("enter", State.ABSENT, State.KEPT, by=_ENTERING, body=Entering, strength=Strength.VERIFY),
        Row("look", State.KEPT, State.KEPT, by=_ENTERING | {Right.TREAT}, body=Reason, strength=Strength.VERIFY),
        Row(
            "erase",
            State.KEPT,
            State.ERASED,
            by={Right.ORDER},
            signs=(Meaning.RESPONSIBLE, Meaning.APPROVED),
            body=Reason,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    commitment: str = ""
    entered_by: str = ""
    looked: tuple[tuple[str, int], ...] = ()  # who looked, in which event
    erased: str = ""  # why

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: what it is called in other objects."""
        return (of_subject(f"subject/{self.id}"),)

    def told(self, _site: Site) -> tuple[str, ...]:
        """Say who looked who it is."""
        return tuple(f"{who} looked, event {seq}" for who, seq in self.looked)

    def check(self, fact: Fact, site: Site) -> None:  # noqa: ARG002  no other object is asked
        """Refuse a commitment that was not made by the program."""
        if isinstance(fact.body, Entering) and not _HEX.fullmatch(fact.body.commitment):
            raise RefusedError(f"subject {self.id}: commitment is no SHA-256; enter it with: cellwright subject enter")

    def apply(self, fact: Fact) -> Self:
        """Give the subject as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        if isinstance(fact.body, Entering):
            return replace(after, commitment=fact.body.commitment, entered_by=fact.by)
        if fact.kind == "look":
            return replace(after, looked=(*self.looked, (fact.by, fact.seq)))
        return replace(after, erased=fact.stated(Reason).reason)


KIND = Kind("subject", "people", TABLE, Subject, coded=True)

"""Backups of the site as far as somebody has tried to restore them: only a tried one is worth anything.

Units:  ``made`` is ISO 8601 with offset; ``events`` and ``files`` are numbers of them.
Source: EU GMP Annex 11, 7.2 (integrity of backups and the ability to restore, checked and monitored periodically).
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Right, field
from automation.kernel.machine import Row, Table


class State(StrEnum):
    """What the latest trial of a backup has shown."""

    ABSENT = "absent"
    RESTORABLE = "restorable"
    UNUSABLE = "unusable"


class Trial(Body):
    """What was tried, and what came out of it."""

    made: str = field(label="Made at", length=1)
    place: str = field(label="Place", help="Where the backup was read from", length=1)
    events: int = field(label="Events", low=1)
    head: str = field(label="Head", help="Hash of its last event", length=1)
    files: int = field(label="Files", low=1)


class Failure(Trial):
    """What was tried, and why nothing can be restored from it."""

    why: str = field(label="Why", length=3)


_TRIES = frozenset({Right.MAINTAIN, Right.ADMINISTER, Right.SUPERVISE})

TABLE = Table(
    State.ABSENT,
    tuple(
        row
        for state in State
        for row in (
            Row("prove", state, State.RESTORABLE, by=_TRIES, body=Trial),
            Row("fail", state, State.UNUSABLE, by=_TRIES, body=Failure),
        )
    ),
)


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup, folded from its trials; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    made: str = ""
    head: str = ""
    why: str = ""

    def check(self, fact: Fact, site: Site) -> None:
        """Allow every trial; a backup may be tried again."""

    def apply(self, fact: Fact) -> Self:
        """Give the backup as it stands after a trial."""
        said = fact.stated(Failure) if fact.kind == "fail" else fact.stated(Trial)
        why = said.why if isinstance(said, Failure) else ""
        return replace(
            self, state=State(TABLE.row(self.state, fact.kind).dest), made=said.made, head=said.head, why=why
        )


KIND = Kind("backup", "plant", TABLE, Backup)

"""The tray: results that came in a file and belong to no sample that anybody drew wait here until two people decide.

A result is cited by the SHA-256 of its file and its line, never by what stands there: a name that is no sample of ours
may be a patient's. The people read it in the kept file. What was joined is found under its sample from then on, and
says that it was joined and by whom; it can be taken back.
Source: 21 CFR 211.194(a)(1) (identity of the sample), 211.188(b)(11) (second person); 11.10(f) (sequence).
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.marks import OPEN, with_file
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.machine import Row, Table


class State(StrEnum):
    """Where a result without a sample stands."""

    ABSENT = "absent"
    WAITING = "waiting"
    JOINED = "joined"
    SET_ASIDE = "set aside"


class Arrival(Body):
    """Where it stands, what the instrument's clock said, and why nothing was done with it."""

    asset: str = field(label="Instrument", length=1)
    sha256: str = field(label="SHA-256 of its file", length=64)
    line: int = field(label="First line in its file", low=1)
    analysed: str = field(label="When, by the clock of the instrument, as written", default="")
    why: str = field(label="Why it waits", length=3)


class Joining(Body):
    """Whose it is after all."""

    sample: str = field(label="Sample", help="As it was drawn", length=1)
    reason: str = field(label="Reason", help="Why, in words that a reviewer understands", length=3)


_TWO = (Meaning.PERFORMED, Meaning.VERIFIED)
_PEOPLE = frozenset({Right.PERFORM, Right.VERIFY, Right.SUPERVISE, Right.REVIEW})

TABLE = Table(
    State.ABSENT,
    (
        Row("arrive", State.ABSENT, State.WAITING, by={Right.SYSTEM}, body=Arrival),
        Row("join", State.WAITING, State.JOINED, by=_PEOPLE, signs=_TWO, body=Joining),
        Row("set_aside", State.WAITING, State.SET_ASIDE, by=_PEOPLE, signs=_TWO, body=Reason),
        Row("take_back", State.JOINED, State.WAITING, by={Right.SUPERVISE, Right.REVIEW}, signs=_TWO, body=Reason),
    ),
)


@dataclass(frozen=True, slots=True)
class Stray:
    """One result without a sample, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    arrival: Arrival | None = None
    sample: str = ""
    joined_by: tuple[str, ...] = ()

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that waits is open; the file that it stands in."""
        file = (with_file(self.arrival.sha256),) if self.arrival else ()
        return (*file, *((OPEN,) if self.state is State.WAITING else ()))

    def check(self, fact: Fact, site: Site) -> None:
        """Keep no rule beyond the table: two people sign each of its moves."""

    def apply(self, fact: Fact) -> Self:
        """Give the result as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), sample="", joined_by=())
        match fact.body:
            case Arrival() as said:
                return replace(after, arrival=said)
            case Joining(sample=sample):
                return replace(after, sample=sample, joined_by=tuple(one.by for one in fact.signed))
        return after


def stray_id(sha256: str, line: int) -> str:
    """Name a result by its place: the same place is the same result."""
    return f"{sha256[:16]}-{line}"


KIND = Kind("tray", "product", TABLE, Stray)

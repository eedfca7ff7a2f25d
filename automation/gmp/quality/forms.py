"""Controlled paper forms: each print numbered, each accounted for; what was written by hand is entered and compared.

A form that is out has come back and been scanned, or is void with its reason. What stands on it is transcribed with the
time at which it was done, and compared line by line by somebody else. While one of a lot is open, the lot is not
released.
Units:  moments as entered, local to the site when no offset is given.
Source: EU GMP chapter 4, 4.1 and Annex 11 16 (business continuity); MHRA GXP data integrity (blank forms reconciled);
        21 CFR 211.188(b)(11), 211.100(b) (documented at the time of performance).
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, cast

from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, within
from automation.gmp.marks import OPEN, of_batch
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.quality.documents import Document
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.clock import iso
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds

_ACCOUNT_IN = 3 * DAY  # s, for each step
_MINUTE = Seconds(60.0)  # s; people write no seconds
_DIGEST = re.compile(r"[0-9a-f]{64}")


class State(StrEnum):
    """Where a numbered print stands."""

    ABSENT = "absent"
    ISSUED = "issued"
    RETURNED = "returned"
    TRANSCRIBED = "transcribed"
    VERIFIED = "verified"
    VOID = "void"


class Print(Body):
    """What was printed: for which batch and step, and the file that it is from."""

    batch: str = field(label="Batch", length=1)
    step: str = field(label="Step", default="")
    title: str = field(label="Title", length=3)
    sha256: str = field(label="SHA-256 of the print", length=64)
    document: str = field(label="Document", help="Version of the form, for example FORM-3@2", default="")


class Scan(Body):
    """The form as it came back."""

    sha256: str = field(label="SHA-256 of the scan", length=64)
    pages: int = field(label="Pages", low=1)


class Entry(Body):
    """One line of the form."""

    what: str = field(label="What was done", length=2)
    value: str = field(label="Value", help="As written, with its unit", default="")
    container: str = field(label="Container", help="The whole number", default="")
    done: Moment = field(label="Done at", help="As written on the paper")
    by: str = field(label="Done by", length=1)
    seen_by: str = field(label="Seen by", length=1)


class Transcript(Body):
    """Every line of the form."""

    entries: tuple[Entry, ...] = field(label="Entries", length=1)
    deviation: str = field(label="Deviation", help="Of the downtime", length=1)


class Fate(StrEnum):
    """What became of a print that was not used."""

    UNUSED = "unused"
    SPOILED = "spoiled"
    LOST = "lost"


class Voiding(Body):
    """Why a print counts no more; a lost one needs its deviation."""

    fate: Fate = field(label="Fate", help="unused, spoiled or lost")
    reason: str = field(label="Reason", length=3)
    deviation: str = field(label="Deviation", help="Of a lost print", default="")


_HANDS = frozenset({Right.PERFORM, Right.SUPERVISE})

TABLE = Table(
    State.ABSENT,
    (
        Row("issue", State.ABSENT, State.ISSUED, by=_HANDS | {Right.ISSUE}, body=Print),
        Row("hand_in", State.ISSUED, State.RETURNED, by=_HANDS | {Right.VERIFY}, body=Scan),
        Row("transcribe", State.RETURNED, State.TRANSCRIBED, by=_HANDS, signs=(Meaning.PERFORMED,), body=Transcript),
        Row("verify", State.TRANSCRIBED, State.VERIFIED, by={Right.VERIFY}, signs=(Meaning.VERIFIED,)),
        Row("return", State.TRANSCRIBED, State.RETURNED, by={Right.VERIFY}, signs=(Meaning.RETURNED,), body=Reason),
        Row(
            "void",
            State.ISSUED,
            State.VOID,
            by=_HANDS,
            signs=(Meaning.PERFORMED, Meaning.VERIFIED),
            body=Voiding,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class PaperForm:
    """One numbered print, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    printed: Print | None = None
    issued_at: Instant = Instant(0.0)
    moved_at: Instant = Instant(0.0)  # of the last move
    scan: Scan | None = None
    transcript: Transcript | None = None
    transcribed_by: str = ""
    voiding: Voiding | None = None

    @property
    def batch(self) -> str:
        """Give its batch; empty before it is issued."""
        return self.printed.batch if self.printed else ""

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: its batch; one that is not accounted for is open."""
        mine = (of_batch(self.batch),) if self.batch else ()
        return (*mine, OPEN) if self.state in {State.ISSUED, State.RETURNED, State.TRANSCRIBED} else mine

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next, each within three days."""
        steps = {
            State.ISSUED: ("hand in or void", Right.SUPERVISE),
            State.RETURNED: ("transcribe", Right.PERFORM),
            State.TRANSCRIBED: ("verify the transcription of", Right.VERIFY),
        }
        if self.state not in steps:
            return ()
        what, owner = steps[self.state]
        late = Right.REVIEW
        return (within(f"{what} form {self.id}", owner=owner, since=self.moved_at, given=_ACCOUNT_IN, escalate=late),)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a form of nothing, times that can't be, one person in two roles, and a lost one without deviation."""
        match fact.body:
            case Print() as said:
                absent = site.find("batch", said.batch).state == "absent"
                self._refuse(absent, f"is of batch {said.batch}, which is not known here")
                self._refuse(not _DIGEST.fullmatch(said.sha256), "needs the SHA-256 of what was printed")
                master = cast("Document", site.find("document", said.document)) if said.document else None
                stale = master is not None and not master.in_force(fact.at)
                self._refuse(stale, f"is a print of {said.document}, which is not in force")
            case Scan(sha256=digest):
                self._refuse(not _DIGEST.fullmatch(digest), "needs the SHA-256 of its scan")
            case Transcript() as said:
                self._check_deviation(said.deviation, site)
                for number, one in enumerate(said.entries, 1):
                    self._check_entry(number, one, fact, site)
            case Voiding() as said:
                if said.fate is Fate.LOST:
                    self._check_deviation(said.deviation, site)
        if fact.kind == "verify":
            own = f"was transcribed by {fact.by}; someone else has to compare it with the paper"
            self._refuse(fact.by == self.transcribed_by, own)

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"form {self.id} {why}")

    def _check_deviation(self, name: str, site: Site) -> None:
        state = site.find("deviation", name).state if name else "named nowhere"
        self._refuse(state in {"absent", "named nowhere"}, f"needs its deviation, which is {state}")

    def _check_entry(self, number: int, said: Entry, fact: Fact, site: Site) -> None:
        done = moment(said.done, zone=fact.zone)
        began = iso(self.issued_at, zone=fact.zone)[:16]
        self._refuse(
            not self.issued_at - _MINUTE <= done, f"line {number}: {said.done} is before it was issued ({began})"
        )
        self._refuse(done > fact.at, f"line {number}: {said.done} is still to come")
        self._refuse(said.by == said.seen_by, f"line {number}: {said.by} can't be seen by {said.seen_by}")
        for person in (said.by, said.seen_by):
            absent = site.find("person", person).state == "absent"
            self._refuse(absent, f"line {number}: {person} is nobody here")

    def apply(self, fact: Fact) -> Self:
        """Give the form as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Print() as said:
                return replace(after, printed=said, issued_at=fact.at)
            case Scan() as said:
                return replace(after, scan=said)
            case Transcript() as said:
                return replace(after, transcript=said, transcribed_by=fact.by)
            case Voiding() as said:
                return replace(after, voiding=said)
        return after


KIND = Kind("form", "quality", TABLE, PaperForm)

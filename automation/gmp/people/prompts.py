"""Prompts: one question to people, claimed at a terminal, answered once, kept across restarts.

Units:  ``deadline`` is a moment (s, UTC); each field states its own unit.
Source: 21 CFR 11.10(f) sequence, (g) authority, (i) training; Annex 11 6 second check of critical entries,
        Annex 11 draft 10.1 plausibility of manual input; EU GMP Part IV line clearance and identity at each step.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, TypeVar, cast

from automation.gmp.form import Field, Form, Value
from automation.gmp.marks import OPEN, done_by, of_batch, of_shift, with_file
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.qualified import Work, unqualified
from automation.gmp.shifts import Shift, gone, left
from automation.gmp.words import SYSTEM, Body, Meaning, Reason, Right, Strength, field
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds


class State(StrEnum):
    """Where a prompt stands."""

    ABSENT = "absent"
    OPEN = "open"
    CLAIMED = "claimed"
    ENTERED = "entered"  # waits for a second person
    LOCKED = "locked"  # another patient's identifier was scanned
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Ask(StrEnum):
    """What kind of answer it wants."""

    CONFIRM = "confirm"
    SCAN = "scan"
    ENTER = "enter"
    CHOOSE = "choose"
    SIGN = "sign"
    ATTACH = "attach"
    WITNESS = "witness"
    TIMER = "timer"


SIGNING: dict[str, tuple[Meaning, ...]] = {
    "sign": (Meaning.PERFORMED,),
    "witness": (Meaning.PERFORMED, Meaning.VERIFIED),
    "approve": (Meaning.APPROVED,),
    "vouch": (Meaning.RESPONSIBLE,),
    "override": (Meaning.RESPONSIBLE, Meaning.APPROVED),
}
"""The answers under signature: the command, and what its signatures mean, each another person's."""
_MEANT = {Ask.SIGN: SIGNING["sign"], Ask.WITNESS: SIGNING["witness"]}


class Opening(Body):
    """The question, to whom, and until when."""

    kind: Ask = field(label="Kind")
    text: str = field(label="Text", length=1)
    fields: tuple[Field, ...] = field(label="Fields", default=())
    batch: str = field(label="Batch", default="")
    step: str = field(label="Step", default="")
    operation: str = field(label="Operation", help="Name or name@version that the person is trained on", default="")
    asks: tuple[Right, ...] = field(label="Who may answer", default=(Right.PERFORM,))
    deadline: float | None = field(label="Deadline", unit="s", default=None)
    expects: str = field(label="Kind of code", default="")
    options: tuple[str, ...] = field(label="Options", default=())
    accept: tuple[str, ...] = field(label="Codes that are right", help="Any when empty", default=())
    meanings: tuple[Meaning, ...] = field(label="Meanings of the signatures", default=())
    attachments: tuple[str, ...] = field(label="Shown files", help="SHA-256 of each", default=())
    second: bool = field(label="Verified by a second person", default=False)

    @property
    def wants(self) -> str:
        """Give the command that answers it; empty when its signatures have none."""
        meanings = self.meanings or _MEANT.get(self.kind, ())
        if not meanings:
            return "enter" if self.second else "answer"
        return next((word for word, signs in SIGNING.items() if signs == meanings and not self.second), "")


class Claim(Body):
    """Where the person answers."""

    terminal: str = field(label="Terminal", length=1)


class Answer(Body):
    """What was answered."""

    values: dict[str, Value] = field(label="Values", default={})
    comment: str = field(label="Comment", default="")


class Verification(Body):
    """What the second person adds."""

    comment: str = field(label="Comment", default="")


class Mismatch(Body):
    """What was scanned instead; never the code itself."""

    scanned_kind: str = field(label="Kind of code scanned", length=1)
    hint: str = field(label="Hint", default="")


class Clearance(Body):
    """What two people saw when they cleared the line."""

    statement: str = field(label="Statement", length=3)


CLAIM_LASTS = Seconds(600.0)  # s; after that anybody who was asked may answer
SEEN_WITHIN = Seconds(3600.0)  # s after an entry; a second person who comes later has not seen it
_PEOPLE = frozenset(Right) - {Right.SYSTEM, Right.READ}
_PROGRAM = frozenset({Right.SYSTEM})
_ASKING = (State.OPEN, State.CLAIMED)
_P = TypeVar("_P", bound="Prompt")
_ANSWERS = frozenset({"answer", "enter", *SIGNING})

TABLE = Table(
    State.ABSENT,
    (
        Row("open", State.ABSENT, State.OPEN, by=_PROGRAM, body=Opening),
        Row("claim", State.OPEN, State.CLAIMED, by=_PEOPLE, body=Claim),
        Row("unclaim", State.CLAIMED, State.OPEN, by=_PEOPLE | _PROGRAM),
        *(Row("answer", state, State.ANSWERED, by=_PEOPLE, body=Answer) for state in _ASKING),
        *(Row("enter", state, State.ENTERED, by=_PEOPLE, body=Answer) for state in _ASKING),
        *(
            Row(word, state, State.ANSWERED, by=_PEOPLE, signs=signs, body=Answer)
            for word, signs in SIGNING.items()
            for state in _ASKING
        ),
        *(Row("mismatch", state, state, by=_PEOPLE | _PROGRAM, body=Mismatch) for state in _ASKING),
        Row("verify", State.ENTERED, State.ANSWERED, by={Right.VERIFY}, body=Verification, strength=Strength.VERIFY),
        Row("dispute", State.ENTERED, State.OPEN, by={Right.VERIFY}, body=Reason),
        *(Row("lock", state, State.LOCKED, by=_PROGRAM, body=Reason) for state in _ASKING),
        Row(
            "clear",
            State.LOCKED,
            State.OPEN,
            by={Right.PERFORM, Right.VERIFY, Right.SUPERVISE},
            signs=SIGNING["witness"],
            body=Clearance,
        ),
        *(
            Row("withdraw", state, State.WITHDRAWN, by=_PROGRAM, body=Reason)
            for state in (*_ASKING, State.ENTERED, State.LOCKED)
        ),
        *(Row("expire", state, State.EXPIRED, by=_PROGRAM) for state in (*_ASKING, State.ENTERED)),
    ),
)


class _Batch(Protocol):
    """What a prompt asks of its batch."""

    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    opening: Opening | None = None
    opened_at: Instant | None = None
    claimed_by: str = ""
    claimed_at: Instant | None = None
    terminal: str = ""
    values: tuple[tuple[str, Value], ...] = ()  # numbers in the units of their fields
    comment: str = ""
    answered_by: str = ""
    answered_at: Instant | None = None
    answered_seq: int = 0  # the event of the answer; with a second person, of the verification
    verified_by: str = ""
    mismatches: int = 0
    hint: str = ""
    reason: str = ""  # of the last lock, dispute or withdrawal
    hands: frozenset[str] = frozenset()  # persons who answered, verified or cleared

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that asks is open; its batch; each file that it was answered with."""
        asking = (OPEN,) if self.asking else ()
        named = (of_batch(self.batch),) if self.batch else ()
        return (*asking, *named, *self._files, *self._done)

    @property
    def _done(self) -> tuple[str, ...]:
        """Say who has performed which operation with it."""
        operation = self.operation.partition("@")[0]
        return (done_by(self.answered_by, operation),) if operation and self.state is State.ANSWERED else ()

    @property
    def _files(self) -> tuple[str, ...]:
        attached = self.opening is not None and self.opening.kind is Ask.ATTACH and self.state is State.ANSWERED
        return tuple(with_file(str(value)) for _, value in self.values) if attached else ()

    @property
    def batch(self) -> str:
        """Give the batch that it belongs to; empty when none."""
        return self.opening.batch if self.opening else ""

    @property
    def step(self) -> str:
        """Give the step that it belongs to; empty when none."""
        return self.opening.step if self.opening else ""

    @property
    def operation(self) -> str:
        """Give the operation of which it is a part; empty when of none."""
        return self.opening.operation if self.opening else ""

    @property
    def asking(self) -> bool:
        """Tell whether an answer is still wanted."""
        return self.state in {State.OPEN, State.CLAIMED, State.ENTERED, State.LOCKED}

    @property
    def wants(self) -> str:
        """Give the command that answers it; empty before it is open."""
        return self.opening.wants if self.opening else ""

    def form(self) -> Form:
        """Give what it asks for, field by field; it has to be open."""
        said = cast("Opening", self.opening)
        return Form(str(said.kind), said.fields, said.options, said.accept, f"prompt {self.id}")

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse whoever was not asked or not trained, the same person twice, and values beyond their limits."""
        if fact.kind == "open":
            self._check_opening(fact.stated(Opening))
        if fact.kind == "claim" or fact.kind in _ANSWERS:
            self._check_person(fact.by, site, at=fact.at)
        if fact.kind in _ANSWERS:
            self._check_answer(fact)
        if fact.kind in {"verify", "dispute"}:
            self._check_second(fact)
        if fact.kind == "unclaim" and not self._may_unclaim(fact.by, site):
            self._refuse(f"is claimed by {self.claimed_by}")
        if fact.kind == "expire":
            deadline = self.opening.deadline if self.opening else None
            if deadline is None or fact.at < Instant(deadline):
                self._refuse("has not reached a deadline")

    def _refuse(self, why: str) -> None:
        msg = f"prompt {self.id} {why}"
        raise RefusedError(msg)

    def _check_second(self, fact: Fact) -> None:
        if fact.by == self.answered_by:
            self._refuse(f"was entered by {fact.by}; a second person has to {fact.kind} it")
        entered = fact.at if self.answered_at is None else self.answered_at
        if fact.kind == "verify" and fact.at > entered + SEEN_WITHIN:
            late = f"more than {float(SEEN_WITHIN) / 60:.0f} min ago"
            self._refuse(f"was entered {late}: dispute it, and enter it again while somebody else looks on")

    def _check_opening(self, said: Opening) -> None:
        if said.wants:
            return
        known = "; ".join(", ".join(signs) for signs in SIGNING.values())
        allowed = f"without a second person, one of these is allowed: {known}"
        raise InputError(f"meanings is {', '.join(said.meanings)!r}; {allowed}", where=f"prompt {self.id}")

    def _check_person(self, person: str, site: Site, *, at: Instant) -> None:
        said = cast("Opening", self.opening)
        if not site.rights(person) & frozenset(said.asks):
            self._refuse(f"is for {' or '.join(said.asks)}; {person} has none of these rights")
        why = unqualified(site, person, Work(said.operation, said.batch), at=at) if said.operation else ""
        if why:
            self._refuse(f"is part of {said.operation}, {why}")
        shift = self._left(person, site)
        if shift is not None:
            self._refuse(gone(shift, zone=site.zone))
        if self._is_kept_from(person, at) and self._left(self.claimed_by, site) is None:
            self._refuse(f"is claimed by {self.claimed_by} at {self.terminal}")

    def _left(self, person: str, site: Site) -> Shift | None:
        """Give how a person has handed the step over; None for one who has not."""
        batches = site.marked("batch", of_shift(self.batch, self.step)) if self.batch else ()
        return next((left(cast("_Batch", one).shifts, self.step, person=person) for one in batches), None)

    def _is_kept_from(self, person: str, at: Instant) -> bool:
        """Tell whether somebody else's claim still stands; who claims and then leaves keeps nobody away for long."""
        if self.state is not State.CLAIMED or self.claimed_by == person:
            return False
        return self.claimed_at is None or at < self.claimed_at + CLAIM_LASTS

    def _check_answer(self, fact: Fact) -> None:
        if fact.kind != self.wants:
            self._refuse(f"wants {self.wants!r}, not {fact.kind!r}")
        self.form().check(fact.stated(Answer).values)

    def _may_unclaim(self, person: str, site: Site) -> bool:
        return person == self.claimed_by or person.startswith(f"{SYSTEM}:") or Right.SUPERVISE in site.rights(person)

    def apply(self, fact: Fact) -> Self:
        """Give the prompt as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Opening() as said:
                return replace(after, opening=said, opened_at=fact.at)
            case Claim(terminal=terminal):
                return replace(after, claimed_by=fact.by, claimed_at=fact.at, terminal=terminal)
            case Answer() as said:
                return _answered(after, said, fact)
            case Verification():
                return replace(after, verified_by=fact.by, answered_seq=fact.seq, hands=self.hands | {fact.by})
            case Mismatch(hint=hint):
                return replace(after, mismatches=self.mismatches + 1, hint=hint)
            case Clearance():
                return replace(_unanswered(after), hands=self.hands | {s.by for s in fact.signed})
            case Reason(reason=reason):
                kept = after if fact.kind != "dispute" else _unanswered(after)
                return replace(kept, reason=reason)
        return replace(after, claimed_by="", terminal="") if fact.kind == "unclaim" else after


def _answered(prompt: _P, said: Answer, fact: Fact) -> _P:
    return replace(
        prompt,
        values=tuple(prompt.form().typed(said.values).items()),
        comment=said.comment,
        answered_by=fact.by,
        answered_at=fact.at,
        answered_seq=fact.seq,
        verified_by=fact.signer(Meaning.VERIFIED),
        hands=prompt.hands | {fact.by} | {s.by for s in fact.signed},
    )


def _unanswered(prompt: _P) -> _P:
    return replace(
        prompt,
        claimed_by="",
        terminal="",
        values=(),
        comment="",
        answered_by="",
        answered_at=None,
        answered_seq=0,
    )


KIND = Kind("prompt", "people", TABLE, Prompt)

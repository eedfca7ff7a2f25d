"""Corrections: an entry set right by its author or a second person, the old value beside it; entries stated as late.

An entry is what a person answered to a prompt. Nothing is overwritten: a correction is an object of its own, and what
was calculated from the entry is recalculated by the engine (``work_out``), judged again, and has to be signed again.
What a machine measured is not edited; it can only be excluded, with the reason. A closed batch takes an addendum alone.
Units:  values as the field of the prompt states them.
Source: 21 CFR 11.10(e) (changes never obscure), 11.70; EU GMP Annex 11 9; Annex 11 draft 12.2, 13.8; WHO TRS 996
        annex 5 (late entries).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.codes import Moment, moment
from automation.gmp.form import Form, Value
from automation.gmp.marks import OPEN, of_batch, of_subject
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant


class State(StrEnum):
    """Where a correction stands; MADE until all that rests on the entry has been recalculated."""

    ABSENT = "absent"
    MADE = "made"
    WORKED_OUT = "worked out"


class _OfEntry(Body):
    """Which entry, and why."""

    batch: str = field(label="Batch", length=1)
    entry: str = field(label="Entry", help="Id of the prompt that it answers, as list prompt shows it", length=1)
    reason: str = field(label="Reason", length=3)


class Setting(_OfEntry):
    """One field of an entry as it was and as it should have been."""

    name: str = field(label="Field", help="As the prompt names it", length=1)
    was: str = field(label="Value as it stands", help="As the record shows it", length=1)
    value: str = field(label="Right value", help="In the unit of the field", length=1)


class Lateness(_OfEntry):
    """When it was truly done; when it was entered is in the ledger."""

    done: Moment = field(label="Done at")
    seen: str = field(label="Where it was written meanwhile", help="Form and page", length=3)


class Exclusion(Body):
    """A reading that is not to be used; the reading itself stays."""

    batch: str = field(label="Batch", length=1)
    step: str = field(label="Step", length=1)
    event: int = field(label="Event of the reading", help="Its number in the ledger", low=1)
    reason: str = field(label="Reason", length=3)


class Outcome(Body):
    """What came of it: results that changed, signatures that have to be given again, what could not be recalculated."""

    changed: tuple[str, ...] = field(label="Recalculated", default=())
    unsigned: tuple[str, ...] = field(label="To be signed again", help="Prompts", default=())
    left: tuple[str, ...] = field(label="To be judged by people", default=())


_AUTHORS = frozenset({Right.PERFORM, Right.VERIFY, Right.SUPERVISE, Right.REVIEW, Right.INVESTIGATE})
_PROGRAM = frozenset({Right.SYSTEM})
_TWO = (Meaning.AUTHORED, Meaning.VERIFIED)
_QUALITY = (Meaning.AUTHORED, Meaning.APPROVED)

TABLE = Table(
    State.ABSENT,
    (
        Row("correct", State.ABSENT, State.MADE, by=_AUTHORS, signs=_TWO, body=Setting),
        Row("add", State.ABSENT, State.MADE, by=_AUTHORS, signs=_QUALITY, body=Setting),
        Row("exclude", State.ABSENT, State.MADE, by=_AUTHORS, signs=_TWO, body=Exclusion),
        Row("state_late", State.ABSENT, State.WORKED_OUT, by=_AUTHORS, signs=_TWO, body=Lateness),
        Row("work_out", State.MADE, State.WORKED_OUT, by=_PROGRAM, body=Outcome),
    ),
)


class _Prompt(Protocol):
    """What a correction asks of a prompt."""

    state: str
    answered_by: str
    verified_by: str
    answered_at: Instant | None
    values: tuple[tuple[str, Value], ...]

    @property
    def batch(self) -> str: ...
    def form(self) -> Form: ...


class _Batch(Protocol):
    """What a correction asks of a batch."""

    state: str
    started_at: Instant | None


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    setting: Setting | None = None
    late: Lateness | None = None
    exclusion: Exclusion | None = None
    by: str = ""
    second: str = ""
    at: Instant = Instant(0.0)
    seq: int = 0  # the event in which it was made
    moved_seq: int = 0  # the last one
    outcome: Outcome | None = None

    @property
    def said(self) -> Setting | Lateness | Exclusion | None:
        """Give what was stated."""
        return self.setting or self.late or self.exclusion

    @property
    def batch(self) -> str:
        """Give the batch; empty before it is made."""
        return self.said.batch if self.said else ""

    @property
    def entry(self) -> str:
        """Give the prompt whose answer it is about; empty for a reading."""
        about = self.setting or self.late
        return about.entry if about else ""

    @property
    def sentence(self) -> str:
        """Say what it is about, as it stands under a certificate."""
        if self.setting is not None:
            said = self.setting
            return f"{self.id}: {said.name} of {said.entry} was {said.was}, is {said.value} ({said.reason})"
        if self.late is not None:
            return f"{self.id}: {self.late.entry} was done at {self.late.done} ({self.late.reason})"
        given = self.exclusion
        return f"{self.id}: reading of event {given.event} is not used ({given.reason})" if given else self.id

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: its batch, its entry; open until it is worked out."""
        about = (of_subject(f"prompt/{self.entry}"),) if self.entry else ()
        going = (OPEN,) if self.state is State.MADE else ()
        return (*((of_batch(self.batch),) if self.said else ()), *about, *going)

    def told(self, _site: Site) -> tuple[str, ...]:
        """Say what came of it."""
        if self.outcome is None:
            return ()
        signed = (f"to be signed again: {name}" for name in self.outcome.unsigned)
        return (*self.outcome.changed, *signed, *(f"to be judged: {one}" for one in self.outcome.left))

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a correction of nothing, of a released lot, of a closed record, and an entry that is moved in time."""
        match fact.body:
            case Setting() as said:
                self._check_open(fact, said.batch, site)
                self._check_setting(fact, said, site)
            case Lateness() as said:
                self._check_lateness(fact, said, site)
            case Exclusion() as said:
                self._check_open(fact, said.batch, site)

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"correction {self.id}: {why}")

    def _check_open(self, fact: Fact, batch: str, site: Site) -> None:
        state = cast("_Batch", site.find("batch", batch)).state
        self._refuse(state == State.ABSENT, f"batch {batch} was never issued")
        closed = state == "closed"
        self._refuse(fact.kind == "correct" and closed, f"batch {batch} is closed; only an addendum (add) corrects it")
        self._refuse(fact.kind == "add" and not closed, f"batch {batch} is {state}; what is not closed is corrected")
        out = site.find("release", batch).state
        self._refuse(out in _OUT, f"lot {batch} is {out}; its release has to be revoked first")

    def _check_setting(self, fact: Fact, said: Setting, site: Site) -> None:
        prompt = self._answered(said, site)
        self._refuse(prompt.form().kind not in {"enter", "choose"}, f"{said.entry} is no entry of a value")
        values = dict(in_force(site, said.entry))
        there = ", ".join(values)
        self._refuse(said.name not in values, f"{said.entry} has no field {said.name}; its fields are {there}")
        now = values[said.name]
        self._refuse(
            _read(prompt, said.name, text=said.was) != now, f"{said.name} of {said.entry} is {now}, not {said.was}"
        )
        meant = _read(prompt, said.name, text=said.value)
        self._refuse(meant == now, f"{said.name} of {said.entry} is {now} already")
        prompt.form().check({**values, said.name: said.value})
        concerned = {prompt.answered_by, prompt.verified_by}
        may = fact.by in concerned or site.rights(fact.by) & {Right.SUPERVISE, Right.REVIEW, Right.INVESTIGATE}
        who = f"{said.entry} is of {prompt.answered_by}; its author, its verifier, a supervisor or quality corrects it"
        self._refuse(not may, who)

    def _check_lateness(self, fact: Fact, said: Lateness, site: Site) -> None:
        prompt, done = self._answered(said, site), moment(said.done, zone=fact.zone)
        begun = cast("_Batch", site.find("batch", said.batch)).started_at
        early = begun is None or done < begun
        self._refuse(early, f"done at {said.done} is before batch {said.batch} began: an entry is never backdated")
        entered = prompt.answered_at or fact.at
        self._refuse(done >= entered, f"done at {said.done} is not before the entry itself; it is not late")
        known = [one for one in corrections_of(site, said.entry) if one.late]
        self._refuse(bool(known), f"{said.entry} is stated as late already")
        hands = {prompt.answered_by, prompt.verified_by}
        self._refuse(fact.by not in hands, f"{said.entry} was entered by {prompt.answered_by}, who has to state it")

    def _answered(self, said: _OfEntry, site: Site) -> _Prompt:
        prompt = cast("_Prompt", site.find("prompt", said.entry))
        self._refuse(prompt.state != "answered", f"prompt {said.entry} is {prompt.state}, so there is no entry of it")
        self._refuse(prompt.batch != said.batch, f"prompt {said.entry} is not of batch {said.batch}")
        return prompt

    def apply(self, fact: Fact) -> Self:
        """Give the correction as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_seq=fact.seq)
        if isinstance(fact.body, Outcome):
            return replace(after, outcome=fact.body)
        made = replace(after, by=fact.by, second=_second(fact), at=fact.at, seq=fact.seq)
        match fact.body:
            case Setting() as said:
                return replace(made, setting=said)
            case Lateness() as said:
                return replace(made, late=said)
        return replace(made, exclusion=fact.stated(Exclusion))


def _second(fact: Fact) -> str:
    """Give who signed beside the author."""
    return fact.signer(Meaning.VERIFIED) or fact.signer(Meaning.APPROVED)


_OUT = frozenset({"released", "conditionally released", "supplied out of specification"})


def _read(prompt: _Prompt, name: str, *, text: str) -> Value:
    """Read one value as its field wants it; raises InputError for no number."""
    return prompt.form().typed({name: text})[name]


def corrections_of(site: Site, entry: str) -> tuple[Correction, ...]:
    """Give what was corrected of an entry, or stated of it, in the order in which it was."""
    found = (one for one in site.marked("correction", of_subject(f"prompt/{entry}")) if isinstance(one, Correction))
    return tuple(sorted(found, key=lambda one: one.seq))


def in_force(site: Site, entry: str) -> tuple[tuple[str, Value], ...]:
    """Give the values of an entry as they count now: as corrected, else as they were entered."""
    prompt = cast("_Prompt", site.find("prompt", entry))
    values = dict(prompt.values)
    for one in corrections_of(site, entry):
        if one.setting is not None:
            values[one.setting.name] = _read(prompt, one.setting.name, text=one.setting.value)
    return tuple(values.items())


def corrections_in(site: Site, batch: str) -> tuple[Correction, ...]:
    """Give the corrections of a batch in the order of their making."""
    found = (one for one in site.marked("correction", of_batch(batch)) if isinstance(one, Correction))
    return tuple(sorted(found, key=lambda one: one.seq))


def unsettled(site: Site, batch: str, *, reviewed_seq: int) -> Iterator[tuple[str, str]]:
    """Give what corrections of a batch leave to do before its release: sentence and who has to act."""
    for one in corrections_in(site, batch):
        if one.outcome is None and one.late is None:
            yield f"correction {one.id} is {one.state}: what rests on it is not recalculated yet", Right.PERFORM
        for name in one.outcome.unsigned if one.outcome else ():
            if site.find("prompt", name).state != "answered":
                yield f"{name} is unsigned since correction {one.id}", Right.PERFORM
        if 0 < reviewed_seq < one.moved_seq:
            yield f"the record of batch {batch} was corrected ({one.id}) after its review", Right.REVIEW


KIND = Kind("correction", "quality", TABLE, Correction)

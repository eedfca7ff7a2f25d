"""Feedback: what people who carry a process out tell those who developed it, tied to a step, until it is answered.

It cites what was seen: batches, events, files. It is answered by a change that comes from it and is closed, or refused
with a reason by somebody else than who gave it. What is said about it meanwhile is a thread.
Source: ICH Q10 3.2.1, 3.2.3 and ICH Q12 (knowledge from manufacture leads to changes); EU GMP chapter 1, 1.4(xi).
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.due import DAY, Due, within
from automation.gmp.evidence import check_evidence
from automation.gmp.marks import OPEN, of_batch, told_of
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_ANSWER_IN = 30 * DAY  # s
_BATCH = "batch/"


class State(StrEnum):
    """Where feedback stands."""

    ABSENT = "absent"
    OPEN = "open"
    TAKEN_UP = "taken up"
    ANSWERED = "answered"
    REFUSED = "refused"


class Giving(Body):
    """What was seen at which step, and what would be better."""

    recipe: str = field(label="Recipe", help="Its id, for example car-t", length=1)
    step: str = field(label="Step", length=1)
    parameter: str = field(label="Parameter", help="Empty for the whole step", default="")
    seen: str = field(label="What was seen", length=3)
    proposal: str = field(label="What would be better", length=3)
    evidence: tuple[str, ...] = field(label="Evidence", help="batch/B-1, batch/B-1/step/freeze, 'event N', SHA-256")


class Answer(Body):
    """Which change comes of it."""

    change: str = field(label="Change", help="Its id; it names this feedback as its source", length=1)


class Outcome(Body):
    """What became of it."""

    outcome: str = field(label="Outcome", length=3)


_ANYBODY = frozenset(Right) - {Right.READ, Right.SYSTEM}
_DEVELOPERS = frozenset({Right.INVESTIGATE, Right.REVIEW, Right.SUPERVISE})

TABLE = Table(
    State.ABSENT,
    (
        Row("give", State.ABSENT, State.OPEN, by=_ANYBODY, body=Giving),
        Row("take_up", State.OPEN, State.TAKEN_UP, by=_DEVELOPERS, body=Answer),
        Row("answer", State.TAKEN_UP, State.ANSWERED, by=_DEVELOPERS, body=Outcome),
        *(
            Row("refuse", state, State.REFUSED, by=_DEVELOPERS, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in (State.OPEN, State.TAKEN_UP)
        ),
        Row("reopen", State.REFUSED, State.OPEN, by=_ANYBODY, body=Reason),
    ),
)


class _Issue(Protocol):
    """What is asked of the issue of a batch."""

    recipe: str


class _Batch(Protocol):
    """What is asked of a batch."""

    issue: _Issue | None


class _Proposal(Protocol):
    """What is asked of the proposal of a change."""

    source: str


class _Change(Protocol):
    """What is asked of a change."""

    state: str
    proposal: _Proposal | None


@dataclass(frozen=True, slots=True)
class Feedback:
    """One piece of feedback, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    said: Giving | None = None
    by: str = ""
    at: Instant = Instant(0.0)  # since when it waits
    change: str = ""
    outcome: str = ""
    refused: str = ""  # why

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: its recipe, the batches that it cites; one that is not answered is open."""
        if self.said is None:
            return ()
        batches = (of_batch(name) for name in _batches(self.said))
        still = (OPEN,) if self.state in {State.OPEN, State.TAKEN_UP} else ()
        return (told_of(self.said.recipe), *dict.fromkeys(batches), *still)

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: taken up or refused in 30 days; then the change has its own."""
        if self.state is not State.OPEN:
            return ()
        what = f"take up or refuse feedback {self.id}"
        return (within(what, owner=Right.INVESTIGATE, since=self.at, given=_ANSWER_IN, escalate=Right.APPROVE),)

    def told(self, site: Site) -> tuple[str, ...]:
        """Say how the change stands that comes of it."""
        if self.state is not State.TAKEN_UP:
            return ()
        return (f"change {self.change} is {site.find('change', self.change).state}",)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse feedback that cites no batch of the recipe, an answer without its change, and the own refusal."""
        match fact.body:
            case Giving() as said:
                self._check_giving(said, site)
            case Answer(change=change):
                found = cast("_Change", site.find("change", change))
                from_it = found.proposal is not None and found.proposal.source == f"feedback/{self.id}"
                self._refuse(not from_it, f"is not the source of change {change}; propose one that names it")
                self._refuse(found.state == "rejected", f"can't be taken up by change {change}, which is rejected")
            case Outcome():
                state = site.find("change", self.change).state
                self._refuse(state != "closed", f"is not answered: change {self.change} is {state}, not closed")
        if fact.kind == "refuse":
            self._refuse(fact.by == self.by, f"was given by {fact.by}; someone else has to answer it")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"feedback {self.id} {why}")

    def _check_giving(self, said: Giving, site: Site) -> None:
        check_evidence(said.evidence, site, where=f"feedback {self.id}")
        issues = (cast("_Batch", site.find("batch", name)).issue for name in _batches(said))
        cited = any(issue is not None and issue.recipe == said.recipe for issue in issues)
        self._refuse(not cited, f"cites no batch of {said.recipe}; name one under evidence, for example batch/B-1")

    def apply(self, fact: Fact) -> Self:
        """Give the feedback as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Giving() as said:
                return replace(after, said=said, by=fact.by, at=fact.at)
            case Answer(change=change):
                return replace(after, change=change)
            case Outcome(outcome=outcome):
                return replace(after, outcome=outcome)
            case Reason(reason=reason) if fact.kind == "refuse":
                return replace(after, refused=reason)
        return replace(after, at=fact.at, change="", refused="")


def _batches(said: Giving) -> tuple[str, ...]:
    names = (item.removeprefix(_BATCH).partition("/")[0] for item in said.evidence if item.startswith(_BATCH))
    return tuple(dict.fromkeys(names))


KIND = Kind("feedback", "quality", TABLE, Feedback)

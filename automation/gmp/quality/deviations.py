"""Deviations: opened by a person or by a rule, investigated, concluded by one, closed by another under signature.

What the conclusion says will be done about the cause is a CAPA each; the deviation closes when those are approved. A
cause that was found before in the same year, twice, is concluded with a CAPA only.
Source: 21 CFR 211.100(b) recorded and justified; 211.192 investigated before release; ICH Q10 3.2.2.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, cast

from automation.gmp.codes import Code
from automation.gmp.due import DAY, Due, within
from automation.gmp.evidence import check_evidence, check_known, is_stream
from automation.gmp.marks import OPEN, of_batch, of_owner, of_subject
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.quality.hypotheses import open_about
from automation.gmp.words import SYSTEM, Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_CONCLUDE_IN, _CLOSE_IN = 30 * DAY, 5 * DAY  # s
_LOOKS_BACK = 365 * DAY  # s
_OFTEN = 2  # times that a cause was found before, from which on it needs a CAPA
_BONES = "people, method, machine, material, measurement or environment"
_SHAPES = {
    "fishbone": (
        re.compile(r"(people|method|machine|material|measurement|environment): .+"),
        f"BONE: what; a bone is {_BONES}",
    ),
    "fault tree": (re.compile(r".+ = .+"), "EVENT = CAUSE and CAUSE, or EVENT = CAUSE or CAUSE"),
}


class State(StrEnum):
    """Where a deviation stands."""

    ABSENT = "absent"
    OPEN = "open"
    CONCLUDED = "concluded"
    CLOSED = "closed"


class Opening(Body):
    """What happened, to what."""

    subject: str = field(label="Subject", help="KIND/ID of the batch, step, asset or container that it is about")
    title: str = field(label="What happened", length=3)
    rule: str = field(label="Rule", help="The rule or limit that was not met", default="")
    batch: str = field(label="Batch", default="")
    unrecorded: str = field(
        label="Why it has no record here", help="Only for a subject that this system does not know", default=""
    )


class Method(StrEnum):
    """How the root cause was looked for."""

    FIVE_WHYS = "5 whys"
    FISHBONE = "fishbone"
    FAULT_TREE = "fault tree"
    OTHER = "other"


class Investigation(Body):
    """One line of the search for the cause, tied to what shows it."""

    method: Method = field(label="Method")
    findings: tuple[str, ...] = field(label="Findings", help="Each why, branch or gate", length=1)
    evidence: tuple[str, ...] = field(label="Evidence", help="KIND/ID, 'event N' or SHA-256 of a file", length=1)


class Conclusion(Body):
    """What the author must state."""

    cause: str = field(label="Root cause", help="What made it happen, not what happened", length=3)
    impact: str = field(label="Impact on the lot", length=3)
    capa: tuple[str, ...] = field(label="CAPA", help="What is done about the cause", default=())
    code: Code | None = field(
        label="Cause code", help="By which causes are counted, for example LID-OPEN", default=None
    )


_PEOPLE = frozenset({Right.PERFORM, Right.VERIFY, Right.SUPERVISE, Right.INVESTIGATE, Right.REVIEW, Right.SYSTEM})

TABLE = Table(
    State.ABSENT,
    (
        Row("open", State.ABSENT, State.OPEN, by=_PEOPLE, body=Opening),
        Row("investigate", State.OPEN, State.OPEN, by={Right.INVESTIGATE}, body=Investigation),
        Row(
            "conclude",
            State.OPEN,
            State.CONCLUDED,
            by={Right.INVESTIGATE},
            signs=(Meaning.AUTHORED,),
            body=Conclusion,
        ),
        Row("return", State.CONCLUDED, State.OPEN, by={Right.APPROVE}, signs=(Meaning.RETURNED,), body=Reason),
        Row("close", State.CONCLUDED, State.CLOSED, by={Right.APPROVE}, signs=(Meaning.APPROVED,)),
    ),
)


@dataclass(frozen=True, slots=True)
class Deviation:
    """One deviation, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    opening: Opening | None = None
    opened_at: Instant | None = None
    investigation: tuple[Investigation, ...] = ()
    conclusion: Conclusion | None = None
    concluded_at: Instant | None = None
    author: str = ""  # of the conclusion
    authors: tuple[str, ...] = ()  # also of those that were returned

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not closed is open; its subject; its batch; its owner."""
        open_one = (OPEN,) if self.state not in {State.ABSENT, State.CLOSED} else ()
        subject = (of_subject(self.opening.subject),) if self.opening else ()
        batch = (of_batch(self.opening.batch),) if self.opening and self.opening.batch else ()
        cause = (of_cause(self.code),) if self.code else ()
        return (*open_one, *subject, *batch, *cause, of_owner(self.id.rpartition("-D")[0]))

    @property
    def code(self) -> str:
        """Give the code of its cause; empty before it is concluded, or when none was given."""
        return (self.conclusion.code or "") if self.conclusion else ""

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: concluded in 30 days, closed five days after that."""
        if self.state is State.OPEN and self.opened_at is not None:
            what, owner = f"investigate and conclude deviation {self.id}", Right.INVESTIGATE
            return (within(what, owner=owner, since=self.opened_at, given=_CONCLUDE_IN, escalate=Right.APPROVE),)
        if self.state is State.CONCLUDED and self.concluded_at is not None:
            what, owner = f"close or return deviation {self.id}", Right.APPROVE
            return (within(what, owner=owner, since=self.concluded_at, given=_CLOSE_IN, escalate=Right.RELEASE),)
        return ()

    def told(self, site: Site) -> tuple[str, ...]:
        """Say how often its cause was found before, and which CAPA on it was found effective."""
        earlier = self._before(site, self.code, until=self.concluded_at)
        if not earlier:
            return ()
        lines = [f"cause {self.code} was found before in the same year: {', '.join(one.id for one in earlier)}"]
        actions = dict.fromkeys(name for one in earlier if one.conclusion for name in one.conclusion.capa)
        effective = [name for name in actions if site.find("capa", name).state == "effective"]
        return (*lines, *(f"CAPA {name} was found effective on it, and yet it is back" for name in effective))

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a subject that is none, findings without evidence, a cause back without CAPA, the author as closer."""
        if isinstance(fact.body, Opening) and not fact.by.startswith(f"{SYSTEM}:"):
            self._check_subject(fact.body, site)
        if isinstance(fact.body, Investigation):
            self._check_findings(fact.body, site)
        if isinstance(fact.body, Conclusion):
            waiting = "; ".join(open_about(site, f"deviation/{self.id}"))
            if waiting:
                raise RefusedError(f"deviation {self.id} can't be concluded: {waiting}; support, refute or withdraw it")
        if isinstance(fact.body, Conclusion) and fact.body.code and not fact.body.capa:
            earlier = [one.id for one in self._before(site, fact.body.code, until=fact.at)]
            if len(earlier) >= _OFTEN:
                what = f"cause {fact.body.code} was found before ({', '.join(earlier)}); a CAPA is needed"
                raise RefusedError(f"deviation {self.id}: {what}")
        if fact.kind != "close":
            return
        if fact.by in self.authors:
            msg = f"deviation {self.id}: {fact.by} wrote the conclusion; someone else has to close it"
            raise RefusedError(msg)
        for name in self.conclusion.capa if self.conclusion else ():
            state = site.find("capa", name).state
            if state in {"absent", "planned", "cancelled"}:
                raise RefusedError(f"deviation {self.id} names CAPA {name}, which is {state}; it has to be approved")

    def _before(self, site: Site, code: str, *, until: Instant | None) -> tuple[Self, ...]:
        """Give the other deviations with a cause that were concluded in the year until a moment."""
        if not code or until is None:
            return ()
        others = (cast("Self", one) for one in site.marked("deviation", of_cause(code)) if one.id != self.id)
        return tuple(one for one in others if until - _LOOKS_BACK <= (one.concluded_at or until) <= until)

    def _check_subject(self, said: Opening, site: Site) -> None:
        if not is_stream(said.subject, site):
            allowed = "KIND/ID is needed, for example batch/B-17, asset/crf-01 or site/A"
            raise RefusedError(f"deviation {self.id}: subject is {said.subject!r}; {allowed}")
        if not said.subject.startswith("site/"):
            check_known(said.subject, site, where=f"deviation {self.id}: subject", unrecorded=said.unrecorded)
        if said.batch:
            check_known(f"batch/{said.batch}", site, where=f"deviation {self.id}: batch")

    def _check_findings(self, said: Investigation, site: Site) -> None:
        check_evidence(said.evidence, site, where=f"deviation {self.id}")
        shape, form = _SHAPES.get(said.method, (None, ""))
        wrong = next((one for one in said.findings if shape and not shape.fullmatch(one)), "")
        if wrong:
            raise RefusedError(f"deviation {self.id}: {wrong!r} is no line of a {said.method}; write {form}")

    def apply(self, fact: Fact) -> Self:
        """Give the deviation as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        if fact.kind == "open":
            return replace(after, opening=fact.stated(Opening), opened_at=fact.at)
        if fact.kind == "investigate":
            return replace(after, investigation=(*self.investigation, fact.stated(Investigation)))
        if fact.kind == "conclude":
            authors = tuple(dict.fromkeys((*self.authors, fact.by)))
            said = fact.stated(Conclusion)
            return replace(after, conclusion=said, concluded_at=fact.at, author=fact.by, authors=authors)
        return after


def of_cause(code: str) -> str:
    """Give the mark of the deviations with a cause code."""
    return f"cause {code}"


KIND = Kind("deviation", "quality", TABLE, Deviation)

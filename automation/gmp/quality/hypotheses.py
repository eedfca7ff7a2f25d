"""Hypotheses: what somebody thinks is so, what will be seen if it is, and what was seen.

The prediction stands on record before the evidence that counts for it: a hypothesis is supported only when something
that was recorded after it speaks for it, and whatever speaks against it is answered. Who proposed it does not judge it;
what was tested is judged and not withdrawn. New evidence opens it again. A deviation is not concluded while one about
it is open.
Source: 21 CFR 211.192 (investigation with conclusions); ICH Q9(R1) 5 (decisions on evidence); ICH Q10 3.2.2.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.due import DAY, Due, within
from automation.gmp.evidence import check_evidence, check_known
from automation.gmp.marks import OPEN, of_batch, of_subject
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

WORD = "hypothesis"
_TEST_IN, _JUDGE_IN = 30 * DAY, 14 * DAY  # s
_EVENT = "event "
_ENGINEERING = "engineering"


class State(StrEnum):
    """Where a hypothesis stands."""

    ABSENT = "absent"
    PROPOSED = "proposed"
    TESTED = "tested"
    SUPPORTED = "supported"
    REFUTED = "refuted"
    WITHDRAWN = "withdrawn"


class Side(StrEnum):
    """For which side evidence speaks."""

    FOR = "for"
    AGAINST = "against"
    NEITHER = "neither"


class Statement(Body):
    """What is thought to be so, and by what that would be seen."""

    statement: str = field(label="Hypothesis", length=3)
    prediction: str = field(label="Prediction", help="What will be seen if it holds", length=3)
    refuted_by: str = field(label="Refuted by", help="What will be seen if it does not hold", length=3)
    about: tuple[str, ...] = field(label="About", help="deviation/D-1, batch/B-1, improvement/I-1", length=1)


class Piece(Body):
    """What was looked at, and for which side it speaks."""

    side: Side = field(label="Speaks", help="for, against or neither")
    what: str = field(label="What was seen", length=3)
    evidence: tuple[str, ...] = field(
        label="Evidence", help="'event N', KIND/ID or the SHA-256 of a file or frozen data set", length=1
    )
    lot: str = field(label="Engineering lot", help="That was made to test it", default="")


class Judgement(Body):
    """What it came to, and what is said to each piece that speaks against it."""

    conclusion: str = field(label="Conclusion", length=3)
    answers: tuple[str, ...] = field(label="Answers", help="One to each piece of the other side", default=())


_THINKERS = frozenset(Right) - {Right.READ, Right.SYSTEM}
_JUDGES = frozenset({Right.INVESTIGATE, Right.REVIEW, Right.APPROVE})
_STANDING = (State.PROPOSED, State.TESTED, State.SUPPORTED, State.REFUTED)
_OPEN = (State.PROPOSED, State.TESTED)

TABLE = Table(
    State.ABSENT,
    (
        Row("propose", State.ABSENT, State.PROPOSED, by=_THINKERS, body=Statement),
        *(Row("test", state, State.TESTED, by=_THINKERS, body=Piece) for state in _STANDING),
        Row("support", State.TESTED, State.SUPPORTED, by=_JUDGES, signs=(Meaning.REVIEWED,), body=Judgement),
        Row("refute", State.TESTED, State.REFUTED, by=_JUDGES, signs=(Meaning.REVIEWED,), body=Judgement),
        Row("withdraw", State.PROPOSED, State.WITHDRAWN, by=_THINKERS, body=Reason),
    ),
)


class _Lot(Protocol):
    """What is asked of a batch."""

    state: str
    issued_at: Instant | None

    @property
    def lot_type(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One hypothesis, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    said: Statement | None = None
    proposed_by: str = ""
    proposed_at: Instant = Instant(0.0)
    proposed_seq: int = 0
    pieces: tuple[tuple[str, Piece], ...] = ()  # by whom, what
    judgement: Judgement | None = None
    withdrawn: str = ""  # why
    moved_at: Instant = Instant(0.0)

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not judged is open; what it is about; the lots that tested it."""
        about = map(of_subject, self.said.about if self.said else ())
        lots = (of_batch(piece.lot) for _, piece in self.pieces if piece.lot)
        return tuple(dict.fromkeys((*about, *lots, *((OPEN,) if self.state in _OPEN else ()))))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: tested in 30 days, judged in 14."""
        if self.state is State.PROPOSED:
            what, owner = f"test or withdraw hypothesis {self.id}", self.proposed_by
            return (within(what, owner=owner, since=self.moved_at, given=_TEST_IN, escalate=Right.INVESTIGATE),)
        if self.state is State.TESTED:
            what = f"judge hypothesis {self.id}"
            return (within(what, owner=Right.INVESTIGATE, since=self.moved_at, given=_JUDGE_IN),)
        return ()

    def on(self, side: Side) -> tuple[Piece, ...]:
        """Give the evidence of one side."""
        return tuple(piece for _, piece in self.pieces if piece.side is side)

    def told(self, _site: Site) -> tuple[str, ...]:
        """Say what speaks for it and against it, each with what shows it and by whom."""
        lines = []
        for by, one in self.pieces:
            lot = f", lot {one.lot}" if one.lot else ""
            lines.append(f"{one.side}: {one.what} ({', '.join(one.evidence)}{lot}; {by})")
        return tuple(lines)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse what is about nothing, evidence that is none, the own judgement, and one that the evidence lacks."""
        match fact.body:
            case Statement() as said:
                for one in said.about:
                    check_known(one, site, where=f"hypothesis {self.id}: about")
            case Piece() as said:
                check_evidence(said.evidence, site, where=f"hypothesis {self.id}")
                self._check_lot(said.lot, site)
            case Judgement() as said:
                by = self.proposed_by
                self._refuse(fact.by == by, f"was proposed by {by}; someone else judges it")
                self._check_judgement(fact.kind, said, site)

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"hypothesis {self.id} {why}")

    def _check_lot(self, name: str, site: Site) -> None:
        if not name:
            return
        check_known(f"batch/{name}", site, where=f"hypothesis {self.id}: lot")
        kind = cast("_Lot", site.find("batch", name)).lot_type
        self._refuse(kind != _ENGINEERING, f"is tested on lot {name}, which is {kind}; an engineering lot is for that")

    def _check_judgement(self, command: str, said: Judgement, site: Site) -> None:
        own, other = (Side.FOR, Side.AGAINST) if command == "support" else (Side.AGAINST, Side.FOR)
        self._refuse(not self.on(own), f"has nothing that speaks {own} it")
        left = len(self.on(other)) - len(said.answers)
        self._refuse(left > 0, f"has {len(self.on(other))} pieces that speak {other} it; answer each under answers")
        if command == "support":
            later = any(self._is_later(one, site) for one in self.on(Side.FOR))
            self._refuse(not later, "rests on what was known before it: cite an event or lot that came after")

    def _is_later(self, piece: Piece, site: Site) -> bool:
        """Tell whether a piece has an event or lot that came after the prediction."""
        events = (int(one.removeprefix(_EVENT)) for one in piece.evidence if one.startswith(_EVENT))
        if any(seq > self.proposed_seq for seq in events):
            return True
        issued = cast("_Lot", site.find("batch", piece.lot)).issued_at if piece.lot else None
        return issued is not None and issued > self.proposed_at

    def apply(self, fact: Fact) -> Self:
        """Give the hypothesis as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Statement() as said:
                by = fact.by
                return replace(after, said=said, proposed_by=by, proposed_at=fact.at, proposed_seq=fact.seq)
            case Piece() as said:
                return replace(after, pieces=(*self.pieces, (fact.by, said)))
            case Judgement() as said:
                return replace(after, judgement=said)
            case Reason(reason=reason):
                return replace(after, withdrawn=reason)
        return after


def open_about(site: Site, stream: str) -> Iterator[str]:
    """Give the hypotheses about an object that are not judged, a sentence each."""
    for one in site.marked(WORD, of_subject(stream)):
        if one.state in _OPEN:
            yield f"hypothesis {one.id} is {one.state}"


KIND = Kind(WORD, "quality", TABLE, Hypothesis)

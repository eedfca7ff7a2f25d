"""The bill of a batch: what the recipe planned beside what was issued, used and given back, and why it differs.

The bill stands in the issue of the batch (or in the amendment in force). What it has not is not used for the batch
before somebody has said why. What was used otherwise than planned stands in the way of the release until it is
explained; reconciled is a bill by somebody else than who explained it. Its id is that of the batch. A batch that was
issued without a bill has none to be held to.
Units:  quantities in the unit of the bill, which is that of the lots.
Source: 21 CFR 211.101(c), (d) (components by the batch record), 211.184(b), (d), 211.188(b)(4); EU GMP 5.30 to 5.36.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.marks import OPEN, of_material
from automation.gmp.materials.lots import MaterialLot, unaccounted
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.stock.amounts import rounded
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table

_OVER = frozenset({"complete", "stopped", "aborted", "closed"})


class State(StrEnum):
    """Where the bill of a batch stands; ABSENT as long as nobody had to say anything."""

    ABSENT = "absent"
    OPEN = "open"
    RECONCILED = "reconciled"


class Explanation(Body):
    """Why a material is used that is not in the bill, or another quantity than planned."""

    material: str = field(label="Material", length=1)
    reason: str = field(label="Reason", length=3)


class Conclusion(Body):
    """That all is accounted for."""

    conclusion: str = field(label="Conclusion", length=3)


_WHO_EXPLAINS = frozenset({Right.SUPERVISE, Right.REVIEW})
_JUDGES = frozenset({Right.REVIEW, Right.APPROVE})

TABLE = Table(
    State.ABSENT,
    (
        *(
            Row("explain", state, State.OPEN, by=_WHO_EXPLAINS, signs=(Meaning.RESPONSIBLE,), body=Explanation)
            for state in (State.ABSENT, State.OPEN)
        ),
        *(
            Row("reconcile", state, State.RECONCILED, by=_JUDGES, signs=(Meaning.REVIEWED,), body=Conclusion)
            for state in (State.ABSENT, State.OPEN)
        ),
        Row("reopen", State.RECONCILED, State.OPEN, by=_JUDGES, signs=(Meaning.RESPONSIBLE,), body=Reason),
    ),
)


class _Planned(Protocol):
    """What is asked of a line of a bill."""

    material: str
    quantity: float
    unit: str
    step: str


class _Batch(Protocol):
    """What a bill asks of its batch."""

    state: str

    @property
    def bill(self) -> tuple[_Planned, ...]: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One material of a batch: planned and what became of it."""

    material: str
    unit: str
    planned: float
    issued: float
    used: float
    returned: float
    destroyed: float
    reason: str = ""

    @property
    def difference(self) -> float:
        """Give what was used beyond the plan; negative when it was less. The rest in an opened bottle is no use."""
        return rounded(self.used - self.planned)

    @property
    def unexplained(self) -> bool:
        """Tell whether it differs from the plan and nobody has said why."""
        return bool(self.difference) and not self.reason

    @property
    def sentence(self) -> str:
        """Give it in words."""
        numbers = (self.planned, self.issued, self.used, self.returned, self.destroyed)
        words = ("planned", "issued", "used", "returned", "destroyed")
        parts = ", ".join(f"{number:.10g} {word}" for number, word in zip(numbers, words, strict=True))
        said = f"; {self.difference:+.10g} {self.unit}: {self.reason or 'nobody has said why'}"
        return f"{self.material} ({self.unit}): {parts}{said if self.difference else ''}"


@dataclass(frozen=True, slots=True)
class Bill:
    """What was said about the bill of one batch, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    reasons: tuple[tuple[str, str], ...] = ()  # material, why
    explained_by: tuple[str, ...] = ()
    conclusion: str = ""
    reopened: str = ""  # why it was opened again

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not reconciled is open."""
        return (OPEN,) if self.state is State.OPEN else ()

    def told(self, site: Site) -> tuple[str, ...]:
        """Say of every material what was planned and what became of it."""
        return tuple(line.sentence for line in lines_of(site, self.id))

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a batch without a bill, an end before that of the batch, and one that leaves something open."""
        batch = cast("_Batch", site.find("batch", self.id))
        self._refuse(not batch.bill, "was never issued with a bill")
        match fact.body:
            case Explanation(material=material):
                known = any(True for _ in site.marked("lot", of_material(material)))
                self._refuse(not known, f"can't be explained by {material}, of which no lot is known")
            case Conclusion():
                self._refuse(batch.state not in _OVER, f"can't be reconciled: the batch is {batch.state}")
                own = fact.by in self.explained_by
                self._refuse(own, f"was explained by {fact.by}; someone else has to reconcile it")
                left = [line.sentence for line in lines_of(site, self.id) if line.unexplained]
                left += unaccounted(site, self.id)
                self._refuse(bool(left), f"can't be reconciled: {'; '.join(left)}")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"bill of {self.id} {why}")

    def apply(self, fact: Fact) -> Self:
        """Give the bill as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Explanation() as said:
                kept = tuple(one for one in self.reasons if one[0] != said.material)
                people = tuple(dict.fromkeys((*self.explained_by, fact.by)))
                return replace(after, reasons=(*kept, (said.material, said.reason)), explained_by=people)
            case Conclusion(conclusion=conclusion):
                return replace(after, conclusion=conclusion)
        return replace(after, reopened=fact.stated(Reason).reason)


def lines_of(site: Site, batch: str) -> tuple[Line, ...]:
    """Give the bill of a batch with what became of every material; nothing for one that was issued without."""
    bill = cast("_Batch", site.find("batch", batch)).bill
    if not bill:
        return ()
    said = cast("Bill", site.find("bill", batch))
    names = dict.fromkeys((*(one.material for one in bill), *(material for material, _ in said.reasons)))
    return tuple(_line(site, name, batch=batch, bill=bill, reason=dict(said.reasons).get(name, "")) for name in names)


def _line(site: Site, name: str, *, batch: str, bill: tuple[_Planned, ...], reason: str) -> Line:
    lots = [one for one in site.marked("lot", of_material(name)) if isinstance(one, MaterialLot)]
    planned = [one for one in bill if one.material == name]
    held = [lot.stock.balance(batch) for lot in lots]
    return Line(
        name,
        planned[0].unit if planned else lots[0].unit if lots else "",
        rounded(sum(one.quantity * _rounds(lots, batch=batch, step=one.step) for one in planned)),
        rounded(sum(one.issued for one in held)),
        rounded(sum(one.used for one in held)),
        rounded(sum(one.returned for one in held)),
        rounded(sum(one.destroyed for one in held)),
        reason,
    )


def _rounds(lots: Iterable[MaterialLot], *, batch: str, step: str) -> int:
    """Give how often a step took the material: a step of the recipe may run in several rounds (``freeze-2``)."""
    used = {named for lot in lots for of, named in lot.used_in if of == batch}
    return max(1, sum(named == step or _again(named) == step for named in used))


def _again(step: str) -> str:
    base, _, number = step.rpartition("-")
    return base if number.isdecimal() else ""


KIND = Kind("bill", "materials", TABLE, Bill)

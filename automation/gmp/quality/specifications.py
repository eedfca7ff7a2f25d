"""Specifications: what a product has to meet, criterion by criterion; approved by another than who wrote it.

A changed specification is a new one with an id of its own (``SPEC-CART@2``), so that a result is judged for ever by the
one that it was requested under. No commercial limit is shipped: every value is the user's own, signed.
Source: 21 CFR 211.160(b), 211.165 (testing to written specifications); ICH Q6B; USP General Notices 7.20.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.formulas.calculations import catalogue
from automation.formulas.limits import Band, BelowLoq, Limits, decimal, judge, parse
from automation.gmp.bodies.plates import NOT_EVALUABLE, Layout, check_layout
from automation.gmp.codes import LimitText
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.machine import Row, Table


class State(StrEnum):
    """Where a specification stands; only an effective one is tested against."""

    ABSENT = "absent"
    DRAFT = "draft"
    EFFECTIVE = "effective"
    WITHDRAWN = "withdrawn"


class Stage(StrEnum):
    """Until when a result has to be there."""

    RELEASE = "release"
    AFTERWARDS = "afterwards"  # tests that outlast the shelf life; release before is conditional


class Criterion(Body):
    """One test of the specification: a limit for numbers, or the words that pass."""

    test: str = field(label="Test", length=2)
    method: str = field(label="Method", length=2)
    limit: LimitText = field(label="Limit", help="For example: at least 70 %", default="")
    passes: tuple[str, ...] = field(label="Words that pass", help="For example: no growth", default=())
    loq: str = field(label="Limit of quantitation", help="In the unit of the limit", default="")
    below_loq: BelowLoq = field(label="Below that it counts as", default=BelowLoq.NOT_EVALUABLE)
    stage: Stage = field(label="Needed for", default=Stage.RELEASE)
    trend: LimitText = field(
        label="Trend limit", help="A result beyond it that meets the limit is out of trend", default=""
    )
    days: float = field(
        label="Days from inoculation", help="Before that a passing word is not final", unit="d", low=0.0, default=0.0
    )
    so_far: tuple[str, ...] = field(
        label="Words that are negative to date", help="For example: no growth to date", default=()
    )
    formula: str = field(label="Calculation", help="A name of cellwright calc, when it is worked out", default="")
    all_bags: str = field(
        label="Input that covers all bags", help="The input of the calculation that is the volume of all", default=""
    )
    plate: Layout | None = field(label="Layout of the plate", help="When it is evaluated from a plate", default=None)

    @property
    def says(self) -> str:
        """Give the criterion as one line."""
        return self.limit or " or ".join(self.passes)


class Writing(Body):
    """The whole specification."""

    product: str = field(label="Product", length=1)
    criteria: tuple[Criterion, ...] = field(label="Criteria", length=1)
    warming: LimitText = field(
        label="Warming of a container over its whole life", help="For example: at most 300 s", default=""
    )
    thawed_h: float | None = field(
        label="In-use life after thaw", help="No longer than that is a thawed bag used", unit="h", low=0, default=None
    )


class Verdict(StrEnum):
    """What a result counts as; a word that nobody foresaw is never a pass."""

    MEETS = "meets"
    OUT = "out of specification"
    NOT_EVALUABLE = "not evaluable"
    OUT_OF_TREND = "out of trend"  # meets its limit, and is investigated

    @property
    def is_good(self) -> bool:
        """Tell whether the result meets its criterion, in trend or not."""
        return self in {Verdict.MEETS, Verdict.OUT_OF_TREND}


_AUTHORS = frozenset({Right.REVIEW, Right.INVESTIGATE})

TABLE = Table(
    State.ABSENT,
    (
        Row("write", State.ABSENT, State.DRAFT, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Writing),
        Row("revise", State.DRAFT, State.DRAFT, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Writing),
        Row("approve", State.DRAFT, State.EFFECTIVE, by={Right.APPROVE}, signs=(Meaning.APPROVED,)),
        *(
            Row("withdraw", state, State.WITHDRAWN, by={Right.APPROVE}, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in (State.DRAFT, State.EFFECTIVE)
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Specification:
    """One specification, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    product: str = ""
    criteria: tuple[Criterion, ...] = ()
    authors: tuple[str, ...] = ()
    warming: str = ""  # limit of the warming of a container over its life
    thawed_h: float | None = None  # h; in-use life of a thawed bag, None when it is not specified

    def criterion(self, test: str) -> Criterion | None:
        """Give the criterion of a test; None when it has none."""
        return next((one for one in self.criteria if one.test == test), None)

    def check(self, fact: Fact, site: Site) -> None:  # noqa: ARG002  every object is asked the same way
        """Refuse a criterion that judges nothing, a test named twice, and an author as approver."""
        if isinstance(fact.body, Writing):
            names = [one.test for one in fact.body.criteria]
            if len(set(names)) < len(names):
                raise RefusedError(f"specification {self.id} names a test twice")
            for one in fact.body.criteria:
                check_criterion(one, where=f"specification {self.id}, {one.test}")
        if fact.kind == "approve" and fact.by in self.authors:
            raise RefusedError(f"specification {self.id} was written by {fact.by}; someone else has to approve it")

    def apply(self, fact: Fact) -> Self:
        """Give the specification as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        if isinstance(fact.body, Writing):
            said = fact.body
            authors = tuple(dict.fromkeys((*self.authors, fact.by)))
            return replace(
                after,
                product=said.product,
                criteria=said.criteria,
                warming=said.warming,
                thawed_h=said.thawed_h,
                authors=authors,
            )
        return after


def check_criterion(one: Criterion, *, where: str) -> None:
    """Refuse a criterion that judges nothing or two things; raises InputError that names ``where``."""
    if bool(one.limit) == bool(one.passes):
        raise InputError("either a limit or words that pass are needed, not both", where=where)
    if one.loq:
        decimal(one.loq, what="limit of quantitation")
    if (one.trend or one.formula) and not one.limit:
        raise InputError("a trend limit and a calculation belong to a number: a limit is needed", where=where)
    if one.plate is not None:
        check_layout(one.plate, where=where)
        unit = parse(one.limit)[0].unit if one.limit else ""
        if one.formula or unit != one.plate.unit:
            answers = f"its plate answers in {one.plate.unit}"
            raise InputError(f"{answers}: a limit in that unit is needed, and no calculation beside it", where=where)
    if (one.days or one.so_far) and not one.passes:
        raise InputError("days of incubation belong to words that pass, for example: no growth", where=where)
    inputs = catalogue()[one.formula].inputs if one.formula in catalogue() else {}
    if one.formula and not inputs:
        raise InputError(f"{one.formula!r} is no calculation; see: cellwright calc", where=where)
    if one.all_bags and one.all_bags not in inputs:
        named = f"{one.formula} has {', '.join(inputs)}" if inputs else "no calculation is named"
        raise InputError(f"{one.all_bags!r} is no input: {named}", where=where)


def verdict(one: Criterion, value: str, *, final: bool = True) -> tuple[Verdict, str]:
    """Judge a reported value (``1.2``, ``<0.05``, ``no growth``) by its criterion; gives the verdict and a sentence.

    A word that is negative to date is good as long as the result is not final. Raises InputError for a number that is
    none.
    """
    if one.passes:
        word = value.strip().lower()
        good = word in {passing.lower() for passing in (*one.passes, *(() if final else one.so_far))}
        return (Verdict.MEETS if good else Verdict.OUT), f"{one.test}: {value}; passes: {one.says}"
    if one.plate is not None and value == NOT_EVALUABLE:
        return Verdict.NOT_EVALUABLE, f"{one.test}: the plate is not evaluable"
    below, text = value.strip().startswith("<"), value.strip().lstrip("<").strip()
    bounds = parse(one.limit)
    loq = decimal(text if below else one.loq, what="limit of quantitation") if below or one.loq else None
    raw = decimal(text, what=one.test)
    limits = Limits(alert=parse(one.trend) if one.trend else (), reject=bounds, below_loq=one.below_loq)
    judged = judge(raw - abs(raw) / 2 if below else raw, bounds[0].unit, limits, what=one.test, loq=loq)
    bands = {
        Band.WITHIN: Verdict.MEETS,
        Band.ALERT: Verdict.OUT_OF_TREND,
        Band.NOT_EVALUABLE: Verdict.NOT_EVALUABLE,
    }
    return bands.get(judged.band, Verdict.OUT), judged.sentence


KIND = Kind("specification", "quality", TABLE, Specification)

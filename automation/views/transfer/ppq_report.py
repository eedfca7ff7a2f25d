"""The report of a process performance qualification: each batch against the acceptance, and the claim over all of them.

A batch conforms when every result is there and meets its limit. The claim over the batches is arithmetic; the
conclusion is a person's, signed over the SHA-256 of this report.
Units: results in the unit of the operation; shares and confidence in %.
Source: FDA, Process Validation (2011), IV.C.2 (PPQ report); ``automation.formulas.runs``.
"""

import hashlib
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from automation.engine.recipe.model import Recipe
from automation.engine.recipe.spec import OperationSpec, unit_of
from automation.engine.recipe.yaml_source import nearest
from automation.formulas import limits
from automation.formulas.tolerance import factor
from automation.gmp.counted import deviations_of
from automation.gmp.objects import Site
from automation.gmp.quality.ppq import Acceptance, Claim, Plan, Qualification, needed
from automation.kernel.errors import InputError
from automation.views.comparison import Kind, Side
from automation.views.transfer.package import FORMAT, frozen
from automation.views.transfer.told import open_feedback

_FEWEST = 2  # values that have a scatter


@dataclass(frozen=True, slots=True)
class Verdict:
    """One batch: what met its limit and what did not."""

    batch: str
    conforms: bool
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole report."""

    simulated: bool
    ppq: str
    title: str
    recipe: str
    digest: str
    claim: str
    rationale: str
    planned: int
    needed: int
    sampling: tuple[tuple[str, str], ...]  # step, what is drawn
    acceptance: tuple[tuple[str, str], ...]  # result, limit
    batches: tuple[Verdict, ...]
    intervals: tuple[str, ...]  # of the claim tolerance interval, one sentence for each attribute
    deviations: tuple[tuple[str, str], ...]
    feedback: tuple[tuple[str, str, str, str], ...]  # still open: feedback, step, state, what was seen
    missing: tuple[str, ...]
    met: bool

    @property
    def text(self) -> bytes:
        """Give the JSON over which the conclusion is signed; the same report gives the same bytes."""
        return frozen({"format": FORMAT, "is": "ppq report", **asdict(self)})

    @property
    def sha256(self) -> str:
        """Give the SHA-256 of that (hex)."""
        return hashlib.sha256(self.text).hexdigest()


def ppq_report(found: Qualification, sides: Sequence[Side], site: Site) -> Report:
    """Put it together from the batches that are to count; raises InputError for a plan that is not there."""
    plan = found.plan
    if plan is None:
        raise InputError(f"PPQ {found.id} is not planned here")
    verdicts = tuple(_verdict(side, plan.acceptance) for side in sides)
    missing = [f"{len(sides)} of {plan.number} batches"] if len(sides) < plan.number else []
    missing += _contradicted(found, verdicts)
    intervals, within = [], True
    if plan.claim is Claim.TOLERANCE:
        judged = [_interval(one, sides, share=plan.share, confidence=plan.confidence) for one in plan.acceptance]
        intervals, within = [sentence for sentence, _ in judged], all(good for _, good in judged)
    bad = sum(not one.conforms for one in verdicts)
    return Report(
        simulated=any(side.simulated for side in sides),
        ppq=found.id,
        title=plan.title,
        recipe=plan.recipe,
        digest=plan.digest,
        claim=f"{plan.claim}: {plan.share:g} % of batches are good, with {plan.confidence:g} % confidence",
        rationale=plan.rationale,
        planned=plan.number,
        needed=needed(plan),
        sampling=tuple((one.step, "; ".join((one.what, *one.tests))) for one in plan.sampling),
        acceptance=tuple((one.where, one.limit) for one in plan.acceptance),
        batches=verdicts,
        intervals=tuple(intervals),
        deviations=tuple(deviations_of(site, [side.label for side in sides])),
        feedback=open_feedback(site, plan.recipe),
        missing=tuple(missing),
        met=not missing and within and bad <= (plan.failures if plan.claim is Claim.SHARE else 0),
    )


def check_acceptance(plan: Plan, recipe: Recipe, operations: Mapping[str, OperationSpec]) -> None:
    """Refuse, before batches are made, what none could meet; raises InputError for no result, or another dimension."""
    steps = {step.id: step for step in recipe.steps}
    for one in plan.acceptance:
        step, _, name = one.where.partition(".")
        results = operations[steps[step].operation].results if step in steps else {}
        yields = {known.name: "%" for known in steps[step].yields} if step in steps else {}
        units = {**{known: unit_of(kind) for known, kind in results.items()}, **yields}
        if name not in units:
            raise InputError(
                f"{one.where!r} is to be met and is no result of {recipe.header.id}; {nearest(name, units)}"
            )
        for limit in limits.parse(one.limit):
            unit = "" if units[name] == "1" else units[name]
            limits.convert(Decimal(1), given=unit, wanted=limit.unit, what=one.where)


def _contradicted(found: Qualification, verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Say which batches were counted otherwise than they are judged here."""
    good = {one.batch: one.conforms for one in verdicts}
    for one in found.counted:
        if one.conforms != good.get(one.batch, one.conforms):
            told, judged = ("good", "does not meet") if one.conforms else ("bad", "meets")
            yield f"batch {one.batch} was counted as {told}, and {judged} the acceptance"


def _verdict(side: Side, acceptance: Sequence[Acceptance]) -> Verdict:
    judged = list(_judged(side, acceptance))
    complete = side.ended_as == "complete"
    told = () if complete else (f"it is {side.ended_as or 'not over'}, not complete",)
    return Verdict(side.label, complete and all(good for good, _ in judged), (*told, *(text for _, text in judged)))


def _judged(side: Side, acceptance: Sequence[Acceptance]) -> Iterator[tuple[bool, str]]:
    for one in acceptance:
        value, unit = side.facts.get((Kind.RESULT, one.where), side.facts.get((Kind.YIELD, one.where), ("", "")))
        if not isinstance(value, float):
            yield False, f"{one.where}: there is no result, so it does not conform"
            continue
        try:
            verdict = limits.judge(value, unit, limits.Limits(reject=limits.parse(one.limit)), what=one.where)
        except InputError as error:
            yield False, f"{error}, so it does not conform"
            continue
        yield verdict.band is limits.Band.WITHIN, verdict.sentence


def _interval(one: Acceptance, sides: Sequence[Side], *, share: float, confidence: float) -> tuple[str, bool]:
    """Say whether the two-sided normal tolerance interval of an attribute lies within its limits."""
    found = [side.facts[Kind.RESULT, one.where] for side in sides if (Kind.RESULT, one.where) in side.facts]
    values, units = [value for value, _ in found if isinstance(value, float)], [unit for _, unit in found]
    if len(values) < _FEWEST:
        return f"{one.where}: {len(values)} values have no tolerance interval", False
    wide = factor(len(values), coverage=share / 100.0, confidence=confidence / 100.0) * statistics.stdev(values)
    ends = [statistics.fmean(values) - wide, statistics.fmean(values) + wide]
    wanted = limits.Limits(reject=limits.parse(one.limit))
    try:
        judged = [limits.judge(end, units[0], wanted, what=one.where) for end in ends]
    except InputError as error:
        return str(error), False
    good = all(verdict.band is limits.Band.WITHIN for verdict in judged)
    told = f"{one.where}: {ends[0]:.5g} to {ends[1]:.5g} {units[0]}"
    return f"{told} {'lies within' if good else 'is not within'} {one.limit}", good

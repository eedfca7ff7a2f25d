"""Tests of a lot: requested by a criterion of its specification, reported, reviewed by another, never deleted.

A result that is out of specification opens a deviation by itself. A retest is a test of its own that names the first
one, and only a closed investigation can set a result aside: nobody tests until it fits. What is incubated is final
so many days after its inoculation; what is calculated is worked out once more here, and has to agree.
Units:  d.
Source: 21 CFR 211.165, 211.192, 211.194(a) (complete data, second review); FDA guidance on OOS results (2022).
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.formulas.calculations import Working, catalogue, work_out
from automation.formulas.limits import decimal, parse, places, rounded
from automation.gmp.bodies.plates import Layout
from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.marks import OPEN, of_batch, of_subject
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.plates import evaluate, signals
from automation.gmp.product.manifests import answers, check_arrived
from automation.gmp.product.reserves import stability_of
from automation.gmp.quality.specifications import Criterion, Specification, Verdict, verdict
from automation.gmp.quality.specifications import State as Standing
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import IdentityError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import UNITS, Instant

_REVIEW_IN = 2 * DAY  # s
_SHA256 = re.compile(r"[0-9a-f]{64}")
PRELIMINARY, FINAL, CORRECTED = "preliminary", "final", "corrected"
_STATUS = {"report_preliminary": PRELIMINARY, "report": FINAL, "correct": CORRECTED}


class State(StrEnum):
    """Where a test stands; a preliminary result leaves it in the laboratory."""

    ABSENT = "absent"
    REQUESTED = "requested"
    IN_LABORATORY = "in laboratory"
    REPORTED = "reported"
    REVIEWED = "reviewed"
    INVALIDATED = "invalidated"
    CANCELLED = "cancelled"


class Request(Body):
    """Which test of which lot, by which specification; a retest names the first test."""

    batch: str = field(label="Batch", length=1)
    specification: str = field(label="Specification", length=1)
    test: str = field(label="Test", help="As the specification names it", length=2)
    due: Moment = field(label="Result needed by")
    retest_of: str = field(label="Retest of", default="")
    sample: str = field(label="Sample of a stability reserve", help="Empty for a test for release", default="")


class Intake(Body):
    """What came to the laboratory."""

    sample: str = field(label="Sample", help="The aliquot as it is labelled", length=1)
    condition: str = field(label="Condition", length=2)


class Inoculation(Body):
    """When the sample was put into its media; days of incubation count from then on."""

    at: Moment = field(label="Inoculated at")
    media: str = field(label="Media", help="With their lots", length=2)


class Result(Body):
    """What was found: a number (also ``<0.05``) in the unit of the limit, or a word."""

    value: str = field(label="Value", length=1)
    method: str = field(label="Method", help="With its version", length=2)
    analysed: Moment = field(label="When it was measured")
    data: str = field(label="Raw data", help="SHA-256 of the file, or the page of the notebook", length=3)
    inputs: tuple[str, ...] = field(
        label="Inputs of the calculation",
        help="Each NAME=VALUE, NAME=test/ID for the result of a test, or WELL=SIGNAL of a plate",
        default=(),
    )
    sample: str = field(label="Sample, as the laboratory names it", help="Compared with the one taken in", default="")
    identity: str = field(label="Chain of identity, as the laboratory names it", default="")


class Correction(Result):
    """The value as it should have been reported, and why."""

    reason: str = field(label="Reason", length=3)


class Invalidation(Body):
    """Why a result does not count: the cause that was found in the laboratory, by a closed investigation."""

    deviation: str = field(label="Deviation", length=1)
    reason: str = field(label="Assignable cause", length=3)


_LABORATORY = frozenset({Right.PERFORM, Right.INVESTIGATE})
_QUALITY = frozenset({Right.REVIEW, Right.SUPERVISE})

TABLE = Table(
    State.ABSENT,
    (
        Row("request", State.ABSENT, State.REQUESTED, by=_QUALITY, body=Request),
        Row("cancel", State.REQUESTED, State.CANCELLED, by=_QUALITY, body=Reason),
        Row("take_in", State.REQUESTED, State.IN_LABORATORY, by=_LABORATORY, body=Intake),
        Row("inoculate", State.IN_LABORATORY, State.IN_LABORATORY, by=_LABORATORY, body=Inoculation),
        Row(
            "report_preliminary",
            State.IN_LABORATORY,
            State.IN_LABORATORY,
            by=_LABORATORY,
            signs=(Meaning.PERFORMED,),
            body=Result,
        ),
        Row(
            "report",
            State.IN_LABORATORY,
            State.REPORTED,
            by=_LABORATORY,
            signs=(Meaning.PERFORMED,),
            body=Result,
        ),
        Row("review", State.REPORTED, State.REVIEWED, by={Right.REVIEW}, signs=(Meaning.REVIEWED,)),
        *(
            Row("correct", state, State.REPORTED, by=_LABORATORY, signs=(Meaning.PERFORMED,), body=Correction)
            for state in (State.REPORTED, State.REVIEWED)
        ),
        Row(
            "invalidate",
            State.REVIEWED,
            State.INVALIDATED,
            by={Right.APPROVE},
            signs=(Meaning.APPROVED,),
            body=Invalidation,
        ),
    ),
)


class _Batch(Protocol):
    """What a test asks of a batch."""

    state: str

    @property
    def identity(self) -> str: ...


class _Container(Protocol):
    """What a test asks of a sample."""

    state: str
    identity: str


class _Deviation(Protocol):
    """What a test asks of a deviation."""

    id: str
    state: str


@dataclass(frozen=True, slots=True)
class QcTest:
    """One test of one lot, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    request: Request | None = None
    requested_at: Instant = Instant(0.0)
    due: Instant = Instant(0.0)
    moved_at: Instant = Instant(0.0)  # of the last move
    sample: str = ""
    came_at: Instant = Instant(0.0)  # when the laboratory took it in
    inoculation: str = ""  # when, as it was entered
    inoculated_at: Instant | None = None
    results: tuple[Result, ...] = ()  # in the order in which they were reported; the last one counts
    statuses: tuple[str, ...] = ()  # of the results: preliminary, final or corrected
    analysts: tuple[str, ...] = ()
    reviewed_by: str = ""
    set_aside: str = ""  # why it was cancelled or does not count

    @property
    def batch(self) -> str:
        """Give the batch; empty before it is requested."""
        return self.request.batch if self.request else ""

    @property
    def value(self) -> str:
        """Give the result that counts; empty when there is none yet."""
        return self.results[-1].value if self.results else ""

    @property
    def is_final(self) -> bool:
        """Tell whether the result that counts is more than preliminary."""
        return bool(self.statuses) and self.statuses[-1] != PRELIMINARY

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one without a reviewed result is open; its batch."""
        going = self.state in {State.REQUESTED, State.IN_LABORATORY, State.REPORTED}
        return (*((of_batch(self.batch),) if self.request else ()), *((OPEN,) if going else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: reported when it is needed, reviewed two days later."""
        if self.state in {State.REQUESTED, State.IN_LABORATORY} and self.request:
            what = f"report {self.request.test} of {self.batch} ({self.id})"
            owner, late = Right.PERFORM, Right.REVIEW
            return (until(what, owner=owner, since=self.requested_at, by=self.due, escalate=late),)
        if self.state is State.REPORTED and self.request:
            what = f"review {self.request.test} of {self.batch} ({self.id})"
            late = Right.APPROVE
            return (within(what, owner=Right.REVIEW, since=self.moved_at, given=_REVIEW_IN, escalate=late),)
        return ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a retest without investigation, another patient's sample, an analyst as reviewer, and testing on."""
        match fact.body:
            case Request() as said:
                self._check_request(said, site)
            case Intake() as said:
                self._check_sample(said.sample, site)
            case Inoculation() as said:
                self._check_inoculation(fact, said, site)
            case Result() as said:
                self._check_result(fact, said, site)
            case Invalidation() as said:
                self._check_invalidation(fact, said, site)
        if fact.kind == "review":
            self._refuse(fact.by in self.analysts, f"was reported by {fact.by}; someone else has to review it")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"test {self.id} {why}")

    def _check_request(self, said: Request, site: Site) -> None:
        batch = cast("_Batch", site.find("batch", said.batch))
        self._refuse(batch.state == State.ABSENT, f"is of batch {said.batch}, which was never issued")
        specification = cast("Specification", site.find("specification", said.specification))
        effective = specification.state is Standing.EFFECTIVE
        self._refuse(not effective, f"goes by {said.specification}, which is {specification.state}, not effective")
        names = ", ".join(one.test for one in specification.criteria)
        self._refuse(specification.criterion(said.test) is None, f"is of {said.test!r}; {said.specification}: {names}")
        kept = not said.sample or stability_of(site, batch=said.batch, sample=said.sample)
        self._refuse(not kept, f"is of {said.sample}, which no stability reserve of {said.batch} keeps")
        asked = (said.test, said.sample)
        others = [one for one in _every(site, said.batch) if one.request and _asked(one.request) == asked]
        standing = [one.id for one in others if one.state is not State.CANCELLED]
        self._refuse(bool(standing) and not said.retest_of, f"is a second one of {said.test}: name what it retests")
        if said.retest_of:
            self._refuse(said.retest_of not in standing, f"retests {said.retest_of}, which is no {said.test} here")
            about = tuple(site.marked("deviation", of_subject(f"test/{said.retest_of}")))
            self._refuse(not about, f"retests {said.retest_of}, of which there is no investigation")

    def _check_sample(self, name: str, site: Site) -> None:
        sample = cast("_Container", site.find("container", name))
        batch = cast("_Batch", site.find("batch", self.batch))
        self._refuse(sample.state == State.ABSENT, f"has no sample {name}: it is not known at this site")
        if sample.identity != batch.identity:
            raise IdentityError(f"test {self.id}: sample {name} is of another chain of identity than {self.batch}")
        check_arrived(site, sample=name, what=f"test {self.id}")
        if self.request and self.request.sample:
            self._check_pulled(site, came=name, wanted=self.request.sample)

    def _check_pulled(self, site: Site, *, came: str, wanted: str) -> None:
        self._refuse(came != wanted, f"is of sample {wanted} of a stability reserve; {came} came")
        reserve = stability_of(site, batch=self.batch, sample=wanted)
        pulled = reserve is not None and wanted in reserve.pulled
        self._refuse(not pulled, f"is of sample {wanted}, which was not pulled")

    def _check_inoculation(self, fact: Fact, said: Inoculation, site: Site) -> None:
        at = moment(said.at, zone=fact.zone)
        self._refuse(not criterion_of(self, site).days, "is not incubated: its criterion names no days")
        self._refuse(self.inoculated_at is not None, "is inoculated already; what went wrong is a new test")
        self._refuse(at > fact.at, f"was inoculated at {said.at}, still to come")
        self._refuse(at < self.moved_at - DAY, f"was inoculated at {said.at}, a day before its sample came")

    def _check_result(self, fact: Fact, said: Result, site: Site) -> None:
        self._check_whose(said, site)
        one, analysed = criterion_of(self, site), moment(said.analysed, zone=fact.zone)
        final = fact.kind != "report_preliminary"
        self._refuse(analysed > fact.at, f"was measured at {said.analysed}, still to come")
        early = analysed < self.came_at - DAY
        self._refuse(early, f"was measured at {said.analysed}, more than a day before its sample {self.sample} came")
        good = verdict(one, said.value, final=final)[0].is_good  # raises InputError for a number that is none
        if one.days and good:
            self._refuse(self.inoculated_at is None, f"was never inoculated; {one.test} counts days from then on")
        if one.days and good and final and self.inoculated_at is not None:
            day = math.floor((analysed - self.inoculated_at) / DAY)
            why = f"was read on day {day} of {one.days:g}; until then it is preliminary, and only growth is final"
            self._refuse(analysed < self.inoculated_at + one.days * DAY, why)
        if one.plate is not None:
            check_plate(self, one.plate, said)
        elif one.formula or said.inputs:
            check_worked_out(site, test=self, criterion=one, said=said)

    def _check_whose(self, said: Result, site: Site) -> None:
        """Refuse a result that its laboratory gives for another sample or patient; the other is not repeated."""
        if said.sample and said.sample != self.sample:
            raise IdentityError(f"test {self.id}: the result is of another sample than {self.sample}")
        if said.identity and said.identity != cast("_Batch", site.find("batch", self.batch)).identity:
            raise IdentityError(f"test {self.id}: the result is of another chain of identity than {self.batch}")

    def _check_invalidation(self, fact: Fact, said: Invalidation, site: Site) -> None:
        about = (cast("_Deviation", one) for one in site.marked("deviation", of_subject(f"test/{self.id}")))
        closed = any(one.id == said.deviation and one.state == "closed" for one in about)
        self._refuse(not closed, f"stands: {said.deviation} is no closed investigation of test/{self.id}")
        self._refuse(fact.by in self.analysts, f"was reported by {fact.by}; someone else has to set it aside")

    def apply(self, fact: Fact) -> Self:
        """Give the test as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Request() as said:
                return replace(after, request=said, requested_at=fact.at, due=moment(said.due, zone=fact.zone))
            case Intake(sample=sample):
                return replace(after, sample=sample, came_at=fact.at)
            case Inoculation() as said:
                return replace(after, inoculation=said.at, inoculated_at=moment(said.at, zone=fact.zone))
            case Result() as said:
                analysts = tuple(dict.fromkeys((*self.analysts, fact.by)))
                statuses = (*self.statuses, _STATUS[fact.kind])
                return replace(
                    after, results=(*self.results, said), statuses=statuses, analysts=analysts, reviewed_by=""
                )
            case Reason(reason=reason) | Invalidation(reason=reason):
                return replace(after, set_aside=reason)
        return replace(after, reviewed_by=fact.by)


def tests_of(site: Site, batch: str) -> Iterator[QcTest]:
    """Give the tests for the release of a batch in the order in which they were requested; none of stability."""
    return (one for one in _every(site, batch) if one.request and not one.request.sample)


def _every(site: Site, batch: str) -> Iterator[QcTest]:
    return (one for one in site.marked("test", of_batch(batch)) if isinstance(one, QcTest))


def _asked(request: Request) -> tuple[str, str]:
    """Give which test of which sample was asked for; no sample for a test for release."""
    return request.test, request.sample


def criterion_of(test: QcTest, site: Site) -> Criterion:
    """Give the criterion that a test was requested under; raises RefusedError when there is none."""
    if test.request is None:
        raise TypeError(test)
    specification = cast("Specification", site.find("specification", test.request.specification))
    one = specification.criterion(test.request.test)
    if one is None:
        raise RefusedError(f"test {test.id}: {specification.id} has no {test.request.test}")
    return one


def judge_by(test: QcTest, site: Site) -> tuple[Verdict, str]:
    """Judge the result that counts by the criterion of its test; gives the verdict and a sentence."""
    return verdict(criterion_of(test, site), test.value, final=test.is_final)


def worked_out(site: Site, *, batch: str, criterion: Criterion, said: Result) -> Working:
    """Work a result out from the inputs that were stated, those of other tests as they stand now.

    Raises InputError for what the calculation does not know, RefusedError for a test that has no result.
    """
    texts: dict[str, str] = {}
    for name, _, text in (one.partition("=") for one in said.inputs):
        kind = catalogue()[criterion.formula].inputs.get(name.strip())
        cited = text.strip().startswith("test/")
        texts[name.strip()] = _of_test(site, text.strip(), batch=batch, kind=kind) if cited else text
    return work_out(criterion.formula, texts)


def _of_test(site: Site, stream: str, *, batch: str, kind: object) -> str:
    """Give the result of a test of the same lot as an input."""
    found = next((one for one in _every(site, batch) if f"test/{one.id}" == stream), None)
    if found is None or not found.value or found.state is State.INVALIDATED:
        raise RefusedError(f"{stream} gives no result of {batch} to calculate with")
    bounds = parse(criterion_of(found, site).limit) if criterion_of(found, site).limit else ()
    return f"{found.value} {bounds[0].unit}" if bounds and kind in UNITS else found.value


def check_worked_out(site: Site, *, test: QcTest, criterion: Criterion, said: Result) -> None:
    """Raise RefusedError when a calculated value is not what its inputs give, at the decimals that were entered."""
    if not criterion.formula:
        raise RefusedError(f"test {test.id} is not calculated: its criterion names no calculation")
    if f"test/{test.id}" in {one.partition("=")[2].strip() for one in said.inputs}:
        raise RefusedError(f"test {test.id} can't be worked out from itself")
    done = worked_out(site, batch=test.batch, criterion=criterion, said=said)
    entered = decimal(said.value, what=criterion.test)
    shown = rounded(decimal(done.result.value), places(entered))
    if shown != entered:
        msg = f"test {test.id}: {criterion.formula} gives {shown}, not {said.value} ({', '.join(said.inputs)})"
        raise RefusedError(msg)


def check_plate(test: QcTest, layout: Layout, said: Result) -> None:
    """Raise RefusedError when a value is not what the wells give by the layout of the specification, kept as a file."""
    if not _SHA256.fullmatch(said.data):
        raise RefusedError(
            f"test {test.id}: the data of a plate are its file, by its SHA-256; see cellwright judge plate"
        )
    found = evaluate(layout, signals(said.inputs))
    if found.value != said.value:
        why = f" ({'; '.join(found.failures)})" if found.failures else ""
        raise RefusedError(f"test {test.id}: the plate gives {found.value}, not {said.value}{why}")


def _investigate(thing: Thing, fact: Fact, site: Site) -> Iterable[Next]:
    """Open a deviation for a result that does not meet its criterion or is out of trend; each report has its own."""
    test = cast("QcTest", thing)
    found, sentence = judge_by(test, site)
    if found is not Verdict.MEETS:
        rule = "OOT" if found is Verdict.OUT_OF_TREND else "OOS"
        body = {"subject": f"test/{test.id}", "title": f"{found}: {sentence}", "rule": rule, "batch": test.batch}
        yield Next(f"deviation/{test.id}-D{fact.version:02d}", "open", body)


def _contradict(thing: Thing, fact: Fact, site: Site) -> Iterable[Next]:
    """Open a recall for a result that a lot was released against."""
    test = cast("QcTest", thing)
    found, sentence = judge_by(test, site)
    if not found.is_good and site.find("release", test.batch).state in _RELEASED:
        body = {"batch": test.batch, "subject": f"test/{test.id}", "why": f"{found}: {sentence}"}
        yield Next(f"recall/{test.id}-R{fact.version:02d}", "open", body)


def _answered(thing: Thing, _fact: Fact, site: Site) -> Iterable[Next]:
    """Tell the manifest that the sample came by."""
    return answers(site, thing.id)


_RELEASED = frozenset({"released", "conditionally released", "supplied out of specification"})

FOLLOWS = (
    Follow("test-early-oos", "report_preliminary", "so is a preliminary one", "21 CFR 211.192", _investigate),
    *(
        Follow(f"test-contradicts-{on}", on, "against a release opens a recall", "EU GMP Part IV 14.2", _contradict)
        for on in ("report_preliminary", "report", "correct")
    ),
    Follow("test-oos", "report", "what is out of specification is investigated", "21 CFR 211.192", _investigate),
    *(
        Follow(f"test-answers-{on}", on, "answer manifest, which waits for it", "21 CFR 211.194(a)(1)", _answered)
        for on in ("report", "cancel")
    ),
    Follow("test-corrected-oos", "correct", "so is a corrected result", "21 CFR 211.192", _investigate),
)

KIND = Kind("test", "product", TABLE, QcTest, FOLLOWS)

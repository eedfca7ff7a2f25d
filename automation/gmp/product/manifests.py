"""Manifests of test samples: which samples go to which laboratory, how cold, with whom, and what became of each.

Samples travel by hand-overs that both sides have signed; who packed them does not take them in. At receipt each sample
is accepted or refused by itself, a refused one opens a deviation, and one whose temperature was out of its class, or is
not known, is accepted only with a deviation about it. Then the clock of the laboratory runs until the last result.
Units:  degC, h, kg.
Source: 21 CFR 211.160(b)(2), 211.194(a)(1) (samples identified, with the date received); EU GMP chapter 6, 6.7 to 6.14,
        chapter 7 (outsourced activities); 49 CFR 173.199 (UN3373).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.formulas import dangerous_goods as goods
from automation.formulas.temperature_classes import TemperatureClass, is_within, says
from automation.gmp.codes import Moment, moment
from automation.gmp.due import HOUR, Due, until
from automation.gmp.marks import OPEN, of_container, of_subject
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.packages import package_of, untrained
from automation.gmp.product.custody import held_by
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.clock import iso
from automation.kernel.errors import IdentityError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Celsius, Instant

_NOT_HERE = frozenset({"absent", "expected", "cancelled", "destroyed", "emptied"})
_TO_TEST = frozenset({"requested", "in laboratory"})
ANSWERED = frozenset({"reported", "reviewed", "invalidated", "cancelled"})  # tests that nobody waits for any more


class State(StrEnum):
    """Where a manifest stands; it is complete when every accepted sample has its results."""

    ABSENT = "absent"
    PLANNED = "planned"
    PACKED = "packed"
    IN_TRANSIT = "in transit"
    RECEIVED = "received"
    COMPLETE = "complete"
    CANCELLED = "cancelled"


class Sample(Body):
    """One sample and the tests that were requested of it."""

    sample: str = field(label="Sample", help="The aliquot as it is labelled", length=1)
    tests: tuple[str, ...] = field(label="Tests", help="As they were requested: T-1", length=1)


class Plan(Body):
    """Which samples go to which laboratory, how cold, by whom, when, and how long the laboratory has."""

    samples: tuple[Sample, ...] = field(label="Samples, each with its tests", length=1)
    laboratory: str = field(label="Laboratory", help="The party, as hand-overs name it", length=2)
    courier: str = field(label="Courier", help="The party, as hand-overs name it; may be the laboratory", length=2)
    kept: TemperatureClass = field(
        label="Temperature class", help="room temperature, refrigerated, frozen, ultracold or cryogenic"
    )
    leaves: Moment = field(label="Leaves")
    arrives: Moment = field(label="Arrives by")
    results_h: float = field(label="Results in", help="From receipt to the last result, as agreed", unit="h", low=0.0)
    content: goods.Content = field(label="Content", help="not regulated, category b, category a, gmo or approved gmo")
    coolant: goods.Coolant = field(label="Coolant", help="none, gel packs, dry ice, dry shipper or liquid nitrogen")
    mode: goods.Mode = field(label="Mode", help="passenger aircraft, cargo aircraft or road", default=goods.Mode.ROAD)
    ice_kg: float = field(label="Dry ice, net", unit="kg", low=0.0, default=0.0)


class Packing(Body):
    """What was put into which box, how long that keeps its temperature, and under which seal."""

    samples: tuple[str, ...] = field(label="Samples, scanned", length=1)
    box: str = field(label="Box or shipper", length=2)
    keeps_h: float = field(label="Keeps its temperature", help="By its qualification", unit="h", low=0.0)
    seal: str = field(label="Seal", length=2)
    logger: str = field(label="Temperature logger", default="")


class Dispatch(Body):
    """That the courier has it."""

    waybill: str = field(label="Waybill", help="Or the number of the internal form", length=2)


class Seen(Body):
    """How one sample came."""

    sample: str = field(label="Sample, scanned", length=1)
    condition: str = field(label="Condition", help="For example: frozen, intact", length=2)
    celsius: float | None = field(label="Temperature of the sample", unit="degC", default=None)
    refused: str = field(label="Refused because", help="Empty for one that is accepted", default="")
    deviation: str = field(label="Deviation", help="About the sample, when it is accepted all the same", default="")


class Receipt(Body):
    """What the laboratory found, sample by sample."""

    seal: str = field(label="Seal, as found", length=2)
    lowest_c: float | None = field(label="Lowest temperature of the logger", unit="degC", default=None)
    highest_c: float | None = field(label="Highest temperature of the logger", unit="degC", default=None)
    samples: tuple[Seen, ...] = field(label="Samples, each as it came", length=1)


class AttestedReceipt(Receipt):
    """As a receipt; who of the laboratory signed on paper, and which paper."""

    person: str = field(label="Printed name of who signed on paper", length=2)
    paper: str = field(label="Number of the paper", length=2)


class Answer(Body):
    """Which test has its result."""

    test: str = field(label="Test", length=1)


_DESK = frozenset({Right.ORDER, Right.SUPERVISE, Right.REVIEW})
_HANDS = frozenset({Right.PERFORM, Right.SUPERVISE})
_LABORATORY = frozenset({Right.PERFORM, Right.INVESTIGATE})
_TWO = (Meaning.PERFORMED, Meaning.VERIFIED)

TABLE = Table(
    State.ABSENT,
    (
        Row("plan", State.ABSENT, State.PLANNED, by=_DESK, body=Plan),
        Row("replan", State.PLANNED, State.PLANNED, by=_DESK, body=Plan),
        Row("pack", State.PLANNED, State.PACKED, by=_HANDS, signs=_TWO, body=Packing),
        Row("dispatch", State.PACKED, State.IN_TRANSIT, by=_HANDS, signs=(Meaning.PERFORMED,), body=Dispatch),
        Row("receive", State.IN_TRANSIT, State.RECEIVED, by=_LABORATORY, signs=(Meaning.RECEIVED,), body=Receipt),
        Row(
            "attest_receipt",
            State.IN_TRANSIT,
            State.RECEIVED,
            by=_LABORATORY,
            signs=(Meaning.ATTESTED,),
            body=AttestedReceipt,
        ),
        Row("answer", State.RECEIVED, State.RECEIVED, by={Right.SYSTEM}, body=Answer),
        Row("complete", State.RECEIVED, State.COMPLETE, by={Right.SYSTEM}),
        *(Row("cancel", state, State.CANCELLED, by=_DESK, body=Reason) for state in (State.PLANNED, State.PACKED)),
    ),
)


class _Container(Protocol):
    """What a manifest asks of a sample."""

    id: str
    state: str
    identity: str
    purpose: str


class _Request(Protocol):
    """What a manifest asks of the request of a test."""

    test: str


class _Test(Protocol):
    """What a manifest asks of a test."""

    id: str
    state: str
    due: Instant
    request: _Request | None

    @property
    def batch(self) -> str: ...


class _Batch(Protocol):
    """What a manifest asks of a batch."""

    @property
    def identity(self) -> str: ...


class _Deviation(Protocol):
    """What a manifest asks of a deviation."""

    id: str
    state: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """One manifest, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    plan: Plan | None = None
    leaves_at: Instant = Instant(0.0)
    arrives_at: Instant = Instant(0.0)
    moved_at: Instant = Instant(0.0)  # of the last move but answers
    packing: Packing | None = None
    packed_by: tuple[str, ...] = ()
    waybill: str = ""
    receipt: Receipt | None = None
    answered: tuple[str, ...] = ()  # tests that have their results
    ended: str = ""  # why it was cancelled

    @property
    def samples(self) -> tuple[str, ...]:
        """Give the ids of what is sent."""
        return tuple(one.sample for one in self.plan.samples) if self.plan else ()

    @property
    def refused(self) -> dict[str, str]:
        """Give the samples that were refused at receipt, each with the reason."""
        return {one.sample: one.refused for one in self.receipt.samples if one.refused} if self.receipt else {}

    @property
    def waiting(self) -> tuple[str, ...]:
        """Give the tests of accepted samples that have no result yet; before receipt those of all samples."""
        samples = self.plan.samples if self.plan else ()
        tests = (test for one in samples if one.sample not in self.refused for test in one.tests)
        return tuple(dict.fromkeys(one for one in tests if one not in self.answered))

    @property
    def results_by(self) -> Instant:
        """Give the end of the laboratory's time; before receipt that of a box that arrives in time."""
        since = self.moved_at if self.state is State.RECEIVED else self.arrives_at
        return since + (self.plan.results_h if self.plan else 0.0) * HOUR

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not over is open; its samples; their tests."""
        going = self.state in _GOING
        tests = dict.fromkeys(test for one in (self.plan.samples if self.plan else ()) for test in one.tests)
        about = (of_subject(f"test/{test}") for test in tests)
        return (*map(of_container, self.samples), *about, *((OPEN,) if going else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: sent in time, received in time, all results in the time agreed."""
        match self.state:
            case State.PLANNED | State.PACKED:
                what, end = f"pack and send the samples of manifest {self.id}", self.leaves_at
                return (until(what, owner=Right.PERFORM, since=self.moved_at, by=end, escalate=Right.SUPERVISE),)
            case State.IN_TRANSIT:
                what, end = f"receive the samples of manifest {self.id}", self.arrives_at
                return (until(what, owner=Right.PERFORM, since=self.moved_at, by=end, escalate=Right.SUPERVISE),)
            case State.RECEIVED:
                where = self.plan.laboratory if self.plan else ""
                what = f"report {', '.join(self.waiting)} at {where} (manifest {self.id})"
                end = self.results_by
                return (until(what, owner=Right.PERFORM, since=self.moved_at, by=end, escalate=Right.REVIEW),)
        return ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse what is no sample of its test, not whole, not with the courier, and what came too warm as good."""
        match fact.body:
            case Plan() as said:
                self._check_plan(fact, said, site)
            case Packing() as said:
                self._check_packing(fact, said, site)
            case Dispatch():
                self._check_held(self._planned.courier, site)
            case Receipt() as said:
                self._check_receipt(fact, said, site)
            case Answer(test=name):
                test = cast("_Test", site.find("test", name))
                self._refuse(name not in self.waiting, f"does not wait for {name}")
                self._refuse(test.state not in ANSWERED, f"waits for {name}, which is {test.state}")
        if fact.kind == "complete":
            self._refuse(bool(self.waiting), f"waits for {', '.join(self.waiting)}")

    @property
    def _planned(self) -> Plan:
        if self.plan is None:
            raise TypeError(self)
        return self.plan

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"manifest {self.id} {why}")

    def _check_plan(self, fact: Fact, said: Plan, site: Site) -> None:
        names = [one.sample for one in said.samples]
        self._refuse(len(set(names)) < len(names), "names a sample twice")
        leaves, arrives = (moment(text, zone=fact.zone) for text in (said.leaves, said.arrives))
        self._refuse(not fact.at < leaves < arrives, "has to leave after now and arrive after that")
        for one in said.samples:
            self._check_sample(one, site)
        over = list(goods.beyond(_package(said, site)))
        self._refuse(bool(over), f"can't go as one package: {'; '.join(over)}")

    def _check_sample(self, said: Sample, site: Site) -> None:
        sample = cast("_Container", site.find("container", said.sample))
        self._refuse(sample.state in _NOT_HERE, f"can't send {said.sample}: it is {sample.state}")
        self._refuse(sample.purpose == "product", f"can't send {said.sample}: it is product of the patient, no sample")
        other = next((one.id for one in manifests_of(site, said.sample) if one.id != self.id and _on_way(one)), "")
        self._refuse(bool(other), f"can't send {said.sample}: it goes by manifest {other}")
        for name in said.tests:
            test = cast("_Test", site.find("test", name))
            self._refuse(test.state not in _TO_TEST, f"can't send {said.sample} for {name}: that test is {test.state}")
            if cast("_Batch", site.find("batch", test.batch)).identity != sample.identity:
                raise IdentityError(
                    f"manifest {self.id}: sample {said.sample} is of another chain of identity than {test.batch}"
                )

    def _check_packing(self, fact: Fact, said: Packing, site: Site) -> None:
        differ = sorted(set(said.samples) ^ set(self.samples))
        self._refuse(bool(differ), f"is of {', '.join(self.samples)}; {', '.join(differ)} does not agree")
        for name in self.samples:
            state = site.find("container", name).state
            self._refuse(state == "stored", f"can't be packed: sample {name} is stored; it has to be taken out first")
            self._refuse(state in _NOT_HERE, f"can't be packed: sample {name} is {state}")
        way = self.arrives_at - max(self.leaves_at, fact.at)
        short = f"box {said.box} keeps its temperature {said.keeps_h:g} h, the way takes {way / HOUR:.1f} h"
        self._refuse(said.keeps_h * HOUR < way, f"can't be packed: {short}")
        lacks = ", ".join(untrained(site, fact.by, _package(self._planned, site)))
        self._refuse(bool(lacks), f"can't be packed by {fact.by}, who is not trained in {lacks}")

    def _check_held(self, party: str, site: Site) -> None:
        for name in self.samples:
            holder = held_by(site, name) or "nobody on record"
            self._refuse(holder != party, f"needs sample {name} with {party}; it is with {holder}")

    def _check_receipt(self, fact: Fact, said: Receipt, site: Site) -> None:
        packed = fact.by in self.packed_by
        self._refuse(packed, f"was packed by {fact.by}; someone else takes it in")
        names = [one.sample for one in said.samples]
        differ = sorted(set(names) ^ set(self.samples))
        asked = "each sample is accepted or refused once"
        self._refuse(bool(differ) or len(set(names)) < len(names), f"is of {', '.join(self.samples)}; {asked}")
        self._check_held(self._planned.laboratory, site)
        for one in said.samples:
            wrong = "" if one.refused else "; ".join(self._findings(said, one))
            about = {cast("_Deviation", d).id for d in site.marked("deviation", of_subject(f"container/{one.sample}"))}
            needed = f"refuse it, or name a deviation about container/{one.sample}"
            self._refuse(bool(wrong) and one.deviation not in about, f"can't accept {one.sample}: {wrong}; {needed}")

    def _findings(self, said: Receipt, one: Seen) -> Iterator[str]:
        """Say what speaks against a sample: its temperature, or the seal of the box."""
        kept, read = self._planned.kept, [one.celsius, said.lowest_c, said.highest_c]
        known = [Celsius(value) for value in read if value is not None]
        if one.celsius is None and said.highest_c is None:
            yield "its temperature on the way is not known"
        for value in known:
            if not is_within(kept, value):
                yield f"it was at {value:g} degC, and {says(kept)} is allowed"
        if self.packing and said.seal != self.packing.seal:
            yield f"the box was sealed with {self.packing.seal}, and {said.seal} was found"

    def told(self, site: Site) -> tuple[str, ...]:
        """Say how each sample stands, until when results are needed, and what the papers have to name."""
        if self.plan is None:
            return ()
        lines = [self._line(one, site) for one in self.plan.samples]
        if self.waiting:
            lines.append(f"waits for {', '.join(self.waiting)}; results by {iso(self.results_by, zone=site.zone)[:16]}")
        lines += [
            f"{name} is needed by {iso(test.due, zone=site.zone)[:16]}, before the laboratory's time is over"
            for name in self.waiting
            if (test := cast("_Test", site.find("test", name))).due < self.results_by
        ]
        lines += [f"{one.entry}: {one.instruction} ({one.clause})" for one in goods.classify(_package(self.plan, site))]
        return tuple(lines)

    def _line(self, one: Sample, site: Site) -> str:
        asked = (cast("_Test", site.find("test", name)).request for name in one.tests)
        tests = ", ".join(said.test for said in asked if said)
        seen = next((s for s in (self.receipt.samples if self.receipt else ()) if s.sample == one.sample), None)
        if seen is None:
            return f"{one.sample} for {tests}"
        at = "" if seen.celsius is None else f" at {seen.celsius:g} degC"
        judged = f"refused: {seen.refused}" if seen.refused else "accepted"
        return f"{one.sample} for {tests}: {seen.condition}{at}, {judged}"

    def apply(self, fact: Fact) -> Self:
        """Give the manifest as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Plan() as said:
                leaves, arrives = moment(said.leaves, zone=fact.zone), moment(said.arrives, zone=fact.zone)
                return replace(after, plan=said, leaves_at=leaves, arrives_at=arrives, moved_at=fact.at)
            case Packing() as said:
                return replace(after, packing=said, packed_by=tuple(s.by for s in fact.signed), moved_at=fact.at)
            case Dispatch(waybill=waybill):
                return replace(after, waybill=waybill, moved_at=fact.at)
            case Receipt() as said:
                return replace(after, receipt=said, moved_at=fact.at)
            case Answer(test=test):
                return replace(after, answered=(*self.answered, test))
            case Reason(reason=reason):
                return replace(after, ended=reason)
        return after


_GOING = frozenset({State.PLANNED, State.PACKED, State.IN_TRANSIT, State.RECEIVED})


def _on_way(one: Manifest) -> bool:
    return one.state in {State.PLANNED, State.PACKED, State.IN_TRANSIT}


def _package(said: Plan, site: Site) -> goods.Package:
    asked = goods.Package(said.content, said.coolant, said.mode, ice_kg=said.ice_kg)
    return package_of(site, tuple(one.sample for one in said.samples), asked)


def manifests_of(site: Site, sample: str) -> Iterator[Manifest]:
    """Give the manifests of a sample in the order in which they were planned."""
    return (one for one in site.marked("manifest", of_container(sample)) if isinstance(one, Manifest))


def check_arrived(site: Site, *, sample: str, what: str) -> None:
    """Raise RefusedError when a sample is on its way to a laboratory, or was refused there."""
    for one in manifests_of(site, sample):
        if one.state in {State.PACKED, State.IN_TRANSIT}:
            raise RefusedError(f"{what}: sample {sample} is on its way by manifest {one.id}, which nobody received")
        if sample in one.refused:
            raise RefusedError(f"{what}: sample {sample} was refused at receipt ({one.refused[sample]})")


def answers(site: Site, test: str) -> Iterator[Next]:
    """Give what the manifests that wait for a test are told when it has its result."""
    for one in site.marked("manifest", of_subject(f"test/{test}")):
        if isinstance(one, Manifest) and one.state is State.RECEIVED and test in one.waiting:
            yield Next(f"manifest/{one.id}", "answer", {"test": test})


def _came(thing: Thing, _fact: Fact, site: Site) -> Iterable[Next]:
    """Open a deviation for each sample that was refused, and take up results that are there already."""
    manifest = cast("Manifest", thing)
    batches = {
        one.sample: cast("_Test", site.find("test", one.tests[0])).batch
        for one in (manifest.plan.samples if manifest.plan else ())
    }
    for number, (sample, why) in enumerate(manifest.refused.items(), 1):
        title = f"sample {sample} of manifest {manifest.id} was refused at receipt: {why}"
        body = {"subject": f"container/{sample}", "title": title, "batch": batches[sample]}
        yield Next(f"deviation/{manifest.id}-D{number:02d}", "open", body)
    for test in manifest.waiting:
        if site.find("test", test).state in ANSWERED:
            yield from answers(site, test)
    yield from _settled(thing, _fact, site)


def _settled(thing: Thing, _fact: Fact, site: Site) -> Iterable[Next]:
    """End a manifest whose last result is there."""
    now = cast("Manifest", site.find("manifest", thing.id))
    if now.state is State.RECEIVED and not now.waiting:
        yield Next(f"manifest/{thing.id}", "complete", {})


_CLAUSE = "21 CFR 211.165, 211.194(a)(1)"
FOLLOWS = (
    *(
        Follow(f"manifest-{on}", on, "a refused sample is looked into", "21 CFR 211.192", _came)
        for on in ("receive", "attest_receipt")
    ),
    Follow("manifest-answered", "answer", "with its last result it is complete", _CLAUSE, _settled),
)

KIND = Kind("manifest", "product", TABLE, Manifest, FOLLOWS)

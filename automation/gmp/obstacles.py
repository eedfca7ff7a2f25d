"""What stands in the way of a lot's release, in sentences with who has to act and until when; computed, never entered.

Every line is read off an object, and the list is empty exactly when the lot may be released.
Source: 21 CFR 211.165, 211.188, 211.192 (all records reviewed, discrepancies resolved); EU GMP Annex 16 and Part IV 11.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, cast

from automation.formulas.label_statements import collection_types, missing
from automation.formulas.limits import Band, Limits, judge, parse
from automation.gmp.due import dues_of
from automation.gmp.marks import OPEN, of_batch, of_container, of_order, of_subject
from automation.gmp.materials.bills import lines_of
from automation.gmp.materials.lots import unaccounted
from automation.gmp.objects import Site
from automation.gmp.product.collections import Collection
from automation.gmp.product.collections import State as Collected
from automation.gmp.product.custody import custody_findings, handovers
from automation.gmp.product.donors import donors_of
from automation.gmp.product.orders import Order, order_of
from automation.gmp.product.orders import State as Ordered
from automation.gmp.product.recalls import recalls_of
from automation.gmp.product.testing import QcTest, check_worked_out, criterion_of, judge_by, tests_of, worked_out
from automation.gmp.product.testing import State as Tested
from automation.gmp.quality.corrections import unsettled
from automation.gmp.quality.deviations import Opening
from automation.gmp.quality.holds import held_origins, holds_of
from automation.gmp.quality.specifications import Criterion, Specification, Stage
from automation.gmp.quality.specifications import State as Standing
from automation.gmp.shelf_lives import expired
from automation.gmp.words import Right
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.quantity import Instant, Seconds

_ROUNDING_ML = 0.05  # mL
_TYPE = 5  # place of the collection type in a product code
_THERE = frozenset({"in process", "stored", "handed over"})


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing in the way; ``later`` ones leave room for a conditional release."""

    sentence: str
    owner: str
    due: Instant | None = None
    later: bool = False
    supply: bool = False  # out of specification, which a physician may ask for by some profiles


class _Batch(Protocol):
    """What a release asks of a batch."""

    id: str
    state: str

    @property
    def identity(self) -> str: ...
    @property
    def lot_type(self) -> str: ...
    @property
    def reviewed_by(self) -> str: ...
    @property
    def reviewed_seq(self) -> int: ...


class _Container(Protocol):
    """What a release asks of a container."""

    id: str
    state: str
    parent: str
    purpose: str
    on_hold: bool
    hold_reason: str
    volume_ml: float
    product_code: str
    warming_s: Seconds


class _Label(Protocol):
    """What a release asks of a label."""

    id: str
    state: str
    lines: tuple[str, ...]
    marks: tuple[str, ...]

    @property
    def unaccounted(self) -> bool: ...


class _Deviation(Protocol):
    """What a release asks of a deviation."""

    state: str
    opening: Opening | None


def obstacles(site: Site, batch: str, *, specification: str) -> tuple[Obstacle, ...]:
    """Give what stands in the way of the release of a batch by a specification, in the order of the product's way."""
    thing = cast("_Batch", site.find("batch", batch))
    order = order_of(site, thing.identity) if thing.identity else None
    found = [*_of_order(thing, order), *_of_batch(thing), *_of_holds(site, batch)]
    found += [Obstacle(over, Right.RELEASE)] if (over := expired(site, batch)) else []
    found += (Obstacle(why, owner) for why, owner in unsettled(site, batch, reviewed_seq=thing.reviewed_seq))
    found += _of_collections(site, order) if order else []
    found += _of_donors(site, order) if order else []
    found += _of_containers(site, thing)
    found += _of_labels(site, thing, order) if order else []
    found += _of_loose_labels(site, batch)
    found += _of_recalls(site, batch)
    found += (Obstacle(why, Right.PERFORM) for why in unaccounted(site, batch))
    wrong = (line for line in lines_of(site, batch) if line.unexplained)
    found += (Obstacle(f"bill of {batch}: {line.sentence}", Right.SUPERVISE) for line in wrong)
    demanded = cast("Specification", site.find("specification", specification))
    found += [*_of_warming(site, batch, demanded), *_of_tests(site, batch, demanded)]
    found += [*_of_forms(site, batch), *_of_nonconformances(site, batch), *_of_complaints(site, batch)]
    return tuple(dict.fromkeys((*found, *_of_deviations(site, thing, order))))


def product_of(site: Site, batch: str) -> tuple[str, ...]:
    """Give the containers that hold the product of a batch, here or with whom they were handed over to."""
    found = (cast("_Container", one) for one in site.marked("container", of_batch(batch)))
    return tuple(one.id for one in found if one.purpose == "product" and one.state in _THERE)


def _of_order(batch: _Batch, order: Order | None) -> Iterator[Obstacle]:
    if batch.lot_type == "engineering":
        yield Obstacle(f"batch {batch.id} is an engineering lot, which is never released", Right.RELEASE)
    if order is None:
        yield Obstacle(f"nobody has ordered batch {batch.id}", Right.ORDER)
    elif order.state not in {Ordered.CONFIRMED, Ordered.FULFILLED}:
        why = f" ({order.hold_reason})" if order.hold_reason else ""
        yield Obstacle(f"order {order.id} is {order.state}{why}, not confirmed", Right.ORDER, order.needed_by)


def _of_batch(batch: _Batch) -> Iterator[Obstacle]:
    if batch.state not in {"complete", "closed"}:
        yield Obstacle(f"batch {batch.id} is {batch.state}", Right.PERFORM)
    if not batch.reviewed_by:
        yield Obstacle(f"the record of batch {batch.id} is not reviewed", Right.REVIEW)


def _of_holds(site: Site, batch: str) -> Iterator[Obstacle]:
    yield from (Obstacle(sentence, Right.APPROVE) for sentence in holds_of(site, batch))


def _of_collections(site: Site, order: Order) -> Iterator[Obstacle]:
    received = [one for one in _collections(site, order) if one.state is Collected.RECEIVED]
    if not received:
        yield Obstacle(f"no collection of order {order.id} was received", Right.PERFORM)
    for one in received:
        for name in one.containers:
            yield from (Obstacle(sentence, Right.INVESTIGATE) for sentence in custody_findings(site, name))


def _of_containers(site: Site, batch: _Batch) -> Iterator[Obstacle]:
    names = product_of(site, batch.id)
    if not names:
        yield Obstacle(f"batch {batch.id} has no container with product", Right.PERFORM)
    for name in names:
        one = cast("_Container", site.find("container", name))
        if one.on_hold:
            yield Obstacle(f"container {name} is on QA hold ({one.hold_reason})", Right.APPROVE)
        if one.parent and not any(label.state == "applied" for label in site.marked("label", of_container(name))):
            yield Obstacle(f"container {name} carries no verified label", Right.PERFORM)
        yield from (Obstacle(sentence, Right.INVESTIGATE) for sentence in custody_findings(site, name))
    yield from (Obstacle(sentence, Right.APPROVE) for sentence in held_origins(site, batch.id, names))


def _of_donors(site: Site, order: Order) -> Iterator[Obstacle]:
    donors = donors_of(site, order.id)
    if not donors:
        yield Obstacle(f"no donor of order {order.id} was recorded", Right.REVIEW)
    for one in donors:
        if not one.may_be_used:
            due = next(iter(dues_of(one)), None)
            yield Obstacle(f"donor {one.id} is {one.state}", Right.RELEASE, due.by if due else None)


def _of_labels(site: Site, batch: _Batch, order: Order) -> Iterator[Obstacle]:
    """Give the statements that applied labels lack, and product codes that say another collection type."""
    donors = donors_of(site, order.id)
    rules = order.rules(site)
    wanted = [
        *(one for donor in donors for one in donor.statements),
        *(rules.statements(batch.lot_type) if rules else ()),
    ]
    for name in product_of(site, batch.id):
        labels = (cast("_Label", one) for one in site.marked("label", of_container(name)))
        for label in (one for one in labels if one.state == "applied"):
            for lacks in missing(wanted, (*label.lines, *label.marks)):
                why = f"label {label.id} does not say {lacks.text!r} ({lacks.clause})"
                yield Obstacle(why, Right.PERFORM)
        code = cast("_Container", site.find("container", name)).product_code
        fits = "".join(collection_types(donor.use, donor.evaluation) for donor in donors)
        if len(code) > _TYPE and donors and code[_TYPE] not in fits:
            why = f"container {name} has collection type {code[_TYPE]} in its product code; the donor's is {fits}"
            yield Obstacle(why, Right.INVESTIGATE)


def _of_loose_labels(site: Site, batch: str) -> Iterator[Obstacle]:
    """Give the labels of which nobody has said what became of them, 21 CFR 211.125(c)."""
    for one in site.marked("label", of_batch(batch)):
        if cast("_Label", one).unaccounted:
            due = next(iter(dues_of(one)), None)
            left = f"label {one.id} is {one.state}, not accounted for"
            yield Obstacle(left, Right.PERFORM, due.by if due else None)


def _of_recalls(site: Site, batch: str) -> Iterator[Obstacle]:
    """Give the recalls of the lot that are not settled."""
    for one in recalls_of(site, batch):
        yield Obstacle(f"recall {one.id} is {one.state}: {one.why}", Right.RELEASE)


def _of_warming(site: Site, batch: str, specification: Specification) -> Iterator[Obstacle]:
    """Give the containers that were warm for longer than the specification allows over their life."""
    limits = Limits(reject=parse(specification.warming)) if specification.warming else Limits()
    for name in product_of(site, batch):
        warm = float(cast("_Container", site.find("container", name)).warming_s)
        judged = judge(warm, "s", limits, what=f"warming of container {name}")
        if judged.band is not Band.WITHIN:
            yield Obstacle(judged.sentence, Right.INVESTIGATE)


def _of_tests(site: Site, batch: str, specification: Specification) -> Iterator[Obstacle]:
    if specification.state is not Standing.EFFECTIVE:
        yield Obstacle(f"specification {specification.id} is {specification.state}, not effective", Right.APPROVE)
    for criterion in specification.criteria:
        tests = [one for one in tests_of(site, batch) if one.request and one.request.test == criterion.test]
        standing = [one for one in tests if one.state not in {Tested.CANCELLED, Tested.INVALIDATED}]
        if not standing:
            yield Obstacle(f"{criterion.test} was not requested", Right.REVIEW)
        for one in standing:
            yield from _of_test(site, one, criterion)
    named = {criterion.test for criterion in specification.criteria}
    for one in tests_of(site, batch):  # whoever looks for an easier specification meets what was tested by another
        other = one.request is not None and one.request.test not in named
        if other and one.state not in {Tested.CANCELLED, Tested.INVALIDATED}:
            yield from _of_test(site, one, criterion_of(one, site))


def _of_test(site: Site, test: QcTest, criterion: Criterion) -> Iterator[Obstacle]:
    due = next(iter(dues_of(test)), None)
    if test.value:
        found, sentence = judge_by(test, site)
        if not found.is_good:
            yield Obstacle(f"{test.id} is {found}: {sentence}", Right.INVESTIGATE, supply=test.state is Tested.REVIEWED)
            return
        yield from _of_inputs(site, test, criterion)
    if due is not None:
        reading = bool(criterion.so_far) or wants_reading(site, test.batch)
        later = criterion.stage is Stage.AFTERWARDS and (not reading or bool(test.value))
        yield Obstacle(f"{criterion.test} ({test.id}) is {test.state}", due.owner, due.by, later)


def wants_reading(site: Site, batch: str) -> bool:
    """Tell whether the rules of the lot's order let it go early only on a negative reading."""
    order = order_of(site, cast("_Batch", site.find("batch", batch)).identity)
    rules = order.rules(site) if order else None
    return rules is not None and rules.negative_to_date


def _of_inputs(site: Site, test: QcTest, criterion: Criterion) -> Iterator[Obstacle]:
    """Give what is wrong with a calculated result: inputs that changed since, bags that were left out."""
    if not criterion.formula:
        return
    said = test.results[-1]
    try:
        check_worked_out(site, test=test, criterion=criterion, said=said)
        done = worked_out(site, batch=test.batch, criterion=criterion, said=said)
    except (RefusedError, InputError) as wrong:
        yield Obstacle(f"{test.id} does not follow any more, and has to be corrected: {wrong}", Right.PERFORM)
        return
    covered = sum(one.value for one in done.inputs if one.name == criterion.all_bags)
    volume = sum(cast("_Container", site.find("container", name)).volume_ml for name in product_of(site, test.batch))
    if criterion.all_bags and covered + _ROUNDING_ML < volume:
        counted = f"{test.id} counts {covered:g} mL; all bags of {test.batch} hold {volume:g} mL"
        yield Obstacle(counted, Right.PERFORM)


def _of_forms(site: Site, batch: str) -> Iterator[Obstacle]:
    """Give the paper forms of a batch that are not accounted for."""
    for one in site.marked("form", of_batch(batch)):
        due = next(iter(dues_of(one)), None)
        if due is not None:
            yield Obstacle(f"form {one.id} is {one.state}, not accounted for", due.owner, due.by)


def _of_nonconformances(site: Site, batch: str) -> Iterator[Obstacle]:
    """Give what is not as it has to be with a batch or its containers, and not closed."""
    subjects = [f"container/{one.id}" for one in site.marked("container", of_batch(batch))]
    marks = (of_batch(batch), *map(of_subject, subjects))
    for one in {one.id: one for mark in marks for one in site.marked("nonconformance", mark)}.values():
        due = next(iter(dues_of(one)), None)
        if due is not None:
            yield Obstacle(f"non-conformance {one.id} is {one.state}", due.owner, due.by)


def _of_complaints(site: Site, batch: str) -> Iterator[Obstacle]:
    """Give the complaints about a lot that are not closed; what is wrong with one bag may be wrong with all."""
    for one in site.marked("complaint", of_batch(batch)):
        due = next(iter(dues_of(one)), None)
        if due is not None:
            yield Obstacle(f"complaint {one.id} is {one.state}", due.owner, due.by)


def _of_deviations(site: Site, batch: _Batch, order: Order | None) -> Iterator[Obstacle]:
    subjects = [f"batch/{batch.id}", f"release/{batch.id}"]
    subjects += [f"container/{one.id}" for one in site.marked("container", of_batch(batch.id))]
    subjects += [f"test/{one.id}" for one in tests_of(site, batch.id)]
    names = [*product_of(site, batch.id)]
    if order is not None:
        received = [*_collections(site, order)]
        subjects += [f"order/{order.id}", *(f"collection/{one.id}" for one in received)]
        subjects += [f"donor/{one.id}" for one in donors_of(site, order.id)]
        subjects += [f"shipment/{one.id}" for one in site.marked("shipment", of_order(order.id))]
        names += [name for one in received for name in one.containers]
    subjects += [f"handover/{one.id}" for name in names for one in handovers(site, name)]
    subjects += [f"label/{one.id}" for name in names for one in site.marked("label", of_container(name))]
    marks = (of_batch(batch.id), *map(of_subject, subjects))
    still_open = {one.id for one in site.marked("deviation", OPEN)}
    for name in dict.fromkeys(one.id for mark in marks for one in site.marked("deviation", mark)):
        if name in still_open:
            one = site.find("deviation", name)
            due = next(iter(dues_of(one)), None)
            opening = cast("_Deviation", one).opening
            supply = opening is not None and opening.rule == "OOS" and opening.subject.startswith("test/")
            owner, by = (due.owner, due.by) if due else ("", None)
            yield Obstacle(f"deviation {name} is {one.state}", owner, by, supply=supply)


def _collections(site: Site, order: Order) -> Iterator[Collection]:
    return (one for one in site.marked("collection", of_order(order.id)) if isinstance(one, Collection))

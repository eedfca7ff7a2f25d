"""A batch as a FHIR bundle: its samples with what is asked of them, its containers, its results.

Written from the objects as they stand, so that the same records give the same bytes. Direct identifiers are not in
the objects, so they are not here either.
Units:  UCUM; moments with their offset.
Source: HL7 FHIR R5; docs/exchange.md.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

from automation.exchange.fhir.codes import BATCH, METHOD, SAMPLE, TEST, Naming, millilitres, quantity, words
from automation.exchange.fhir.products import dispenses, product
from automation.exchange.fhir.types import (
    AnyResource,
    Bundle,
    CodeableReference,
    Coding,
    Collected,
    Concept,
    DiagnosticReport,
    Entry,
    Note,
    Observation,
    Occurrence,
    Quantity,
    ReferenceRange,
    ServiceRequest,
    Specimen,
    resolved,
)
from automation.formulas.limits import decimal, parse
from automation.gmp.codes import moment
from automation.gmp.marks import of_batch
from automation.gmp.objects import Site
from automation.gmp.product.batches import Batch
from automation.gmp.product.containers import Container, Purpose
from automation.gmp.product.containers import State as Stands
from automation.gmp.product.testing import CORRECTED, Correction, QcTest, State, criterion_of, judge_by
from automation.gmp.quality.specifications import Criterion, Verdict
from automation.kernel.clock import iso
from automation.kernel.errors import InputError
from automation.views.laboratory import samples_of, tests_on

CRITERION: Final = "criterion"
_STATUS: Final = {State.REQUESTED: "active", State.IN_LABORATORY: "active", State.CANCELLED: "revoked"}
_GOOD, _BAD = Coding(code="N", display="Normal"), Coding(code="A", display="Abnormal")
_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"


def batch_bundle(site: Site, naming: Naming, batch: str) -> Bundle:
    """Give all of one batch as a collection; raises InputError for a batch that the site does not have."""
    thing = site.find("batch", batch)
    if not isinstance(thing, Batch) or not thing.identity:
        raise InputError(f"batch {batch!r} is not known at this site")
    tests = [one for one in site.marked("test", of_batch(batch)) if isinstance(one, QcTest) and one.request]
    samples = [
        _container(site, name) for name in dict.fromkeys(name for one in tests for name in samples_of(site, one))
    ]
    samples += [one for one in _held(site, thing) if one.purpose is Purpose.ALIQUOT and one not in samples]
    products = [one for one in _held(site, thing) if one.purpose is not Purpose.ALIQUOT]
    resources: tuple[tuple[str, AnyResource], ...] = (
        *(specimen(site, naming, one) for one in samples),
        *(service_request(site, naming, one) for one in tests),
        *(product(site, naming, one) for one in products),
        *dispenses(site, naming, thing),
        *(observation(site, naming, one) for one in tests if one.results),
        *_reports(site, naming, samples),
    )
    name = naming.identifier(BATCH, batch)
    entries = tuple(map(as_entry, resources))
    made = Bundle(meta=naming.meta, identifier=name, type="collection", timestamp=iso(site.now), entry=entries)
    return resolved(made)


def as_entry(addressed: tuple[str, AnyResource]) -> Entry:
    """Give a resource with its address."""
    return Entry(full_url=addressed[0], resource=addressed[1])


def specimen(site: Site, naming: Naming, one: Container) -> tuple[str, Specimen]:
    """Give a sample with the tests that are asked of it."""
    parent = (naming.reference("BiologicallyDerivedProduct", kind=SAMPLE, name=one.parent),) if one.parent else ()
    made = Specimen(
        meta=naming.meta,
        identifier=(naming.identifier(SAMPLE, one.id),),
        status="unavailable" if one.state in {Stands.EMPTIED, Stands.DESTROYED, Stands.CANCELLED} else "available",
        type=words(one.kind or "cells"),
        subject=naming.patient(one.identity),
        parent=parent,
        request=tuple(naming.reference("ServiceRequest", kind=TEST, name=test.id) for test in tests_on(site, one)),
        collection=Collected(quantity=millilitres(one.volume_ml)) if one.volume_ml else None,
        condition=(words(one.condition),) if one.condition else (),
    )
    return naming.address(f"Specimen/{SAMPLE}", one.id), made


def service_request(site: Site, naming: Naming, test: QcTest) -> tuple[str, ServiceRequest]:
    """Give what is asked: which test, by which method and limit, until when; raises InputError where nothing is."""
    asked, criterion = test.request, criterion_of(test, site)
    if asked is None:
        raise InputError(f"test {test.id} was never requested")
    notes = [f"{asked.specification}: {criterion.says}", f"method {criterion.method}"]
    notes += [f"retest of {asked.retest_of}"] if asked.retest_of else []
    made = ServiceRequest(
        meta=naming.meta,
        identifier=(naming.identifier(TEST, test.id),),
        status=_STATUS.get(test.state, "completed"),
        intent="order",
        code=CodeableReference(concept=words(asked.test, system=naming.system(CRITERION))),
        subject=naming.patient(_identity(site, test)),
        occurrence_period=Occurrence(end=iso(test.due)),
        authored_on=iso(test.requested_at),
        specimen=tuple(naming.reference("Specimen", kind=SAMPLE, name=name) for name in samples_of(site, test)),
        note=tuple(Note(text=text) for text in notes),
    )
    return naming.address(f"ServiceRequest/{TEST}", test.id), made


def observation(site: Site, naming: Naming, test: QcTest) -> tuple[str, Observation]:
    """Give the result that counts; one that was set aside is marked as an error, so that nobody counts it."""
    criterion, said = criterion_of(test, site), test.results[-1]
    aside = test.state is State.INVALIDATED
    notes = [f"raw data {said.data}"]
    notes += [f"corrected: {said.reason}"] if isinstance(said, Correction) else []
    notes += [f"does not count: {test.set_aside}"] if aside else []
    made = Observation(
        meta=naming.meta,
        identifier=(naming.identifier("result", test.id),),
        based_on=(naming.reference("ServiceRequest", kind=TEST, name=test.id),),
        status="entered-in-error" if aside else test.statuses[-1],
        code=words(criterion.test, system=naming.system(CRITERION)),
        subject=naming.patient(_identity(site, test)),
        effective_date_time=iso(moment(said.analysed, zone=site.zone)),
        value_quantity=measured(criterion, said.value),
        value_string="" if measured(criterion, said.value) else said.value,
        interpretation=_judged(site, test),
        note=tuple(Note(text=text) for text in notes),
        method=words(said.method, system=METHOD),
        specimen=naming.reference("Specimen", kind=SAMPLE, name=test.sample),
        reference_range=(ReferenceRange(text=f"{_specification(test)}: {criterion.says}"),),
    )
    return naming.address("Observation/result", test.id), made


def measured(criterion: Criterion, value: str) -> Quantity | None:
    """Give a reported value (``84.6``, ``<0.05``) in the unit of its limit; None for a word."""
    if not criterion.limit:
        return None
    text = value.strip()
    try:
        number = decimal(text.lstrip("<").strip())
    except InputError:
        return None  # a plate that is not evaluable
    return quantity(number, parse(criterion.limit)[0].unit, comparator="<" if text.startswith("<") else "")


def _reports(site: Site, naming: Naming, samples: Iterable[Container]) -> Iterator[tuple[str, DiagnosticReport]]:
    """Give the results of each sample together."""
    for one in samples:
        asked = list(tests_on(site, one))
        found = [test for test in asked if test.results]
        if found:
            yield naming.address("DiagnosticReport/report", one.id), _report(naming, one, asked=asked, found=found)


def _report(naming: Naming, one: Container, *, asked: Sequence[QcTest], found: Sequence[QcTest]) -> DiagnosticReport:
    corrected = any(test.statuses[-1] == CORRECTED for test in found)
    complete = all(test.is_final or test.state is State.CANCELLED for test in asked)
    return DiagnosticReport(
        meta=naming.meta,
        identifier=(naming.identifier("report", one.id),),
        based_on=tuple(naming.reference("ServiceRequest", kind=TEST, name=test.id) for test in found),
        status=("corrected" if corrected else "final") if complete else "preliminary",
        code=words("quality control of cells"),
        subject=naming.patient(one.identity),
        specimen=(naming.reference("Specimen", kind=SAMPLE, name=one.id),),
        result=tuple(naming.reference("Observation", kind="result", name=test.id) for test in found),
    )


def _held(site: Site, batch: Batch) -> list[Container]:
    """Give the containers of a batch: those that were made in it and those that came into it."""
    made = [one.id for one in site.marked("container", of_batch(batch.id))]
    names = dict.fromkeys((*batch.containers, *made))
    return [_container(site, name) for name in names]


def _container(site: Site, name: str) -> Container:
    return cast("Container", site.find("container", name))


def _identity(site: Site, test: QcTest) -> str:
    return cast("Batch", site.find("batch", test.batch)).identity


def _specification(test: QcTest) -> str:
    return test.request.specification if test.request else ""


def _judged(site: Site, test: QcTest) -> tuple[Concept, ...]:
    found, sentence = judge_by(test, site)
    if found is Verdict.NOT_EVALUABLE:
        return (Concept(text=str(found)),)
    code = _GOOD if found.is_good else _BAD
    coding = Coding(system=_INTERPRETATION, code=code.code, display=code.display)
    return (Concept(coding=(coding,), text=sentence),)

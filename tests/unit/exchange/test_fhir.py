"""FHIR R5: what goes out is accepted by somebody else's reader; what comes in wrong is refused with its place."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fhir.resources.bundle import Bundle as Referee

from automation.exchange.fhir.codes import SAMPLE, TEST, Naming
from automation.exchange.fhir.out import batch_bundle
from automation.exchange.fhir.read import LARGEST, read
from automation.exchange.fhir.results import results
from automation.exchange.fhir.types import UCUM_SYSTEM, as_json
from automation.exchange.lims.fhir import transaction
from automation.kernel.errors import InputError, RefusedError
from tests.support.doors import Doorway, doorway
from tests.support.thread import STORY, Thread

NAMING = Naming("0" * 32, simulated=True)
Body = dict[str, object]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doorway]:
    """Tell one patient's story to its end, for all who only look at it."""
    with doorway(tmp_path_factory.mktemp("told")) as way:
        thread = Thread(way, "X1")
        for _, what, command in STORY:
            thread.through(what, command)
        yield way


def resources(way: Doorway) -> list[Body]:
    """Give the resources of the batch, as somebody else reads them."""
    whole = json.loads(as_json(batch_bundle(way.door, NAMING, "X1")))
    return [entry["resource"] for entry in whole["entry"]]


def of(way: Doorway, kind: str, name: str) -> Body:
    """Give the resource of a kind with our id."""
    return next(one for one in resources(way) if one["resourceType"] == kind and name in json.dumps(one["identifier"]))


@pytest.mark.requirement("F103.5")
def test_a_batch_is_accepted_by_another_reader_of_fhir(told: Doorway) -> None:
    """Samples, requests, products, what was given, results; the same records give the same bytes."""
    written = as_json(batch_bundle(told.door, NAMING, "X1"))
    Referee.model_validate_json(written)
    assert {one["resourceType"] for one in resources(told)} == {
        *("Specimen", "ServiceRequest", "BiologicallyDerivedProduct", "BiologicallyDerivedProductDispense"),
        *("Observation", "DiagnosticReport"),
    }
    assert written == as_json(batch_bundle(told.rebuilt(), NAMING, "X1"))
    Referee.model_validate_json(as_json(transaction(told.door, NAMING, {"X1": "X1-Q", "X1-2": "X1-Q"})))


def test_no_reference_leads_nowhere(told: Doorway) -> None:
    """What is not in the bundle is named by its identifier alone; a sample that is sent names no product."""
    sent = as_json(transaction(told.door, NAMING, {"X1": "X1-Q"})).decode()
    for text in (as_json(batch_bundle(told.door, NAMING, "X1")).decode(), sent):
        assert (
            set(re.findall(r'"reference": "([^"]+)"', text)) - set(re.findall(r'"fullUrl": "([^"]+)"', text)) == set()
        )
    assert '"value": "X1-A"' in sent
    assert sent.count("fullUrl") == 2


def test_the_referee_would_notice(told: Doorway) -> None:
    """A word that FHIR does not know, or one that is missing, is refused by it."""
    whole = json.loads(as_json(batch_bundle(told.door, NAMING, "X1")))
    whole["entry"][0]["resource"]["colour"] = "red"
    with pytest.raises(ValueError, match="colour"):
        Referee.model_validate(whole)


def test_a_container_says_what_it_is_of_and_how_it_stands(told: Doorway) -> None:
    """Donation number, parent, status; the patient is the chain of identity alone."""
    started, product = of(told, "BiologicallyDerivedProduct", "X1-A"), of(told, "BiologicallyDerivedProduct", "X1-P")
    assert json.dumps(started["biologicalSourceEvent"]).count("A999926") == 1
    assert [started["productStatus"], product["productStatus"]] == [
        {"system": "http://hl7.org/fhir/biologicallyderived-product-status", "code": code}
        for code in ("processed", "applied")
    ]
    assert "X1-A" in json.dumps(product["parent"])
    assert "SUBJ-017" not in json.dumps(resources(told))


def test_a_result_has_its_status_limit_method_and_unit(told: Doorway) -> None:
    """Numbers keep the digits that were entered; words are words; a simulated site says so everywhere."""
    viability, sterility = of(told, "Observation", '"X1"'), of(told, "Observation", '"X1-2"')
    assert viability["valueQuantity"] == {"value": 84.6, "unit": "%", "system": UCUM_SYSTEM, "code": "%"}
    assert (viability["status"], sterility["status"]) == ("final", "final")
    assert sterility["valueString"] == "no growth"
    assert viability["referenceRange"] == [{"text": "X1: at least 70.0 %"}]
    assert of(told, "DiagnosticReport", "X1-Q")["status"] == "final"
    assert all("SIMULATED" in json.dumps(one["meta"]) for one in resources(told))


def test_below_the_limit_of_quantitation_is_a_comparator(way_at_report: Thread) -> None:
    """``<1`` goes out as less than 1, never as 0."""
    way_at_report.do("test", "report", by="perform", value="<1.00")
    found = of(way_at_report.way, "Observation", '"X1"')["valueQuantity"]
    assert isinstance(found, dict)
    assert (found["comparator"], found["value"]) == ("<", 1.0)
    assert b'"value": 1.00,' in as_json(batch_bundle(way_at_report.way.door, NAMING, "X1"))


@pytest.fixture
def way_at_report(tmp_path: Path) -> Iterator[Thread]:
    """Tell the story up to the first result."""
    with doorway(tmp_path) as way:
        thread = Thread(way, "X1")
        thread.until("test", "report")
        yield thread


def named(kind: str, value: str) -> Body:
    """Give an identifier of the site."""
    return {"system": NAMING.system(kind), "value": value}


def observation(**changed: object) -> Body:
    """Give a result as a laboratory writes it; None takes an element away."""
    said: Body = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "viability"},
        "specimen": {"identifier": named(SAMPLE, "X1-Q")},
        "basedOn": [{"identifier": named(TEST, "X1")}],
        "effectiveDateTime": "2026-11-22T09:00:00+01:00",
        "method": {"text": "M-12@2"},
        "valueQuantity": {"value": 91.40, "system": UCUM_SYSTEM, "code": "%"},
        **changed,
    }
    return {name: value for name, value in said.items() if value is not None}


def bundle(*said: Body, **changed: object) -> bytes:
    """Give a bundle of resources."""
    whole = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in said], **changed}
    return json.dumps(whole).encode()


def test_a_result_is_read_with_the_digits_that_were_sent() -> None:
    """91.40 is not 91.4: the decimals say how well it was measured."""
    data = bundle(observation()).replace(b"91.4,", b"91.40,")
    [found] = results(data, NAMING)
    assert (found.value, found.unit, found.sample, found.test) == ("91.40", "%", "X1-Q", "X1")


WRONG: dict[str, tuple[Body, str]] = {
    "another status": (observation(status="cancelled"), r"resource.status is 'cancelled'; allowed: preliminary, final"),
    "no sample": (observation(specimen=None), r"Bundle.entry\[0\].resource.specimen is missing"),
    "another comparator": (
        observation(valueQuantity={"value": 1, "comparator": ">", "system": UCUM_SYSTEM, "code": "%"}),
        r"valueQuantity.comparator is '>'; allowed: <",
    ),
    "no UCUM": (observation(valueQuantity={"value": 1, "system": "urn:mine", "code": "%"}), "system is 'urn:mine'"),
    "a unit of nobody": (
        observation(valueQuantity={"value": 1, "system": UCUM_SYSTEM, "code": "furlong"}),
        "code is 'furlong'; allowed: Cel",
    ),
    "no value": (observation(valueQuantity=None), r"value\[x\] is missing; allowed: valueQuantity"),
    "two values": (observation(valueString="91"), r"value\[x\] is there twice"),
    "a text for a number": (
        observation(valueQuantity={"value": "91", "system": UCUM_SYSTEM, "code": "%"}),
        "valueQuantity.value is '91'; a number is needed",
    ),
    "parts": (observation(component=[]), "component is not read"),
    "a reference to nothing": (observation(specimen={"reference": "Specimen/9"}), "which is not in the bundle"),
    "what changes the meaning": (observation(modifierExtension=[]), "changes the meaning of the rest"),
    "a name": ({"resourceType": "Patient", "name": []}, "resource.name names a person"),
    "another resource": ({"resourceType": "MedicationRequest"}, "resourceType is 'MedicationRequest'; allowed"),
}


@pytest.mark.requirement("F103.5", refuses=True)
@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named_by_its_element(what: str) -> None:
    """One clear error: path, value, what is allowed."""
    said, says = WRONG[what]
    with pytest.raises(InputError, match=says):
        results(bundle(said), NAMING)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is no JSON"),
        (b'{"resourceType": "Bundle", "resourceType": "Bundle"}', "twice in one object"),
        (b'{"resourceType": "Bundle", "total": NaN}', "has NaN"),
        (b'{"resourceType": "Patient"}', "a Bundle is needed"),
        (b"[" * 100_000, "nested deeper"),
        (b"\xff", "is not UTF-8"),
        (b" " * (LARGEST + 1), "at most"),
    ],
)
def test_what_can_be_read_in_two_ways_is_not_read(data: bytes, says: str) -> None:
    """A key twice, NaN, too deep, too long: one sentence each."""
    with pytest.raises(InputError, match=says):
        read(data)


@pytest.mark.requirement("C07", refuses=True)
def test_a_live_site_takes_nothing_of_a_simulated_one(told: Doorway) -> None:
    """The mark stands in every resource."""
    written = as_json(batch_bundle(told.door, NAMING, "X1"))
    with pytest.raises(RefusedError, match="is of a simulated site; this site is live"):
        results(written, Naming("0" * 32, simulated=False))


def test_one_page_of_several_is_not_taken_for_the_whole() -> None:
    """What stands on the next page would be lost."""
    with pytest.raises(InputError, match="a page of several"):
        results(bundle(observation(), link=[{"relation": "next", "url": "x"}], type="searchset"), NAMING)

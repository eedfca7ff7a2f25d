"""Targets: FHIR bundles of laboratories and partners, and what a laboratory's system answers."""

import json
from collections.abc import Sequence
from functools import cache

from automation.exchange.fhir.codes import SAMPLE, TEST, Naming
from automation.exchange.fhir.results import results
from automation.exchange.lims.fhir import answers
from automation.exchange.partners.reading import read_message
from automation.gmp.product.messages import Envelope
from tests.fuzz.target import BrokenError, Target, pure
from tests.support.partners import as_bytes, report

LEDGER = "0" * 32
NAMING = Naming(LEDGER, simulated=True)
UCUM = "http://unitsofmeasure.org"
SENT = ("urn:uuid:1", "urn:uuid:2")


@cache
def _results() -> Sequence[bytes]:
    sample = {"system": NAMING.system(SAMPLE), "value": "QC-1"}
    test = {"system": NAMING.system(TEST), "value": "T-1"}
    number = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "viability"},
        "specimen": {"reference": "Specimen/1"},
        "basedOn": [{"identifier": test}],
        "effectiveDateTime": "2026-01-05T09:00:00+01:00",
        "method": {"text": "M-12@2"},
        "valueQuantity": {"value": 91.4, "comparator": "<", "system": UCUM, "code": "%"},
    }
    word = {**number, "valueString": "no growth", "status": "preliminary", "note": [{"text": "so far"}]}
    word.pop("valueQuantity")
    specimen = {"resourceType": "Specimen", "id": "1", "identifier": [sample]}
    patient = {"resourceType": "Patient", "identifier": [{"system": NAMING.system("identity"), "value": "CHA9999"}]}
    entries = [{"resource": one} for one in (specimen, patient, number, word)]
    return [json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()]


def _read_results(data: bytes) -> object:
    found = results(data, NAMING)
    if any(not one.value or not one.status for one in found):
        raise BrokenError("a result without a value or a status was read")
    return found or None


@cache
def _messages() -> Sequence[bytes]:
    patient = ("CHA999926X7K2QD", "SUBJ-017")
    sent = "2026-01-05T08:00:00+01:00"
    return [as_bytes(report(LEDGER, number="M-1", collection="COL-1", patient=patient, sent=sent))]


def _read_message(data: bytes) -> object:
    said = read_message(data, ledger=LEDGER, simulated=True)
    unknown = set(said.fields) - set(Envelope.model_fields)
    if unknown:
        raise BrokenError(f"fields that no envelope has: {unknown}")
    return said


def _answers() -> Sequence[bytes]:
    entries = [{"response": {"status": status}} for status in ("201 Created", "200 OK")]
    return [json.dumps({"resourceType": "Bundle", "type": "transaction-response", "entry": entries}).encode()]


BUNDLES = (
    Target(
        name="fhir results",
        covers=("automation.exchange.fhir.results", "automation.exchange.fhir.read", "automation.exchange.fhir.bundle"),
        corpus=_results,
        fresh=pure(_read_results),
        harmless="no checksum: a person signs what is taken, another reviews it, and the file is kept",
    ),
    Target(
        name="partner message",
        covers=("automation.exchange.partners.reading", "automation.exchange.partners.collection"),
        corpus=_messages,
        fresh=pure(_read_message),
        harmless="the signature over the file is looked at by the door, which takes none with a changed byte",
    ),
    Target(
        name="lims answer",
        covers=("automation.exchange.lims.fhir",),
        corpus=_answers,
        fresh=pure(lambda data: answers(data, sent=SENT, tests=SENT[1:])),
        harmless="it says that requests were taken; they are fetched by their own ids",
    ),
)

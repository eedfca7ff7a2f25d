"""A file of results is taken as a whole or not at all, whoever its patients are."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from automation.exchange.fhir.read import read
from automation.kernel.errors import InputError
from tests.support.commands import Said
from tests.support.exchanging import IDENTITY, Linked, linked
from tests.support.partners import UCUM, Body, as_bytes

OTHER = "CHA999926GT0017"
NOW, TOMORROW = "2026-01-05T08:00:00+01:00", "2026-01-06T08:00:00+01:00"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Linked]:
    """Open one site for all; each test has lots of its own."""
    with linked(tmp_path_factory.mktemp("taking") / "site") as made:
        yield made


def result(lab: Linked, name: str, **changed: object) -> Body:
    """Write the viability of a lot's sample as a laboratory does; ``identity`` and ``unit`` are those of the result."""

    def named(kind: str, value: object) -> Body:
        return {"identifier": {"system": f"urn:x-cellwright:{lab.ledger}:{kind}", "value": value}}

    identity, unit = changed.pop("identity", ""), changed.pop("unit", "%")
    said: Body = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "viability"},
        "specimen": named("container", f"QC-{name}"),
        "effectiveDateTime": NOW,
        "method": {"text": "M-12@2"},
        "valueQuantity": {"value": 91.4, "system": UCUM, "code": unit},
        **changed,
    }
    return said | ({"subject": named("identity", identity)} if identity else {})


def taken(lab: Linked, *said: Body) -> Said:
    """Take results as one file."""
    path: Path = lab.folder.parent / "results.json"
    path.write_bytes(
        as_bytes({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in said]})
    )
    return lab.do("exchange", "take", path, "--from", "lab-1", "--as", "anna")


def ready(lab: Linked, *names: str) -> None:
    """Have the samples of lots in the laboratory; every second one is of another patient."""
    for number, name in enumerate(names):
        lab.asked(name, "viability", identity=OTHER if number % 2 else IDENTITY)
        lab.take_in(name, "viability")


def state(lab: Linked, name: str) -> str:
    """Give the state of a lot's test."""
    return lab.good("show", "test", f"{name}-viability").out.splitlines()[1].rpartition(": ")[2]


@pytest.mark.requirement("F101.2", "F103.5")
def test_results_of_several_patients_in_one_file_go_to_their_own_tests(lab: Linked) -> None:
    """Each by its sample; the file is kept once, under the digest that each result names."""
    ready(lab, "1", "2")
    said = taken(lab, result(lab, "1", identity=IDENTITY), result(lab, "2", identity=OTHER))
    assert said.out == "SIMULATED results.json: 2 taken, 0 in the tray, 0 known already\n"
    assert [state(lab, name) for name in ("1", "2")] == ["reported", "reported"]


@pytest.mark.requirement("F101.2", "F103.5", refuses=True)
@pytest.mark.parametrize(
    ("wrong", "says", "status"),
    [
        ({"unit": "mg/mL"}, "entry[1].resource.valueQuantity.code is 'mg/mL'; allowed: Cel", 2),
        ({"unit": "Cel"}, "entry[1].resource.value is in 'Cel'; allowed for viability: a number in '%'", 2),
        ({"code": {"text": "purity"}}, "entry[1].resource.code is 'purity', which nobody asked of sample QC-4", 2),
        ({"identity": IDENTITY}, "entry[1].resource: test 4-viability: the result is of another chain of identity", 1),
        (
            {"effectiveDateTime": TOMORROW},
            "entry[1].resource: test 4-viability was measured at 2026-01-06T08:00:00+01:00, still",
            1,
        ),
        ({"status": "corrected"}, "", 0),
    ],
)
def test_nothing_of_a_file_is_taken_when_one_entry_is_wrong(lab: Linked, wrong: Body, says: str, status: int) -> None:
    """The error names the element; the good result before it waits for a file that is right as a whole."""
    if "test 3-viability" not in lab.do("show", "test", "3-viability").out:
        ready(lab, "3", "4")
    said = taken(lab, result(lab, "3"), result(lab, "4", **{"identity": OTHER, **wrong}))
    assert (said.status, says in said.err) == (status, True), said.err
    whole = "reported" if status == 0 else "in laboratory"
    assert [state(lab, name) for name in ("3", "4")] == [whole, whole]


HIDDEN: dict[str, tuple[Body, str]] = {
    "a resource within another": ({"contained": [{"resourceType": "Patient", "name": [{"text": "Doe"}]}]}, "contained"),
    "a narrative": ({"text": {"status": "generated", "div": "<div>Doe</div>"}}, "text.div"),
    "a name beside a code": ({"subject": {"display": "Doe"}}, "subject.display names a person"),
    "a name in an extension": ({"extension": [{"url": "x", "valueHumanName": {"text": "Doe"}}]}, "valueHumanName"),
    "a number of the hospital": (
        {"subject": {"identifier": {"system": "urn:oid:1.2", "value": "Doe"}}},
        "subject.identifier.system is none of this site",
    ),
}


@pytest.mark.requirement("F101.2", refuses=True)
@pytest.mark.parametrize("what", HIDDEN)
def test_a_patient_is_named_nowhere_in_a_file_that_is_taken(lab: Linked, what: str) -> None:
    """Wherever it stands, the file is refused with the place, and what it said is repeated nowhere."""
    changed, says = HIDDEN[what]
    said = taken(lab, result(lab, "3", **changed))
    assert (said.status, says in said.err) == (2, True), said.err
    assert "Doe" not in said.err


def of_specimen(lab: Linked, *subjects: Body) -> tuple[Body, ...]:
    """Write a result whose sample is a resource of its own, once for each subject."""
    named = [{"system": f"urn:x-cellwright:{lab.ledger}:container", "value": "QC-3"}]
    specimens: list[Body] = [
        {"resourceType": "Specimen", "id": "s", "identifier": named, "subject": who} for who in subjects
    ]
    return (result(lab, "3", specimen={"reference": "Specimen/s"}), *specimens)


@pytest.mark.requirement("F101.2", refuses=True)
def test_whose_a_result_is_can_be_read_in_one_way(lab: Linked) -> None:
    """A sample of another patient, two resources of one address, a recipient code alone, two values, an open zone."""
    other: Body = {"identifier": {"system": f"urn:x-cellwright:{lab.ledger}:identity", "value": OTHER}}
    own: Body = {"identifier": {"system": f"urn:x-cellwright:{lab.ledger}:identity", "value": IDENTITY}}
    code: Body = {"identifier": {"system": f"urn:x-cellwright:{lab.ledger}:subject", "value": "SUBJ-9"}}
    first, specimen = of_specimen(lab, other)
    assert "are different chains of identity" in taken(lab, {**first, "subject": own}, specimen).err
    assert "has the address 'Specimen/s', which another" in taken(lab, *of_specimen(lab, own, other)).err
    assert "a recipient code and no chain of identity" in taken(lab, *of_specimen(lab, code)).err
    assert "value[x] is there twice" in taken(lab, result(lab, "3", valueBoolean=True)).err
    assert "a time needs its offset" in taken(lab, result(lab, "3", effectiveDateTime="2026-01-05T07:30:00")).err
    assert "dataAbsentReason says that there is no" in taken(lab, result(lab, "3", dataAbsentReason={"text": "x"})).err


@pytest.mark.parametrize(
    ("name", "says"), [("QC\x00", "U+0000"), ("QC\u202e3", "U+202E"), ("QC\ud800", "U+D800"), ("QC\u200b3", "U+200B")]
)
def test_a_character_that_nobody_sees_is_named(lab: Linked, name: str, says: str) -> None:
    """In a value or a name: what is shown would not be what is meant."""
    assert f"method.text holds the character {says}" in taken(lab, result(lab, "3", method={"text": name})).err


def test_an_object_of_many_names_is_read_once() -> None:
    """The last of a hundred thousand names is there twice; it is found at once."""
    names = b",".join(b'"k%d":0' % number for number in range(100_000))
    with pytest.raises(InputError, match="'k99999' twice"):
        read(b"{" + names + b',"k99999":0}')


def test_a_final_result_with_another_value_has_to_say_that_it_is_corrected_and_why(lab: Linked) -> None:
    """A second final one would be a result that was tested away."""
    ready(lab, "5")
    assert taken(lab, result(lab, "5")).status == 0
    other = {"value": 61.2, "system": UCUM, "code": "%"}
    assert "a change is 'corrected'" in taken(lab, result(lab, "5", valueQuantity=other)).err
    corrected = result(lab, "5", valueQuantity=other, status="corrected")
    assert "note is missing: a corrected result says why" in taken(lab, corrected).err
    assert taken(lab, {**corrected, "note": [{"text": "the wrong well was read"}]}).status == 0
    assert "5-viability-D" in lab.good("list", "deviation").out


@pytest.mark.requirement("F101.2", refuses=True)
def test_a_history_that_is_told_again_moves_nothing(lab: Linked) -> None:
    """Two readings so far, a final one and its correction: each once, however often all of them are told."""
    ready(lab, "6")
    early = result(lab, "6", status="preliminary", effectiveDateTime="2026-01-05T07:00:00+01:00")
    late = result(lab, "6", status="preliminary", effectiveDateTime="2026-01-05T07:30:00+01:00")
    other = {"value": 61.2, "system": UCUM, "code": "%"}
    corrected = result(lab, "6", status="corrected", valueQuantity=other, note=[{"text": "the wrong well"}])
    assert "2 taken" in taken(lab, late, early).out
    assert "0 taken" in taken(lab, late, early).out
    assert "2 taken" in taken(lab, late, early, result(lab, "6"), corrected).out
    assert "0 taken, 0 in the tray, 4 known already" in taken(lab, late, early, result(lab, "6"), corrected).out
    back = [
        {**corrected, "note": [{"text": f"reason {number}"}], "valueQuantity": {**other, "value": number}}
        for number in (70, 80)
    ]
    assert "is a second correction of test 6-viability; which one counts" in taken(lab, *back).err

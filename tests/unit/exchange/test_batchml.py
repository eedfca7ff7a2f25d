"""A batch's record as BatchML: nothing of what is mapped is lost, in the order of the schema, always the same bytes."""

import hashlib
from dataclasses import replace
from typing import NamedTuple
from xml.etree import ElementTree as ET

import msgspec
import pytest

from automation.exchange.batchml.grammar import PIECES, SIMPLE
from automation.exchange.batchml.record import Beside, batchml, beside, digest, indication
from automation.exchange.batchml.xml import NAMESPACE, Node, code, node, written
from automation.gmp.product.testing import QcTest
from automation.gmp.quality.corrections import Correction, Setting
from automation.ledger.blobs import Blobs
from automation.ledger.read import Reader
from automation.surfaces.documents.record import json as as_json
from automation.views.batch_record import batch_record
from automation.views.record import BatchRecord, Parameter, Result
from automation.views.story import Told
from tests.support.doors import doorway
from tests.support.thread import Thread
from tests.support.told_batch import BATCH, whole

Element = ET.Element


class Written(NamedTuple):
    """A record, what was written of it, and the JSON file beside it."""

    record: BatchRecord
    data: bytes
    json: bytes

    @property
    def root(self) -> Element:
        """Give the document."""
        return ET.fromstring(self.data)  # noqa: S314  our own


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Write the record of a small batch with an eventful life."""
    folder = tmp_path_factory.mktemp("batchml")
    with whole(folder):
        pass
    with Reader(folder) as reader:
        record = batch_record(reader, Blobs(folder / "blobs", sync=False), BATCH)
        return Written(record, batchml(record, beside(reader, BATCH)), as_json(record, reader))


def every(root: Element, path: str) -> list[Element]:
    """Give the elements of a path."""
    return root.findall("/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/")))


def text(one: Element, path: str) -> str:
    """Give the text of one part, empty when it is not there."""
    found = every(one, path)
    return (found[0].text or "") if found else ""


@pytest.mark.requirement("F102.2")
def test_every_event_of_the_trail_is_there_with_its_hash_its_words_and_its_person(made: Written) -> None:
    """In the order of the ledger; who acted, when, what was said."""
    found = every(made.root, "Events/Event")
    assert [text(one, "EntryID") for one in found] == [f"event/{one.seq}" for one in made.record.trail]
    assert [text(one, "ExternalReference") for one in found] == [one.hash for one in made.record.trail]
    assert [text(one, "TimeStamp") for one in found] == [one.at for one in made.record.trail]
    assert [text(one, "MessageText") for one in found] == [one.said for one in made.record.trail]
    who = [[name.text or "" for part in ("PersonID", "ComputerID") for name in every(one, part)] for one in found]
    assert who == [[name for name in (one.by, one.terminal) if name] for one in made.record.trail]


@pytest.mark.requirement("F102.2")
def test_parameters_and_results_of_each_step_come_back_as_they_were(made: Written) -> None:
    """Value for value with its unit; a program of many parts as JSON."""
    back = []
    for one in every(made.root, "RecipeElements/RecipeElementRecord/RecipeElementType"):
        for parameter in every(one, "Parameter"):
            raw, sort = text(parameter, "Value/ValueString"), text(parameter, "Value/DataType")
            unit = text(parameter, "Value/UnitOfMeasure")
            back.append(
                (text(one, "ID"), text(parameter, "ID"), raw if sort == "string" else msgspec.json.decode(raw), unit)
            )
    given: list[tuple[str, Parameter | Result]] = [
        (step.id, one) for step in made.record.steps for some in (step.parameters, step.results) for one in some
    ]
    told = [
        (step, one.name, one.value if isinstance(one.value, bool | int | float) else None, one.unit)
        for step, one in given
    ]
    assert [(step, name, unit) for step, name, _, unit in back] == [(step, name, unit) for step, name, _, unit in told]
    pairs = zip(back, told, strict=True)
    assert [(was, now) for was, now in pairs if now[2] is not None and was[2] != now[2]] == []


@pytest.mark.requirement("F102.2", "F104")
def test_every_reading_comes_back_with_the_digest_that_the_ledger_cites(made: Written) -> None:
    """Times to a microsecond, values in full, a missing one as nothing."""
    trends = [trend for step in made.record.steps for trend in step.trends]
    sets = every(made.root, "DataSets/DataSet")
    assert len(sets) == len(trends) > 0
    for one, trend in zip(sets, trends, strict=True):
        rows = [row.split(",") for row in text(one, "DelimitedDataBlock/DelimitedData").split(";")]
        assert [round(float(at) * 1e6) + trend.times[0] for at, _ in rows] == list(trend.times)
        assert [float(value) if value else None for _, value in rows] == list(trend.values)
        assert {source.text for source in every(one, "TagSpecification/DataSource")} == {c.digest for c in trend.chunks}


@pytest.mark.requirement("F102.2")
def test_people_signatures_equipment_lots_and_containers_are_all_there(made: Written) -> None:
    """Each signature over its event with its meaning; each device with serial; each lot with its amount."""
    record = made.record
    people = every(made.root, "PersonnelIdentification/PersonnelIdentificationManifest")
    signed = [(text(one, "ChangeIndication"), text(one, "Reason")) for one in people if text(one, "Reason")]
    assert signed == [(one.event_hash, one.meaning) for one in record.signatures]
    segments = (
        "OperationsPerformances/OperationsPerformanceRecord/OperationsPerformance/OperationsResponse/SegmentResponse"
    )
    found = every(made.root, segments)
    devices = [text(one, "EquipmentID") for segment in found for one in every(segment, "EquipmentActual")]
    assert devices == [one.asset for step in record.steps for one in step.equipment]
    lots = [text(one, "MaterialLotID") for step in found[:-1] for one in every(step, "MaterialActual")]
    assert lots == [one.lot for step in record.steps for one in step.materials]
    assert [text(one, "ID") for one in every(found[-1], "MaterialActual")] == [one.id for one in record.containers]
    assert len(every(made.root, "Comments/Comment")) == len(record.findings)


@pytest.mark.requirement("F102.2")
def test_the_document_names_the_record_that_proves_it(made: Written) -> None:
    """The signed head, and the SHA-256 of the very bytes in a JSON file as of the same event."""
    said = [one.text or "" for one in every(made.root, "Description")][-1]
    inside = made.json.removeprefix(b'{"record":').rpartition(b',"proof":')[0]
    assert f"sha256:{hashlib.sha256(inside).hexdigest()} as of event {made.record.as_of}" in said
    assert text(made.root, "ExternalReference").endswith(f":{made.record.proof.head_seq}:{made.record.proof.head}")
    assert digest(replace(made.record, verdict="all well")) not in said


@pytest.mark.requirement("F102.2")
def test_whoever_has_the_document_alone_can_tell_that_no_event_is_missing(made: Written) -> None:
    """The change indication is the SHA-256 of the hashes of its events; written later it is the same."""
    hashes = "".join(f"{text(one, 'ExternalReference')}\n" for one in every(made.root, "Events/Event"))
    assert text(made.root, "ChangeIndication") == f"sha256:{hashlib.sha256(hashes.encode()).hexdigest()}"
    assert indication(replace(made.record, as_of=99_999, drawn="later")) == indication(made.record)
    assert indication(replace(made.record, trail=made.record.trail[1:])) != indication(made.record)


@pytest.mark.requirement("F102.2", "F179")
def test_a_simulated_batch_says_so_and_the_same_record_gives_the_same_bytes(made: Written) -> None:
    """In its status and in the first of its descriptions."""
    assert batchml(made.record, Beside()) == batchml(made.record, Beside())
    assert text(made.root, "RecordStatus").startswith("SIMULATED")
    live = ET.fromstring(batchml(replace(made.record, simulated=False), Beside()))  # noqa: S314  our own
    assert "SIMULATED" not in text(live, "RecordStatus") + text(live, "Description")


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> tuple[Told[QcTest], ...]:
    """Tell a patient's story up to the last result, and read the laboratory's tests of the lot."""
    folder = tmp_path_factory.mktemp("tested")
    with doorway(folder) as way:
        Thread(way, "X1").through("test-2", "review")
    with Reader(folder) as reader:
        return beside(reader, "X1").tests


@pytest.mark.requirement("F102.2")
def test_tests_of_the_laboratory_stand_with_every_value_that_was_reported(
    made: Written, tested: tuple[Told[QcTest], ...]
) -> None:
    """A sample a sample, a test a test; the preliminary result too, with its status and method."""
    root = ET.fromstring(batchml(made.record, Beside(tests=tested)))  # noqa: S314  our own
    samples = [one for one in every(root, "Samples/Sample") if text(one, "SampleType") == "laboratory"]
    tests = [test for one in samples for test in every(one, "SampleTest")]
    assert [text(one, "TestName") for one in tests] == ["viability", "sterility"]
    results = [[text(r, "TestDisposition") for r in every(one, "SampleTestResult")] for one in tests]
    assert results == [["final"], ["preliminary", "final"]]
    assert text(tests[0], "SampleTestResult/Results/ValueString") == "84.6"


@pytest.mark.requirement("F102.2")
def test_a_correction_stands_with_the_old_value_in_history_and_event(made: Written) -> None:
    """The event that corrects gives both; the history gives what it was, and why."""
    said = Setting(batch=BATCH, entry="P-1", reason="misread", name="mass", was="20.1", value="21.0")
    one = Correction(id="C-1", setting=said, seq=made.record.trail[0].seq)
    root = ET.fromstring(batchml(made.record, Beside(corrections=(Told("C-1", (), (), (one,)),))))  # noqa: S314  our own
    change = every(root, "ChangeHistory/Change")[0]
    assert (text(change, "PrechangeData/ValueString"), text(change, "Reason")) == ("20.1", "misread")
    event = every(root, "Events/Event")[0]
    assert [text(event, f"{part}/ValueString") for part in ("PreviousValue", "Value")] == ["20.1", "21.0"]


def _parts(one: Element, kind: str) -> list[str]:
    """Give what is not as the grammar says below an element."""
    if kind in SIMPLE:
        return [one.tag] if len(one) else []
    names = [part.tag.removeprefix(f"{{{NAMESPACE}}}") for part in one]
    order = [piece.name for piece in PIECES[kind]]
    wrong = [] if names == sorted(names, key=order.index) else [f"{kind}: {names}"]
    kinds = {piece.name: piece.kind for piece in PIECES[kind]}
    return wrong + [found for part, name in zip(one, names, strict=True) for found in _parts(part, kinds[name])]


@pytest.mark.requirement("F102.2")
def test_every_element_stands_in_the_order_of_the_schema(made: Written) -> None:
    """Walked from the root by the table of parts."""
    assert _parts(made.root, "Record") == []


@pytest.mark.requirement("F102.2", refuses=True)
def test_an_element_that_the_schema_does_not_have_is_never_written() -> None:
    """A strange part, one too many, one that is missing, one of another kind."""
    for given in ({"Colour": "red"}, {"ID": ["a", "b"]}, {"ID": ""}, {"ID": Node("", "text", "a")}):
        with pytest.raises(ValueError, match=r"Property|ID is text"):
            node("Property", "Property", **given)


@pytest.mark.requirement("F102.2", refuses=True)
def test_text_of_people_can_be_no_markup_and_nothing_that_xml_can_t_hold() -> None:
    """Brackets and quotes are escaped, control characters replaced, line breaks in ids are blanks."""
    bad = "</ID><x y='\"'>\x00\ud800&\r\n"
    raw = written(node("Property", "Property", ID=bad))
    back = ET.fromstring(raw)  # noqa: S314  our own
    assert text(back, "ID") == "</ID><x y='\"'>\ufffd\ufffd&  "
    assert code('a "new" one', known=()).other == 'a "new" one'

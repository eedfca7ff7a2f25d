"""The life of containers as EPCIS 2.0 events: what is told of what, under which names, with which ids."""

from pathlib import Path

import msgspec
import pytest

from automation.engine.exchangefile import Partners, read_partners
from automation.engine.recipe.yaml_source import read_text
from automation.exchange.epcis.document import document, encode
from automation.exchange.epcis.hashing import event_id
from automation.exchange.epcis.model import (
    IDENTITY,
    VOLUME,
    Declaration,
    Document,
    Event,
    Place,
    Quantity,
    SensorElement,
    SensorMetadata,
    SensorReport,
    Transaction,
)
from automation.exchange.epcis.naming import Naming
from automation.exchange.epcis.reading import READER
from automation.kernel.errors import InputError
from automation.ledger.blobs import Blobs
from automation.ledger.read import Reader
from automation.views.objects import Objects
from tests.support.doors import SYSTEM, doorway, proof
from tests.support.thread import STORY, Thread
from tests.support.told_batch import BATCH, seal
from tests.support.told_final_day import BAGS, HARVEST, VIAL, WASHED, final_day, until_filled, until_washed

T = "2026-01-12T09:30:00.000+01:00"
LEDGER = "0" * 32
REASON = {"reason": "the wrong ward"}
SGTIN = "(01)09501101530003(21)7"


def told(folder: Path, start: str, partners: Partners | None = None) -> Document:
    """Give the document of something in a site's ledger."""
    with Reader(folder) as reader:
        return document(Objects(reader), Blobs(folder / "blobs", sync=False), start, partners=partners or Partners())


def names(items: tuple[str, ...]) -> list[str]:
    """Give the ids within our own names."""
    return [one.rpartition(":")[2] for one in items]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tell one patient's story up to the infusion; a hand-over was given wrongly first, and withdrawn."""
    folder = tmp_path_factory.mktemp("story")
    with doorway(folder) as way:
        thread = Thread(way, "X1")
        thread.until("handover", "give")
        wrong = {**thread.body("handover", "give"), "place": "ward 3"}
        for command, said, meaning in (("give", wrong, "handed over"), ("withdraw", REASON, "responsible")):
            way.do("handover/X1-0", command, said, by="collect", signs=(proof("collect", meaning),))
        for _, what, command in STORY:
            if (what, command) not in thread.done:
                thread.through(what, command)
    return folder


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill two bags and a vial out of a washed harvest, and freeze one bag beside a logger."""
    folder = tmp_path_factory.mktemp("day")
    with final_day(folder) as made:
        until_washed(made)
        until_filled(made)
        begun = made.made.way.clock.micros()
        made.move(BAGS[0], "weigh", mass_g=21.0, volume_ml=20.0, step="freeze")
        seal(made.made, begun, 30)
    return folder


@pytest.mark.requirement("F103.3")
def test_a_patients_bags_are_followed_from_the_collection_to_the_infusion(story: Path) -> None:
    """Commissioned at the centre, handed on by shipping and receiving, packed, unpacked, dispensed."""
    events = told(story, "order/X1").body.events
    steps = [one.step for one in events]
    assert steps[0] == "commissioning"
    assert steps[-1] == "dispensing"
    counts = {step: steps.count(step) for step in ("shipping", "receiving", "packing", "departing", "unpacking")}
    assert counts == {"shipping": 5, "receiving": 4, "packing": 1, "departing": 1, "unpacking": 1}
    last = events[-1]
    assert (last.action, last.disposition, names(last.items)) == ("DELETE", "dispensed", ["X1-P"])
    assert [names((one.sources[0].source,))[0] for one in events if one.step == "receiving"] == [
        "centre-1",
        "courier-1",
        "site-a",
        "carrier-1",
    ]


@pytest.mark.requirement("F103.3")
def test_a_withdrawn_hand_over_is_declared_to_be_wrong_and_names_the_right_one(story: Path) -> None:
    """It keeps its id; the same bag was given by the same side once more."""
    events = told(story, "container/X1-A").body.events
    wrong = next(one for one in events if one.error)
    right = next(one for one in events if one.step == "shipping" and not one.error)
    assert wrong.error is not None
    assert (wrong.error.reason, wrong.error.corrective) == ("incorrect_data", (right.id,))
    assert wrong.id == event_id(msgspec.structs.replace(wrong, error=None))


@pytest.mark.requirement("F103.3", "F106", refuses=True)
def test_neither_the_patient_nor_anybody_who_signed_is_named(story: Path) -> None:
    """No recipient code, no account, no printed name; the chain of identity stands where the bag begins."""
    text = encode(told(story, "order/X1")).decode()
    words = ("SUBJ-017", "Collect", "Perform", "Supervise", "collect", '"treat', "noon")
    assert [word for word in words if word in text] == []
    assert text.count('"cellwright:coi"') == 1


@pytest.mark.requirement("F103.3")
def test_the_same_ledger_gives_the_same_bytes_and_every_event_its_own_id(story: Path) -> None:
    """Simulated stands on the document and on each event."""
    made = told(story, "order/X1")
    assert encode(made) == encode(told(story, "infusion/X1"))
    ids = [one.id for one in made.body.events]
    assert len(set(ids)) == len(ids)
    assert [one.id for one in made.body.events if one.id != event_id(one)] == []
    assert {made.mode, *(one.mode for one in made.body.events)} == {"simulated"}


@pytest.mark.requirement("F103.3")
def test_a_step_transforms_parents_and_lots_into_children(day: Path) -> None:
    """The harvest into the washed bag, the washed bag with its lots, the washed bag into bags and vial."""
    made = [one for one in told(day, f"batch/{BATCH}").body.events if one.type == "TransformationEvent"]
    ways = [(names(one.inputs), names(tuple(q.epc_class for q in one.used)), names(one.outputs)) for one in made]
    assert ways == [
        ([HARVEST], [], [WASHED]),
        ([WASHED], ["BUF-1", "CRYO-1"], [WASHED]),
        ([WASHED], [], sorted([*BAGS, VIAL])),
    ]
    assert [(one.quantity, one.uom) for one in made[1].used] == [(5.0, "MLT"), (25.0, "MLT")]


@pytest.mark.requirement("F103.3")
def test_temperatures_of_a_step_stand_with_the_digest_of_every_reading(day: Path) -> None:
    """Lowest, highest and mean of each sealed piece; the readings are named by their SHA-256."""
    events = told(day, f"batch/{BATCH}").body.events
    seen = [one for one in events if one.sensors and one.sensors[0].metadata.raw_data]
    reports = [report for element in seen[0].sensors for report in element.report]
    assert {one.type for one in reports} == {"Temperature"}
    assert all((one.min_value or 0.0) <= (one.mean_value or 0.0) <= (one.max_value or 0.0) for one in reports)
    assert seen[0].sensors[0].metadata.raw_data.startswith("ni:///sha-256;")


@pytest.mark.requirement("F103.3")
def test_a_container_is_told_with_its_family_and_not_with_its_cousins(day: Path) -> None:
    """One bag: what it came from, not the bag beside it; its parent's filling still names that as an output."""
    events = told(day, f"container/{BAGS[0]}").body.events
    own = {name for one in events for name in names((*one.items, *one.children, *one.inputs))}
    assert own == {HARVEST, WASHED, BAGS[0]}


VECTORS = (
    (
        "4067658cf05f5ec896519cd514558bc5b55769b18e0abe424258772d36bf2a29",
        Event(
            type="ObjectEvent",
            time=T,
            offset="+01:00",
            action="ADD",
            step="commissioning",
            disposition="active",
            items=("urn:x:b", "urn:x:a"),
            read_point=Place(id="https://id.gs1.org/414/9501101020030"),
            transactions=(
                Transaction(transaction="urn:x:e:2", type="urn:x:proof"),
                Transaction(transaction="urn:x:o:1", type="po"),
            ),
            master={IDENTITY: "CHA999926GT0017", VOLUME: "180"},
            mode="simulated",
        ),
    ),
    (
        "45a13bdda041dd7716ae88c6f788dda62dd4f58fc877017ecb9e2f1f0df6b2ba",
        Event(
            type="TransformationEvent",
            time=T,
            offset="+01:00",
            step="assembling",
            disposition="in_progress",
            inputs=("urn:x:w",),
            used=(
                Quantity(epc_class="https://id.gs1.org/01/09501101530003/10/AB-1", quantity=25.0, uom="MLT"),
                Quantity(epc_class="urn:x:l:1", quantity=5.5, uom="MLT"),
            ),
            outputs=("urn:x:w",),
        ),
    ),
    (
        "4e17bdcf1b4fd1c16bc41e089f210666eabc5e5bb5ac39aaa964c5ea80e463d1",
        Event(
            type="ObjectEvent",
            time=T,
            offset="+01:00",
            action="OBSERVE",
            step="sensor_reporting",
            items=("urn:x:a",),
            sensors=(
                SensorElement(
                    metadata=SensorMetadata(
                        start=T, end="2026-01-12T10:30:00.500+01:00", device="urn:x:d", raw_data="ni:///sha-256;x"
                    ),
                    report=(
                        SensorReport(type="Temperature", min_value=-90.0, max_value=4.5, mean_value=-20.25, uom="CEL"),
                    ),
                ),
            ),
        ),
    ),
)
"""Events with the id that epcis-event-hash-generator 1.9.3, the algorithm's own implementation, gives them."""


@pytest.mark.requirement("F103.3")
@pytest.mark.parametrize(("known", "event"), VECTORS)
def test_an_id_is_that_of_the_reference_implementation(known: str, event: Event) -> None:
    """Not changed by when it was recorded or declared wrong; changed by one word."""
    assert event_id(event) == f"ni:///sha-256;{known}?ver=CBV2.0"
    later = msgspec.structs.replace(event, recorded=T, error=Declaration(time=T, reason="did_not_occur"))
    assert event_id(later) == event_id(event)
    assert event_id(msgspec.structs.replace(event, step="inspecting")) != event_id(event)


@pytest.mark.requirement("F103.3")
def test_gs1_names_what_has_a_gs1_number_and_the_site_everything_else() -> None:
    """SGTIN, SSCC, lot of a GTIN, GLN of a party; our own names without, by the ledger or the site's namespace."""
    plain = Naming(LEDGER, Partners())
    assert plain.container("B-1", "(01)09501101530003(21)S-1").endswith("/01/09501101530003/21/S-1")
    assert plain.container("B-1", "(00)095011015300000010") == "https://id.gs1.org/00/095011015300000010"
    assert plain.lot("L-1", "(01)09501101530003(10)AB-1") == "https://id.gs1.org/01/09501101530003/10/AB-1"
    assert plain.container("BAG 1", "BAG 1") == f"urn:x-cellwright:{LEDGER}:container:BAG%201"
    stated = Naming(LEDGER, Partners("https://id.clinic.example/", {"ward-4": "9501101020030"}))
    assert stated.party("ward-4") == "https://id.gs1.org/417/9501101020030"
    assert stated.container("BAG-1", "") == "https://id.clinic.example/container/BAG-1"


@pytest.mark.requirement("F103.3")
@pytest.mark.requirement("F103.3", refuses=True)
def test_a_site_states_its_namespace_and_the_numbers_of_its_partners() -> None:
    """A wrong check digit, a number without quotes, and a namespace that is none are refused with their line."""
    good = 'exchange:\n  namespace: https://id.clinic.example/\n  gln: {ward-4: "9501101020030"}\n'
    assert read_partners(read_text(good, name="site.yaml").mapping()).locations == {"ward-4": "9501101020030"}
    for text, said in (
        ('exchange: {gln: {ward-4: "9501101020031"}}', "13 digits with their check digit"),
        ("exchange: {gln: {ward-4: short}}", "13 digits with their check digit"),
        ("exchange: {namespace: clinic}", "a web address that ends with /"),
    ):
        with pytest.raises(InputError, match=said):
            read_partners(read_text(text, name="site.yaml").mapping())


@pytest.mark.requirement("F103.3", refuses=True)
def test_what_stands_for_no_container_is_no_epcis_document(story: Path) -> None:
    """A person, or an order that nothing came for yet."""
    with pytest.raises(InputError, match="person/anna is none; it is written for: container, batch, order"):
        told(story, "person/anna")
    with pytest.raises(InputError, match="has no container yet"):
        told(story, "CHA000000000000")


MOVES: tuple[tuple[str, dict[str, object], str, str], ...] = (
    ("receive", {}, "accepting", "OBSERVE"),
    ("qa_hold", {"reason": "a leak is looked for"}, "holding", "OBSERVE"),
    ("lift", {"reason": "there is none"}, "inspecting", "OBSERVE"),
    ("move", {"where": "bench 2"}, "loading", "ADD"),
    ("chill", {"reached_c": -151.0}, "sensor_reporting", "OBSERVE"),
    ("warm", {"seconds": 12.0, "above_c": -130.0}, "sensor_reporting", "OBSERVE"),
    ("store", {"position": "LN2-1/R1"}, "storing", "ADD"),
    ("retrieve", {"reason": "to be looked at"}, "picking", "DELETE"),
    ("draw", {"volume_ml": 0.5, "to": "QC-1"}, "sampling", "OBSERVE"),
    ("destroy", {"reason": "the bag is broken"}, "destroying", "DELETE"),
)
"""Moves of one container with what is told of them."""


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Move a bag of nobody's batch through its life, and cancel another that never came."""
    folder = tmp_path_factory.mktemp("bag")
    signed = {"lift": (("approve", "approved"),), "destroy": (("supervise", "performed"), ("verify", "verified"))}
    with doorway(folder) as way:
        for name in ("A", "B", "C"):
            way.do(f"container/{name}", "expect", {"identity": "CHA999926000001", "volume_ml": 20.0, "label": SGTIN})
        way.do("container/B", "cancel", REASON)
        given = {"identity": "CHA999926000001", "containers": ["C"], "giver": "centre-1", "receiver": "courier-1"}
        given = {**given, "place": "ward 2", "condition": "intact"}
        way.do("handover/H", "give", given, by="collect", signs=(proof("collect", "handed over"),))
        way.do("handover/H", "refuse", REASON, by="perform", signs=(proof("perform", "responsible"),))
        for command, body, _, _ in MOVES:
            way.clock.go(60)
            signs = tuple(proof(*one) for one in signed.get(command, ()))
            way.do("container/A", command, body, by=signs[0].person if signs else SYSTEM, signs=signs)
    return folder


@pytest.mark.requirement("F103.3")
def test_every_move_of_a_container_is_told_by_a_step_of_its_own(bag: Path) -> None:
    """Held, moved, cold, warm, stored, taken out, sampled, destroyed; what was stored stands in its place."""
    events = told(bag, "container/A").body.events
    known = [(step, action) for _, _, step, action in MOVES]
    known.insert(known.index(("storing", "ADD")), ("unloading", "DELETE"))  # off the bench, before it is in the store
    assert [(one.step, one.action) for one in events] == known
    stored, taken = (next(one for one in events if one.step == step) for step in ("storing", "picking"))
    assert stored.parent == taken.parent == f"urn:x-cellwright:{LEDGER}:place:LN2-1%2FR1"
    assert {item for one in events for item in (*one.items, *one.children)} == {
        "https://id.gs1.org/01/09501101530003/21/7"
    }
    assert [one.step for one in told(bag, "container/B").body.events] == ["decommissioning"]
    refused = told(bag, "container/C").body.events
    assert [(one.step, one.disposition) for one in refused] == [
        ("shipping", "in_transit"),
        ("inspecting", "non_conformant"),
    ]


@pytest.mark.requirement("F103.3")
def test_what_is_written_is_what_our_own_reader_takes(bag: Path, story: Path, day: Path) -> None:
    """Every document of these tests, event for event."""
    for folder, start in ((bag, "container/A"), (story, "order/X1"), (day, f"batch/{BATCH}")):
        made = told(folder, start)
        assert len(READER.read(encode(made), name=start)) == len(made.body.events)

"""The story of docs/golden-thread.md, run word for word at the command line; what the page shows is what comes out."""

from pathlib import Path

import pytest

from automation.ledger.read import Reader
from automation.views.objects import Objects
from tests.support.cold import approved
from tests.support.pages import Told, told
from tests.support.partners import as_bytes, no_growth, report, signed

COURIER = Path(__file__).parents[1] / "data" / "epcis" / "courier.jsonld"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Told, ...]]:
    """Run the page in a folder of its own."""
    folder = tmp_path_factory.mktemp("thread")

    def prepare() -> None:
        Path(approved(folder, "freeze-day")).rename(folder / "freeze-day.yaml")

    return folder / "site", told("golden-thread.md", folder, prepare=prepare)


@pytest.mark.requirement(
    "F009",
    "F010",
    "F020",
    "F021",
    "F040",
    "F053",
    "F054",
    "F054.1",
    "F057",
    "F065",
    "F075",
    "F129",
    "F164",
    "F165.1",
    "C01.1",
)
def test_every_command_of_the_page_does_what_the_page_shows(story: tuple[Path, tuple[Told, ...]]) -> None:
    """Refused where the page says so, with these words; else done."""
    assert [(one.words, one.said.err) for one in story[1] if one.said.status != int(one.refused)] == []
    assert [(one.words, one.missing) for one in story[1] if one.missing] == []


@pytest.mark.requirement("F102.2", "F103.3")
@pytest.mark.requirement("F102.2", "F103.3", refuses=True)
def test_what_goes_out_and_comes_in_is_as_its_page_shows(story: tuple[Path, tuple[Told, ...]]) -> None:
    """EPCIS and BatchML of the same patient; a courier's file, and one of another version, which is refused."""
    folder = story[0].parent
    courier = COURIER.read_bytes()
    (folder / "courier.jsonld").write_bytes(courier)
    (folder / "courier-1.2.jsonld").write_bytes(courier.replace(b'"2.0"', b'"1.2"'))
    found = told("exchange.md", folder, sections=("EPCIS", "BatchML"))
    assert [(one.words, one.said.err) for one in found if one.said.status != int(one.refused) * 2] == []
    assert [(one.words, one.missing) for one in found if one.missing] == []


@pytest.mark.requirement("F106", "F106.1", "F179", refuses=True)
def test_whoever_was_refused_is_on_the_record_and_no_code_of_another_patient_is(
    story: tuple[Path, tuple[Told, ...]],
) -> None:
    """Nine acts were refused; what a wrong wristband said stands nowhere in the ledger."""
    with Reader(story[0]) as reader:
        events = list(reader.events())
    assert sum(event.stream.startswith("refusals/") for event in events) == 9
    assert [event.seq for event in events if b"CHA999926GT0018" in event.body] == []


@pytest.mark.requirement("F020", "F020.2", "F167")
def test_the_whole_way_is_under_one_chain_of_identity(story: tuple[Path, tuple[Told, ...]]) -> None:
    """Collection, bag, hand-overs, lot and infusion; the order is fulfilled and the bag is out of the house."""
    with Reader(story[0]) as reader:
        objects = Objects(reader)
    ends = {"order/ORD-17": "fulfilled", "container/BAG-0301": "handed over", "release/B-17": "conditionally released"}
    assert {name: objects.find(*name.split("/")).state for name in ends} == ends
    names = ("order/ORD-17", "batch/B-17", "container/BAG-0301", *(f"handover/HO-{number}" for number in range(1, 5)))
    assert {getattr(objects.find(*name.split("/")), "identity", "") for name in names} == {"CHA999926GT0017"}


@pytest.mark.requirement("F054.2", "F101.2", "F103.5")
@pytest.mark.requirement("F054.2", "F101.2", "F103.5", refuses=True)
def test_laboratories_and_centres_are_answered_as_the_page_shows(story: tuple[Path, tuple[Told, ...]]) -> None:
    """A result and one of another patient; a collection that a centre's own program reports, once; a forged one."""
    folder = story[0].parent
    with Reader(story[0]) as reader:
        ledger = reader.genesis.ledger
    sent, patient = "2026-01-05T09:20:00+01:00", ("CHA999926GT0021", "SUBJ-021")
    for name, identity in (("sterility", "CHA999926GT0017"), ("of-another", "CHA999926GT0018")):
        (folder / f"{name}.json").write_bytes(as_bytes(no_growth(ledger, "QC-0301", identity=identity, analysed=sent)))
    for name, number, key in (("report", "2026-0001", "centre-a"), ("forged", "2026-0002", "somebody else")):
        said = report(ledger, number=number, collection="COL-18", patient=patient, sent=sent, din="A9999260009116")
        (folder / f"{name}.json").write_bytes(as_bytes(said))
        (folder / f"{name}.json.sig").write_text(signed(key, as_bytes(said)), encoding="utf-8")
    found = told("exchange.md", folder, sections=("FHIR", "LIMS", "Partners"))
    assert [(one.words, one.said.err) for one in found if one.said.status != int(one.refused)] == []
    assert [(one.words, one.missing) for one in found if one.missing] == []

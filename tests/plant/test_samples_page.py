"""The page docs/samples.md, run word for word at the command line; what the page shows is what comes out."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from automation.ledger.blobs import Blobs
from automation.ledger.read import Reader
from tests.support import plates
from tests.support.commands import cellwright
from tests.support.pages import Told, told


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Told, ...]]:
    """Run the page in a folder of its own."""
    folder = tmp_path_factory.mktemp("samples")
    return folder / "site", told("samples.md", folder, prepare=_plates)


def _plates() -> None:
    """Write the files of a plate reader: one that is good, one whose replicates scatter, one of a turned plate."""
    good = plates.file(plates.layout(), {"C": 1500.0, "D": 90.0}, {"C": "QC-1", "D": "QC-9"})
    scattered = re.sub(rb"(?<=P-17,A5,standard,,)[0-9.]+", b"1.4", good)
    turned = good.replace(b",A1,standard,,", b",A1,sample,QC-1,")
    for name, data in (("plate", good), ("scattered", scattered), ("turned", turned)):
        Path(f"{name}.csv").write_bytes(data)


@pytest.mark.requirement("F035.2", "F036.2", "F071", "F119", "F122", "F123", "F149.2")
def test_every_command_of_the_page_about_samples_does_what_it_shows(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Refused where the page says so, with these words; else done."""
    assert [(one.words, one.said.err) for one in page[1] if one.said.status != int(one.refused)] == []
    assert [(one.words, one.missing) for one in page[1] if one.missing] == []


@pytest.mark.requirement("F106.1", refuses=True)
def test_whoever_was_refused_on_the_way_of_the_samples_is_on_the_record(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Each refusal that the page shows is an event, by whoever tried."""
    with Reader(page[0]) as reader:
        refused = [event.by for event in reader.events() if event.stream.startswith("refusals/")]
    assert len(refused) == sum(one.refused for one in page[1])


@pytest.mark.requirement("F035.2", "F036.2")
def test_the_file_of_a_plate_is_kept_under_its_hash_with_the_wells_of_its_sample_only(
    page: tuple[Path, tuple[Told, ...]],
) -> None:
    """The reported result cites it; what others have on the plate stands in no event."""
    data = (page[0].parent / "plate.csv").read_bytes()
    with Reader(page[0]) as reader:
        [report] = [event for event in reader.stream("test/T-8") if event.kind == "report"]
    body = json.loads(bytes(report.body))["given"]
    assert Blobs(page[0] / "blobs", sync=False).get(body["data"]) == data
    assert (body["value"], len(body["inputs"])) == ("1500", 26)
    assert not any(one.startswith("D") for one in body["inputs"])


@pytest.mark.requirement("F035.2", "F036.2", refuses=True)
def test_a_plate_that_scatters_is_not_evaluable_at_the_command_line(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Exit status 1, no number, the failure named; a turned plate is refused."""
    turned = cellwright("judge", "plate", "T-8", page[0].parent / "turned.csv", "--site", page[0])
    assert (turned.status, "turned around" in turned.err) == (1, True)
    said = cellwright("judge", "plate", "T-8", page[0].parent / "scattered.csv", "--site", page[0], "--json")
    assert (said.status, said.data["value"]) == (1, "not evaluable")
    assert "CV at 125 is" in str(said.data["failures"])


@pytest.mark.requirement("F036.2", refuses=True)
def test_nobody_reports_another_number_than_the_plate_gives(page: tuple[Path, tuple[Told, ...]]) -> None:
    """A correction with the same file and wells and a better number is refused; nothing is changed."""
    with Reader(page[0]) as reader:
        [report] = [event for event in reader.stream("test/T-8") if event.kind == "report"]
    given = json.loads(bytes(report.body))["given"] | {"value": "1900", "reason": "it was better"}
    fields = [
        part for key, value in given.items() for part in (f"--{key}", value if key != "inputs" else json.dumps(value))
    ]
    said = cellwright("do", "test", "T-8", "correct", *fields, "--as", "ben", "--site", page[0])
    assert (said.status, "the plate gives 1500, not 1900" in said.err) == (1, True)


@pytest.mark.requirement("F148.1")
@pytest.mark.requirement("F148.1", refuses=True)
def test_batch_analyses_show_each_result_with_criterion_and_events(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Lot, test, criterion and result in one line, with events that are there; nothing tested is no table."""
    place = page[0].parent / "analyses.zip"
    said = cellwright("dossier", "analyses", "SPEC-P@1", "-o", place, "--site", page[0])
    assert said.status == 0, said.err
    with zipfile.ZipFile(place) as found, Reader(page[0]) as reader:
        [line] = csv.DictReader(io.StringIO(found.read("batch-analyses.csv").decode()))
        kinds = [event.kind for event in reader.at(map(int, line["events"].split()))]
        assert b"at least 500 pg/mL" in found.read("batch-analyses.html")
    shown = [line[name] for name in ("lot", "test", "criterion", "result", "status", "judged")]
    assert shown == ["B-1", "IFN-gamma", "at least 500 pg/mL", "1500", "final, not reviewed", "meets"]
    assert sorted(kinds) == ["approve", "report"]
    none = cellwright("dossier", "analyses", "SPEC-X@1", "-o", page[0].parent / "none.zip", "--site", page[0])
    assert (none.status != 0, (page[0].parent / "none.zip").exists()) == (True, False)


@pytest.fixture(scope="module")
def submitted(page: tuple[Path, tuple[Told, ...]]) -> tuple[Told, ...]:
    """Run the page of submissions at the same site."""
    return told("submission.md", page[0].parent)


@pytest.mark.requirement("F148", "F148.2")
@pytest.mark.requirement("F148.2", refuses=True)
def test_every_command_of_the_page_about_submissions_does_what_it_shows(submitted: tuple[Told, ...]) -> None:
    """What the records do not carry is refused with what is missing."""
    assert len(submitted) > 10
    assert [(one.words, one.said.err) for one in submitted if one.said.status != int(one.refused)] == []
    assert [(one.words, one.missing) for one in submitted if one.missing] == []


@pytest.mark.requirement("F148.2")
def test_every_line_of_a_section_cites_events_that_are_there_or_the_recipe(
    page: tuple[Path, tuple[Told, ...]], submitted: tuple[Told, ...]
) -> None:
    """Limits stand as the recipe states them, under its digest; a draft of it is marked on every page."""
    assert submitted
    folder = page[0].parent
    controls = json.loads((folder / "controls.json").read_bytes())
    [viability] = [one for one in controls["tables"][0]["lines"] if one["result"] == "viability"]
    assert (viability["reject"], viability["recipe"]) == (">= 70.0 %", controls["recipe"]["digest"])
    assert controls["marks"] == ["SIMULATED", "DRAFT RECIPE"]
    with Reader(page[0]) as reader:
        seqs = {event.seq for event in reader.events()}
    lines = list(csv.DictReader(io.StringIO((folder / "specification.csv").read_text(encoding="utf-8"))))
    cited = [one["comes from"].removeprefix("event ").split() for one in lines if one["comes from"] != "comes from"]
    assert cited
    assert all(set(map(int, some)) <= seqs for some in cited)


@pytest.mark.requirement("F148.2", refuses=True)
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("freeze-day", "--section", "3.2.P.9", "-o", "x.html"), "no table for section '3.2.P.9'"),
        (("car-t", "--section", "3.2.P.7", "-o", "x.html"), "there are batches by freeze-day@1"),
        (("freeze-day", "--section", "3.2.P.7"), "belong together"),
        (("freeze-day", "--section", "3.2.P.7", "-o", "x.doc"), ".html, .csv or .json"),
        (("freeze-day", "--product-from", "wash", "--section", "3.2.S.2.2", "-o", "x.csv"), "no step 'wash'"),
    ],
)
def test_a_wrong_word_about_a_section_is_told(
    page: tuple[Path, tuple[Told, ...]], submitted: tuple[Told, ...], words: tuple[str, ...], why: str
) -> None:
    """Exit status 2, one paragraph that names it; nothing is written."""
    assert submitted
    said = cellwright("sections", *words, "--site", page[0])
    assert (said.status, said.out, why in said.err) == (2, "", True), said.err

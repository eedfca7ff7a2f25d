"""Tests go to a laboratory's system over real sockets and results come back, whatever it and the line do."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from fhir.resources.bundle import Bundle as Referee

from automation.engine.limsfile import read_lims
from automation.engine.recipe.yaml_source import read_text
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant
from tests.support.exchanging import IDENTITY, TOKEN, Linked, linked


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Linked]:
    """Open one site with its laboratory for all; each test has a lot of its own."""
    with linked(tmp_path_factory.mktemp("lims") / "site") as made:
        yield made


def sent(lab: Linked, name: str, *tests: str) -> None:
    """Send tests of a new lot, and take its sample in."""
    lab.asked(name, *tests)
    lab.good("lims", "send", "--as", "anna")
    lab.take_in(name, *tests)


def fetched(lab: Linked, *, days: float) -> tuple[int, str, str]:
    """Let days pass and fetch; gives exit status, what was said, and what is wrong."""
    lab.pass_days(days)
    said = lab.do("lims", "fetch", "--as", "anna")
    return said.status, said.out, said.err


def value(lab: Linked, test: str) -> str:
    """Give the result that counts of a test, as the status shows it."""
    rows = [line.split() for line in lab.good("lims", "status").out.splitlines() if line.startswith(test)]
    return rows[0][-1]


@pytest.mark.requirement("F101.2", "F165.2")
def test_a_request_arrives_in_the_system_of_the_laboratory_and_its_result_comes_back(lab: Linked) -> None:
    """Numbers, numbers below the limit of quantitation, words so far; what is fetched again is known already."""
    before = lab.laboratory.acts["order"]
    sent(lab, "1", "viability", "endotoxin", "sterility")
    assert lab.laboratory.acts["order"] == before + 3
    status, out, _ = fetched(lab, days=8.0)
    assert (status, out) == (0, "SIMULATED 3 results of lab-1 taken, 0 tests could not be\n")
    assert value(lab, "1-endotoxin") == "<0.05"
    assert "report_preliminary" in lab.good("show", "test", "1-sterility").out
    again = lab.good("lims", "fetch", "--as", "anna")
    assert again.out == "SIMULATED 0 results of lab-1 taken, 0 tests could not be\n"
    assert "test 1-endotoxin: reported" in lab.good("show", "test", "1-endotoxin").out


def test_the_fake_speaks_fhir_as_another_reader_knows_it(lab: Linked) -> None:
    """What it finds, and what it says of a transaction, are bundles of FHIR R5."""
    asked = quote(f"urn:x-cellwright:{lab.ledger}:test|1-viability")
    for target, body in ((f"GET /fhir/Observation?based-on.identifier={asked}", b""), ("POST /fhir", b'{"entry": []}')):
        head = f"{target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
        said = lab.laboratory.feed(head.encode() + body, Instant(lab.clock.at))
        found = Referee.model_validate_json(said.partition(b"\r\n\r\n")[2])
        assert bool(found.entry) != bool(body)


@pytest.mark.requirement("F101.2", refuses=True)
def test_a_request_whose_answer_was_lost_is_sent_again_and_is_there_once(lab: Linked) -> None:
    """The system took it and said nothing: it stays to be sent, and has its own id."""
    lab.asked("2", "viability")
    before = lab.laboratory.acts["order"]
    lab.fault("silent")
    lost = lab.do("lims", "send", "--as", "anna")
    lab.mend("silent")
    assert lost.status == 1
    assert "gave no whole answer" in lost.err
    assert "waits" in lab.good("lims", "status").out
    assert lab.good("lims", "send", "--as", "anna").out == "SIMULATED 1 tests sent to lab-1\n"
    assert lab.laboratory.acts["order"] == before + 1
    lab.take_in("2", "viability")


def test_half_an_answer_is_none(lab: Linked) -> None:
    """What was announced and never came is no result."""
    sent(lab, "3", "viability")
    lab.fault("half")
    status, _, err = fetched(lab, days=3.0)
    lab.mend("half")
    assert status == 1
    assert "gave no whole answer" in err
    assert value(lab, "3-viability") != "viability"
    assert fetched(lab, days=0.1)[0] == 0


@pytest.mark.requirement("F101.2", "F165.2", refuses=True)
def test_a_system_that_is_down_is_on_record_once_and_tried_again(lab: Linked) -> None:
    """Nothing is noted as sent; why it stuck stands in the ledger."""
    lab.asked("4", "viability")
    lab.fault("error")
    refused = [lab.do("lims", "send", "--as", "anna") for _ in range(2)]
    lab.mend("error")
    assert [one.status for one in refused] == [1, 1]
    assert "answered 500" in refused[0].err
    assert sum("answered 500" in event for event in lab.events()) == 1
    assert lab.good("lims", "send", "--as", "anna").out == "SIMULATED 1 tests sent to lab-1\n"
    lab.take_in("4", "viability")


@pytest.mark.requirement("F101.2", refuses=True)
def test_a_result_in_another_unit_is_taken_by_nobody(lab: Linked) -> None:
    """The error names the element, the unit and what is allowed; with the right unit it is taken."""
    sent(lab, "5", "viability")
    lab.fault("unit", "5-viability")
    status, _, err = fetched(lab, days=3.0)
    lab.mend("unit")
    assert status == 1
    assert "Bundle.entry[1].resource.valueQuantity.code is 'mg/mL'; allowed: Cel, K" in err
    assert "test 5-viability: in laboratory" in lab.good("show", "test", "5-viability").out
    assert fetched(lab, days=0.0)[0] == 0


@pytest.mark.requirement("F101.2", refuses=True)
def test_a_result_of_another_patient_is_refused_and_on_record(lab: Linked) -> None:
    """The sample is right and the chain of identity is not: on record once, and the other is repeated nowhere."""
    sent(lab, "6", "viability")
    lab.fault("patient", "6-viability")
    status, _, err = fetched(lab, days=3.0)
    assert status == 1
    assert "test 6-viability: the result is of another chain of identity than B-6" in err
    assert "on record already" in fetched(lab, days=0.0)[2]
    lab.mend("patient")
    assert sum(event.startswith("refusals/test/6-viability") for event in lab.events()) == 1
    assert not any("ZZZZ99" in event for event in lab.events())
    assert fetched(lab, days=0.0)[0] == 0


@pytest.mark.requirement("F101.1", refuses=True)
def test_a_result_of_no_sample_of_ours_waits_in_the_tray_by_its_place(lab: Linked) -> None:
    """The name may be a patient's, so it stands nowhere; two people may join it."""
    sent(lab, "7", "viability")
    lab.fault("sample", "7-viability")
    status, _, _ = fetched(lab, days=3.0)
    lab.mend("sample")
    assert status == 0
    assert "test 7-viability: in laboratory" in lab.good("show", "test", "7-viability").out
    [stray] = [line.split()[0] for line in lab.good("list", "tray").out.splitlines() if "waiting" in line]
    assert not any("DOE" in event for event in lab.events())
    both = ("--as", "anna", "--sign", "verified=carla")
    lab.good("do", "tray", stray, "join", "--sample", "QC-7", "--reason", "the only one in the box", *both)
    assert fetched(lab, days=0.0)[0] == 0


def test_a_corrected_result_is_a_correction_with_its_reason(lab: Linked) -> None:
    """The old value stays in the record; the new one counts."""
    sent(lab, "8", "viability")
    assert fetched(lab, days=3.0)[0] == 0
    first = value(lab, "8-viability")
    lab.fault("corrected", "8-viability")
    assert fetched(lab, days=0.0)[0] == 0
    lab.mend("corrected")
    assert float(value(lab, "8-viability")) == pytest.approx(float(first) - 1.0)
    assert sum("read from the wrong line" in event for event in lab.events()) == 1


@pytest.mark.requirement("F101.2", refuses=True)
def test_the_secret_of_the_laboratory_stands_in_no_record_and_no_error(lab: Linked) -> None:
    """A system that does not know us any more says so, and what is said of it names no secret."""
    lab.asked("9", "viability")
    lab.laboratory.token = "another one"
    refused = lab.do("lims", "send", "--as", "anna")
    lab.laboratory.token = TOKEN
    assert "answered 401" in refused.err
    assert TOKEN not in refused.err
    assert not any(TOKEN in event for event in lab.events())
    (lab.folder / "lims.token").chmod(0o644)
    assert "can be read by others" in lab.do("lims", "send", "--as", "anna").err
    (lab.folder / "lims.token").chmod(0o600)


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ("{url: 'http://lims.example/fhir', laboratory: lab-1}", "what leaves this machine goes by https"),
        ("{url: 'https://me:word@lims.example/fhir', laboratory: lab-1}", "write it under secret"),
        ("{url: 'ftp://lims.example', laboratory: lab-1}", "write https://"),
        ("{url: 'https://lims.example', laboratory: lab-1, secret: hunter2}", "env:NAME or file:PATH"),
        ("{url: 'https://lims.example', laboratory: lab-1, patience: 2 h}", "at most 600 s"),
    ],
)
def test_a_way_that_others_could_listen_to_is_refused_in_the_site_file(block: str, says: str) -> None:
    """With file, line and column; a secret that stands in the file is not repeated."""
    node = read_text(f"lims: {block}\n", name="site.yaml")
    with pytest.raises(InputError, match=says) as refused:
        read_lims(node.fields(required=("lims",)))
    assert "site.yaml:1" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_nobody_without_a_hand_in_the_laboratory_sends_or_fetches(lab: Linked, tmp_path: Path) -> None:
    """The coordinator may not; the identity that leaves is the chain of identity alone."""
    assert lab.do("lims", "send", "--as", "eva").status == 1
    lab.good("exchange", "fhir", "B-1", "-o", tmp_path / "b.json")
    assert IDENTITY in (tmp_path / "b.json").read_text(encoding="utf-8")

"""Right patient: what is scanned is looked at, and a wrong code does no more harm than it has to."""

from pathlib import Path

import pytest

from automation.gmp.objects import Recorded
from tests.support.runs import make_site, run_batch
from tests.support.scenes import change_site, refused, scan

DIN, COI = r"^Scan the donation number", r"^Scan the chain-of-identity"
OTHER_DIN, OTHER_COI = "=A99992600001800", "&/CHA9999261M9PZR"


@pytest.mark.requirement("F020.2")
def test_a_product_code_instead_of_the_identifier_is_a_hint_and_no_deviation(tmp_path: Path) -> None:
    """The wrong symbol on the right label: told what to scan, counted, and the batch goes on."""
    run = run_batch(make_site(tmp_path), scan(DIN, "=<S12954A0"))
    assert "this is the product code; scan the donation number" in run.told
    assert getattr(run.things["prompt/B-001.receive.1.1"], "mismatches", 0) == 1
    assert (run.state, run.deviations(), run.alarms()) == ("closed", [], [])


@pytest.mark.requirement("F020.2", "F173", refuses=True)
def test_another_container_of_the_same_patient_is_refused_and_counted(tmp_path: Path) -> None:
    """No other patient is near: the person is told, and nothing is locked."""
    folder = change_site(make_site(tmp_path), ("CHA9999261M9PZR", "CHA999926X7K2QD"))
    run = run_batch(folder, scan(DIN, OTHER_DIN))
    assert run.told == ["this is another container of the same patient"]
    assert getattr(run.things["prompt/B-001.receive.1.1"], "mismatches", 0) == 1
    assert (run.state, run.deviations()) == ("closed", [])


@pytest.mark.requirement("F006")
@pytest.mark.requirement("F006", "F009", "F056", refuses=True)
@pytest.mark.parametrize(
    ("where", "code", "step"),
    [(DIN, OTHER_DIN, "receive"), (COI, OTHER_COI, "receive"), (r"at the freezer$", OTHER_DIN, "freeze")],
)
def test_another_patients_bag_locks_the_step_until_two_people_have_cleared_the_line(
    tmp_path: Path, where: str, code: str, step: str
) -> None:
    """Deviation and alarm; the clearance carries two signatures of two persons; the batch was never held."""
    run = run_batch(make_site(tmp_path), scan(where, code))
    [lock] = [event for event in run.events if event.kind == "lock"]
    [clear] = [event for event in run.events if event.stream == lock.stream and event.kind == "clear"]
    assert lock.stream.startswith(f"prompt/B-001.{step}.")
    assert clear.at > lock.at
    signed = [(one.by, one.meaning) for one in clear.read(Recorded).signed]
    assert signed == [("anna", "performed"), ("ben", "verified")]
    assert [title.endswith("of another patient was scanned") for title in run.deviations()] == [True]
    assert len(run.alarms()) == 1
    assert run.state == "closed"
    assert "holding" not in [event.fields.get("state") for event in run.events if event.kind == "procedural"]


@pytest.mark.requirement("F020.2", refuses=True)
def test_an_identifier_that_nobody_knows_locks_the_step_too(tmp_path: Path) -> None:
    """It may be anybody's: the line is cleared, and the deviation says that nobody knows it."""
    run = run_batch(make_site(tmp_path), scan(DIN, "=A99992600007700"))
    assert run.deviations() == ["a donation number that is not known here was scanned"]
    assert [e.kind for e in run.events if e.stream.startswith("prompt/") and e.kind in {"lock", "clear"}] == [
        "lock",
        "clear",
    ]
    assert run.state == "closed"


@pytest.mark.requirement("F056", refuses=True)
def test_a_foreign_code_never_stands_in_the_record(tmp_path: Path) -> None:
    """Neither in the event of the lock nor in a refusal: it is another patient's."""
    run = run_batch(make_site(tmp_path), scan(DIN, OTHER_DIN), scan(COI, OTHER_COI))
    said = [
        bytes(event.body)
        for event in run.events
        if event.stream.split("/")[0] in {"prompt", "refusals", "alarm", "deviation"}
    ]
    assert not any(b"A999926000018" in body or b"CHA9999261M9PZR" in body for body in said)
    assert len(run.told) == 2
    assert refused(run, "prompt") == []


@pytest.mark.requirement("F020.2", "F056")
@pytest.mark.requirement("F020.2", "F056", refuses=True)
def test_bags_of_one_collection_are_told_by_more_than_their_donation_number(tmp_path: Path) -> None:
    """The number alone is refused with what to scan; the whole batch goes on by the bag's own label."""
    same = (("CHA9999261M9PZR", "CHA999926X7K2QD"), ("A999926000018", "A999926000017"))
    run = run_batch(change_site(make_site(tmp_path), *same), scan(r"^Scan the container label", "=A99992600001700"))
    assert run.told == [
        "the donation number alone does not tell this container from others; scan the container's own label"
    ]
    assert (run.state, run.deviations()) == ("closed", [])

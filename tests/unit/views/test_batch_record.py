"""The batch record as a tree of values: what it gathers, and what it leaves to others."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from automation.kernel.errors import InputError
from automation.ledger.event import Draft
from automation.ledger.export import export
from automation.ledger.read import Reader
from automation.views.batch_record import batch_record
from automation.views.record import BatchRecord
from tests.support.told_batch import ASSETS, BAG, BATCH, MASTER, OTHER, life, receive, whole


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BatchRecord]:
    """Give the record of a whole batch."""
    with whole(tmp_path_factory.mktemp("site")) as made, Reader(made.folder) as reader:
        yield batch_record(reader, made.blobs, BATCH)


def test_the_header_names_recipe_patient_chain_site_and_people(record: BatchRecord) -> None:
    """What a reviewer looks for first."""
    header = record.header
    assert (header.recipe, header.recipe_version, header.recipe_digest) == ("freeze-day", "1", "ab" * 32)
    assert (header.identity, header.site, header.zone, header.state) == ("COI-1", "test", "Europe/Zurich", "closed")
    assert [container.id for container in record.containers] == [BAG]
    assert {person.name for person in record.people} >= {"Perform", "Second", "Supervise"}


@pytest.mark.requirement("F041")
def test_the_recipe_stands_in_it_byte_for_byte(record: BatchRecord) -> None:
    """21 CFR 211.188(a): an accurate copy of the master, bound by the hash in the batch's first event."""
    assert record.master.text.encode() == MASTER
    assert record.master.file == sha256(MASTER).hexdigest()


def test_times_stand_in_the_sites_zone_with_their_offset(record: BatchRecord) -> None:
    """A time without its zone is not a time."""
    assert record.header.issued == "2026-11-22T09:00:00.000+01:00"
    assert {entry.at[-6:] for entry in record.trail} == {"+01:00"}


def test_a_step_holds_equipment_materials_parameters_and_results(record: BatchRecord) -> None:
    """Each as it stood when the step used it."""
    step = record.steps[1]
    assert (step.id, step.state, step.stage) == ("freeze", "not accepted", "complete")
    assert [(one.asset, one.serial, one.driving) for one in step.equipment] == [
        (name, f"SN-{name}", ASSETS[name][2]) for name in ASSETS
    ]
    assert {one.calibration_due for one in step.equipment} == {"2027-04-01T00:00:00.000+02:00"}
    assert [(one.lot, one.expiry, one.state) for one in step.materials] == [("L-7", "2027-06", "released")]
    assert next((one.name, one.text, one.unit) for one in step.parameters) == ("every", "20 s", "s")
    assert [(one.name, one.text) for one in step.results] == [("verdict", "fail"), ("end", "-88")]


@pytest.mark.requirement("F018")
def test_criteria_that_a_move_brought_are_a_table_of_acceptance(record: BatchRecord) -> None:
    """Met, not met, and not evaluable are three different things."""
    [accepted] = record.steps[1].acceptance
    assert accepted.verdict == "fail"
    assert [(one.name, one.met) for one in accepted.criteria] == [
        ("nucleation", True),
        ("plateau", False),
        ("cooling rate", None),
    ]


def test_an_act_shows_how_its_doubt_was_settled(record: BatchRecord) -> None:
    """Call, doubt and decision are one line with three events."""
    act = next(act for act in record.steps[1].acts if act.what == "freezer.load")
    assert act.status == "resolved: done"
    assert "supervise decided: done (seen at the panel)" in act.outcome
    assert len(act.events) == 3


@pytest.mark.requirement("F042")
def test_signatures_show_printed_name_meaning_and_time(record: BatchRecord) -> None:
    """21 CFR 11.50(a): name, date and time, meaning; and the hash that binds them."""
    shown = [(one.name, one.meaning, one.zone) for one in record.steps[0].signatures]
    assert shown == [("Perform", "performed", "Europe/Zurich"), ("Second", "verified", "Europe/Zurich")]
    hashes = {entry.seq: entry.hash for entry in record.trail}
    assert all(hashes[one.seq] == one.event_hash for one in record.signatures)


def test_the_trail_holds_every_event_of_the_batch_and_none_of_another(record: BatchRecord) -> None:
    """The other batch ran at the same time."""
    streams = {entry.stream for entry in record.trail}
    assert {f"batch/{BATCH}", f"batch/{BATCH}/step/freeze", f"refusals/batch/{BATCH}"} <= streams
    assert not any(OTHER in stream for stream in streams)
    assert [entry.seq for entry in record.trail] == sorted(entry.seq for entry in record.trail)


@pytest.mark.requirement("F051", "F104")
@pytest.mark.requirement("F104", refuses=True)
def test_process_data_is_checked_against_the_digest_that_the_ledger_cites(tmp_path: Path) -> None:
    """A file that was changed or lost is an exception and shows nothing; its numbers are never invented."""
    with whole(tmp_path) as made, Reader(tmp_path) as reader:
        cited = next(e for e in made.way.ledger.stream(f"batch/{BATCH}/step/freeze") if e.kind == "data")
        blob = tmp_path / "blobs" / str(cited.fields["blob"])[:2] / str(cited.fields["blob"])
        blob.write_bytes(b"other")
        record = batch_record(reader, made.blobs, BATCH)
    problems = [chunk.problem for trend in record.steps[1].trends for chunk in trend.chunks if chunk.problem]
    assert problems == [f"the file {blob.name} is missing or was changed"]
    assert problems[0] in [one.what for one in record.findings if one.rule == "E12" and one.is_open]
    assert sum(trend.readings for trend in record.steps[1].trends) == 299


def test_a_kind_of_event_that_no_view_knows_stands_in_the_trail(tmp_path: Path) -> None:
    """Later releases write more; nothing of it is dropped."""
    with life(tmp_path) as made:
        receive(made)
        made.note("receive", "of the future", text="Zoë")
        made.way.ledger.flush()
        with Reader(tmp_path) as reader:
            record = batch_record(reader, made.blobs, BATCH)
    assert [(one.kind, one.said) for one in record.trail][-1] == ("of the future", "text Zoë")
    assert record.draft


def test_the_record_is_the_same_at_every_drawing(tmp_path: Path) -> None:
    """It knows no clock but the ledger's."""
    with whole(tmp_path) as made, Reader(tmp_path) as reader:
        first, second = (msgspec.json.encode(batch_record(reader, made.blobs, BATCH)) for _ in range(2))
    assert first == second


def test_its_head_stays_when_the_ledger_grows(tmp_path: Path) -> None:
    """The first signed head over the record's last event is its head, whatever comes later."""
    with whole(tmp_path) as made, Reader(tmp_path) as reader:
        before = batch_record(reader, made.blobs, BATCH)
        made.way.ledger.append([Draft("elsewhere", "note", b"{}", "system")], at=made.way.clock.micros())
        made.way.ledger.seal()
        after = batch_record(reader, made.blobs, BATCH)
    assert after.as_of == before.as_of + 1
    assert (after.proof.head, after.proof.head_seq) == (before.proof.head, before.proof.head_seq)
    assert replace(after, as_of=0, drawn="", proof=before.proof) == replace(before, as_of=0, drawn="")


def test_the_streams_of_its_proof_can_be_exported(tmp_path: Path) -> None:
    """Every stream that the record names exists."""
    with whole(tmp_path) as made, Reader(tmp_path) as reader:
        record = batch_record(reader, made.blobs, BATCH)
        assert export(reader, record.proof.streams).startswith(b'{"cellwright_record":')
    assert {f"asset/{name}" for name in ASSETS} <= set(record.proof.streams)


def test_a_batch_that_the_ledger_does_not_know_is_refused_with_those_it_knows(tmp_path: Path) -> None:
    """One clear error."""
    with life(tmp_path) as made:
        made.way.ledger.flush()
        with (
            Reader(tmp_path) as reader,
            pytest.raises(InputError, match=f"'B-9' is not in this ledger; it has {BATCH}"),
        ):
            batch_record(reader, made.blobs, "B-9")

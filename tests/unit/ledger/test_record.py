"""Exported records: they verify alone, hold what was asked for and nothing else, and no byte of them may change."""

import json
from pathlib import Path

import msgspec
import pytest

from automation.kernel.errors import InputError, RefusedError
from automation.ledger.export import export
from automation.ledger.head import public_key
from automation.ledger.read import Reader
from automation.ledger.record import Record, encode
from automation.ledger.store import Ledger
from automation.ledger.verify import verify
from tests.unit.ledger.ledgers import KEY, OTHER_KEY, START, draft, filled, make


def _record(folder: Path, *prefixes: str) -> Path:
    """Export from a closed ledger into a file of its own folder."""
    with Reader(filled(folder / "site")) as reader:
        data = export(reader, prefixes or ("batch/B1",))
    path = folder / "record.json"
    path.write_bytes(data)
    return path


@pytest.mark.requirement("F102.1", "F106")
def test_a_record_verifies_without_its_ledger(tmp_path: Path) -> None:
    """With the key from outside it is trusted; what it can't show is said."""
    path = _record(tmp_path)
    alone = path.rename(tmp_path / "alone.json")
    verdict = verify(alone, key=public_key(KEY))
    assert (verdict.kind, verdict.intact, verdict.trusted, verdict.mode) == ("record", True, True, "simulated")
    assert "left out" in verdict.notes[0]


def test_a_record_holds_the_streams_asked_for_and_the_genesis(tmp_path: Path) -> None:
    """Nothing of another batch, not even of one whose name begins alike."""
    found = json.loads(_record(tmp_path, "batch/B1/step/0", "batch/B0").read_bytes())
    streams = {json.loads(event["envelope"])["stream"] for event in found["events"]}
    assert streams == {"ledger", "batch/B1/step/0", "batch/B0/step/0", "batch/B0/step/1", "batch/B0/step/2"}


def test_the_head_of_the_batch_is_found_in_its_record(tmp_path: Path) -> None:
    """The hash printed on the paper record and the file belong together."""
    path = _record(tmp_path)
    last = verify(path).head
    assert verify(path, head=last).intact
    assert not verify(path, head="00" * 32).intact


@pytest.mark.requirement("F102.1", "F106.2", refuses=True)
def test_any_flipped_byte_of_a_record_is_found(tmp_path: Path) -> None:
    """All of them: one by one, the last bit of each."""
    path = _record(tmp_path, "batch/B1/step/0")
    data = path.read_bytes()
    missed = []
    for position in range(len(data)):
        path.write_bytes(data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :])
        try:
            missed += [position] if verify(path).intact else []
        except InputError:
            continue  # no longer says that it is a record
    assert missed == []


def _changed(path: Path, **changes: object) -> Path:
    """Write the record anew with changes and the digest that then belongs to it, as a forger would."""
    path.write_bytes(encode(msgspec.structs.replace(msgspec.json.decode(path.read_bytes(), type=Record), **changes)))
    return path


@pytest.mark.parametrize("index", range(7))
def test_a_dropped_or_doubled_event_of_a_record_is_found(tmp_path: Path, index: int) -> None:
    """Digest made new; only a stream's last event can be left out, as the note says."""
    path = _record(tmp_path, "batch/B1")
    events = msgspec.json.decode(path.read_bytes(), type=Record).events
    assert len(events) == 7
    assert not verify(_changed(path, events=events[: index + 1] + events[index:])).intact
    is_last_of_its_stream = index >= 4
    assert verify(_changed(path, events=events[:index] + events[index + 1 :])).intact is is_last_of_its_stream


def test_an_event_of_another_ledger_is_not_taken(tmp_path: Path) -> None:
    """Even one with a proof of its own."""
    path = _record(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    with make(other / "site") as ledger:
        ledger.append([draft(n=7)], at=START)
        foreign = msgspec.json.decode(export(ledger, ["batch/B1"]), type=Record)
    assert not verify(_changed(path, events=foreign.events)).intact
    assert not verify(_changed(path, events=foreign.events, heads=foreign.heads, ledger="ff" * 16)).intact


def test_another_key_is_not_trusted(tmp_path: Path) -> None:
    """A record that is whole but not signed by the key given is not intact."""
    assert not verify(_record(tmp_path), key=public_key(OTHER_KEY)).intact


def test_an_owner_seals_before_it_exports(tmp_path: Path) -> None:
    """A reader cannot, and says so."""
    with make(tmp_path) as ledger:
        ledger.append([draft(n=1)], at=START)
        ledger.flush()
        with Reader(tmp_path) as reader, pytest.raises(RefusedError, match="not yet under a signed head"):
            export(reader, ["batch/B1"])
        path = tmp_path / "record.json"
        path.write_bytes(export(ledger, ["batch/B1"]))
    assert verify(path).events == 2


NAMES = "an export names the streams that it takes, for example batch/B1"


@pytest.mark.parametrize(
    ("prefixes", "said"),
    [
        ((), NAMES),
        (("",), NAMES),
        (("batch/B",), "prefix is 'batch/B'; no stream of this ledger lies under it"),
        (("batch/B1", "nothing"), "prefix is 'nothing'; no stream of this ledger lies under it"),
    ],
)
def test_an_export_of_nothing_or_everything_is_refused(tmp_path: Path, prefixes: tuple[str, ...], said: str) -> None:
    """A record is of some streams; a whole ledger is given as its file."""
    with Reader(filled(tmp_path)) as reader, pytest.raises(InputError) as refused:
        export(reader, prefixes)
    assert str(refused.value) == f"{tmp_path}/ledger.sqlite: {said}"


def test_a_record_of_many_heads_is_whole(tmp_path: Path) -> None:
    """Trees of different sizes, events at both ends of them."""
    with make(tmp_path) as ledger:
        for size in (1, 2, 3, 5, 8, 13, 21):
            ledger.append([draft(f"batch/B{n % 2}", n=n) for n in range(size)], at=START)
            ledger.seal()
        path = tmp_path / "record.json"
        path.write_bytes(export(ledger, ["batch/B1"]))
    assert verify(path).intact
    with Ledger.open(tmp_path, key=None) as again:
        assert verify(path).events == 1 + again.version("batch/B1")

"""The format page: its vectors are what the code writes, and what a verifier written from the page alone accepts."""

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from automation.ledger.chain import entry_hash, inclusion_path, merkle_levels, merkle_root, opening
from automation.ledger.event import Draft, Genesis
from automation.ledger.export import export
from automation.ledger.head import key_id, parse, sign
from automation.ledger.read import Reader
from automation.ledger.store import Ledger
from tests.unit.ledger.ledgers import filled, tampering

DOCS = Path(__file__).parents[3] / "docs"


def _vectors() -> dict[str, object]:
    found: dict[str, object] = json.loads((DOCS / "ledger-format.md").read_text().split("```json\n")[1].split("```")[0])
    return found


def _standalone() -> Callable[[Path], tuple[int, str]]:
    """Load the stand-alone verifier as the script that it is."""
    spec = importlib.util.spec_from_file_location("standalone_verifier", DOCS / "standalone_verifier.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    main: Callable[[Path], tuple[int, str]] = module.main
    return main


def test_our_hashes_are_those_of_the_page() -> None:
    """Events, paths and root."""
    vectors = _vectors()
    start, hashes = opening(bytes.fromhex(str(vectors["ledger"]))), []
    events = vectors["events"]
    assert isinstance(events, list)
    for event in events:
        links = bytes.fromhex(event["prev"]), bytes.fromhex(event["prev_in_stream"])
        hashes.append(entry_hash(start, links, envelope=event["envelope"].encode(), body=event["body"].encode()))
    assert [digest.hex() for digest in hashes] == [event["hash"] for event in events]
    levels = merkle_levels(hashes)
    assert [[node.hex() for node in inclusion_path(levels, n)] for n in range(3)] == vectors["paths"]
    head = vectors["head"]
    assert isinstance(head, dict)
    assert merkle_root(hashes).hex() == json.loads(head["body"])["root"]


def test_our_ledger_writes_the_vectors_of_the_page(tmp_path: Path) -> None:
    """The same drafts under the same key give the page's bytes, down to the signature."""
    vectors = _vectors()
    events, head, key = vectors["events"], vectors["head"], bytes.fromhex(str(vectors["secret_key"]))
    assert isinstance(events, list)
    assert isinstance(head, dict)
    genesis = Genesis(**json.loads(events[0]["body"]))
    with Ledger.create(tmp_path, genesis=genesis, key=key) as ledger:
        for event in events[1:]:
            said = json.loads(event["envelope"])
            words = {name: said[name] for name in ("stream", "kind", "by", "terminal", "cause", "schema")}
            ledger.append([Draft(body=event["body"].encode(), **words)], at=said["at"])
        sealed = ledger.seal()
        written = [(e.envelope.decode(), e.body.decode(), e.hash.hex()) for e in ledger.events()]
    assert written == [(event["envelope"], event["body"], event["hash"]) for event in events]
    assert (sealed.body.decode(), sealed.signature.hex()) == (head["body"], head["signature"])
    assert (sealed.digest, key_id(sealed.said.key)) == (head["digest"], head["key_id"])
    assert sign(parse(head["body"], b"").said, key) == sealed


def test_the_standalone_verifier_accepts_the_page_a_ledger_and_a_record(tmp_path: Path) -> None:
    """It is short and imports nothing of ours."""
    main, record = _standalone(), tmp_path / "record.json"
    with Reader(filled(tmp_path / "site")) as reader:
        record.write_bytes(export(reader, ["batch/B1"]))
    for path in (DOCS / "ledger-format.md", tmp_path / "site", record):
        assert main(path)[0] == 0, main(path)
    text = (DOCS / "standalone_verifier.py").read_text()
    assert len(text.splitlines()) <= 150
    assert "import automation" not in text
    assert "from automation" not in text


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET body = x'7b7d' WHERE seq = 7",
        "UPDATE event SET stream = 'batch/B9' WHERE seq = 7",
        "UPDATE event SET envelope = replace(envelope, '\"system\"', '\"nobody\"') WHERE seq = 7",
        "UPDATE event SET hash = zeroblob(32) WHERE seq = 7",
        "UPDATE event SET seq = 70 WHERE seq = 7",
        "DELETE FROM event WHERE seq = 7",
        "DELETE FROM event WHERE seq = 13",
        "DELETE FROM head WHERE seq = 9",
        "DELETE FROM head WHERE seq = 13",
        "UPDATE head SET at = at + 1 WHERE seq = 9",
        "UPDATE head SET key_id = '00' WHERE seq = 9",
        "UPDATE head SET body = replace(body, '\"number\":2', '\"number\":3')",
        "UPDATE head SET signature = zeroblob(64) WHERE seq = 9",
    ],
)
def test_the_standalone_verifier_finds_what_was_changed(tmp_path: Path, statement: str) -> None:
    """It agrees with ours on every one of these."""
    with tampering(filled(tmp_path)) as connection:
        connection.execute(statement)
    assert _standalone()(tmp_path)[0] == 1


def test_the_standalone_verifier_finds_changes_in_a_record(tmp_path: Path) -> None:
    """Every hundredth byte; ours tries them all."""
    main, record = _standalone(), tmp_path / "record.json"
    with Reader(filled(tmp_path / "site")) as reader:
        record.write_bytes(export(reader, ["batch/B1"]))
    data = record.read_bytes()
    for position in range(0, len(data), 100):
        record.write_bytes(data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :])
        assert main(record)[0] != 0


def test_the_standalone_verifier_says_when_it_can_read_nothing(tmp_path: Path) -> None:
    """Exit status 2, no traceback."""
    shutil.rmtree(tmp_path)
    assert _standalone()(tmp_path)[0] == 2

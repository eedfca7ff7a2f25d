"""What a check of an exported record says, word for word, when a forger has made its digest anew."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from automation.kernel.errors import NotOursError
from automation.ledger.event import ZEROS, Mode
from automation.ledger.export import export
from automation.ledger.head import HeadBody, key_id, parse, public_key, sign
from automation.ledger.read import Reader
from automation.ledger.record import Proven, Record, encode
from automation.ledger.verdict import FirstBad
from automation.ledger.verify import verify
from tests.unit.ledger.ledgers import KEY, OTHER_KEY, START, draft, filled, make

Forge = Callable[[Record], Record]

NO_JSON = "JSON is malformed: invalid character (byte 0)"
NO_HEX = "non-hexadecimal number found in fromhex() arg at position 0"
OURS, OTHER = (key_id(public_key(key).hex()) for key in (KEY, OTHER_KEY))
UNSEEN = "that later events of its streams were left out can't be seen from a record alone"
OWN_KEY = "the key was read from the record itself: give the public key from outside (--key) to trust it"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of 13 events; of batch B1 are 3, 5, 7, 9, 11 and 13, the heads stand at 5, 9 and 13."""
    return filled(tmp_path_factory.mktemp("record") / "site")


@pytest.fixture(scope="module")
def whole(site: Path) -> Record:
    """Give the record of one batch."""
    return _exported(site, "batch/B1")


def _exported(site: Path, *prefixes: str) -> Record:
    with Reader(site) as reader:
        return msgspec.json.decode(export(reader, prefixes), type=Record)


def _written(folder: Path, record: Record) -> Path:
    path = folder / "record.json"
    path.write_bytes(encode(record))
    return path


def _event(index: int, **changes: object) -> Forge:
    """Change one event."""

    def forge(record: Record) -> Record:
        events = list[Proven](record.events)
        events[index] = msgspec.structs.replace(events[index], **changes)
        return msgspec.structs.replace(record, events=tuple(events))

    return forge


def _events(*order: int) -> Forge:
    """Keep some of the events, in some order."""
    return lambda record: msgspec.structs.replace(record, events=tuple(record.events[index] for index in order))


def _line(index: int, **changes: str) -> Forge:
    """Change the line of a head."""

    def forge(record: Record) -> Record:
        heads = list(record.heads)
        heads[index] = msgspec.structs.replace(heads[index], **changes)
        return msgspec.structs.replace(record, heads=tuple(heads))

    return forge


def _head(index: int, signer: bytes = KEY, **changes: object) -> Forge:
    """Let a key sign a head that says something else."""

    def forge(record: Record) -> Record:
        said = msgspec.json.decode(record.heads[index].body, type=HeadBody)
        forged = sign(msgspec.structs.replace(said, **changes), signer)
        return _line(index, body=forged.body.decode(), signature=forged.signature.hex())(record)

    return forge


def _whole(**changes: object) -> Forge:
    """Change what stands beside heads and events."""
    return lambda record: msgspec.structs.replace(record, **changes)


FOUND: dict[str, tuple[Forge, int, str]] = {
    "id": (_whole(ledger="zz"), 1, f"the ledger id can't be read ({NO_HEX})"),
    "nothing": (_events(), 1, "there are no events"),
    "a head more": (
        lambda record: msgspec.structs.replace(record, heads=(*record.heads, record.heads[0])),
        14,
        "the record has heads that no event stands under",
    ),
    "a prefix more": (
        lambda record: msgspec.structs.replace(record, prefixes=("lot/L1", *record.prefixes)),
        14,
        "missing: the record has no event under 'lot/L1'",
    ),
    "a prefix less": (_whole(prefixes=("batch/B1/step/0",)), 3, "stream batch/B1/step/1 was not asked for"),
    "envelope": (_event(2, envelope="x"), 4, f"its envelope can't be read ({NO_JSON})"),
    "prev": (_event(2, prev="x"), 5, f"its hashes can't be read ({NO_HEX})"),
    "path": (_event(2, path=("x",)), 5, f"its hashes can't be read ({NO_HEX})"),
    "order": (_events(0, 2, 1), 3, "it does not follow the event before it in the record"),
    "twice": (_events(0, 1, 1), 3, "it does not follow the event before it in the record"),
    "dropped": (
        _events(0, 2, 3, 4, 5, 6),
        9,
        "it does not follow version 0 of stream batch/B1/step/1: an event is missing",
    ),
    "in stream": (
        _event(4, prev_in_stream=ZEROS.hex()),
        9,
        "it does not follow version 1 of stream batch/B1/step/1: an event is missing",
    ),
    "no genesis": (_events(1, 2, 3), 1, "missing: the record has no genesis"),
    "genesis": (_event(0, body="x"), 1, f"the genesis can't be read ({NO_JSON})"),
    "later head": (_event(1, head=2), 3, "it stands under head 2, which is not the next"),
    "former head": (_event(5, head=0), 11, "it stands under head 0, which is not the next"),
    "no such head": (_event(0, head=-1), 1, "it stands under head -1, which is not the next"),
    "head of later events": (_event(2, head=1), 5, "it stands under a head over events 6 to 9"),
    "head of former events": (_event(3, head=0), 7, "it stands under a head over events 1 to 5"),
    "body": (_event(2, body="{}"), 5, "it is not what was signed in the head at event 5"),
    "way up": (_event(2, path=()), 5, "it is not what was signed in the head at event 5"),
    "head's body": (_line(1, body="x"), 7, f"the head over it can't be read ({NO_JSON})"),
    "head's hex": (_line(1, signature="x"), 7, f"the head over it can't be read ({NO_HEX})"),
    "head's signature": (_line(1, signature="00" * 64), 7, f"the head over it is not signed by key {OURS}"),
    "head's key": (
        _head(1, OTHER_KEY, key=public_key(OTHER_KEY).hex()),
        7,
        f"the head over it is not signed by key {OURS}",
    ),
    "head's ledger": (_head(0, ledger="00" * 16), 1, "the head over it belongs to another ledger"),
    "head's prev": (_head(1, prev=ZEROS.hex()), 7, "the head over it does not follow the head before"),
    "head's hash": (_head(0, hash="ab" * 32), 5, "it is not the event that its head names"),
}


@pytest.mark.requirement("F106")
@pytest.mark.parametrize("what", FOUND)
def test_what_is_found_in_a_record_is_said_in_one_sentence(tmp_path: Path, whole: Record, what: str) -> None:
    """At the first bad event; nothing is trusted then, and what cannot be seen is not spoken of."""
    forge, seq, said = FOUND[what]
    verdict = verify(_written(tmp_path, forge(whole)), key=None if what == "no genesis" else public_key(KEY))
    assert (verdict.first_bad, verdict.kind, verdict.intact) == (FirstBad(seq, said), "record", False)
    assert (verdict.trusted, verdict.notes) == (False, ())


def test_a_whole_record_tells_what_it_is_and_what_cannot_be_seen(tmp_path: Path, whole: Record) -> None:
    """Less is unseen with the key from outside."""
    own, outside = (verify(_written(tmp_path, whole), key=key) for key in (None, public_key(KEY)))
    assert (own.kind, own.intact, own.trusted, own.notes) == ("record", True, False, (UNSEEN, OWN_KEY))
    assert (outside.intact, outside.trusted, outside.notes) == (True, True, (UNSEEN,))
    assert (own.ledger, own.site, own.mode) == (whole.ledger, "test", "simulated")
    last = parse(whole.heads[-1].body.encode(), b"").said
    assert (own.events, own.head, own.signed_to, own.signed_by) == (7, last.hash, 13, OURS)


def test_a_record_that_is_bad_further_on_tells_how_far_it_is_good(tmp_path: Path, whole: Record) -> None:
    """Its events up to there, the last head over them, and of which site they are."""
    verdict = verify(_written(tmp_path, _event(4, body="{}")(whole)))
    good = verify(_written(tmp_path, _events(0, 1, 2, 3)(msgspec.structs.replace(whole, heads=whole.heads[:2]))))
    assert good.intact
    assert msgspec.structs.replace(verdict, first_bad=None, intact=True, notes=good.notes) == good
    nothing = verify(_written(tmp_path, _events()(whole)))
    assert (nothing.events, nothing.head, nothing.site, nothing.mode) == (0, "", "", "")
    assert (nothing.signed_to, nothing.signed_by, nothing.ledger) == (0, "", whole.ledger)


def test_events_side_by_side_in_a_record_are_linked_there_already(tmp_path: Path, site: Path) -> None:
    """What was hashed before the next event was is known from the record itself."""
    record = _exported(site, "batch/B0", "batch/B1")
    assert verify(_written(tmp_path, record)).intact
    verdict = verify(_written(tmp_path, _event(3, prev=ZEROS.hex())(record)))
    assert verdict.first_bad == FirstBad(4, "it does not follow the event before it in the record")


def test_a_record_may_leave_heads_out_and_knows_those_that_it_has(tmp_path: Path, site: Path) -> None:
    """Of the stream asked for nothing stands under the second; what the third ends with is known by its hash."""
    record = _exported(site, "batch/B1/step/0")
    signed = [parse(head.body.encode(), b"").said for head in record.heads]
    assert [(said.number, said.seq) for said in signed] == [(1, 5), (3, 13)]
    path = _written(tmp_path, record)
    assert verify(path, head=signed[1].hash).intact
    unknown = verify(path, head="00" * 32).first_bad
    assert unknown == FirstBad(12, "the head given is not in this record")


def test_a_foreign_key_is_named_in_a_record_too(tmp_path: Path, whole: Record) -> None:
    """By the genesis of a live site, which names its key; by the signature of any other."""
    foreign = verify(_written(tmp_path, whole), key=public_key(OTHER_KEY)).first_bad
    assert foreign == FirstBad(1, f"the head over it is not signed by key {OTHER}")
    with make(tmp_path / "live", mode=Mode.LIVE) as ledger:
        ledger.append([draft()], at=START)
        path = _written(tmp_path, msgspec.json.decode(export(ledger, ["batch/B1"]), type=Record))
    assert verify(path, key=public_key(KEY)).trusted
    named = FirstBad(1, f"the ledger belongs to key {OURS}, not to the given {OTHER}")
    assert verify(path, key=public_key(OTHER_KEY)).first_bad == named
    signed = _head(0, OTHER_KEY, key=public_key(OTHER_KEY).hex())
    forged = signed(msgspec.json.decode(path.read_bytes(), type=Record))
    assert verify(_written(tmp_path, forged)).first_bad == FirstBad(1, f"the head over it is not signed by key {OURS}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"cellwright_record":x', "the record can't be read (JSON is malformed: invalid character (byte 21))"),
        ('{"record":{}}', "the record can't be read (Object missing required field `proof`)"),
        (
            '{"record":{},"proof":null}',
            "the record is a draft without proof: its events are not yet under a signed head",
        ),
    ],
    ids=["no JSON", "no proof", "draft"],
)
def test_a_record_that_proves_nothing_is_said_to(tmp_path: Path, text: str, said: str) -> None:
    """It begins as records do, so it has a verdict and no error."""
    path = tmp_path / "record.json"
    path.write_text(text, encoding="utf-8")
    verdict = verify(path)
    assert (verdict.kind, verdict.intact, verdict.events, verdict.head) == ("record", False, 0, "")
    assert verdict.first_bad == FirstBad(1, said)


def test_the_record_for_people_is_checked_by_the_proof_in_it(tmp_path: Path, whole: Record) -> None:
    """Nothing else of it is looked at."""
    path = _written(tmp_path, whole)
    alone = verify(path)
    path.write_bytes(b'{"record":{"any":1},"proof":' + path.read_bytes() + b"}")
    assert verify(path) == alone


def test_bytes_that_were_not_exported_are_found(tmp_path: Path, whole: Record) -> None:
    """A space is enough."""
    path = _written(tmp_path, whole)
    path.write_bytes(path.read_bytes() + b" ")
    assert verify(path).first_bad == FirstBad(14, "the file is not byte for byte what was exported")


@pytest.mark.parametrize("text", [' {"cellwright_record":1', "[1]", "\ufeff{}"], ids=["record", "list", "mark"])
def test_what_only_begins_like_a_record_is_called_neither(tmp_path: Path, text: str) -> None:
    """It is named with its place; it is no ledger either."""
    path = tmp_path / "record.json"
    path.write_text(text, encoding="utf-8")
    what = "this begins like a record and can't be read as one: a damaged or foreign record"
    with pytest.raises(NotOursError) as refused:
        verify(path)
    assert str(refused.value) == f"{path}: {what}"

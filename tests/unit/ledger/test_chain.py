"""Hashes and trees: every path leads to the root and nothing else does; what is encoded is decoded."""

from hashlib import sha256

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.ledger.chain import entry_hash, inclusion_path, merkle_levels, merkle_root, opening, root_by_path
from automation.ledger.event import Envelope, Event
from automation.ledger.head import HeadBody, is_signed, parse, public_key, sign
from tests.unit.ledger.ledgers import KEY

WORDS = st.text(st.characters(codec="utf-8"), max_size=12)
NUMBERS = st.integers(0, 2**62)
HASHES = st.binary(min_size=32, max_size=32)
LINKS = st.tuples(HASHES, HASHES)
ENVELOPES = st.builds(
    Envelope, NUMBERS, WORDS, NUMBERS, WORDS, NUMBERS, NUMBERS, NUMBERS, WORDS, WORDS, WORDS, st.none() | NUMBERS
)


def _by_definition(leaves: list[bytes]) -> bytes:
    """RFC 9162 2.1.1 as it is written: split at the largest power of two below the size."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\1" + _by_definition(leaves[:half]) + _by_definition(leaves[half:])).digest()


@pytest.mark.parametrize("size", [*range(1, 40), 255, 256, 257])
def test_every_leaf_has_a_path_to_the_root_and_only_its_own(size: int) -> None:
    """The tree is that of the definition; a path fits no other place and no other leaf."""
    leaves = [sha256(bytes([n % 256, n // 256])).digest() for n in range(size)]
    root, levels = merkle_root(leaves), merkle_levels(leaves)
    assert root == _by_definition(leaves) == levels[-1][0]
    for index, leaf in enumerate(leaves):
        path = inclusion_path(levels, index)
        assert root_by_path(leaf, index=index, size=size, path=path) == root
        assert root_by_path(bytes(32), index=index, size=size, path=path) != root
        assert root_by_path(leaf, index=index + 1, size=size, path=path) != root
        assert root_by_path(leaf, index=index, size=size, path=[*path, bytes(32)]) != root


@settings(derandomize=True, deadline=None)
@given(LINKS, st.binary(), st.binary(), st.binary(min_size=1))
def test_bytes_moved_from_envelope_to_body_change_the_hash(
    links: tuple[bytes, bytes], envelope: bytes, body: bytes, moved: bytes
) -> None:
    """Lengths are hashed, so no two different entries are the same bytes."""
    start = opening(bytes(16))
    one = entry_hash(start, links, envelope=envelope + moved, body=body)
    assert one != entry_hash(start, links, envelope=envelope, body=moved + body)


@settings(derandomize=True, deadline=None)
@given(ENVELOPES)
def test_an_envelope_is_read_as_it_was_written(envelope: Envelope) -> None:
    """And an event gives back the very bytes of its envelope."""
    text = msgspec.json.encode(envelope)
    assert msgspec.json.decode(text, type=Envelope) == envelope
    links = {"prev": b"", "prev_in_stream": b"", "hash": b""}
    event = msgspec.convert(msgspec.structs.asdict(envelope) | {"body": b"{}"} | links, Event)
    assert event.envelope == text


@settings(derandomize=True, deadline=None, max_examples=30)
@given(NUMBERS, WORDS, st.integers(0, 63))
def test_a_head_is_read_as_it_was_signed_and_no_byte_of_it_may_change(seq: int, words: str, position: int) -> None:
    """Body and signature are both covered."""
    said = HeadBody(ledger=words, number=1, since=1, seq=seq, hash="", root="", at=0, key="", prev="")
    head = sign(msgspec.structs.replace(said, key=public_key(KEY).hex()), KEY)
    assert parse(head.body, head.signature) == head
    assert is_signed(head)
    signature = bytearray(head.signature)
    signature[position] ^= 1
    assert not is_signed(msgspec.structs.replace(head, signature=bytes(signature)))
    assert not is_signed(msgspec.structs.replace(head, body=head.body + b" "))


def test_a_path_that_fits_no_tree_of_its_size_leads_nowhere() -> None:
    """Too long, too short, in front of the first leaf, behind the last: zeros, which no head says."""
    leaves = [sha256(bytes([n])).digest() for n in range(5)]
    levels = merkle_levels(leaves)
    path = inclusion_path(levels, 2)
    for index, size, wrong in ((2, 5, path[:-1]), (2, 5, [*path, path[0]]), (-1, 5, path), (5, 5, path), (0, 1, path)):
        assert root_by_path(leaves[2], index=index, size=size, path=wrong) == bytes(32)
    assert root_by_path(leaves[0], index=0, size=1, path=[]) == leaves[0]
    assert root_by_path(leaves[0], index=1, size=1, path=[]) == bytes(32)


def test_an_event_is_hashed_as_the_format_says() -> None:
    """A tag, the ledger, both links, and both parts with their lengths; so an independent program gets the same."""
    links = (bytes([1]) * 32, bytes([2]) * 32)
    start = b"\0cellwright/event/1" + bytes(range(16))
    assert opening(bytes(range(16))) == start
    whole = start + links[0] + links[1] + b"\0\0\0\2{}" + b"\0\0\0\3abc"
    assert entry_hash(start, links, envelope=b"{}", body=b"abc") == sha256(whole).digest()

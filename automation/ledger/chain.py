"""Hashes of the chain and RFC 9162 Merkle trees over them; pure.

Source: docs/ledger-format.md; RFC 9162 sections 2.1.1 (tree hash), 2.1.3 (inclusion proofs).
"""

from collections.abc import Sequence
from hashlib import sha256
from struct import Struct

_EVENT_TAG = b"cellwright/event/1"
_four_bytes = Struct(">I").pack


def opening(ledger: bytes) -> bytes:
    """Give the bytes that every hashed entry of the ledger with this id (16 bytes) begins with."""
    return b"\0" + _EVENT_TAG + ledger


def length(data: bytes) -> bytes:
    """Give the length prefix of ``data``: four bytes, big-endian."""
    return _four_bytes(len(data))


def entry_hash(start: bytes, before: tuple[bytes, bytes], *, envelope: bytes, body: bytes) -> bytes:
    """Give the hash of one event; ``start`` is the ledger's opening, ``before`` (prev, prev_in_stream)."""
    prev, prev_in_stream = before
    parts = (start, prev, prev_in_stream, _four_bytes(len(envelope)), envelope, _four_bytes(len(body)), body)
    return sha256(b"".join(parts)).digest()


def _level_above(nodes: Sequence[bytes]) -> list[bytes]:
    pairs = zip(nodes[::2], nodes[1::2], strict=False)
    above = [sha256(b"\1" + left + right).digest() for left, right in pairs]
    if len(nodes) % 2:
        above.append(nodes[-1])
    return above


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Give the Merkle tree hash over leaf hashes (at least one)."""
    nodes = leaves
    while len(nodes) > 1:
        nodes = _level_above(nodes)
    return nodes[0]


def merkle_levels(leaves: Sequence[bytes]) -> list[Sequence[bytes]]:
    """Give all levels of the tree, leaves first, root last."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        levels.append(_level_above(levels[-1]))
    return levels


def inclusion_path(levels: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """Give the siblings from leaf ``index`` (0..) up to the root of a tree given by its levels."""
    path = []
    for nodes in levels[:-1]:
        if (sibling := index ^ 1) < len(nodes):
            path.append(nodes[sibling])
        index >>= 1
    return path


def root_by_path(leaf: bytes, *, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Give the root that ``path`` leads to; zeros when the path does not fit a tree of ``size`` leaves."""
    node, position, last = leaf, index, size - 1
    for sibling in path:
        if last == 0:
            return bytes(32)
        if position % 2 or position == last:
            node = sha256(b"\1" + sibling + node).digest()
            while position % 2 == 0 and position:
                position, last = position >> 1, last >> 1
        else:
            node = sha256(b"\1" + node + sibling).digest()
        position, last = position >> 1, last >> 1
    return node if last == 0 and 0 <= index < size else bytes(32)

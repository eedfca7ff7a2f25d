"""Process data of a step, read back from its sealed chunks and checked against the digest that the ledger cites.

Units: times in us (UTC), values in the unit of the channel.
       A chunk that is missing or was changed is shown as a gap with its reason.
"""

import struct
import zlib
from collections.abc import Iterable
from typing import Protocol

from automation.engine.trends import digest, unpack
from automation.kernel.errors import DamagedError, InputError
from automation.ledger.event import Event
from automation.views import record, shapes

_KPA = "_kpa"  # a channel of pressure names its unit
_BARE = frozenset({"", "1"})  # what a bare number has for a unit


class Files(Protocol):
    """Where the sealed values are kept."""

    def get(self, name: str) -> bytes:
        """Give the bytes of a file; raises InputError or DamagedError."""
        ...


def trends(events: Iterable[Event], files: Files) -> tuple[record.Trend, ...]:
    """Give every channel of a step, in the order of names."""
    chunks: dict[str, list[tuple[Event, shapes.Chunk]]] = {}
    for event in events:
        if event.kind == "data":
            said = event.read(shapes.Chunk)
            chunks.setdefault(said.channel, []).append((event, said))
    return tuple(_trend(channel, chunks[channel], files) for channel in sorted(chunks))


def _trend(channel: str, chunks: list[tuple[Event, shapes.Chunk]], files: Files) -> record.Trend:
    times: list[int] = []
    values: list[float | None] = []
    kept: list[record.Chunk] = []
    for event, said in chunks:
        some, problem = _read(said, files)
        if problem:
            some = [said.first, said.last], [None, None]
        times += some[0]
        values += some[1]
        kept.append(record.Chunk(event.seq, said.first, said.last, said.count, said.digest, problem))
    unit = next((said.unit for _, said in chunks if said.unit), "")
    unit = "kPa" if unit in _BARE and channel.endswith(_KPA) else unit
    return record.Trend(channel, unit, tuple(times), tuple(values), tuple(kept))


def _read(said: shapes.Chunk, files: Files) -> tuple[tuple[list[int], list[float | None]], str]:
    """Give the arrays of a chunk, or why they can't be trusted."""
    try:
        some = unpack(files.get(said.blob))
    except (DamagedError, InputError, zlib.error, struct.error):
        return ([], []), f"the file {said.blob} is missing or was changed"
    if digest(*some) != said.digest:
        return ([], []), f"the values of {said.blob} are not those that the ledger cites"
    return some, ""

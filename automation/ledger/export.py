"""Export of some streams as a record that verifies without the ledger."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby

from automation.kernel.errors import InputError, RefusedError
from automation.ledger.chain import inclusion_path, merkle_levels
from automation.ledger.event import Event
from automation.ledger.head import Head
from automation.ledger.read import Reader
from automation.ledger.record import HeadLine, Proven, Record, encode
from automation.ledger.store import Ledger


def export(source: Ledger | Reader, prefixes: Sequence[str]) -> bytes:
    """Give the record of all events under the prefixes (see ``read.matches``), and the genesis, as a file's bytes.

    An owner with its key seals first. Raises RefusedError when an event is not yet under a signed head, InputError
    when a prefix has no events.
    """
    reader = _sealed(source)
    events = _wanted(reader, prefixes)
    heads = reader.heads()
    ends = [head.said.seq for head in heads]
    if not ends or events[-1].seq > ends[-1]:
        raise RefusedError(f"event {events[-1].seq} is not yet under a signed head: seal the ledger first")
    used: list[Head] = []
    proven: list[Proven] = []
    for number, some in groupby(events, key=lambda event: bisect_left(ends, event.seq)):
        head = heads[number]
        proven += _proofs(reader, head, some, index=len(used))
        used.append(head)
    return encode(
        Record(
            ledger=reader.genesis.ledger,
            prefixes=tuple(prefixes),
            heads=tuple(HeadLine(head.body.decode(), head.signature.hex()) for head in used),
            events=tuple(proven),
        )
    )


def _sealed(source: Ledger | Reader) -> Reader:
    if isinstance(source, Reader):
        return source
    if source.has_key:
        source.seal()
    source.flush()
    return source.reader


def _wanted(reader: Reader, prefixes: Sequence[str]) -> list[Event]:
    found = {1: next(reader.events())}
    for prefix in prefixes:
        under = {event.seq: event for event in reader.events(prefix=prefix)}
        if not under:
            raise InputError(f"prefix is {prefix!r}; no stream of this ledger lies under it", where=str(reader.file))
        found |= under
    if not all(prefixes) or not prefixes:
        raise InputError("an export names the streams that it takes, for example batch/B1", where=str(reader.file))
    return [found[seq] for seq in sorted(found)]


def _proofs(reader: Reader, head: Head, events: Iterator[Event], *, index: int) -> Iterator[Proven]:
    levels = merkle_levels(reader.hashes(head.said.since, head.said.seq))
    for event in events:
        yield Proven(
            envelope=event.envelope.decode(),
            body=event.body.decode(),
            prev=event.prev.hex(),
            prev_in_stream=event.prev_in_stream.hex(),
            head=index,
            path=tuple(node.hex() for node in inclusion_path(levels, event.seq - head.said.since)),
        )

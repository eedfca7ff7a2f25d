"""Checks the readable part of a batch record against the events beside it, by drawing it anew from them.

The proof shows that the events are those that were signed; this shows that what people read is what the events say.
It can't see streams that were left out of both.
"""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import msgspec

from automation.engine.trends import pack
from automation.kernel.errors import CellwrightError, DamagedError
from automation.ledger.chain import entry_hash, opening
from automation.ledger.event import Envelope, Event, Genesis
from automation.ledger.read import matches
from automation.ledger.record import Proven, Record
from automation.views import record, shapes
from automation.views.batch_record import draw
from automation.views.labels import ENCODING
from automation.views.story import Story


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """A batch record as written by ``cellwright record --format json``."""

    record: msgspec.Raw
    proof: msgspec.Raw


class Exported:
    """The events of an exported record, read as from a ledger; whether they are genuine is for ``verify`` to say."""

    def __init__(self, proof: Record) -> None:
        """Read every event; raises msgspec.DecodeError for what is none."""
        self._events = [_event(opening(bytes.fromhex(proof.ledger)), proven) for proven in proof.events]
        self.genesis = self._events[0].read(Genesis)

    def stream(self, name: str) -> list[Event]:
        """Give the events of one stream, in order."""
        return [event for event in self._events if event.stream == name]

    def events(self, *, prefix: str) -> Iterator[Event]:
        """Give the events whose streams lie under a prefix, in order."""
        return (event for event in self._events if matches(event.stream, prefix))


class Shown:
    """Process data, recipe and specimens as the record shows them, by the names of the files that they came from."""

    def __init__(self, said: record.BatchRecord, source: Exported) -> None:
        """Cut each trend into the chunks that it was sealed in; take recipe and specimens as they stand."""
        streams = (f"batch/{said.header.batch}/step/{step.id}" for step in said.steps)
        told = (event for stream in streams for event in source.stream(stream) if event.kind == "data")
        names = {event.seq: event.read(shapes.Chunk).blob for event in told}
        recipes = (one.text.encode() for one in (said.master, *(amended.recipe for amended in said.amendments)))
        specimens = (one.data.encode(ENCODING, "replace") for one in said.labels.specimens)
        self._files = {sha256(data).hexdigest(): data for data in (*recipes, *specimens)}
        for trend in (trend for step in said.steps for trend in step.trends):
            start = 0
            for chunk in trend.chunks:
                end = start + (2 if chunk.problem else chunk.count)  # one that is not shown stands as its two ends
                times, values = list(trend.times[start:end]), list(trend.values[start:end])
                if not chunk.problem and chunk.event in names:
                    self._files[names[chunk.event]] = pack(times, values)
                start = end

    def get(self, name: str) -> bytes:
        """Give a file; raises DamagedError for one that the record does not show."""
        if name not in self._files:
            raise DamagedError(f"the record does not show the file {name}")
        return self._files[name]


def difference(path: Path) -> str:
    """Say what in a batch record file is not what its events say; empty when all is, and for a bare export."""
    data = path.read_bytes()
    if not data.startswith(b'{"record":'):
        return ""
    try:
        file = msgspec.json.decode(data, type=_File)
        said = msgspec.json.decode(file.record, type=record.BatchRecord)
        source = Exported(msgspec.json.decode(file.proof, type=Record))
    except (ValueError, IndexError) as error:
        return f"it can't be read as a record ({error})"
    if b'{"record":%b,"proof":%b}' % (bytes(file.record), bytes(file.proof)) != data:
        return "the file holds more than a record and its proof"
    try:
        fresh = _drawn(said, source)
    except CellwrightError as error:
        return f"the record can't be drawn from its events ({error})"
    for name in record.BatchRecord.__dataclass_fields__:
        if msgspec.json.encode(getattr(fresh, name)) != msgspec.json.encode(getattr(said, name)):
            return f"its part {name!r} is not what the events say"
    return "" if msgspec.json.encode(fresh) == bytes(file.record) else "it is not written as the events say"


def _drawn(said: record.BatchRecord, source: Exported) -> record.BatchRecord:
    """Draw the record anew; when it was drawn and what vouches for it are the file's own words."""
    story = Story(source, said.header.batch)
    fresh = draw(story, Shown(said, source), as_of=said.as_of, drawn=0, proof=said.proof)
    return replace(fresh, drawn=said.drawn)


def _event(start: bytes, proven: Proven) -> Event:
    said = msgspec.json.decode(proven.envelope, type=Envelope)
    links = bytes.fromhex(proven.prev), bytes.fromhex(proven.prev_in_stream)
    digest = entry_hash(start, links, envelope=proven.envelope.encode(), body=proven.body.encode())
    rest = {"body": proven.body.encode(), "prev": links[0], "prev_in_stream": links[1], "hash": digest}
    return msgspec.convert({**msgspec.structs.asdict(said), **rest}, Event)

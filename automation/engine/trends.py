"""Process data of a step: sampled readings, kept beside the ledger and cited by the digest of their values.

Units:  times in us (UTC); values in the unit of the channel. A gap is ``None``, never a number.
A chunk is sealed by count or at the step's end; its event cites the SHA-256 of the decoded arrays, so that
another encoding of the same values can be proved equal. What is not sealed yet stands in ``recent.log``.
"""

import hashlib
import math
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from automation.engine.recorder import Recorder
from automation.kernel.clock import MICRO
from automation.kernel.lines import open_lines
from automation.kernel.quantity import Instant
from automation.ledger.blobs import Blobs
from automation.ledger.event import Event

CHUNK = 600  # samples of one channel


class Sealed(msgspec.Struct, frozen=True):
    """A chunk of one channel; times in us (UTC)."""

    channel: str
    first: int
    last: int
    count: int
    digest: str  # SHA-256 of the decoded arrays
    blob: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """One channel over time: s (UTC) and values; None where there was no reading."""

    channel: str
    times: tuple[Instant, ...]
    values: tuple[float | None, ...]


@dataclass(slots=True)
class _Open:
    times: list[int] = field(default_factory=list)
    values: list[float | None] = field(default_factory=list)
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one channel, or a gap; ``at`` in us (UTC)."""

    channel: str
    at: int
    value: float | None
    unit: str


class Recent:
    """The file of samples that no chunk holds yet; one line each, for all steps of a site."""

    def __init__(self, path: Path, *, every: bool) -> None:
        """Open for appending; ``every`` writes each line at once, else in groups."""
        self.path = path
        self._file = open_lines(path)
        self._every = every
        self._lines: list[str] = []

    def add(self, stream: str, sample: "Sample") -> None:
        """Note one sample of a stream."""
        value = "" if sample.value is None else repr(sample.value)
        self._lines.append(f"{stream}\t{sample.channel}\t{sample.at}\t{value}\t{sample.unit}\n")
        if self._every:
            self.flush()

    def flush(self) -> None:
        """Write what is pending."""
        if self._lines:
            os.write(self._file, "".join(self._lines).encode())
            self._lines.clear()

    def read(self, stream: str) -> list["Sample"]:
        """Give the samples of a stream."""
        self.flush()
        lines = (line.split("\t") for line in self.path.read_text(encoding="utf-8").split("\n"))
        return [
            Sample(parts[1], int(parts[2]), float(parts[3]) if parts[3] else None, parts[4])
            for parts in lines
            if parts[0] == stream
        ]

    def clear(self) -> None:
        """Forget every sample: what was here is sealed and durable elsewhere."""
        self._lines.clear()
        os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Write what is pending and close."""
        self.flush()
        os.close(self._file)


class Trends:
    """The channels of one step."""

    def __init__(self, recorder: Recorder, blobs: Blobs, recent: Recent) -> None:
        """Take up what an earlier process left unsealed."""
        self._recorder = recorder
        self._blobs = blobs
        self._recent = recent
        self._open: dict[str, _Open] = {}
        self._sealed: list[Sealed] = []

    def restore(self, events: list[Event]) -> None:
        """Take in the step's recorded chunks and the samples after them."""
        self._sealed = [event.read(Sealed) for event in events if event.kind == "data"]
        ends: dict[str, int] = {}
        for chunk in self._sealed:
            ends[chunk.channel] = max(ends.get(chunk.channel, 0), chunk.last)
        for sample in self._recent.read(self._recorder.stream):
            if sample.at > ends.get(sample.channel, 0):
                chunk_open = self._open.setdefault(sample.channel, _Open())
                chunk_open.times.append(sample.at)
                chunk_open.values.append(sample.value)
                chunk_open.unit = sample.unit

    def add(self, values: Mapping[str, float | None], units: Mapping[str, str]) -> None:
        """Take in one look at several channels, now; a second look in the same microsecond is the same look."""
        at = self._recorder.clock.micros()
        for channel, value in values.items():
            chunk = self._open.get(channel)
            if chunk is None:
                chunk = self._open[channel] = _Open()
            chunk.unit = units.get(channel, chunk.unit)
            if chunk.times and chunk.times[-1] >= at:
                continue
            chunk.times.append(at)
            chunk.values.append(value)
            self._recent.add(self._recorder.stream, Sample(channel, at, value, chunk.unit))
            if len(chunk.times) >= CHUNK:
                self._seal(channel)

    def seal(self) -> None:
        """Seal every open chunk; at the end of the step."""
        for channel in sorted(self._open):
            self._seal(channel)

    def curve(self, channel: str) -> Curve:
        """Give all samples of a channel in this step."""
        times: list[int] = []
        values: list[float | None] = []
        for chunk in self._sealed:
            if chunk.channel == channel:
                some = unpack(self._blobs.get(chunk.blob))
                times += some[0]
                values += some[1]
        rest = self._open.get(channel, _Open())
        moments = tuple(Instant(at / MICRO) for at in [*times, *rest.times])
        return Curve(channel, moments, (*values, *rest.values))

    @property
    def pending(self) -> int:
        """Tell how many samples no chunk holds yet."""
        return sum(len(chunk.times) for chunk in self._open.values())

    def open(self, channel: str) -> Curve:
        """Give the samples of a channel that no chunk holds yet."""
        rest = self._open.get(channel, _Open())
        return Curve(channel, tuple(Instant(at / MICRO) for at in rest.times), tuple(rest.values))

    def last(self, channel: str) -> Instant:
        """Give when a channel was last looked at; the beginning of time when it never was."""
        rest = self._open.get(channel, _Open())
        sealed = [chunk.last for chunk in self._sealed if chunk.channel == channel]
        return Instant(max([*rest.times[-1:], *sealed[-1:]], default=0) / MICRO)

    def channels(self) -> tuple[str, ...]:
        """Give the names of all channels of this step."""
        return tuple(sorted({*self._open, *(chunk.channel for chunk in self._sealed)}))

    def _seal(self, channel: str) -> None:
        chunk = self._open.pop(channel)
        if not chunk.times:
            return
        blob = self._blobs.put(pack(chunk.times, chunk.values))
        arrays = digest(chunk.times, chunk.values)
        sealed = Sealed(channel, chunk.times[0], chunk.times[-1], len(chunk.times), arrays, blob, chunk.unit)
        self._recorder.write("data", sealed)
        self._sealed.append(sealed)


def digest(times: list[int], values: list[float | None]) -> str:
    """Give the SHA-256 of the canonical arrays: count, int64 us, float64 (a quiet NaN for a gap), big-endian."""
    return hashlib.sha256(_arrays(times, values)).hexdigest()


def pack(times: list[int], values: list[float | None]) -> bytes:
    """Encode arrays for keeping."""
    return zlib.compress(_arrays(times, values), 6)


def unpack(data: bytes) -> tuple[list[int], list[float | None]]:
    """Decode what ``pack`` made."""
    raw = zlib.decompress(data)
    (count,) = struct.unpack_from(">Q", raw)
    times = list(struct.unpack_from(f">{count}q", raw, 8))
    values = struct.unpack_from(f">{count}d", raw, 8 + 8 * count)
    return times, [None if math.isnan(value) else value for value in values]


def _arrays(times: list[int], values: list[float | None]) -> bytes:
    numbers = (math.nan if value is None else value for value in values)
    return struct.pack(f">Q{len(times)}q{len(values)}d", len(times), *times, *numbers)

"""Process data of a step: sampled readings, kept beside the ledger and cited by the digest of their values.

Units:  times in us (UTC); values in the unit of the channel. A gap is ``None``, never a number.
A chunk is sealed by count or at the step's end; its event cites the SHA-256 of the decoded arrays, so that
another encoding of the same values can be proved equal. What is not sealed yet stands in ``recent.log``: a killed
program loses nothing of it, a power cut at most the last second. That nobody looked meanwhile is an event (``gap``).
"""

import asyncio
import errno
import hashlib
import math
import os
import struct
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from automation.engine.recorder import Recorder
from automation.kernel.clock import MICRO
from automation.kernel.errors import DamagedError, FailedError, InputError
from automation.kernel.lines import open_lines
from automation.kernel.quantity import Instant, Seconds, finite
from automation.ledger.blobs import Blobs
from automation.ledger.event import Event

CHUNK = 600  # samples of one channel
OPEN = Seconds(1.0)  # s; so much of what was looked at a power cut may cost
LARGEST = 4 << 20  # bytes of recent.log; beyond, what chunks hold by now is dropped
LATE = 2.5  # intervals without a look that count as nobody watching, as of a store


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

    def __init__(self, path: Path, *, every: bool, lasting: bool = False) -> None:
        """Open for appending; ``every`` writes each line at once, else in groups.

        ``lasting`` brings what is written to the disk within ``OPEN``, which is the most that a power cut can cost.
        """
        self.path = path
        self._file = open_lines(path)
        self._size = os.fstat(self._file).st_size
        self._every = every
        self._lasting = lasting
        self._timer: asyncio.TimerHandle | None = None
        self._failure: FailedError | None = None
        self._room = LARGEST
        self._lines: list[str] = []

    def add(self, stream: str, sample: "Sample") -> None:
        """Note one sample of a stream; raises FailedError when the disk refuses."""
        value = "" if sample.value is None else repr(sample.value)
        self._lines.append(f"{stream}\t{sample.channel}\t{sample.at}\t{value}\t{sample.unit}\n")
        if self._every:
            self.flush()

    def flush(self) -> None:
        """Write what is pending; raises FailedError when the disk refuses, and keeps it for the next time."""
        if self._failure is not None:
            raise self._failure
        if not self._lines:
            return
        text = "".join(self._lines).encode()
        try:
            if os.write(self._file, text) < len(text):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            os.ftruncate(self._file, self._size)  # half a line would spoil the next one
            raise self._failed(error) from error
        self._size += len(text)
        self._lines.clear()
        if self._lasting and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(float(OPEN), self._sync)

    def read(self, stream: str) -> list["Sample"]:
        """Give the samples of a stream; raises DamagedError for a line of it that can't be read."""
        self.flush()
        found: list[Sample] = []
        begins = stream.encode() + b"\t"
        for number, line in enumerate(self.path.read_bytes().split(b"\n")[:-1], 1):
            if line.startswith(begins):
                try:
                    _, channel, at, value, unit = line.decode().split("\t")
                    found.append(Sample(channel, int(at), finite(float(value)) if value else None, unit))
                except (ValueError, InputError) as error:
                    what = f"this reading can't be read ({error}); take the line out and go on: a gap is marked"
                    raise DamagedError(what, where=f"{self.path}:{number}") from error
        return found

    def settle(self, sealed: Callable[[str], Mapping[str, int]]) -> None:
        """Drop what chunks hold, once the file is large.

        ``sealed`` gives for a stream how far (us) each of its channels is sealed, durably.
        """
        if self._size < self._room:
            return
        self.flush()
        ends: dict[str, Mapping[str, int]] = {}
        left: list[bytes] = []
        for line in self.path.read_bytes().splitlines(keepends=True):
            stream, channel, at = line.decode().split("\t")[:3]
            if stream not in ends:
                ends[stream] = sealed(stream)
            if int(at) > ends[stream].get(channel, 0):
                left.append(line)
        self._replace(b"".join(left))
        self._room = LARGEST + 2 * self._size

    def _replace(self, text: bytes) -> None:
        """Put a shorter file in the place of this one; raises FailedError when the disk refuses."""
        aside = self.path.with_suffix(".new")
        try:
            with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                out.write(text)
                out.flush()
                if self._lasting:
                    os.fsync(out.fileno())
            aside.replace(self.path)
        except OSError as error:
            raise self._failed(error) from error
        os.close(self._file)
        self._file = open_lines(self.path)
        self._size = len(text)

    def clear(self) -> None:
        """Forget every sample: what was here is sealed and durable elsewhere."""
        self._lines.clear()
        os.ftruncate(self._file, 0)
        self._size = 0

    def close(self) -> None:
        """Write what is pending and close."""
        try:
            self.flush()
        finally:
            if self._timer is not None:
                self._timer.cancel()
                self._sync()
            os.close(self._file)

    def _sync(self) -> None:
        """Bring what is written to the disk; after a failure nothing more is taken until the site is opened anew."""
        self._timer = None
        try:
            os.fdatasync(self._file)
        except OSError as error:
            self._failure = self._failed(error)

    def _failed(self, error: OSError) -> FailedError:
        return FailedError(f"readings can't be kept in {self.path} ({error.strerror})")


class Trends:
    """The channels of one step."""

    def __init__(self, recorder: Recorder, blobs: Blobs, recent: Recent) -> None:
        """Take up what an earlier process left unsealed."""
        self._recorder = recorder
        self._blobs = blobs
        self._recent = recent
        self._open: dict[str, _Open] = {}
        self._sealed: list[Sealed] = []
        self._cut_off: dict[str, int] = {}  # last look (us) of an earlier process, of each channel

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
                ends[sample.channel] = sample.at
        self._cut_off = ends

    def go_on(self) -> None:
        """What an earlier process had looked at is over: nothing of it was missed."""
        self._cut_off = {}

    def missed(self, assets: Collection[str], *, before: Instant, every: Seconds) -> Instant | None:
        """Give since when nobody looked at these assets, when a look was missed before the next one, ``before``.

        ``every`` (s) is how often it is looked. Asked once; None when nothing was missed.
        """
        looks = [last for channel, last in self._cut_off.items() if channel.partition(".")[0] in assets]
        self._cut_off = {}
        since = Instant(max(looks, default=0) / MICRO)
        return since if looks and float(before - since) > LATE * float(every) else None

    def add(self, values: Mapping[str, float | None], units: Mapping[str, str]) -> None:
        """Take in one look at several channels, now; a second look in the same microsecond is the same look."""
        at = self._recorder.clock.micros()
        for channel, value in values.items():
            self._take(channel, at, value, unit=units.get(channel, ""))

    def _take(self, channel: str, at: int, value: float | None, *, unit: str = "") -> None:
        chunk = self._open.get(channel)
        if chunk is None:
            chunk = self._open[channel] = _Open()
        chunk.unit = unit or chunk.unit
        if chunk.times and chunk.times[-1] >= at:
            return
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
        self._recent.settle(self._ends)

    def _ends(self, stream: str) -> dict[str, int]:
        """Give how far each channel of a stream is sealed, after that is durable."""
        self._recorder.ledger.flush()
        chunks = (event.read(Sealed) for event in self._recorder.ledger.stream(stream) if event.kind == "data")
        return {chunk.channel: chunk.last for chunk in chunks}


def digest(times: list[int], values: list[float | None]) -> str:
    """Give the SHA-256 of the canonical arrays: count, int64 us, float64 (a quiet NaN for a gap), big-endian."""
    return hashlib.sha256(_arrays(times, values)).hexdigest()


def pack(times: list[int], values: list[float | None]) -> bytes:
    """Encode arrays for keeping."""
    return zlib.compress(_arrays(times, values), 6)


def unpack(data: bytes) -> tuple[list[int], list[float | None]]:
    """Decode what ``pack`` made; raises DamagedError for anything else."""
    try:
        raw = zlib.decompressobj().decompress(data, LARGEST)
        (count,) = struct.unpack_from(">Q", raw)
        if len(raw) != 8 + 16 * count:
            raise ValueError(f"{len(raw)} bytes for {count} readings")
        numbers = struct.unpack(f">{count}q{count}d", raw[8:])
    except (zlib.error, struct.error, ValueError) as error:
        raise DamagedError(f"kept readings can't be read ({error})") from error
    return list(numbers[:count]), [None if math.isnan(value) else value for value in numbers[count:]]


def _arrays(times: list[int], values: list[float | None]) -> bytes:
    numbers = (math.nan if value is None else value for value in values)
    return struct.pack(f">Q{len(times)}q{len(values)}d", len(times), *times, *numbers)

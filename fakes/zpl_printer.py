"""Fake label printer that understands ZPL: what comes out of it lies there until a hand takes it.

Physics: a label takes ``EACH`` s from its start; paper and ribbon are counted in labels. A fault stops the label that
         is being printed, and it is begun anew afterwards, as printers do that reprint after an error; a pause lets
         it come out first. Formats wait in the buffer meanwhile, and a power cut forgets them.
Units:   s, labels. Asked, never stepped.
Source:  ZPL II Programming Guide (see the wire modules of the driver); times and sizes are assumed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant, Seconds
from fakes.freezer import flag, number, text
from fakes.world import World
from instruments.drivers.zpl_printer.wire import status as wire
from instruments.drivers.zpl_printer.wire import symbol, zpl
from instruments.interfaces.label_printer import PrinterStatus

EACH = Seconds(1.2)  # s for one label
BOOT = Seconds(10.0)  # s from power on until it takes notice
BUFFER = 20  # formats; then it is full
PAPER, RIBBON = 500, 900  # labels on a new roll
LENGTH = 400  # dots
START, STOP = zpl.START.encode(), zpl.STOP.encode()
QUERIES = (wire.HOST_STATUS.strip(), wire.HOST_IDENTIFICATION.strip())


@dataclass(frozen=True, slots=True)
class PrintedLabel:
    """One label as it came out: its number, what its symbol says to a scanner, its lines and the bytes it came from."""

    id: str
    code: str
    lines: tuple[str, ...]
    data: bytes


@dataclass(slots=True)
class _Media:
    """What a person puts in and does to the printer."""

    paper: int = PAPER  # labels left
    ribbon: int = RIBBON  # labels left
    head_open: bool = False
    paused: bool = False
    jammed: bool = False

    @property
    def stopped(self) -> bool:
        """Tell whether a label can't be printed."""
        return self.head_open or self.jammed or self.paper <= 0 or self.ribbon <= 0


@dataclass(slots=True)
class _Job:
    data: bytes
    left: int  # labels


@dataclass(slots=True)
class _Buffer:
    """What was received and is not printed."""

    received: bytes = b""
    jobs: list[_Job] = field(default_factory=list)
    since: Instant | None = None  # when the label that is being printed was begun


class FakeZplPrinter:
    """What the printer does with its bytes and with what hands do to it; ``mute`` in a fault, as newer editions say."""

    def __init__(self, *, mute: bool = False, dots: int = 8) -> None:
        """Start switched on, with paper and ribbon, empty."""
        self.acts = {"print": 0}
        self.printed: list[PrintedLabel] = []  # lying there
        self.taken: list[PrintedLabel] = []
        self.identification = f"ZD421-203dpi,V84.20.18Z,{dots},8176KB"
        self._mute = mute
        self._on, self._awake = True, Instant(0.0)  # and from when on it takes notice
        self._media = _Media()
        self._buffer = _Buffer()

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Take bytes: queries are answered at once, formats are printed one after the other."""
        self._pass(now)
        if not self._on or now < self._awake:
            return b""
        self._buffer.received += data
        said = b""
        while (reply := self._step(now)) is not None:
            said += reply
        self._pass(now)
        return said

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a hand act; raises FailedError for another action, or a label that does not lie there.

        ``take`` the ``label`` of this number, or the first; ``head`` ``open`` or not; ``paper`` and ``ribbon`` with so
        many labels ``left``; ``pause`` ``on`` or off; ``jam`` and ``clear`` it; ``power`` ``on`` or off.
        """
        self._pass(now)
        media = self._media
        match action:
            case "take":
                self._take(text(details, "label", ""))
            case "head":
                media.head_open = flag(details, "open")
            case "paper":
                media.paper = int(number(details, "left"))
            case "ribbon":
                media.ribbon = int(number(details, "left"))
            case "pause":
                media.paused = flag(details, "on") if "on" in details else True
            case "jam" | "clear":
                media.jammed = action == "jam"
            case "power":
                self._on, self._buffer, self._awake = flag(details, "on"), _Buffer(), now + BOOT
            case _:
                msg = f"action is {action!r}; a printer knows take, head, paper, ribbon, pause, jam, clear and power"
                raise FailedError(msg)
        if media.stopped:
            self._buffer.since = None
        self._begin(now)

    def unasked(self, now: Instant) -> bytes:
        """Say nothing; labels come out."""
        self._pass(now)
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  a label takes its own time
        """Tell when the next label comes out, so that it lies there when somebody looks."""
        return None if self._buffer.since is None else self._buffer.since + EACH

    def at(self, now: Instant) -> PrinterStatus:
        """Give the state as its panel shows it."""
        self._pass(now)
        media, buffer = self._media, self._buffer
        return PrinterStatus(
            paper_out=media.paper <= 0 or media.jammed,
            ribbon_out=media.ribbon <= 0,
            head_open=media.head_open,
            paused=media.paused,
            buffer_full=len(buffer.jobs) >= BUFFER,
            waiting=max(0, len(buffer.jobs) - 1),
            left=buffer.jobs[0].left if buffer.jobs else 0,
            partial=START in buffer.received,
        )

    def _step(self, now: Instant) -> bytes | None:
        """Take the next word out of what was received; None when there is none that is complete.

        A query is answered as soon as it has arrived, also in the middle of a format.
        """
        buffer, data = self._buffer, self._buffer.received
        start = data.find(START)
        stop = data.find(STOP, start) if start >= 0 else -1
        query, word = min(((at, word) for word in QUERIES if (at := data.find(word)) >= 0), default=(-1, b""))
        if stop >= 0 and not 0 <= query < stop:
            buffer.received = data[stop + len(STOP) :]
            self._format(data[start : stop + len(STOP)], now)
            return b""
        if query >= 0:
            before = data[start:query] if 0 <= start < query else b""
            buffer.received = before + data[query + len(word) :].removeprefix(b"\r\n")
            return self._tell(word, now)
        buffer.received = data[start:] if start >= 0 else data[-2:]
        return None

    def _tell(self, word: bytes, now: Instant) -> bytes:
        shown = self.at(now)
        if word == QUERIES[1]:
            return wire.write(self.identification)
        if self._mute and (shown.paper_out or shown.ribbon_out or shown.head_open):
            return b""
        return wire.written(shown, length=LENGTH)

    def _format(self, data: bytes, now: Instant) -> None:
        """Put a format into the buffer; a full one takes no more."""
        if len(self._buffer.jobs) < BUFFER:
            copies = zpl.read(data.decode("latin-1")).copies
            self._buffer.jobs.append(_Job(data, max(1, copies)))
            self._begin(now)

    def _begin(self, now: Instant) -> None:
        """Begin the next label, when there is one and nothing is in the way."""
        buffer, media = self._buffer, self._media
        if self._on and buffer.since is None and buffer.jobs and not media.stopped and not media.paused:
            buffer.since = now

    def _pass(self, now: Instant) -> None:
        """Let the labels come out whose time has come, each at its own moment."""
        buffer = self._buffer
        while buffer.since is not None and buffer.since + EACH <= now:
            done, buffer.since = buffer.since + EACH, None
            self._come_out(buffer.jobs[0])
            self._begin(done)

    def _come_out(self, job: _Job) -> None:
        drawn = zpl.read(job.data.decode("latin-1"))
        codes = [code for picture in drawn.pictures for code in symbol.read(picture.dots)]
        lines = tuple(field.text for field in drawn.texts)
        self.printed.append(PrintedLabel(lines[-1] if lines else "", codes[0] if codes else "", lines, job.data))
        self.acts["print"] += 1
        self._media = replace(self._media, paper=self._media.paper - 1, ribbon=self._media.ribbon - 1)
        job.left -= 1
        if job.left <= 0:
            self._buffer.jobs.remove(job)

    def _take(self, label: str) -> None:
        """Take a label out of the printer."""
        found = next((item for item in self.printed if label in {"", item.id}), None)
        if found is None:
            there = ", ".join(item.id for item in self.printed)
            msg = f"label {label!r} does not lie there; there is {there or 'none'}"
            raise FailedError(msg)
        self.printed.remove(found)
        self.taken.append(found)


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeZplPrinter:  # noqa: ARG001  it has no part in the world
    """Make a printer; settings ``dots`` (per mm) and ``mute`` (yes: it does not answer in a fault)."""
    return FakeZplPrinter(mute=settings.get("mute", "no") == "yes", dots=int(settings.get("dots", "8")))

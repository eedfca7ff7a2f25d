"""Driver of a bar code scanner that sends its reads unasked over a serial line.

Wire:   one line per read (see ``wire``); 9600 8N1 unless the port says otherwise.
Units:  s.
Source: common behaviour of serial and USB-COM scanners; prefix, AIM identifier and terminator are scanner settings.
"""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping

from automation.kernel.quantity import Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.serial_scanner import wire
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.scanner import BadScan, OnBadScan, OnScan, Scan, Scanner
from instruments.transport import Link

DOUBLE = Seconds(0.5)  # s; the same read again within this is one read
JOIN = Seconds(0.3)  # s; pieces of one read follow each other within this
WAITING = 1000  # reads that wait to be taken; the oldest give way
FOREVER = Seconds(math.inf)


class SerialScanner:
    """A ``Scanner`` and a ``ScanSource``; read by ``next_scan`` or by ``listen``, never by both at once.

    LinkError: the scanner is lost; what was scanned meanwhile is lost with it.
    """

    def __init__(self, link: Link, *, name: str = "", prefix: str = "", identity: Identity | None = None) -> None:
        """Use a link; ``prefix`` is what the scanner puts before each read, ``identity`` what the site states of it."""
        self.links = (link,)
        self.name = name or link.name
        self.doubles = 0  # reads that were the same read again
        self.dropped = 0  # reads that nobody took in time
        self._stream = link.stream
        self._prefix = prefix
        self._identity = identity or Identity("", "serial scanner", "")
        self._lines = wire.Lines()
        self._ready: deque[Scan | BadScan] = deque()
        self._last = ("", -math.inf)  # text, and when (s of the loop)
        self._listeners: list[tuple[OnScan, OnBadScan | None]] = []

    async def identify(self) -> Identity:
        """Give what the site states; a scanner that only sends reads can't be asked."""
        return self._identity

    async def next_scan(self, *, within: Seconds) -> Scan | BadScan | None:
        """Wait for the next read; None when the time is over (s)."""
        clock = asyncio.get_running_loop().time
        end = clock() + float(within)
        while not self._ready:
            left = Seconds(end - clock())
            if await self._stream.arrived(within=min(left, JOIN) if self._lines.pending else left):
                self._take(clock())
            elif self._lines.pending:
                self._give_up()
            else:
                return None
        return self._ready.popleft()

    async def scans(self) -> AsyncIterator[Scan | BadScan]:
        """Give each read as it comes, without end."""
        while True:
            read = await self.next_scan(within=FOREVER)
            if read is not None:
                yield read

    def on_scan(self, good: OnScan, bad: OnBadScan | None = None) -> Callable[[], None]:
        """Call ``good`` at every read and ``bad`` at every refused one; gives the call that ends it."""
        listener = (good, bad)
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    async def listen(self) -> None:
        """Pass reads on to who subscribed, until cancelled; raises LinkError when the scanner is lost."""
        async for read in self.scans():
            for good, bad in tuple(self._listeners):
                if isinstance(read, Scan):
                    good(read)
                elif bad is not None:
                    bad(read)

    def _take(self, now: float) -> None:
        for line in self._lines.feed(self._stream.take()):
            self._read(line, now)
        while len(self._ready) > WAITING:
            self._ready.popleft()
            self.dropped += 1
        if len(self._lines.pending) > wire.LONGEST:
            self._give_up()

    def _read(self, line: bytes, now: float) -> None:
        read = wire.read(line, prefix=self._prefix)
        if isinstance(read, wire.Refused):
            self._ready.append(BadScan(read.hint, line, self.name))
            return
        text, seen = self._last
        again = text == read.text and now - seen <= float(DOUBLE)
        self._last = (read.text, now)
        if again:
            self.doubles += 1
        else:
            self._ready.append(Scan(read.text, read.symbology, self.name))

    def _give_up(self) -> None:
        """Refuse a read whose end did not come, so that it never joins the next one."""
        raw = self._lines.drop()
        self._ready.append(
            BadScan(f"only a part of the read arrived ({len(raw)} characters); scan again", raw, self.name)
        )


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> SerialScanner:  # noqa: ARG001  it only reads
    """Make the driver from the settings of a site."""
    stated = Identity(settings.get("maker", ""), settings.get("model", "serial scanner"), settings.get("serial", ""))
    return SerialScanner(link, prefix=settings.get("prefix", ""), identity=stated)


FACTORY = Factory(
    build=build,
    interface=Scanner,
    support=Support(
        kind=DriverKind.OBSERVED,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="ISO/IEC 15424 AIM identifiers; lines ended by CR or CR LF",
    ),
    transports=("memory", "pty", "serial", "tcp"),
    settings={
        "prefix": "text that the scanner puts before each read; a read without it is refused",
        "terminal": "the terminal at which its reads answer",
        "maker": "maker on the rating plate",
        "model": "model on the rating plate",
        "serial": "serial number on the rating plate",
    },
)

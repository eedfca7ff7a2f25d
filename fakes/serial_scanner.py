"""Fake bar code scanner: a person's hand pulls the trigger, the read comes out as bytes, unasked.

Physics: none; a read may come in pieces, twice, cut, or typed through a keyboard of another layout.
Units:   s.
Source:  see the wire module of the driver.
"""

from collections.abc import Mapping

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant, Seconds
from fakes.world import World
from instruments.drivers.serial_scanner import wire

PIECE = Seconds(0.02)  # s between the pieces of one read
AGAIN = Seconds(0.15)  # s from a read to the same read again, when the trigger is held


class FakeSerialScanner:
    """A scanner that sends ``[prefix][symbology]text`` and an end of line."""

    def __init__(self, seed: int = 1, *, prefix: str = "", end: bytes = b"\r\n") -> None:  # noqa: ARG002  no chance in it
        """Set prefix and end of line as the scanner's own settings."""
        self._prefix = prefix
        self._end = end
        self._queue: list[tuple[Instant, bytes]] = []

    def feed(self, data: bytes, now: Instant) -> bytes:  # noqa: ARG002  it takes no commands
        """Take no notice of what it is sent."""
        return b""

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a hand ``scan`` a ``text``; raises FailedError for another action.

        Details besides: ``symbology``, keyboard ``layout``, ``pieces``, ``times``, ``cut`` (bytes that are kept).
        """
        if action != "scan":
            msg = f"action is {action!r}; a scanner knows scan"
            raise FailedError(msg)
        line = self._line(details)
        pieces = int(str(details.get("pieces", 1)))
        size = -(-len(line) // pieces)
        for time in range(int(str(details.get("times", 1)))):
            for place in range(pieces):
                at = now + AGAIN * time + PIECE * place
                self._queue.append((at, line[place * size : (place + 1) * size]))
        self._queue.sort(key=lambda entry: entry[0])

    def unasked(self, now: Instant) -> bytes:
        """Give what has been read up to ``now`` and not yet been sent."""
        said = b"".join(data for at, data in self._queue if at <= now)
        self._queue = [entry for entry in self._queue if entry[0] > now]
        return said

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  what is late is due at once
        """Tell when the next bytes come out."""
        return self._queue[0][0] if self._queue else None

    def _line(self, details: dict[str, object]) -> bytes:
        text, layout = str(details["text"]), str(details.get("layout", ""))
        shown = wire.typed(text, layout) if layout else text
        line = wire.frame(shown, symbology=str(details.get("symbology", "")), prefix=self._prefix, end=self._end)
        return line[: int(str(details["cut"]))] if "cut" in details else line


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeSerialScanner:  # noqa: ARG001  it has no part in the world
    """Make a scanner."""
    return FakeSerialScanner()

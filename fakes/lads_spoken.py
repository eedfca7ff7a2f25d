"""A fake that is a LADS device by itself, spoken to by its own lines, whoever shows it to others.

Source: the lines are those of ``instruments.transport.nodes``.
"""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from automation.kernel.quantity import Instant
from fakes.lads import LadsDevice
from fakes.nodes import NodeRefusedError
from instruments.transport import nodes
from instruments.transport.nodes import Value


@runtime_checkable
class Speaks(Protocol):
    """A fake that is a LADS device by itself, or a face in front of one that is not."""

    @property
    def lads(self) -> LadsDevice:
        """Give its names, values and methods."""
        ...

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer lines of the node port."""
        ...

    def unasked(self, now: Instant) -> bytes:
        """Let it live up to now."""
        ...


class Spoken:
    """A LADS device whose every write and call goes the way of its lines, as a simulated driver's do."""

    def __init__(self, fake: Speaks) -> None:
        """Speak for a fake."""
        self._fake = fake
        self.words: Mapping[str, tuple[str, ...]] = {}

    @property
    def writable(self) -> frozenset[str]:
        """Name the nodes that may be written."""
        return self._fake.lads.writable

    @property
    def methods(self) -> frozenset[str]:
        """Name the methods."""
        return self._fake.lads.methods

    def bounds(self) -> Mapping[str, tuple[float, float]]:
        """Give the range of every target."""
        return self._fake.lads.bounds()

    def values(self, now: Instant) -> Mapping[str, Value | None]:
        """Give every node with what it holds now."""
        self._fake.unasked(now)
        return self._fake.lads.values(now)

    def write(self, name: str, value: Value, now: Instant) -> None:
        """Take a value; raises NodeRefusedError."""
        self._said(nodes.Request(1, write={name: value}), now)

    def call(self, name: str, args: tuple[Value | None, ...], now: Instant) -> tuple[Value | None, ...]:
        """Do a command; raises NodeRefusedError."""
        return self._said(nodes.Request(1, call=name, args=args), now).out

    def files(self, now: Instant) -> Mapping[str, tuple[bytes, Instant]]:
        """Give the files that stand in the device's folder."""
        return self._fake.lads.files(now)

    def _said(self, asked: nodes.Request, now: Instant) -> nodes.Reply:
        answer = self._fake.feed(nodes.line(asked), now)
        if not answer:
            raise NodeRefusedError("BadCommunicationError", "the device is silent")
        reply = nodes.reply(answer)
        if reply.error:
            raise NodeRefusedError(reply.error, reply.text)
        return reply

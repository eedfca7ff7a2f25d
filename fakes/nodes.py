"""What every fake behind a node port shares: named values, read and written by lines; files by folder words.

Source: ``instruments.transport.nodes`` and ``instruments.transport.folder``.
"""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from automation.kernel.clock import MICRO
from automation.kernel.errors import WireError
from automation.kernel.quantity import Instant
from instruments.transport import folder, nodes


class NodeRefusedError(Exception):
    """A device does not take a value: an OPC UA status word, and the reason."""

    def __init__(self, status: str, text: str) -> None:
        """Keep both."""
        super().__init__(f"{status}: {text}")
        self.status, self.text = status, text


@runtime_checkable
class Nodes(Protocol):
    """A device as named values."""

    @property
    def words(self) -> Mapping[str, tuple[str, ...]]:
        """Give the words of each node that is an enumeration, in their order."""
        ...

    @property
    def writable(self) -> frozenset[str]:
        """Name the nodes that may be written."""
        ...

    def values(self, now: Instant) -> Mapping[str, nodes.Value | None]:
        """Give every node with what it holds now; None where it has no good value."""
        ...

    def write(self, name: str, value: nodes.Value, now: Instant) -> None:
        """Take a value; raises NodeRefusedError, which changes nothing."""
        ...

    def files(self, now: Instant) -> Mapping[str, tuple[bytes, Instant]]:
        """Give the files that stand in the device's folder, with the time of their last change."""
        ...


@runtime_checkable
class Methods(Protocol):
    """A device that also has methods, and places below which others come to stand."""

    @property
    def methods(self) -> frozenset[str]:
        """Name the methods."""
        ...

    def call(self, name: str, args: tuple[nodes.Value | None, ...], now: Instant) -> tuple[nodes.Value | None, ...]:
        """Do it and give what it answers; raises NodeRefusedError, which changes nothing."""
        ...


class NodeFeed:
    """Turns bytes into reads and writes of a device, and files; an unfinished line is kept."""

    def __init__(self, device: Nodes) -> None:
        """Speak for a device."""
        self._device = device
        self._received = b""

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer every complete line; one that is not whole is not answered, as a server drops what it can't read."""
        *lines, self._received = (self._received + data).split(b"\n")
        return b"".join(self._answer(line + b"\n", now) for line in lines)

    def _answer(self, line: bytes, now: Instant) -> bytes:
        if line.startswith((folder.LIST, b"READ ")):
            files = self._device.files(now)
            listed = {name: folder.Entry(len(d), round(float(at) * MICRO)) for name, (d, at) in files.items()}
            return folder.answer(line, listed, lambda name: files[name][0])
        try:
            asked = nodes.request(line)
        except WireError:
            return b""
        if asked.call:
            return nodes.line(self._call(asked, now))
        if asked.browse:
            return nodes.line(self._browse(asked, now))
        return nodes.line(self._write(asked, now) if asked.write else self._read(asked, now))

    def _read(self, asked: nodes.Request, now: Instant) -> nodes.Reply:
        held = self._device.values(now)
        values = {name: value for name in asked.read if (value := held.get(name)) is not None}
        status = dict.fromkeys(asked.read, nodes.UNKNOWN)
        status |= {name: nodes.GOOD if name in values else nodes.FAILED for name in asked.read if name in held}
        return nodes.Reply(asked.id, values, status)

    def _call(self, asked: nodes.Request, now: Instant) -> nodes.Reply:
        device = self._device
        if not isinstance(device, Methods) or asked.call not in device.methods:
            return nodes.Reply(asked.id, error=nodes.UNKNOWN, name=asked.call)
        try:
            return nodes.Reply(asked.id, ok=True, out=device.call(asked.call, asked.args, now))
        except NodeRefusedError as refusal:
            return nodes.Reply(asked.id, error=refusal.status, name=asked.call, text=refusal.text)

    def _browse(self, asked: nodes.Request, now: Instant) -> nodes.Reply:
        """Name what stands below a place: the next part of every path that begins with it."""
        start, device = f"{asked.browse}/", self._device
        paths = (*device.values(now), *(device.methods if isinstance(device, Methods) else ()))
        below = (path.removeprefix(start).partition("/")[0] for path in paths if path.startswith(start))
        found = tuple(dict.fromkeys(below))
        if not found:
            return nodes.Reply(asked.id, error=nodes.UNKNOWN, name=asked.browse)
        return nodes.Reply(asked.id, ok=True, names=found)

    def _write(self, asked: nodes.Request, now: Instant) -> nodes.Reply:
        for name, value in asked.write.items():
            try:
                self._put(name, value, now)
            except NodeRefusedError as refusal:
                return nodes.Reply(asked.id, error=refusal.status, name=name, text=refusal.text)
        return nodes.Reply(asked.id, ok=True)

    def _put(self, name: str, value: nodes.Value, now: Instant) -> None:
        if name not in self._device.writable:
            known = name in self._device.values(now)
            raise NodeRefusedError("BadNotWritable" if known else nodes.UNKNOWN, "")
        self._device.write(name, value, now)

r"""The node port: named values and methods of a device as lines, so that they pass the same link as any reply.

Words (ours; nothing of it is on a real wire). One JSON object a line, then a space, the CRC-32 of the object's bytes
as 8 hex digits, and LF, so that a changed byte is never taken for a value:
``{"id":1,"read":["A","B"]}`` -> ``{"id":1,"values":{"A":1},"status":{"A":"Good","B":"BadNodeIdUnknown"}}``
``{"id":2,"write":{"A":7}}``  -> ``{"id":2,"ok":true}`` or ``{"id":2,"error":"BadOutOfRange","name":"A","text":"..."}``
``{"id":3,"call":"U/Start","args":["T",null]}`` -> ``{"id":3,"ok":true,"out":["R"]}`` or an error; null is an empty list
``{"id":4,"browse":"U/Set"}`` -> ``{"id":4,"ok":true,"names":["A","B"]}``: what stands below a place
A name with slashes is a path of BrowseNames below the Objects folder. A structure is told as the JSON text of its
fields by the server's names: enumerations as numbers, times without an offset as the server gives them. A string of
bytes is told, and given to a method, in base64.
A fake answers these lines itself; on a live site ``opcua`` performs them on an OPC UA server.
Source: status words are those of OPC UA part 4, annex A (Good, Bad...); the lines are of this project.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from automation.kernel.errors import FailedError, RefusedError, WireError
from automation.kernel.quantity import Seconds
from automation.kernel.untrusted import UNREADABLE
from instruments.transport.link import Link

GOOD = "Good"
UNKNOWN = "BadNodeIdUnknown"
FAILED = "BadSensorFailure"
ANSWER = Seconds(4.0)  # s; a server answers within milliseconds, its network may not

Value = bool | int | float | str
"""What a node can hold here."""


class Request(msgspec.Struct, omit_defaults=True):
    """One line to the device: names to read, values to write in this order, a method to call, or a place to browse."""

    id: int
    read: tuple[str, ...] = ()
    write: dict[str, Value] = {}
    call: str = ""
    args: tuple[Value | None, ...] = ()
    browse: str = ""


class Reply(msgspec.Struct, omit_defaults=True):
    """One line from the device; ``error`` is a status word, ``name`` the node that was refused."""

    id: int
    values: dict[str, Value] = {}
    status: dict[str, str] = {}
    ok: bool = False
    out: tuple[Value | None, ...] = ()
    names: tuple[str, ...] = ()
    error: str = ""
    name: str = ""
    text: str = ""


_Message = TypeVar("_Message", Request, Reply)


def line(message: Request | Reply) -> bytes:
    """Write a message as one line."""
    body = msgspec.json.encode(message)
    return body + f" {zlib.crc32(body):08x}\n".encode()


def request(data: bytes) -> Request:
    """Read one line to the device; raises WireError when it is not whole."""
    return _read(data, Request)


def reply(data: bytes) -> Reply:
    """Read one line from the device; raises WireError when it is not whole."""
    return _read(data, Reply)


def complete(data: bytes) -> int:
    """Tell the length of the complete line that the bytes begin with; 0 while it is not complete."""
    return data.find(b"\n") + 1


def _read(data: bytes, kind: type[_Message]) -> _Message:
    body, _, crc = data.removesuffix(b"\n").rpartition(b" ")
    if crc != f"{zlib.crc32(body):08x}".encode():
        msg = f"a node port said {data[:80]!r}, which does not fit its check sum"
        raise WireError(msg)
    try:
        return msgspec.json.decode(body, type=kind)
    except UNREADABLE as wrong:
        msg = f"a node port said {data[:80]!r}: {wrong}"
        raise WireError(msg) from None


@dataclass(frozen=True, slots=True)
class Read:
    """What nodes held, and the status of each that was asked for."""

    values: Mapping[str, Value]
    status: Mapping[str, str]

    def value(self, name: str) -> Value:
        """Give a value; raises FailedError when the device has no good one."""
        if name not in self.values:
            msg = f"node {name} gives no value: {self.status.get(name, UNKNOWN)}"
            raise FailedError(msg)
        return self.values[name]

    def text(self, name: str) -> str:
        """Give a text; raises FailedError without a value, WireError for another type."""
        value = self.value(name)
        if not isinstance(value, str):
            msg = f"node {name} holds {value!r}; a text is due"
            raise WireError(msg)
        return value

    def whole(self, name: str) -> int:
        """Give a whole number; raises FailedError without a value, WireError for another type."""
        value = self.value(name)
        if isinstance(value, bool) or not isinstance(value, int):
            msg = f"node {name} holds {value!r}; a whole number is due"
            raise WireError(msg)
        return value


class NodePort:
    """Reads and writes the nodes of one device over a link."""

    def __init__(self, link: Link) -> None:
        """Speak over ``link``, one request at a time."""
        self.link = link
        self._count = 0

    async def read(self, *names: str) -> Read:
        """Read nodes by name in one exchange; what a node does not give stands in its status."""
        answer = await self._ask(Request(self._next(), read=names))
        missing = [name for name in names if name not in answer.status]
        if missing:
            msg = f"{self.link.name}: nothing was said of {', '.join(missing)}"
            raise WireError(msg)
        return Read(answer.values, answer.status)

    async def write(self, name: str, value: Value) -> None:
        """Write one node; raises RefusedError when the device says no, which changed nothing."""
        await self._done(Request(self._next(), write={name: value}), f"{name} = {value!r}")

    async def call(self, name: str, *arguments: Value | None) -> tuple[Value | None, ...]:
        """Call a method and give what it answers; None is an empty list. RefusedError when the device says no."""
        return (await self._done(Request(self._next(), call=name, args=arguments), name)).out

    async def browse(self, place: str) -> tuple[str, ...]:
        """Name what stands below a place; raises RefusedError when there is no such place."""
        return (await self._done(Request(self._next(), browse=place), place)).names

    async def _done(self, asked: Request, what: str) -> Reply:
        answer = await self._ask(asked)
        if answer.error:
            said = f"{answer.error} {answer.text}".strip()
            msg = f"{self.link.name} refuses {what}: {said}"
            raise RefusedError(msg)
        if not answer.ok:
            msg = f"{self.link.name}: {what} was neither done nor refused {answer.text}".strip()
            raise WireError(msg)
        return answer

    def _next(self) -> int:
        self._count += 1
        return self._count

    async def _ask(self, message: Request) -> Reply:
        answer = reply(await self.link.exchange(line(message), complete, deadline=ANSWER))
        if answer.id != message.id:
            msg = f"{self.link.name}: answer {answer.id} came to request {message.id}"
            raise WireError(msg)
        return answer

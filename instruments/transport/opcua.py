"""An OPC UA server as a node port: the lines of ``nodes`` come in, an asyncua client performs them.

Nodes are found by their BrowseName below the Objects folder, or path by path where a driver says so; a mapping file
names those that differ. A server's enumerations are told in words, by its own names or by the mapping file's. Writing
and calling need a user of the server, unless the site says that anonymous writing is allowed; to another host it needs
encryption, unless the site says otherwise.
asyncua (LGPL, unmodified) is an optional part: ``pip install cellwright[opcua]``. Times in s.
"""

import asyncio
import logging
from types import ModuleType
from typing import TYPE_CHECKING

from automation.kernel.errors import InputError, LinkError, WireError
from automation.kernel.quantity import Seconds
from instruments.transport import nodes
from instruments.transport.inbox import Inbox
from instruments.transport.opcua_nodes import Found, Paths, Survey
from instruments.transport.opcua_site import LOOPBACK, Access, Mapped

if TYPE_CHECKING:
    from asyncua.client.client import Client

WITHIN = Seconds(5.0)  # s; for connecting and browsing
DENIED, NO_USER = "BadUserAccessDenied", "no user of the server is named, and anonymous writing is not allowed"
_logging = logging.getLogger("asyncua")


class OpcUaStream:
    """A connection to one configured OPC UA server."""

    def __init__(self, url: str, *, within: Seconds = WITHIN) -> None:
        """Name the server, ``opc.tcp://host:port/path``; ``within`` is the time for each request (s)."""
        self.url = url
        self.mapped = Mapped()
        self.access = Access()
        self.by_path = False  # names are paths, found when they are asked; set before it is opened
        self.structures = False  # values of the server's own types are told, as JSON texts; set as above
        self._within = within
        self._inbox = Inbox(url)
        self._client: Client | None = None
        self._found: dict[str, Found] = {}
        self._twice: set[str] = set()
        self._paths: Paths | None = None
        self._work: asyncio.Queue[bytes] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None

    @property
    def settings(self) -> str:
        """Say where the connection leads, and how."""
        who = f" as {self.access.user}" if self.access.user else " anonymous"
        return f"opcua {self.url}{who}{' encrypted' if self.access.security else ''}"

    async def open(self) -> None:
        """Connect and find the nodes; raises LinkError when nobody answers, InputError without asyncua."""
        if self._inbox.whole:
            return
        await self.close()
        ua = _asyncua()
        self.access.check(self.url)
        client = ua.Client(self.url, timeout=float(self._within))
        try:
            async with asyncio.timeout(4 * float(self._within)):
                await self._connect(client)
                self._paths = Paths(client, ua.ua) if self.by_path else None
                self._found, self._twice = ({}, set()) if self.by_path else await self._survey(client).run()
        except (OSError, ua.ua.UaError) as error:  # TimeoutError is one
            await _goodbye(client)
            msg = f"{self.url} can't be reached: {_said(error) or 'no answer in time'}"
            raise LinkError(msg) from error
        self._client = client
        self._work = asyncio.Queue()
        self._worker = asyncio.get_running_loop().create_task(self._serve(), name=f"opcua {self.url}")
        self._inbox.begin()

    async def close(self) -> None:
        """Close the session."""
        self._inbox.lose("not open")
        worker, self._worker = self._worker, None
        client, self._client = self._client, None
        if worker is not None:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
        if client is not None:
            await _goodbye(client)

    def write(self, data: bytes) -> None:
        """Take lines to perform; raises LinkError when the connection is not open or lost."""
        self._inbox.check()
        for line in data.splitlines(keepends=True):
            self._work.put_nowait(line)

    def take(self) -> bytes:
        """Give what has been answered so far."""
        return self._inbox.take()

    async def arrived(self, *, within: Seconds) -> bool:
        """Wait until an answer can be taken; False when the time is over (s)."""
        return await self._inbox.arrived(within=within)

    async def _connect(self, client: "Client") -> None:
        if self.access.user:
            client.set_user(self.access.user)
            client.set_password(self.access.password)
        if self.access.security:
            await client.set_security_string(self.access.security)
        await client.connect()
        if self.structures:
            await client.load_data_type_definitions()

    async def _serve(self) -> None:
        """Perform one line after the other; a broken connection is lost until it is opened anew."""
        ua = _asyncua().ua
        try:
            while True:
                line = await self._work.get()
                try:
                    asked = nodes.request(line)
                except WireError:
                    continue
                self._inbox.put(nodes.line(await self._perform(asked)))
        except (OSError, ua.UaError) as error:
            self._inbox.lose(f"lost: {_said(error)}")
        finally:
            self._inbox.lose("lost: the session has ended")

    async def _perform(self, asked: nodes.Request) -> nodes.Reply:
        if asked.browse:
            below = await self._paths.below(asked.browse) if self._paths is not None else None
            return nodes.Reply(asked.id, ok=True, names=below) if below else _unknown(asked.id, asked.browse)
        if asked.call and not self.access.may_write:
            return nodes.Reply(asked.id, error=DENIED, name=asked.call, text=NO_USER)
        if asked.call:
            return await self._paths.call(asked) if self._paths is not None else _unknown(asked.id, asked.call)
        await self._seek((*asked.read, *asked.write))
        return await (self._write(asked) if asked.write else self._read(asked))

    async def _seek(self, names: tuple[str, ...]) -> None:
        """Find the paths among the names that are not known yet."""
        if self._paths is None or self._client is None:
            return
        new = {name: node for name in names if name not in self._found and (node := await self._paths.find(name))}
        self._found |= await self._survey(self._client).described(new)

    def _survey(self, client: "Client") -> Survey:
        return Survey(client, self.mapped, _asyncua().ua)

    async def _read(self, asked: nodes.Request) -> nodes.Reply:
        known = [name for name in asked.read if name in self._found]
        status = {name: self._unknown(name) for name in asked.read if name not in self._found}
        values: dict[str, nodes.Value] = {}
        if known and self._client is not None:
            ua = _asyncua().ua
            ids = [self._found[name].node.nodeid for name in known]
            for name, held in zip(
                known, await self._client.uaclient.read_attributes(ids, ua.AttributeIds.Value), strict=True
            ):
                value = self._found[name].told(held.Value.Value if held.Value is not None else None)
                code = held.StatusCode
                status[name] = nodes.GOOD if code is None or code.is_good() else code.name
                if status[name] == nodes.GOOD and value is None:
                    status[name] = "BadDataEncodingUnsupported"
                elif status[name] == nodes.GOOD and value is not None:
                    values[name] = value
        return nodes.Reply(asked.id, values, status)

    async def _write(self, asked: nodes.Request) -> nodes.Reply:
        for name, value in asked.write.items():
            error, text = await self._put(name, value)
            if error:
                return nodes.Reply(asked.id, error=error, name=name, text=text)
        return nodes.Reply(asked.id, ok=True)

    async def _put(self, name: str, value: nodes.Value) -> tuple[str, str]:
        """Write one value; gives the status word and a reason when it was refused."""
        if not self.access.may_write:
            return DENIED, NO_USER
        found = self._found.get(name)
        if found is None or self._client is None:
            return self._unknown(name), ""
        ua = _asyncua().ua
        sent = found.sent(value)
        if sent is None:
            return "BadTypeMismatch", f"known words: {', '.join(found.words.values()) or 'none'}"
        held = ua.DataValue(ua.Variant(sent, found.type))
        (code,) = await self._client.uaclient.write_attributes([found.node.nodeid], [held])
        return ("", "") if code.is_good() else (code.name, "")

    def _unknown(self, name: str) -> str:
        return "BadBrowseNameDuplicated" if name in self._twice else nodes.UNKNOWN


def _asyncua() -> ModuleType:
    try:
        import asyncua  # noqa: PLC0415  optional and heavy, only for OPC UA
    except ModuleNotFoundError:
        msg = "a port opcua: needs the package asyncua; install it with: pip install 'cellwright[opcua]'"
        raise InputError(msg) from None
    return asyncua


def _unknown(number: int, name: str) -> nodes.Reply:
    return nodes.Reply(number, error=nodes.UNKNOWN, name=name)


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


async def _goodbye(client: "Client") -> None:
    """Leave, whatever the far end still says."""
    ua = _asyncua().ua
    try:
        async with asyncio.timeout(1.0):
            await client.disconnect()
    except (OSError, ua.UaError) as error:
        _logging.debug("leaving %s: %s", LOOPBACK, _said(error))

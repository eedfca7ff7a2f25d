"""An OPC UA server as a node port: the lines of ``nodes`` come in, an asyncua client performs them.

Nodes are found by their BrowseName below the Objects folder; a mapping file names those that differ. A server's
enumerations are told in words, by its own names or by the mapping file's. Writing needs a user of the server, unless
the site says that anonymous writing is allowed; to another host it needs encryption, unless the site says otherwise.
asyncua (LGPL, unmodified) is an optional part: ``pip install cellwright[opcua]``. Times in s.
"""

import asyncio
import logging
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING

from automation.kernel.errors import InputError, LinkError, WireError
from automation.kernel.quantity import Seconds
from instruments.transport import nodes
from instruments.transport.inbox import Inbox
from instruments.transport.opcua_site import LOOPBACK, Access, Mapped

if TYPE_CHECKING:
    from asyncua.client.client import Client
    from asyncua.common.node import Node as UaNode

WITHIN = Seconds(5.0)  # s; for connecting and browsing
DEEPEST, MOST = 8, 5000  # levels and nodes that are browsed
_logging = logging.getLogger("asyncua")


class OpcUaStream:
    """A connection to one configured OPC UA server."""

    def __init__(self, url: str, *, within: Seconds = WITHIN) -> None:
        """Name the server, ``opc.tcp://host:port/path``; ``within`` is the time for each request (s)."""
        self.url = url
        self.mapped = Mapped()
        self.access = Access()
        self._within = within
        self._inbox = Inbox(url)
        self._client: Client | None = None
        self._found: dict[str, _Found] = {}
        self._twice: set[str] = set()
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
                self._found, self._twice = await _Survey(client, self.mapped, ua.ua).run()
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
                answer = await (self._write(asked) if asked.write else self._read(asked))
                self._inbox.put(nodes.line(answer))
        except (OSError, ua.UaError) as error:
            self._inbox.lose(f"lost: {_said(error)}")
        finally:
            self._inbox.lose("lost: the session has ended")

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
            return "BadUserAccessDenied", "no user of the server is named, and anonymous writing is not allowed"
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


class _Found:
    """A variable of the server: its type, and the words of its enumeration."""

    def __init__(self, node: "UaNode", kind: object, words: Mapping[int, str]) -> None:
        self.node, self.type, self.words = node, kind, words

    def told(self, held: object) -> nodes.Value | None:
        """Give what it holds as a value of the port: words for an enumeration; None for what is none."""
        if isinstance(held, bool | str | float):
            return held
        if isinstance(held, int):
            return self.words.get(int(held)) if self.words else int(held)
        text = getattr(held, "Text", None)  # of a localized text
        return text if isinstance(text, str) else None

    def sent(self, value: nodes.Value) -> nodes.Value | None:
        """Give what is written for a value: the number of a word; None for a word that is none."""
        if not self.words or not isinstance(value, str):
            return value
        return next((number for number, word in self.words.items() if word == value), None)


class _Survey:
    """Browses a server once: every variable by its BrowseName, with type and words."""

    def __init__(self, client: "Client", mapped: Mapped, ua: ModuleType) -> None:
        self._client, self._mapped, self._ua = client, mapped, ua

    async def run(self) -> tuple[dict[str, _Found], set[str]]:
        """Give the variables by the names of the port, and the names that stand more than once."""
        by_name, by_path = await self._variables()
        wanted: dict[str, UaNode] = {name: found[0] for name, found in by_name.items() if len(found) == 1}
        twice = {name for name, found in by_name.items() if len(found) > 1}
        for name, place in self._mapped.nodes.items():
            node = self._placed(place, by_path, by_name)
            if node is not None:
                wanted[name] = node
                twice.discard(name)
        return await self._described(wanted), twice

    def _placed(
        self, place: str, by_path: Mapping[str, "UaNode"], by_name: Mapping[str, list["UaNode"]]
    ) -> "UaNode | None":
        """Find the node that the mapping names: by node id, by path below Objects, or by another BrowseName."""
        if place.startswith(("ns=", "i=", "s=", "g=", "b=")):
            return self._client.get_node(place)
        named = by_name.get(place, [])
        return by_path.get(place) or (named[0] if len(named) == 1 else None)

    async def _variables(self) -> tuple[dict[str, list["UaNode"]], dict[str, "UaNode"]]:
        ua, by_name, by_path = self._ua, dict[str, list["UaNode"]](), dict[str, "UaNode"]()
        level, seen = [("", self._client.nodes.objects)], {ua.NodeId(ua.ObjectIds.Server)}
        for _ in range(DEEPEST):
            below: list[tuple[str, UaNode]] = []
            for path, parent in level:
                for found in await parent.get_children_descriptions():
                    if found.NodeId in seen or len(seen) > MOST:
                        continue
                    seen.add(found.NodeId)
                    name, node = found.BrowseName.Name, self._client.get_node(found.NodeId)
                    if found.NodeClass == ua.NodeClass.Variable:
                        by_name.setdefault(name, []).append(node)
                        by_path[f"{path}{name}"] = node
                    elif found.NodeClass == ua.NodeClass.Object:
                        below.append((f"{path}{name}/", node))
            level = below
        return by_name, by_path

    async def _described(self, wanted: Mapping[str, "UaNode"]) -> dict[str, _Found]:
        ua, found = self._ua, dict[str, _Found]()
        ids = [node.nodeid for node in wanted.values()]
        if not ids:
            return found
        kinds = await self._client.uaclient.read_attributes(ids, ua.AttributeIds.DataType)
        words: dict[object, Mapping[int, str]] = {}
        types: dict[object, object] = {}
        for (name, node), kind in zip(wanted.items(), kinds, strict=True):
            held = kind.Value.Value if kind.Value is not None else None
            if held is None:
                continue
            if held not in types:
                types[held], words[held] = await self._type(self._client.get_node(held))
            found[name] = _Found(node, types[held], self._mapped.words.get(name) or words[held])
        return found

    async def _type(self, kind: "UaNode") -> tuple[object, Mapping[int, str]]:
        """Give how values of a data type are written, and the words of an enumeration."""
        from asyncua.common.ua_utils import data_type_to_variant_type  # noqa: PLC0415  heavy, only for OPC UA

        ua = self._ua
        variant = await data_type_to_variant_type(kind)
        if kind.nodeid.NamespaceIndex == 0 and isinstance(kind.nodeid.Identifier, int) and kind.nodeid.Identifier <= 25:
            return variant, {}
        try:
            definition = await kind.read_data_type_definition()
        except ua.UaError:
            definition = None
        if isinstance(definition, ua.EnumDefinition):
            return ua.VariantType.Int32, {field.Value: field.Name for field in definition.Fields}
        for child in await kind.get_properties():
            name, held = (await child.read_browse_name()).Name, await child.read_value()
            if name == "EnumStrings":
                return ua.VariantType.Int32, {number: text.Text for number, text in enumerate(held)}
            if name == "EnumValues":
                return ua.VariantType.Int32, {one.Value: one.DisplayName.Text for one in held}
        return variant, {}


def _asyncua() -> ModuleType:
    try:
        import asyncua  # noqa: PLC0415  optional and heavy, only for OPC UA
    except ModuleNotFoundError:
        msg = "a port opcua: needs the package asyncua; install it with: pip install 'cellwright[opcua]'"
        raise InputError(msg) from None
    return asyncua


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

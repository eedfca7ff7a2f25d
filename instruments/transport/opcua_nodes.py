"""Where a name of the node port stands on an OPC UA server: found by a survey of all variables, or path by path.

A survey browses once, when a connection is opened, and knows variables by BrowseName. Where the same BrowseNames stand
below many objects, and some only come to be (LADS), names are paths instead, and each is looked for when it is asked.
"""

import base64
import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import IntEnum
from types import ModuleType
from typing import TYPE_CHECKING

import msgspec

from instruments.transport import nodes
from instruments.transport.opcua_site import Mapped

if TYPE_CHECKING:
    from asyncua import ua as types
    from asyncua.client.client import Client
    from asyncua.common.node import Node as UaNode

DEEPEST, MOST = 8, 5000  # levels and nodes that are browsed
NO_TIME = 1601  # the year of a time that was never set (part 3, 8.38)


class Found:
    """A variable of the server: its type, and the words of its enumeration."""

    def __init__(self, node: "UaNode", kind: object, words: Mapping[int, str]) -> None:
        """Keep a node with the variant type in which it is written."""
        self.node, self.type, self.words = node, kind, words

    def told(self, held: object) -> nodes.Value | None:
        """Give what it holds as a value of the port: words for an enumeration; None for what is none."""
        if isinstance(held, bool | str | float):
            return held
        if isinstance(held, int):
            return self.words.get(int(held)) if self.words else int(held)
        if isinstance(held, datetime):
            return "" if held.year <= NO_TIME else held.isoformat()
        if isinstance(held, bytes):
            return base64.b64encode(held).decode()
        text = getattr(getattr(held, "DisplayName", held), "Text", None)  # of a localized text, or of a unit
        if isinstance(text, str):
            return text
        return msgspec.json.encode(_plain(held)).decode() if dataclasses.is_dataclass(held) else None

    def sent(self, value: nodes.Value) -> nodes.Value | None:
        """Give what is written for a value: the number of a word; None for a word that is none."""
        if not self.words or not isinstance(value, str):
            return value
        return next((number for number, word in self.words.items() if word == value), None)


def _plain(held: object) -> object:
    """Give a value of a server's own type for JSON: fields by their names, numbers of enumerations, times as texts."""
    if dataclasses.is_dataclass(held):
        parts = {one.name: getattr(held, one.name) for one in dataclasses.fields(held)}
        return {name: _plain(value) for name, value in parts.items() if name not in {"Encoding", "TypeId", "Body"}}
    if isinstance(held, list | tuple):
        return [_plain(one) for one in held]
    if isinstance(held, IntEnum):
        return int(held)
    if isinstance(held, datetime):
        return "" if held.year <= NO_TIME else held.replace(tzinfo=None).isoformat()
    return held if isinstance(held, bool | int | float | str | None) else str(held)


class Survey:
    """Browses a server once: every variable by its BrowseName, with type and words."""

    def __init__(self, client: "Client", mapped: Mapped, ua: ModuleType) -> None:
        """Browse for a client; ``ua`` is asyncua's module of types."""
        self._client, self._mapped, self._ua = client, mapped, ua

    async def run(self) -> tuple[dict[str, Found], set[str]]:
        """Give the variables by the names of the port, and the names that stand more than once."""
        by_name, by_path = await self._variables()
        wanted: dict[str, UaNode] = {name: found[0] for name, found in by_name.items() if len(found) == 1}
        twice = {name for name, found in by_name.items() if len(found) > 1}
        for name, place in self._mapped.nodes.items():
            node = self._placed(place, by_path, by_name)
            if node is not None:
                wanted[name] = node
                twice.discard(name)
        return await self.described(wanted), twice

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

    async def described(self, wanted: Mapping[str, "UaNode"]) -> dict[str, Found]:
        """Read the type of each variable, and the words of an enumeration."""
        ua, found = self._ua, dict[str, Found]()
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
            found[name] = Found(node, types[held], self._mapped.words.get(name) or words[held])
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


class Paths:
    """Finds nodes by paths of BrowseNames below Objects; what is not there yet is looked for again when asked again."""

    def __init__(self, client: "Client", ua: ModuleType) -> None:
        """Look for a client; ``ua`` is asyncua's module of types."""
        self._client, self._ua = client, ua
        self._below: dict[types.NodeId, dict[str, types.NodeId]] = {}
        self._takes: dict[types.NodeId, list[tuple[object, bool]]] = {}

    async def find(self, path: str) -> "UaNode | None":
        """Give the node that stands there; None where there is none."""
        at = self._client.nodes.objects.nodeid
        for name in path.split("/"):
            known = self._below.get(at, {})
            if name not in known:
                known = await self._children(at)
            if name not in known:
                return None
            at = known[name]
        return self._client.get_node(at)

    async def below(self, path: str) -> tuple[str, ...] | None:
        """Name what stands below a place; None where there is no such place."""
        node = await self.find(path)
        return None if node is None else tuple(await self._children(node.nodeid))

    async def call(self, asked: nodes.Request) -> nodes.Reply:
        """Call a method of the object above it; a bad status of the method is its refusal."""
        ua = self._ua
        place, _, _ = asked.call.rpartition("/")
        parent, method = await self.find(place), await self.find(asked.call)
        if parent is None or method is None:
            return nodes.Reply(asked.id, error=nodes.UNKNOWN, name=asked.call)
        takes = await self._arguments(method)
        if len(takes) != len(asked.args):
            text = f"{len(asked.args)} arguments were given; it takes {len(takes)}"
            return nodes.Reply(asked.id, error="BadArgumentsMissing", name=asked.call, text=text)
        given = [self._variant(value, kind, many=many) for value, (kind, many) in zip(asked.args, takes, strict=True)]
        request = ua.CallMethodRequest(ObjectId=parent.nodeid, MethodId=method.nodeid, InputArguments=given)
        [result] = await self._client.uaclient.call([request])
        if not result.StatusCode.is_good():
            return nodes.Reply(asked.id, error=result.StatusCode.name, name=asked.call)
        out = (Found(method, None, {}).told(one.Value) for one in result.OutputArguments)
        return nodes.Reply(asked.id, ok=True, out=tuple(out))

    def _variant(self, value: nodes.Value | None, kind: object, *, many: bool) -> object:
        """Give an argument as it is sent; None is an empty list."""
        ua = self._ua
        if many or value is None:
            return ua.Variant([], kind, is_array=True)
        if kind == ua.VariantType.ByteString:
            return ua.Variant(base64.b64decode(str(value)), kind)
        if kind == ua.VariantType.DateTime:
            return ua.Variant(datetime.fromisoformat(str(value)).astimezone(UTC), kind)
        return ua.Variant(value, kind)

    async def _arguments(self, method: "UaNode") -> list[tuple[object, bool]]:
        """Read what a method takes: the type of each argument, and whether it is a list."""
        from asyncua.common.ua_utils import data_type_to_variant_type  # noqa: PLC0415  heavy, only for OPC UA

        if method.nodeid not in self._takes:
            inputs = (await self._children(method.nodeid)).get("InputArguments")
            declared = [] if inputs is None else await self._client.get_node(inputs).read_value()
            self._takes[method.nodeid] = [
                (await data_type_to_variant_type(self._client.get_node(one.DataType)), one.ValueRank >= 1)
                for one in declared or []
            ]
        return self._takes[method.nodeid]

    async def _children(self, at: "types.NodeId") -> dict[str, "types.NodeId"]:
        found = await self._client.get_node(at).get_children_descriptions()
        self._below[at] = {one.BrowseName.Name: one.NodeId for one in found}
        return self._below[at]

"""Serves a fake as a LADS device on loopback: identification, functional units, functions, state machines, programs.

The address space is made from the names of ``fakes.lads``: every part of a path becomes an object of its LADS type,
every value a variable, every command a method. Results of programs come to stand there as they begin.
Units:  as each function states, in ``EngineeringUnits``; durations in ms.
Source: OPC 30500-1 v1.0.0: BrowseNames, and the node ids of types and states. Types stand there by number and name,
        without their own members; optional parts (conditions, maintenance, components, locks) are left out.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from asyncua import Node, Server, ua

from automation.kernel.clock import MICRO
from automation.kernel.quantity import Instant
from fakes.in_loop import Hands
from fakes.lads_spoken import Speaks, Spoken
from fakes.nodes import NodeRefusedError
from fakes.opcua import NAMESPACE, Offer, Served, thread_of
from fakes.plant import PlantLog
from fakes.serve import Seat, Ticks
from instruments.drivers.lads import wire
from instruments.transport import nodes
from instruments.transport.nodes import Value

RANGE_OF = ua.NodeId(ua.Int32(17570))  # AnalogUnitRangeType
FINITE_STATE = ua.NodeId(ua.Int32(2760))  # FiniteStateVariableType
UNECE = "http://www.opcfoundation.org/UA/units/un/cefact"
NEVER = datetime(1601, 1, 1, tzinfo=UTC)
BYTES = ua.NodeId(ua.Int32(ua.ObjectIds.ByteString))
LOCALIZED = frozenset({wire.CURRENT_STATE, wire.MAKER, wire.MODEL, wire.DESCRIPTION, wire.STEP_NAME, wire.ACTIVE_STATE})
TIMES = frozenset({wire.STARTED, wire.STOPPED_AT, wire.CREATED, wire.MODIFIED})
PROPERTIES = frozenset({wire.IN_UNITS, wire.RUN_ID, wire.AUTHOR, wire.CREATED, wire.DESCRIPTION}) | {
    wire.MODIFIED,
    wire.TEMPLATE_ID,
    wire.VERSION,
    "Id",
}
BY_NAME: Mapping[str, str] = {
    wire.UNITS: "FunctionalUnitSetType",
    wire.FUNCTIONS: "FunctionSetType",
    wire.UNIT_STATE: "FunctionalUnitStateMachineType",
    wire.RUNNING_MACHINE: "RunningStateMachineType",
    wire.DEVICE_STATE: "LADSDeviceStateMachineType",
    wire.FUNCTION_STATE: "ControlFunctionStateMachineType",
    wire.PROGRAMS: "ProgramManagerType",
    wire.ACTIVE: "ActiveProgramType",
    wire.TEMPLATES: "ProgramTemplateSetType",
    wire.RESULTS: "ResultSetType",
    wire.VARIABLES: "VariableSetType",
    "ProgramTemplate": "ProgramTemplateType",
}
"""The type of an object by its own name."""
BY_PARENT: Mapping[str, str] = {
    wire.DEVICES: "LADSDeviceType",
    wire.UNITS: "FunctionalUnitType",
    wire.TEMPLATES: "ProgramTemplateType",
    wire.RESULTS: "ResultType",
}
"""The type of an object that its maker named, by what it stands below."""


class ServedLads(Served):
    """One LADS device as objects, variables and methods of a server."""

    def __init__(self, device: Spoken, clock: Ticks, server: Server, *, offer: Offer) -> None:
        """Stand between a fake and a server."""
        super().__init__(device, clock, server, offer=offer)
        self._spoken = device
        self._places: dict[str, Node] = {}
        self._spaces: dict[str, int] = {}
        self._held_ids: dict[str, Node] = {}
        self._turn = asyncio.Lock()
        self._whose: asyncio.Task[object] | None = None

    async def furnish(self) -> None:
        """Make types, objects, variables and methods."""
        for uri in (wire.DI, wire.NAMESPACE, NAMESPACE):
            self._spaces[uri] = await self._server.register_namespace(uri)
        lads, di = self._spaces[wire.NAMESPACE], self._spaces[wire.DI]
        for name, number in wire.TYPES.items():
            await self._server.nodes.base_object_type.add_object_type(_id(number, lads), _name(name, lads))
        for name, number in (("KeyValueType", wire.KEY_VALUES), ("SampleInfoType", wire.SAMPLES)):
            await self._server.nodes.base_structure_type.add_data_type(_id(number, lads), _name(name, lads))
        self._places[wire.DEVICES] = await self._server.nodes.objects.add_object(
            _id(wire.DEVICE_SET, di), _name(wire.DEVICES, di)
        )
        await self._complete()

    async def refresh(self, *_: object) -> None:
        """Show what the fake holds now, and what has come to stand there; making a node reads others meanwhile."""
        if self._whose is not None and self._whose is asyncio.current_task():
            return
        async with self._turn:
            self._whose = asyncio.current_task()
            try:
                await self._complete()
                await super().refresh()
            finally:
                self._whose = None

    async def shown(self, name: str, value: Value | None) -> None:
        """Show one value; of a state also its node id."""
        await super().shown(name, value)
        if name in self._held_ids and value in wire.STATES:
            await self._held_ids[name].write_value(_id(wire.STATES[str(value)], self._spaces[wire.NAMESPACE]))

    def held(self, name: str, value: Value | None) -> ua.DataValue:
        """Give how a value is shown, by the place where it stands."""
        last = name.rpartition("/")[2]
        if value is None or last == wire.IN_UNITS:
            return super().held(name, value) if value is None else ua.DataValue(_unit(str(value)))
        if last in LOCALIZED:
            return ua.DataValue(ua.Variant(ua.LocalizedText(str(value)), ua.VariantType.LocalizedText))
        if last in TIMES:
            moment = datetime.fromisoformat(str(value)) if value else NEVER
            return ua.DataValue(ua.Variant(moment, ua.VariantType.DateTime))
        return super().held(name, value)

    async def _complete(self) -> None:
        """Make every variable and method that is not there yet."""
        now = Instant(self._clock.micros() / MICRO)
        for name, value in self._spoken.values(now).items():
            if name not in self._ids:
                await self._variable(name, value)
        for name in sorted(self._spoken.methods - self._places.keys()):
            await self._method(name)

    async def _variable(self, name: str, value: Value | None) -> None:
        place, _, last = name.rpartition("/")
        parent, variant = await self._place(place), self.held(name, 0.0 if value is None else value).Value
        qualified, path = self._qualified(last, place), self._path(name)
        node = await (
            parent.add_property(path, qualified, variant)
            if last in PROPERTIES or place.endswith(wire.IDENTIFICATION)
            else parent.add_variable(path, qualified, variant)
        )
        kind = {wire.CURRENT_STATE: FINITE_STATE}.get(last)
        kind = RANGE_OF if last in {wire.SENSOR, wire.CURRENT, wire.TARGET, wire.TOTAL} else kind
        if kind is not None:
            await node.delete_reference(ua.ObjectIds.BaseDataVariableType, ua.ObjectIds.HasTypeDefinition)
            await node.add_reference(kind, ua.ObjectIds.HasTypeDefinition, bidirectional=False)
        if last == wire.CURRENT_STATE:
            self._held_ids[name] = await node.add_property(
                self._path(f"{name}/Id"), _name("Id"), ua.NodeId(), ua.VariantType.NodeId
            )
        if name in self._spoken.writable:
            await self._allow(node, name)
        self._places[name], self._ids[name], self._names[node.nodeid] = node, node.nodeid, name
        self._words[name] = ()
        self._shown[name] = None if value is None else value
        await self.shown(name, value)

    async def _allow(self, node: Node, name: str) -> None:
        """Let a target be written, and tell its range."""
        low, high = self._spoken.bounds()[name]
        bounds = ua.Variant(ua.Range(low, high), ua.VariantType.ExtensionObject)
        await node.add_property(self._path(f"{name}/{wire.IN_RANGE}"), _name(wire.IN_RANGE), bounds)
        await node.set_writable()

    async def _place(self, path: str) -> Node:
        """Give the object, or the variable, that stands there; it is made with all above it."""
        if path not in self._places:
            above, _, name = path.rpartition("/")
            parent, kind = await self._place(above), self._type(path)
            number = wire.TYPES.get(kind)
            objecttype = None if number is None else _id(number, self._spaces[wire.NAMESPACE])
            self._places[path] = await parent.add_object(
                self._path(path), self._qualified(name, above), objecttype, instantiate_optional=False
            )
        return self._places[path]

    def _type(self, path: str) -> str:
        above, _, name = path.rpartition("/")
        if above.rpartition("/")[2] != wire.FUNCTIONS:
            return BY_NAME.get(name) or BY_PARENT.get(above.rpartition("/")[2], "")
        known = self._spoken.values(Instant(self._clock.micros() / MICRO))
        if f"{path}/{wire.SENSOR}" in known:
            return "AnalogScalarSensorFunctionType"
        counts = f"{path}/{wire.TOTAL}" in known
        return "AnalogControlFunctionWithTotalizerType" if counts else "AnalogControlFunctionType"

    async def _method(self, name: str) -> None:
        place, _, command = name.rpartition("/")
        takes, gives = self._arguments(command)
        node = await (await self._place(place)).add_method(
            self._path(name), self._qualified(command, place), self._called(name, gives), takes, gives
        )
        self._places[name] = node

    def _called(self, name: str, gives: list[ua.Argument]) -> Callable[..., Awaitable[ua.CallMethodResult]]:
        async def call(_parent: ua.NodeId, *given: ua.Variant) -> ua.CallMethodResult:
            args = tuple(_plain(one.Value) for one in given)
            at = self._clock.micros()
            self._offer.log.add(at, self._offer.name, nodes.line(nodes.Request(1, call=name, args=args)))
            try:
                out = self._spoken.call(name, args, Instant(at / MICRO))
            except NodeRefusedError as refusal:
                return ua.CallMethodResult(StatusCode=ua.StatusCode(ua.UInt32(getattr(ua.StatusCodes, refusal.status))))
            await self.refresh()
            return ua.CallMethodResult(OutputArguments=[_sent(*one) for one in zip(out, gives, strict=True)])

        return call

    def _arguments(self, command: str) -> tuple[list[ua.Argument], list[ua.Argument]]:
        text, lads = ua.NodeId(ua.Int32(ua.ObjectIds.String)), self._spaces[wire.NAMESPACE]
        content = [
            _argument("AdditionalParameters", _id(wire.KEY_VALUES, lads), many=True),
            _argument("Data", BYTES),
        ]
        if command in {wire.UPLOAD, wire.DOWNLOAD}:
            template = [_argument("TemplateId", text)]
            return (content, template) if command == wire.UPLOAD else (template, content)
        if command != wire.START_PROGRAM:
            return [], []
        takes = [
            _argument("ProgramTemplateId", text),
            _argument("Properties", _id(wire.KEY_VALUES, lads), many=True),
            _argument(wire.JOB, text),
            _argument(wire.TASK, text),
            _argument("Samples", _id(wire.SAMPLES, lads), many=True),
        ]
        return takes, [_argument(wire.RUN_ID, text)]

    def _qualified(self, name: str, above: str) -> ua.QualifiedName:
        """Give a name in the namespace to which it belongs: of OPC UA, DI, LADS, or the fake's own."""
        parent = above.rpartition("/")[2]
        if name in {wire.CURRENT_STATE, wire.IN_UNITS, wire.ACTIVE_STATE} or parent == wire.ACTIVE_STATE:
            return _name(name, 0)
        if wire.IDENTIFICATION in {name, parent} or name == wire.HEALTH:
            return _name(name, self._spaces[wire.DI])
        own = parent in {wire.DEVICES, wire.UNITS, wire.FUNCTIONS, wire.TEMPLATES, wire.RESULTS, wire.VARIABLES}
        return _name(name, self._spaces[NAMESPACE if own else wire.NAMESPACE])

    def _path(self, name: str) -> ua.NodeId:
        return _id(name, self._spaces[NAMESPACE])


def _id(identifier: int | str, space: int) -> ua.NodeId:
    held = ua.Int32(identifier) if isinstance(identifier, int) else ua.String(identifier)
    return ua.NodeId(held, ua.Int16(space))


def _name(name: str, space: int = 0) -> ua.QualifiedName:
    return ua.QualifiedName(ua.String(name), ua.UInt16(space))


def _argument(name: str, kind: ua.NodeId, *, many: bool = False) -> ua.Argument:
    return ua.Argument(Name=name, DataType=kind, ValueRank=1 if many else -1)


def _plain(value: object) -> Value | None:
    """Give an argument as the fake's lines have it: None for a list, base64 for bytes."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value if isinstance(value, bool | int | float | str) else None


def _sent(value: Value | None, argument: ua.Argument) -> ua.Variant:
    """Give what a method answers as it is declared."""
    if argument.ValueRank == 1:
        return ua.Variant([], ua.VariantType.ExtensionObject, is_array=True)
    if argument.DataType == BYTES:
        return ua.Variant(base64.b64decode(str(value)), ua.VariantType.ByteString)
    return ua.Variant(value)


def _unit(text: str) -> ua.Variant:
    name = ua.LocalizedText(text)
    held = ua.EUInformation(NamespaceUri=UNECE, UnitId=-1, DisplayName=name, Description=name)
    return ua.Variant(held, ua.VariantType.ExtensionObject)


def in_thread(fake: Speaks, seat: Seat, *, port: int = 0, log: PlantLog) -> AbstractContextManager[tuple[Hands, str]]:
    """Serve a LADS device from a thread of its own; gives the hands at its fake and the port text for a site."""
    offer = Offer(name=seat.name, port=port, log=log)
    return thread_of(lambda server: ServedLads(Spoken(fake), seat.clock, server, offer=offer), seat, offer)

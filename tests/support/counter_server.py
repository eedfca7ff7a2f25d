"""A Vi-CELL BLU's OPC UA server on loopback, made with asyncua from the maker's model: own structures, one user.

The structures have the fields of the model that the driver reads, and a nested one and a list that it does not. Every
method goes to the fake, whose JSON becomes the structure that is sent.
"""

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime

from asyncua import Node, Server, ua
from asyncua.common.callback import CallbackType
from asyncua.common.structures104 import new_enum, new_struct, new_struct_field
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.user_managers import UserManager

from automation.kernel.clock import SystemClock
from fakes.in_loop import free_port
from fakes.vicell_blu_opcua import FakeViCellBluOpcUa
from instruments.drivers.vicell_blu_opcua import wire
from instruments.transport.opcua_site import Access

OPERATOR = Access(user="operator", password="pw")
URI = "https://www.beckman.com/BeckmanUa"
T = ua.VariantType
RESULT: Mapping[str, T] = {
    "SampleDataUuid": T.Guid,
    "SampleId": T.String,
    "CellCount": T.UInt32,
    "ViableCells": T.UInt32,
    "TotalCellsPerMilliliter": T.Double,
    "ViableCellsPerMilliliter": T.Double,
    "ViabilityPercent": T.Double,
    "AverageDiameter": T.Double,
    "CellType": T.String,
    "AnalysisDateTime": T.DateTime,
    "ReanalysisDateTime": T.DateTime,
    "AnalysisBy": T.String,
    "Dilution": T.UInt32,
    "Tag": T.String,
}
DONE: Mapping[str, T] = {"MethodResult": T.Int32, "ResponseDescription": T.String, "ErrorLevel": T.Int32}


class _Users(UserManager):
    """Lets in the operator."""

    def get_user(
        self, *_iserver: object, username: str | None = None, password: str | None = None, **_: object
    ) -> User | None:
        good = (username, password) == (OPERATOR.user, OPERATOR.password)
        return User(role=UserRole.User, name=username) if good else None


class Counter:
    """The fake that stands behind the server now, and its time."""

    def __init__(self) -> None:
        """Begin with one whose tubes hold 2E6 cells/mL, 90 % of them alive."""
        self.fake = FakeViCellBluOpcUa(7, lambda _sample, _now: (2.0e6, 90.0))
        self.shown: dict[str, Node] = {}

    def call(self, method: str, kind: str) -> Callable[..., list[ua.Variant]]:
        """Give what the server calls for a method: the fake's answer as a structure of a kind."""

        def called(_parent: ua.NodeId, *given: ua.Variant) -> list[ua.Variant]:
            plain = [one.Value.isoformat() if isinstance(one.Value, datetime) else one.Value for one in given]
            (said,) = self.fake.call(method, tuple(plain), SystemClock().now())
            return [ua.Variant(_structure(kind, json.loads(str(said))), T.ExtensionObject)]

        return called

    async def show(self, *_: object) -> None:
        """Show every property as it is now."""
        for name, value in self.fake.values(SystemClock().now()).items():
            words = self.fake.words.get(name)
            held = words.index(str(value)) if words else value
            await self.shown[name].write_value(ua.Variant(held, T.Int32 if words else _kind(value)))


def _structure(kind: str, fields: Mapping[str, object]) -> object:
    """Fill a structure of the server."""
    made = getattr(ua, kind)()
    for name, value in fields.items():
        if name == "SampleResults":
            listed = value if isinstance(value, list) else []
            made.SampleResults = [_structure("SampleResult", one) for one in listed]
        elif name == "SampleDataUuid":
            made.SampleDataUuid = type(made.SampleDataUuid)(str(value))
        elif name.endswith("DateTime"):
            setattr(made, name, datetime.fromisoformat(str(value)).replace(tzinfo=UTC))
        elif hasattr(made, name):
            setattr(made, name, value)
    return made


async def _furnish(server: Server, counter: Counter) -> None:
    """Make types, properties and methods."""
    at = await server.register_namespace(URI)
    place, _ = await new_struct(server, at, "SamplePosition", _fields({"Row": T.String, "Column": T.UInt32}))
    status = await new_enum(server, at, "SampleStatusEnum", [f"State{number}" for number in range(9)])
    more = [new_struct_field("Status", status), new_struct_field("Position", place)]
    result, _ = await new_struct(server, at, "SampleResult", [*_fields(RESULT), *more])
    done, _ = await new_struct(server, at, "VcbResult", _fields(DONE))
    listed = new_struct_field("SampleResults", result, array=True)
    results, _ = await new_struct(server, at, "VcbResultGetSampleResults", [*_fields(DONE), listed])
    await server.load_data_type_definitions()
    root = await server.nodes.objects.add_object(at, wire.ROOT)
    for name, words in counter.fake.words.items():
        kind = await new_enum(server, at, f"{name.rpartition('/')[2]}Enum", list(words))
        counter.shown[name] = await root.add_property(at, name.rpartition("/")[2], 0, T.Int32, datatype=kind.nodeid)
    for name, value in counter.fake.values(SystemClock().now()).items():
        if name not in counter.shown:
            counter.shown[name] = await root.add_property(at, name.rpartition("/")[2], value, _kind(value))
    methods = await root.add_object(at, "Methods")
    for name in (wire.REQUEST_LOCK, wire.RELEASE_LOCK):
        called = counter.call(name, "VcbResult")
        await methods.add_method(at, name.rpartition("/")[2], called, [], [_argument("R", done)])
    ids = ua.ObjectIds
    text, time, number = (ua.NodeId(ua.Int32(kind)) for kind in (ids.String, ids.DateTime, ids.Int32))
    takes = (text, time, time, number, text, text, text)
    await methods.add_method(
        at,
        wire.GET_RESULTS.rpartition("/")[2],
        counter.call(wire.GET_RESULTS, "VcbResultGetSampleResults"),
        [ua.Argument(Name=f"A{place}", DataType=kind, ValueRank=-1) for place, kind in enumerate(takes)],
        [_argument("R", results)],
    )


def _kind(value: object) -> T:
    return T.UInt32 if isinstance(value, int) else T.String


def _fields(types: Mapping[str, T]) -> list[ua.StructureField]:
    return [new_struct_field(name, kind) for name, kind in types.items()]


def _argument(name: str, kind: Node) -> ua.Argument:
    return ua.Argument(Name=name, DataType=kind.nodeid, ValueRank=-1)


@contextlib.asynccontextmanager
async def counter_served() -> AsyncIterator[tuple[Counter, str]]:
    """Serve a counter while the block runs; gives it and the port text for a site."""
    server, counter = Server(user_manager=_Users()), Counter()
    await server.init()
    url = f"opc.tcp://127.0.0.1:{free_port()}/ViCellBlu/Server"
    server.set_endpoint(url)
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    await _furnish(server, counter)
    server.subscribe_server_callback(CallbackType.PreRead, counter.show)
    async with server:
        yield counter, f"opcua:{url}"

"""Serves any fake behind a node port as an OPC UA server on loopback, so that other people's clients can walk it.

Names are BrowseNames of variables below one object; enumerations are Int32 with names, or texts. Times in s.
Source: asyncua's server; an optional part (``pip install cellwright[opcua]``).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

from asyncua import Server, ua
from asyncua.common.callback import CallbackType
from asyncua.common.structures104 import new_enum
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.address_space import AddressSpace, AttributeService
from asyncua.server.user_managers import UserManager

from automation.kernel.clock import MICRO, SystemClock
from automation.kernel.quantity import Instant, Seconds
from fakes import in_loop
from fakes.in_loop import Hands, free_port
from fakes.nodes import NodeRefusedError, Nodes
from fakes.plant import PlantLog
from fakes.serve import LOOPBACK, Seat, Ticks
from instruments.transport import nodes
from instruments.transport.nodes import Value

NAMESPACE = "urn:cellwright:fakes"
_ADMIN = User(role=UserRole.Admin)
EVERY = Seconds(0.25)  # s between looks at the fake, for those who subscribe


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """How a fake is served; port 0 takes a free one, without a password anybody may come in."""

    name: str
    port: int = 0
    password: str = ""  # of the user ``operator``
    texts: bool = False  # enumerations as texts instead of numbers with names
    log: PlantLog = PlantLog(None)  # noqa: RUF009  one that writes nothing


class _Users(UserManager):
    """Lets in ``operator`` with the password, and nobody else."""

    def __init__(self, password: str) -> None:
        self._password = password

    def get_user(
        self,
        *_iserver: object,
        username: str | None = None,
        password: str | None = None,
        **_certificate: object,
    ) -> User | None:
        good = username == "operator" and password == self._password
        return User(role=UserRole.User, name=username) if good else None


class Served:
    """One fake as variables of a server."""

    def __init__(self, device: Nodes, clock: Ticks, server: Server, *, offer: Offer) -> None:
        """Stand between a fake and a server."""
        self._device, self._clock, self._server = device, clock, server
        self._ids: dict[str, ua.NodeId] = {}
        self._names: dict[ua.NodeId, str] = {}
        self._words: dict[str, tuple[str, ...]] = {}
        self._shown: dict[str, Value | None] = {}
        self._offer = offer

    async def furnish(self) -> None:
        """Make one variable for each value, below one object."""
        index = await self._server.register_namespace(NAMESPACE)
        device = await self._server.nodes.objects.add_object(index, self._offer.name)
        kinds: dict[tuple[str, ...], ua.NodeId] = {}
        for name, value in self._device.values(self._now()).items():
            words = () if self._offer.texts else self._device.words.get(name, ())
            if words and words not in kinds:
                kinds[words] = (await new_enum(self._server, index, f"{name}Type", list(words))).nodeid
            held = _variant("" if value is None else value, words)
            node = await device.add_variable(index, name, held, datatype=kinds.get(words))
            if name in self._device.writable:
                await node.set_writable()
            self._ids[name], self._names[node.nodeid], self._words[name] = node.nodeid, name, words
            self._shown[name] = value

    async def refresh(self, *_: object) -> None:
        """Show what the fake holds now."""
        for name, value in self._device.values(self._now()).items():
            if self._shown.get(name) != value:
                self._shown[name] = value
                await self.shown(name, value)

    async def shown(self, name: str, value: Value | None) -> None:
        """Show one value."""
        held = self.held(name, value)
        await self._server.iserver.aspace.write_attribute_value(self._ids[name], ua.AttributeIds.Value, held)

    def held(self, name: str, value: Value | None) -> ua.DataValue:
        """Give how a value is shown; none has the status of a sensor that failed."""
        if value is None:
            return ua.DataValue(StatusCode=ua.StatusCode(ua.UInt32(ua.StatusCodes.BadSensorFailure)))
        return ua.DataValue(_variant(value, self._words.get(name, ())))

    async def write(self, item: ua.WriteValue) -> ua.StatusCode | None:
        """Give a written value to the fake; None when it is not one of its nodes."""
        name = self._names.get(item.NodeId)
        if name is None or item.AttributeId != ua.AttributeIds.Value:
            return None
        if name not in self._device.writable:
            return ua.StatusCode(ua.UInt32(ua.StatusCodes.BadNotWritable))
        variant = item.Value.Value
        value = variant.Value if variant is not None else None
        words = self._words[name]
        if words and isinstance(value, int) and 0 <= value < len(words):
            value = words[value]
        if not isinstance(value, bool | int | float | str):
            return ua.StatusCode(ua.UInt32(ua.StatusCodes.BadTypeMismatch))
        at = self._clock.micros()
        self._offer.log.add(at, self._offer.name, nodes.line(nodes.Request(0, write={name: value})))
        try:
            self._device.write(name, value, Instant(at / MICRO))
        except NodeRefusedError as refusal:
            return ua.StatusCode(ua.UInt32(getattr(ua.StatusCodes, refusal.status)))
        await self.refresh()
        return ua.StatusCode()

    async def keep(self) -> None:
        """Refresh for those who subscribe, until it is cancelled."""
        while True:
            await SystemClock().sleep(EVERY)
            await self.refresh()

    def _now(self) -> Instant:
        return Instant(self._clock.micros() / MICRO)


class _Attributes(AttributeService):
    """The server's attribute service, with the fake's nodes written to the fake."""

    def __init__(self, aspace: AddressSpace, served: Served) -> None:
        super().__init__(aspace)
        self._served = served

    async def write(self, params: ua.WriteParameters, user: User = _ADMIN) -> list[ua.StatusCode]:
        results: list[ua.StatusCode] = []
        for item in params.NodesToWrite:
            code = await self._served.write(item)
            if code is None:
                (code,) = await super().write(ua.WriteParameters(NodesToWrite=[item]), user)
            results.append(code)
        return results


def _variant(value: Value, words: tuple[str, ...]) -> ua.Variant:
    if words:
        return ua.Variant(words.index(str(value)) if value in words else 0, ua.VariantType.Int32)
    if isinstance(value, bool):
        return ua.Variant(value, ua.VariantType.Boolean)
    kind = {int: ua.VariantType.Int32, float: ua.VariantType.Double, str: ua.VariantType.String}[type(value)]
    return ua.Variant(value, kind)


Serves = Callable[[Server], Served]
"""How a fake is shown on a server: as variables, or as a LADS device."""


@contextlib.asynccontextmanager
async def serving(device: Nodes, clock: Ticks, offer: Offer) -> AsyncIterator[str]:
    """Serve a fake as variables on loopback while the block runs; gives the port text for a site."""
    async with shown_by(lambda server: Served(device, clock, server, offer=offer), offer) as port:
        yield port


@contextlib.asynccontextmanager
async def shown_by(serves: Serves, offer: Offer) -> AsyncIterator[str]:
    """Run a server on loopback that shows a fake while the block runs; gives the port text for a site."""
    server = Server(user_manager=_Users(offer.password) if offer.password else None)
    await server.init()
    port = free_port(offer.port)
    url = f"opc.tcp://{LOOPBACK}:{port}/{offer.name}"
    server.set_endpoint(url)
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    served = serves(server)
    await served.furnish()
    server.iserver.attribute_service = _Attributes(server.iserver.aspace, served)
    server.subscribe_server_callback(CallbackType.PreRead, served.refresh)
    async with server:
        keeping = asyncio.get_running_loop().create_task(served.keep(), name=f"opcua {offer.name}")
        try:
            yield f"opcua:{url}"
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)


@contextlib.contextmanager
def in_thread(device: Nodes, seat: Seat, *, port: int = 0) -> Iterator[tuple[Hands, str]]:
    """Serve the fake of a seat as variables from a thread of its own; gives its hands and the port text for a site."""
    offer = Offer(name=seat.name, port=port, log=seat.log)
    with thread_of(lambda server: Served(device, seat.clock, server, offer=offer), seat, offer) as served:
        yield served


def thread_of(serves: Serves, seat: Seat, offer: Offer) -> contextlib.AbstractContextManager[tuple[Hands, str]]:
    """Run a server that shows the fake of a seat from a thread of its own; gives its hands and the port text."""
    return in_loop.thread_of(lambda: shown_by(serves, offer), seat, "opcua")

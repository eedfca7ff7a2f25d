"""Other people's OPC UA on both sides: their client walks our washer fake, and our driver runs against their server."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field

import pytest
from asyncua import Client, Node, Server, ua
from asyncua.common.callback import CallbackType, ServerItemCallback

from automation.kernel.clock import MICRO
from automation.kernel.errors import FailedError, RefusedError, WireError
from automation.kernel.quantity import Instant
from fakes.in_loop import free_port
from fakes.rotea import FakeRotea
from fakes.serve import LOOPBACK
from instruments.drivers.rotea.driver import Rotea, build
from instruments.interfaces.cell_washer import Kit, WasherState, WashParameter, WashProgram
from instruments.transport import Link
from instruments.transport.opcua import OpcUaStream
from instruments.transport.opcua_site import Access, Mapped
from instruments.transport.ports import open_stream
from tests.support.washers import OPERATOR, PRODUCT, SOURCE, VALUES, Hall, furnished, hall, load

pytestmark = pytest.mark.requirement("F016", "F103.1", "C04", "C07")

SUM = "e152abb59e4949980731c5bbf7194ffb"  # the user guide's own example
STATES = {
    "ProtocolState": "InstrumentReady",
    "WaitingUserAck": "NotWaiting",
    "DoorState": "Closed",
    "KitState": "Valid",
}
TEXTS = {"KitID": "R-1", "ProtocolName": "Concentrate", "ProtocolChecksum": SUM, "SetProtocolState": ""}
BY_NAME = Mapped()
APPROVED = WashProgram("Concentrate", SUM, (WashParameter("Volume", 100),))


@pytest.fixture(scope="module")
def served() -> Iterator[Hall]:
    """Serve our fake to their client."""
    with hall() as made:
        yield made


def client(where: Hall) -> Client:
    """Give a plain client of theirs for our server."""
    made = Client(where.port.removeprefix("opcua:"))
    made.set_user(OPERATOR.user)
    made.set_password(OPERATOR.password)
    return made


def test_a_plain_client_walks_the_fake_and_starts_a_run(served: Hall) -> None:
    """Browses, reads an enumeration by its number, writes parameters and commands, and is told of a change."""

    async def main() -> None:
        fake = served.stand.device = FakeRotea(furnished(), "washer")
        load(fake, lambda action, **details: fake.hand(action, details, Instant(served.clock.micros() / MICRO)))
        async with client(served) as theirs:
            nodes = await _children(theirs)
            assert await nodes["KitID"].read_value() == "KIT-1"
            for number, value in enumerate(VALUES, 1):
                await nodes[f"SetParameter{number}"].write_value(ua.Variant(value, ua.VariantType.Int32))
            assert await _word(nodes["ParameterValid1"]) == "Valid"
            heard = _Heard()
            subscription = await theirs.create_subscription(20, heard)
            await subscription.subscribe_data_change(nodes["ProtocolState"])
            await _command(nodes, "SendProtocolToRotea")
            served.clock.passed += 5.0
            await _command(nodes, "RunProtocol")
            served.clock.passed += 30.0
            assert await _word(nodes["ProtocolState"]) == "ProtocolRunning"
            await asyncio.wait_for(heard.running.wait(), timeout=5.0)
            assert fake.acts["start"] == 1

    served.runner.run(main())


@pytest.mark.requirement("F103.1", "C04", refuses=True)
def test_a_plain_client_is_refused_what_the_washer_refuses(served: Hall) -> None:
    """A status code of OPC UA, and nothing changed."""

    async def main() -> None:
        fake = served.stand.device = FakeRotea(furnished(), "washer")
        async with client(served) as theirs:
            nodes = await _children(theirs)
            with pytest.raises(ua.UaStatusCodeError, match="BadInvalidState"):
                await _command(nodes, "RunProtocol")
            with pytest.raises(ua.UaStatusCodeError):
                await nodes["KitID"].write_value("other")
            assert set(fake.acts.values()) == {0}

    served.runner.run(main())


@pytest.mark.requirement("F103.1", "C04", refuses=True)
def test_a_plain_client_without_the_password_stays_outside(served: Hall) -> None:
    """Neither anonymous nor with a wrong one."""

    async def main() -> None:
        made = client(served)
        made.set_password("wrong")
        with pytest.raises(ua.UaStatusCodeError):
            await made.connect()
        await made.disconnect()

    served.runner.run(main())


@dataclass(slots=True)
class Theirs:
    """A plain server with the documented variables, worked by the test, and our driver in front of it."""

    washer: Rotea
    stream: OpcUaStream
    link: Link
    nodes: dict[str, Node]
    told_to_run: asyncio.Event

    async def set(self, **values: object) -> None:
        """Let the server hold these values."""
        for name, value in values.items():
            await self.nodes[name].write_value(value)


@dataclass(frozen=True, slots=True)
class Plain:
    """A plain server of theirs, and the loop in which it runs."""

    runner: asyncio.Runner
    url: str
    nodes: dict[str, Node]
    told_to_run: asyncio.Event


@pytest.fixture(scope="module")
def plain() -> Iterator[Plain]:
    """Keep one plain asyncua server whose variables are texts."""
    with asyncio.Runner() as runner:
        server, told = Server(), asyncio.Event()
        url = f"opc.tcp://{LOOPBACK}:{free_port()}/theirs"

        def written(event: ServerItemCallback, _: object) -> None:
            if any(one.Value.Value.Value == "RunProtocol" for one in event.request_params.NodesToWrite):
                told.set()

        async def begin() -> dict[str, Node]:
            await server.init()
            server.set_endpoint(url)
            server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
            server.subscribe_server_callback(CallbackType.PostWrite, written)
            nodes = await _furnish(server)
            await server.start()
            return nodes

        nodes = runner.run(begin())
        try:
            yield Plain(runner, url, nodes, told)
        finally:
            runner.run(server.stop())


def with_theirs(
    plain: Plain,
    work: Callable[[Theirs], Coroutine[object, object, None]],
    *,
    mapped: Mapped = BY_NAME,
    user: str = "operator",
) -> None:
    """Open our driver on the plain server, as it was at first."""

    async def main() -> None:
        for name, value in {**STATES, **TEXTS}.items():
            await plain.nodes[name].write_value(value)
        for name in ("SetParameter1", "ProtocolStepNumber"):
            await plain.nodes[name].write_value(ua.Variant(0, ua.VariantType.Int32))
        stream = open_stream(f"opcua:{plain.url}")
        assert isinstance(stream, OpcUaStream)
        link = Link(stream, name="washer")
        washer = build(link, {}, control=True)
        stream.mapped, stream.access = mapped, Access(user=user, password="any")
        await link.open()
        try:
            await work(Theirs(washer, stream, link, plain.nodes, plain.told_to_run))
        finally:
            await link.close()

    plain.runner.run(main())


async def _furnish(server: Server) -> dict[str, Node]:
    index = await server.register_namespace("urn:example")
    place = await server.nodes.objects.add_object(index, "Run Manager")
    numbers = {"ProtocolStepNumber": 0, **{f"SetParameter{n}": 0 for n in range(1, 21)}}
    texts = {**STATES, **TEXTS, **{f"ParameterName{n}": "" for n in range(1, 21)}}
    texts |= {f"ParameterValid{n}": "NotInUse" for n in range(1, 21)}
    made = {name: await place.add_variable(index, name, text) for name, text in texts.items()}
    made |= {n: await place.add_variable(index, n, value, ua.VariantType.Int32) for n, value in numbers.items()}
    for name, node in made.items():
        if name.startswith("Set"):
            await node.set_writable()
    return made


def test_the_driver_prepares_and_starts_on_a_plain_server(plain: Plain) -> None:
    """By BrowseName; it understands the state of page 93 too; what it wrote stands in the server."""

    async def work(theirs: Theirs) -> None:
        await theirs.set(ParameterName1="Volume", ParameterValid1="Valid", ProtocolState="ProtocolReadyToStart")
        assert (await theirs.washer.look()).state is WasherState.READY_TO_START
        await theirs.washer.prepare(program=APPROVED)
        assert await theirs.nodes["SetParameter1"].read_value() == 100
        assert await theirs.nodes["SetProtocolState"].read_value() == "SendProtocolToRotea"
        assert await theirs.washer.prepared(program=APPROVED) == APPROVED
        started = asyncio.create_task(theirs.washer.start(source=SOURCE, product=PRODUCT))
        await asyncio.wait_for(theirs.told_to_run.wait(), timeout=5.0)
        await theirs.set(ProtocolState="ProtocolRunning")
        await started
        assert (await theirs.washer.look()).state is WasherState.RUNNING

    with_theirs(plain, work)


def test_what_the_server_says_is_told_as_it_is(plain: Plain) -> None:
    """Kit and door by their words; a word that no page names is no answer."""

    async def work(theirs: Theirs) -> None:
        await theirs.set(KitState="LoadedNotValid", DoorState="Open")
        seen = await theirs.washer.look()
        assert (seen.kit, seen.door_closed, seen.kit_id) == (Kit.NOT_VALID, False, "R-1")
        with pytest.raises(RefusedError, match="door"):
            await theirs.washer.start(source=SOURCE, product=PRODUCT)
        await theirs.set(ProtocolState="Dancing")
        with pytest.raises(WireError, match="Dancing"):
            await theirs.washer.look()

    with_theirs(plain, work)


def test_nothing_is_written_without_a_user_unless_the_site_allows_it(plain: Plain) -> None:
    """Refused on our side; the server is not even asked."""

    async def work(theirs: Theirs) -> None:
        await theirs.set(ParameterName1="Volume")
        with pytest.raises(RefusedError, match="anonymous writing is not allowed"):
            await theirs.washer.prepare(program=APPROVED)
        assert await theirs.nodes["SetParameter1"].read_value() == 0

    with_theirs(plain, work, user="")


def test_a_mapping_file_names_places_and_the_words_of_numbers(plain: Plain) -> None:
    """By path, by node id, by another BrowseName; a number without a word is no value."""
    words = {"DoorState": {0: "Open", 1: "Closed"}}
    mapped = Mapped({"KitID": "Run Manager/ProtocolName", "DoorState": "ProtocolStepNumber"}, words)

    async def work(theirs: Theirs) -> None:
        assert (await theirs.washer.look()).kit_id == "Concentrate"
        assert (await theirs.washer.look()).door_closed is False
        await theirs.nodes["ProtocolStepNumber"].write_value(ua.Variant(7, ua.VariantType.Int32))
        assert (await theirs.washer.look()).door_closed is None

    with_theirs(plain, work, mapped=mapped)


def test_a_node_that_is_not_there_is_named(plain: Plain) -> None:
    """A server of another version says so at the first look, not in the middle of a run."""

    async def work(theirs: Theirs) -> None:
        with pytest.raises(FailedError, match=r"WaitingUserAck.*BadNodeIdUnknown"):
            await theirs.washer.look()

    with_theirs(plain, work, mapped=Mapped({"WaitingUserAck": "ns=99;s=nothing"}))


async def _children(client: Client) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for device in await client.nodes.objects.get_children():
        if (await device.read_browse_name()).Name == "rotea":
            found = {(await node.read_browse_name()).Name: node for node in await device.get_children()}
    return found


async def _words(node: Node) -> list[str]:
    """Give the words of an enumeration as the server publishes them."""
    definition = await Node(node.session, await node.read_data_type()).read_data_type_definition()
    assert isinstance(definition, ua.EnumDefinition)
    return [str(one.Name) for one in definition.Fields]


async def _word(node: Node) -> str:
    return (await _words(node))[int(await node.read_value())]


async def _command(nodes: dict[str, Node], word: str) -> None:
    node = nodes["SetProtocolState"]
    await node.write_value(ua.Variant((await _words(node)).index(word), ua.VariantType.Int32))


@dataclass(slots=True)
class _Heard:
    """Waits for the fifth state, which is running."""

    running: asyncio.Event = field(default_factory=asyncio.Event)

    def datachange_notification(self, _node: Node, value: int, _data: object) -> None:
        """Hear of a change."""
        if value == 4:
            self.running.set()

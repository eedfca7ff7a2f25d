"""What a bioreactor's driver keeps, on the node port in memory and through OPC UA; and their client on our LADS server.

Both stand here because a server takes longer to build than all tests that use it. Units: mL, mL/h, degC, s.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from asyncua import Client, Node, ua

from automation.engine.handles import Container
from automation.kernel.effect import Call, Done, NotDone
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Celsius, Millilitres, Percent
from fakes.lads_faces import Face
from fakes.serve import Seat
from fakes.watson_marlow import FakeWatsonMarlow
from fakes.world import World
from instruments.drivers.lads_freezer.driver import LadsFreezer
from instruments.interfaces.bioreactor import Cultivating, Feeding, Perfusion
from instruments.interfaces.device import Identity
from instruments.interfaces.freezer import RunState
from tests.fuzz.vectors import vectors
from tests.support.bioreactors import CULTURE, KEPT, MEDIUM, NAME, OPERATOR, WASTE, Bench, Hall, Wish, hall, on_bench
from tests.support.freezers import SHORT
from tests.support.freezers import Bench as FreezerBench
from tests.support.lads_freezers import over_opcua

BAG = (Container("bag"),)
pytestmark = pytest.mark.requirement("F025", "F103.1", "C06", "C07")


@pytest.fixture(scope="module")
def served() -> Iterator[Hall]:
    """Keep one server for all tests."""
    with hall() as made:
        yield made


@pytest.fixture(params=["node port in memory", "OPC UA on loopback"])
def wish(request: pytest.FixtureRequest, served: Hall) -> Wish:
    """Give each way to the rocker."""
    return Wish(hall=served if request.param == "OPC UA on loopback" else None)


def test_a_culture_is_kept_as_it_was_set_and_grows(wish: Wish) -> None:
    """Read back as set; started once; three days later there are more cells, and less oxygen and pH than at first."""

    async def work(bench: Bench) -> None:
        await bench.running()
        assert await bench.rocker.set_points() == KEPT
        assert (await bench.rocker.look()).state is Cultivating.RUNNING
        await bench.passes(3600.0)
        first, cells = await bench.rocker.values(), bench.held().live
        assert first.temperature == pytest.approx(37.0, abs=0.3)
        await bench.passes(3 * 86_400.0)
        later = await bench.rocker.values()
        assert bench.held().live > cells
        assert (later.ph or 9.0) < (first.ph or 0.0)
        assert float(later.dissolved_oxygen or 99.0) < float(first.dissolved_oxygen or 0.0)
        assert bench.fake.acts["start"] == 1

    on_bench(wish, work)


def test_a_device_says_who_it_is(wish: Wish) -> None:
    """From its identification; units of its functions are compared meanwhile."""

    async def work(bench: Bench) -> None:
        assert await bench.rocker.identify() == Identity("Cellwright", "Rocking bag (fake)", "SIM-RB-01", "1.0")

    on_bench(wish, work)


def test_a_feed_goes_in_once_and_is_known_by_its_task(wish: Wish) -> None:
    """It runs, is complete with its volume, and the same task is refused."""

    async def work(bench: Bench) -> None:
        await bench.running()
        before, task = float(bench.held().volume), f"fed once {wish.hall is None}"
        assert await bench.rocker.fed(task=task) is None
        await bench.feed(100.0, task)
        assert (await bench.rocker.look()).feed == task
        await bench.passes(600.0)
        fed = await bench.rocker.fed(task=task)
        assert fed is not None
        assert (fed.state, fed.given) == (Feeding.COMPLETE, Millilitres(100.0))
        assert float(bench.held().volume) == pytest.approx(before + 100.0)
        with pytest.raises(RefusedError, match="has not had yet"):
            await bench.feed(100.0, task)
        assert bench.fake.acts["feed"] == 1

    on_bench(wish, work)


def test_medium_flows_through_and_cells_stay(wish: Wish) -> None:
    """A day at 20 mL/h: 480 mL in the waste, as much volume as before, and nearly all cells in the bag."""

    async def work(bench: Bench) -> None:
        await bench.running()
        volume = float(bench.held().volume)
        await bench.rocker.perfuse(medium=MEDIUM, culture=CULTURE, waste=WASTE, perfusion=Perfusion(20.0))
        assert await bench.rocker.perfusion() == Perfusion(20.0)
        await bench.passes(86_400.0)
        await bench.rocker.end_perfusion()
        assert await bench.rocker.perfusion() == Perfusion(0.0)
        assert float(bench.held(WASTE.id).volume) == pytest.approx(480.0, abs=1.0)
        assert float(bench.held().volume) == pytest.approx(volume)
        assert float(bench.held(WASTE.id).live) < 0.001 * float(bench.held().live)

    on_bench(wish, work)


def test_a_held_bag_lies_still_and_moves_again(wish: Wish) -> None:
    """Warm and gassed meanwhile; pumps stand; each is told by the state, so that doubt is settled."""

    async def work(bench: Bench) -> None:
        await bench.running()
        await bench.rocker.hold()
        seen = await bench.rocker.values()
        assert ((await bench.rocker.look()).state, seen.rocking_rate) == (Cultivating.HELD, 0.0)
        assert await bench.rocker.reconcile(Call(NAME, "hold", {})) == Done()
        with pytest.raises(RefusedError, match="held"):
            await bench.feed(10.0, "into a held bag")
        await bench.rocker.resume()
        assert (await bench.rocker.values()).rocking_rate == KEPT.rocking_rate
        assert await bench.rocker.reconcile(Call(NAME, "hold", {})) == NotDone()
        await bench.rocker.stop()
        assert (await bench.rocker.look()).state is Cultivating.STOPPED

    on_bench(wish, work)


@pytest.mark.requirement("F025", refuses=True)
def test_what_the_device_refuses_leaves_everything_as_it_was(wish: Wish) -> None:
    """A temperature was set before the CO2 was refused: it is put back."""

    async def work(bench: Bench) -> None:
        await bench.rocker.keep(set_points=KEPT)
        with pytest.raises(RefusedError, match="BadOutOfRange"):
            await bench.rocker.keep(set_points=replace(KEPT, temperature=Celsius(36.0), co2=Percent(19.0)))
        assert await bench.rocker.set_points() == KEPT

    on_bench(wish, work)


@pytest.mark.requirement("C05.3")
@pytest.mark.requirement("C05.3", refuses=True)
def test_a_freezer_behind_the_same_server_runs_an_uploaded_program_to_its_end(served: Hall) -> None:
    """Bytes up and down; one start, a second refused; held, gone on, complete; alarms and doubt by reading."""

    async def work(bench: FreezerBench) -> None:
        freezer = bench.freezer
        assert isinstance(freezer, LadsFreezer)
        assert (await freezer.identify()).serial == "SIM-LF-01"
        await freezer.stand_by(target=Celsius(5.0))
        await freezer.load(program=SHORT)
        assert await freezer.loaded(program=SHORT) == SHORT
        start = Call(NAME, "start", {"containers": BAG})
        assert await freezer.reconcile(start) == NotDone()
        await freezer.start(containers=BAG)
        assert await freezer.reconcile(start) == Done()
        with pytest.raises(RefusedError, match="reset only"):
            await freezer.start(containers=BAG)
        await bench.passes(90.0)
        await freezer.hold()
        held = await freezer.run()
        assert (held.state, held.segment, held.alarms) == (RunState.HOLD, 3, ())
        await freezer.go_on()
        bench.hand("sensor", broken=True)
        assert (await freezer.run()).alarms == ("sensor break", "device health FAILURE")
        bench.hand("sensor", broken=False)
        await bench.passes(600.0)
        over = await freezer.run()
        assert (over.state, over.remaining) == (RunState.COMPLETE, None)
        assert over.setpoint == pytest.approx(-8.5)
        await freezer.reset()
        assert (await freezer.run()).state is RunState.RESET
        assert bench.fake.acts == {"start": 1, "hold": 1, "go on": 1, "reset": 1, "set point": 1}

    over_opcua(served, work)


GOLDEN: dict[str, Any] = dict(vectors("lads"))  # groups of different shapes
MEMBERS: dict[str, list[str]] = GOLDEN["members"]


@pytest.mark.requirement("C05.3")
def test_their_client_finds_the_arguments_of_programs_up_and_down_as_the_specification_has_them(served: Hall) -> None:
    """By name and by whether it is a list, and every member of a freezer's device is one of its type."""

    async def work(_bench: FreezerBench) -> None:
        manager = "DeviceSet/Freezer/FunctionalUnitSet/Chamber/ProgramManager"
        async with _client(served) as theirs:
            for method in ("Upload", "Download"):
                node = await _at(theirs, f"{manager}/{method}")
                told = [
                    [[one.Name, one.ValueRank >= 1] for one in await (await _below(node, kind)).read_value()]
                    for kind in ("InputArguments", "OutputArguments")
                ]
                assert told == GOLDEN[method.lower()]
            lads = await theirs.get_namespace_index(GOLDEN["namespace"])
            types = {number: name for name, number in GOLDEN["types"].items()}
            found = await _typed(await _at(theirs, "DeviceSet/Freezer"), lads, types)
        assert ("ProgramTemplateType", "Modified") in found
        assert [(kind, name) for kind, name in found if kind in MEMBERS and name not in MEMBERS[kind]] == []

    over_opcua(served, work)


def test_their_client_finds_what_the_specification_names_and_nothing_else_of_it(served: Hall) -> None:
    """Every object of a LADS type has only members of that type, under the specification's namespace and numbers."""

    async def work(bench: Bench) -> None:
        await bench.running()
        await bench.feed(10.0, "seen by their client")
        async with _client(served) as theirs:
            lads = await theirs.get_namespace_index(GOLDEN["namespace"])
            di = await theirs.get_namespace_index("http://opcfoundation.org/UA/DI/")
            types = {number: name for name, number in GOLDEN["types"].items()}
            found = await _typed(theirs.get_node(f"ns={di};i=5001"), lads, types)
        assert {kind for kind, _ in found} >= {*MEMBERS} - {"ProgramTemplateType"}
        assert [(kind, name) for kind, name in found if kind in MEMBERS and name not in MEMBERS[kind]] == []

    on_bench(Wish(hall=served), work)


@pytest.mark.requirement("F103.1")
@pytest.mark.requirement("F103.1", "C06", refuses=True)
def test_their_client_runs_a_culture_and_is_refused_what_its_state_forbids(served: Hall) -> None:
    """Target written, program started with job and task, held, refused a second start, stopped; the result stands."""

    async def work(bench: Bench) -> None:
        async with _client(served) as theirs:
            unit = await _at(theirs, "DeviceSet/RockingBag/FunctionalUnitSet/Culture")
            machine = await _below(unit, "FunctionalUnitState")
            target = await _below(unit, "FunctionSet/Temperature/TargetValue")
            await target.write_value(36.5)
            run = await _start(machine, "B-7", "grow")
            assert (await (await _below(machine, "CurrentState")).read_value()).Text == "Running"
            running = await _below(machine, "RunningStateMachine")
            await running.call_method((await _below(running, "Hold")).nodeid)
            assert (await (await _below(running, "CurrentState")).read_value()).Text == "Held"
            with pytest.raises(ua.UaStatusCodeError, match="BadInvalidState"):
                await _start(machine, "B-7", "again")
            await machine.call_method((await _below(machine, "Stop")).nodeid)
            result = await _below(unit, f"ProgramManager/ResultSet/{run}")
            assert await (await _below(result, "SupervisoryTaskId")).read_value() == "grow"
            assert (await (await _below(result, "Stopped")).read_value()).year > 2000
        assert (bench.fake.targets["Temperature"], bench.fake.acts["start"], bench.fake.acts["stop"]) == (36.5, 1, 1)

    on_bench(Wish(hall=served), work)


def test_their_client_is_told_of_a_change_and_of_a_sensor_that_fails(served: Hall) -> None:
    """The unit stands beside the value; a broken sensor has a bad status, never its last value."""

    async def work(bench: Bench) -> None:
        async with _client(served) as theirs:
            value = await _at(theirs, "DeviceSet/RockingBag/FunctionalUnitSet/Culture/FunctionSet/pH/CurrentValue")
            assert 6.0 < await value.read_value() < 9.0
            warm = await _at(theirs, "DeviceSet/RockingBag/FunctionalUnitSet/Culture/FunctionSet/Temperature")
            unit = await (await _below(warm, "CurrentValue/EngineeringUnits")).read_value()
            assert unit.DisplayName.Text == "degC"
            bench.hand("sensor", which="pH", broken=True)
            with pytest.raises(ua.UaStatusCodeError, match="BadSensorFailure"):
                await value.read_value()

    on_bench(Wish(hall=served), work)


def test_their_client_drives_a_fake_whose_own_link_speaks_something_else(served: Hall) -> None:
    """A pump's program through its face: started with a task, its speed read, stopped; its result stands."""
    pump = FakeWatsonMarlow(World(1), "pump", unit="1", echoes=True)
    served.stand.fake = Face(Seat(pump, served.clock, "pump"))

    async def main() -> None:
        async with _client(served) as theirs:
            await theirs.nodes.server_state.read_value()  # the server shows what stands behind it when it is read
            unit = await _at(theirs, "DeviceSet/pump/FunctionalUnitSet/Pump")
            machine = await _below(unit, "FunctionalUnitState")
            speed = await _below(unit, "FunctionSet/Speed/SensorValue")
            run = await _start(machine, "J", "rinse", program="Pump")
            assert (await speed.read_value(), pump.acts["start"]) == (100.0, 0)
            await machine.call_method((await _below(machine, "Stop")).nodeid)
            assert await speed.read_value() == 0.0
            result = await _below(unit, f"ProgramManager/ResultSet/{run}")
            assert await (await _below(result, "SupervisoryTaskId")).read_value() == "rinse"

    served.runner.run(main())


def _client(where: Hall) -> Client:
    made = Client(where.port.removeprefix("opcua:"))
    made.set_user(OPERATOR.user)
    made.set_password(OPERATOR.password)
    return made


async def _at(theirs: Client, path: str) -> Node:
    return await _below(theirs.nodes.objects, path)


async def _below(node: Node, path: str) -> Node:
    """Go down by BrowseNames, whatever their namespaces."""
    for name in path.split("/"):
        [found] = [one for one in await node.get_children_descriptions() if one.BrowseName.Name == name]
        node = Node(node.session, found.NodeId)
    return node


async def _start(machine: Node, job: str, task: str, *, program: str = "Culture") -> str:
    nothing = ua.Variant([], ua.VariantType.ExtensionObject, is_array=True)
    given = (program, nothing, job, task, nothing)
    return str(await machine.call_method((await _below(machine, "StartProgram")).nodeid, *given))


async def _typed(node: Node, lads: int, types: dict[int, str]) -> set[tuple[str, str]]:
    """Give (LADS type, name of a member in a namespace of the specifications) of everything below a node."""
    found: set[tuple[str, str]] = set()
    kind = await node.read_type_definition()
    own = types.get(int(kind.Identifier), "") if kind is not None and kind.NamespaceIndex == lads else ""
    for child in await node.get_children_descriptions():
        if own and child.BrowseName.NamespaceIndex <= lads:
            found.add((own, str(child.BrowseName.Name)))
        if child.NodeClass == ua.NodeClass.Object:
            found |= await _typed(Node(node.session, child.NodeId), lads, types)
    return found

"""PyLabRobot with its own HTTP client, and another client, against our OT-2 on TCP; units uL, mm."""

import asyncio
import contextlib
import http.client
import json
from collections.abc import Coroutine, Iterator
from typing import TypeVar

import pytest
from pylabrobot.liquid_handling import LiquidHandler
from pylabrobot.liquid_handling.backends import OpentronsOT2Backend
from pylabrobot.resources import Container, Coordinate, Resource, Tip, TipRack, TipSpot
from pylabrobot.resources.opentrons import OTDeck

from automation.kernel.clock import MICRO, SystemClock
from automation.kernel.quantity import Cells, Celsius, Instant, Millilitres
from fakes.contents import filled
from fakes.opentrons import FakeOpentrons
from fakes.serve import FastClock, Seat, serving
from fakes.world import Container as Vessel
from fakes.world import World
from instruments.drivers.opentrons_ot2.driver import OpentronsOt2
from instruments.labware.deck import load
from instruments.transport import Link
from instruments.transport.ports import open_stream
from tests.support.liquid_handlers import PRODUCT, draw, give, tips

pytestmark = pytest.mark.requirement("C03", "C06")

DECK = load("bench-ot2")
SPEED = 2000.0  # times as fast as the robot
MOVES = ("moveToCoordinates", "aspirateInPlace", "dispenseInPlace", "dropTipInPlace", "pickUpTip")
VOLUME, FULL = 500.0, 30_000.0
# mm that our driver stays above the bottom: 2 below the surface that is left, and where the surface will be
SURFACES = ((FULL - VOLUME) * 39.22 / 290_000.0 - 2.0, VOLUME * 39.28 / 2_000.0)
_T = TypeVar("_T")


@contextlib.contextmanager
def robot() -> Iterator[tuple[FakeOpentrons, int]]:
    """Serve an OT-2 with a full trough and an empty vial, much faster than life; gives its port."""
    world, clock = World(1), FastClock(SystemClock(), speed=SPEED)
    fake, now = FakeOpentrons(world, "ot2", DECK), Instant(clock.micros() / MICRO)
    for name, position, volume in (("product", "trough.A1", FULL / 1000), ("vial1", "vials.A1", 0.0)):
        contents = filled(Millilitres(volume), live=Cells(1e6 * volume))
        vessel = Vessel(name, "trough" if volume else "vial", contents=contents)
        world.add(vessel, place="bench", at=Celsius(22.0), now=now)
        fake.hand("place", {"position": position, "container": name}, now)
    with serving(Seat(fake, clock), tcp=0) as (_, port):
        yield fake, int(port.rpartition(":")[2])


def pipetting(fake: FakeOpentrons) -> list[tuple[object, object]]:
    """Give the commands that moved a pipette, without names that each side chooses for itself."""
    run = fake.run
    assert run is not None
    moved: list[tuple[object, object]] = []
    for one in run.commands:
        params = one["params"]
        assert isinstance(params, dict)
        if one["commandType"] in MOVES:
            own = {name: value for name, value in params.items() if name not in {"pipetteId", "labwareId", "wellName"}}
            moved.append((one["commandType"], own))
    return moved


def bare_deck() -> tuple[OTDeck, TipRack, Container, Container]:
    """Lay out PyLabRobot's deck with its own resources: a rack, a trough and a vial where our deck has them."""
    deck, tip = OTDeck(), Tip(True, 88.0, 1000.0, 7.95, name="tip")
    spot = TipSpot("A1", 0.0, 0.0, make_tip=lambda name: tip)  # noqa: ARG005  it looks for a parameter of this name
    spot.location = Coordinate(14.36, 74.26, 9.47)
    rack = TipRack("rack", 127.76, 85.48, 97.47, ordered_items={"A1": spot})
    deck.assign_child_at_slot(rack, 1)
    wells = []
    for name, slot, at, size in (
        ("trough", 2, (63.88, 42.785, 4.82), (108.0, 72.0, 39.22)),
        ("tubes", 5, (18.21, 75.43, 40.17), (10.0, 10.0, 39.28)),
    ):
        holder, well = Resource(name, 127.76, 85.5, 80.0), Container(f"{name} A1", *size, material_z_thickness=0.0)
        holder.assign_child_resource(well, location=Coordinate(at[0] - size[0] / 2, at[1] - size[1] / 2, at[2]))
        deck.assign_child_at_slot(holder, slot)
        wells.append(well)
    return deck, rack, *wells


async def by_pylabrobot(port: int) -> None:
    """Do a transfer as PyLabRobot's users do it."""
    deck, rack, trough, vial = bare_deck()
    handler = LiquidHandler(OpentronsOT2Backend(host="127.0.0.1", port=port), deck=deck)
    await handler.setup()
    await handler.pick_up_tips(rack["A1"])
    await handler.aspirate([trough], vols=[VOLUME], liquid_height=[SURFACES[0]])
    await handler.dispense([vial], vols=[VOLUME], liquid_height=[SURFACES[1]])
    await handler.discard_tips()


async def by_us(port: int) -> None:
    """Do the same transfer with our driver."""
    link = Link(open_stream(f"tcp:127.0.0.1:{port}"), name="ot2")
    await link.open()
    driver = OpentronsOt2(link, DECK, control=True)
    await driver.set_up()
    await driver.pick_up(tips=tips(1))
    await driver.aspirate(moves=(draw(VOLUME),), containers=PRODUCT)
    await driver.dispense(moves=(give(VOLUME),), containers=PRODUCT)
    await driver.drop(tips=tips(1, to="waste"))
    await link.close()


def worked(work: Coroutine[object, object, _T]) -> _T:
    """Run on the ordinary loop."""
    return asyncio.run(asyncio.wait_for(work, 20.0))


def test_pylabrobot_with_its_own_client_moves_liquid_in_our_world() -> None:
    """The whole stack that its users have, unmodified; only the far end of the cable is false."""
    with robot() as (fake, port):
        worked(by_pylabrobot(port))
        assert fake.acts == {"set up": 1, "pick up": 1, "aspirate": 1, "dispense": 1, "drop": 1}
        volume = 1000.0 * float(fake.pipettor.world.container("vial1").contents.volume)
        assert volume == pytest.approx(VOLUME, rel=0.02)


def test_our_driver_sends_what_pylabrobot_sends_with_its_own_client() -> None:
    """Command by command, parameter by parameter; each with its own names of labware."""
    with robot() as (theirs, port):
        worked(by_pylabrobot(port))
        sent = pipetting(theirs)
    with robot() as (ours, port):
        worked(by_us(port))
        assert rounded(pipetting(ours)) == rounded(sent)
        assert len(sent) == 8


def rounded(value: object) -> object:
    """Round every number to a micrometre or a nanolitre."""
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return round(value, 3) if isinstance(value, float) else value


def asked(port: int, method: str, path: str, body: object = None) -> tuple[int, object]:
    """Ask with the client of the standard library."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10.0)
    data = None if body is None else json.dumps({"data": body})
    client.request(method, path, body=data, headers={"Opentrons-Version": "3", "Content-Type": "application/json"})
    said = client.getresponse()
    found = json.loads(said.read())
    client.close()
    return said.status, found


def told(found: tuple[int, object], *names: str) -> object:
    """Give what stands at a path of names in an answer."""
    value = found[1]
    for name in names:
        assert isinstance(value, dict)
        value = value[name]
    return value


def command(kind: str, **params: object) -> dict[str, object]:
    """Give a command as it is put into a run."""
    return {"commandType": kind, "params": params, "intent": "setup"}


def test_another_client_is_answered_as_the_robot_server_s_own_tests_want_it() -> None:
    """Health, pipettes, a run, a command that waits, one that fails, and a run that is not there."""
    with robot() as (_, port):
        assert told(asked(port, "GET", "/health"), "api_version") == "8.2.0"
        assert told(asked(port, "GET", "/pipettes"), "left", "name") == "p1000_single_gen2"
        run = asked(port, "POST", "/runs", {})
        assert (run[0], told(run, "data", "status"), told(run, "data", "current")) == (201, "idle", True)
        commands = f"/runs/{told(run, 'data', 'id')}/commands"
        home = asked(port, "POST", f"{commands}?waitUntilComplete=true", command("home"))
        assert (home[0], told(home, "data", "status")) == (201, "succeeded")
        failed = asked(port, "POST", commands, command("aspirateInPlace", pipetteId="none", volume=1.0, flowRate=1.0))
        assert asked(port, "POST", commands, command("dance"))[0] == 422
        assert asked(port, "POST", "/runs/none/commands", command("home"))[0] == 409
        ended = asked(port, "GET", f"{commands}/{told(failed, 'data', 'id')}")
        assert told(ended, "data", "error", "errorType") == "PipetteNotLoadedError"

"""Every installed fake is a SiLA 2 device: its features are read by a library of others, and are said to be ours."""

import socket
from importlib.metadata import EntryPoint, entry_points

import pytest
from sila2.framework import Feature

from automation.kernel.clock import SystemClock
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant
from fakes.lads_faces import Face
from fakes.nodes import NodeRefusedError
from fakes.offering import Offer, build, run
from fakes.serve import Seat
from fakes.sila import SilaDevice, identifier, version
from fakes.watson_marlow import FakeWatsonMarlow
from fakes.world import World

pytestmark = pytest.mark.requirement("F103.4", "C07")

NOW = Instant(1_800_000_000.0)
FAKES = sorted(entry_points(group="cellwright.fakes"), key=lambda point: point.name)
STAND = "cellwright/fakes/WatsonMarlowPump/v1"


def device(model: str) -> SilaDevice:
    """Give a fake as a SiLA 2 device."""
    return SilaDevice(Face(Seat(build(model, seed=1), SystemClock(), model)).lads)


@pytest.mark.parametrize("point", FAKES, ids=lambda point: point.name)
def test_every_fake_has_features_that_others_read(point: EntryPoint) -> None:
    """Originator and category are ours; every property has a value, or is one that is none now."""
    made = device(point.name)
    values = made.values(NOW)
    assert made.features
    for one in made.features:
        read = Feature(one.definition())
        assert str(read.fully_qualified_identifier) == f"cellwright/fakes/{one.identifier}/v1"
        assert {f"{one.id}/Property/{name}" for name in one.properties} <= values.keys()


def test_a_command_takes_its_parameters_by_name_and_no_others() -> None:
    """Another name, another type and no object are refused before the device is asked."""
    fake = FakeWatsonMarlow(World(1), "pump", unit="1", echoes=True)
    made = SilaDevice(Face(Seat(fake, SystemClock(), "pump")).lads)
    start = f"{STAND}/Command/StartProgram"
    for given in ('{"Template": "Pump"}', '{"Template": "Pump", "Job": 1, "Task": "T"}', "[]"):
        with pytest.raises(NodeRefusedError, match="BadInvalidArgument"):
            made.call(start, (given,), NOW)
    assert made.call(start, ('{"Template": "Pump", "Job": "J", "Task": "T"}',), NOW) == ('{"Run":"R1"}',)
    assert fake.head.running
    with pytest.raises(NodeRefusedError, match="BadNotWritable"):
        made.write(f"{STAND}/Property/Speed", 1.0, NOW)


@pytest.mark.parametrize(
    ("name", "told"), [("Count go on", "CountGoOn"), ("pH", "PH"), ("2408", "Unit2408"), ("", "Unit")]
)
def test_a_name_becomes_an_identifier(name: str, told: str) -> None:
    """Letters and digits, a capital first."""
    assert identifier(name) == told


@pytest.mark.parametrize(("firmware", "told"), [("1.02", "1.2"), ("V 3", "0.0_V_3"), ("", "0.0"), ("10.4.7", "10.4")])
def test_a_firmware_becomes_a_version(firmware: str, told: str) -> None:
    """Major and minor; what does not fit stands behind an underscore."""
    assert version(firmware) == told


@pytest.mark.requirement("F103.4", refuses=True)
def test_a_model_that_is_none_is_not_served_over_sila() -> None:
    """It is named before anything is opened."""
    with pytest.raises(InputError, match="model is 'nothing'"):
        run(Offer(model="nothing", sila=0), announce=print)


def test_a_port_that_is_taken_is_shared_with_nobody() -> None:
    """Two servers behind one port would answer in turns."""
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken, pytest.raises(OSError, match="in use"):
        run(Offer(model="cryostream", sila=taken.getsockname()[1]), announce=print)

"""Faces: every installed fake is a LADS device, and what a client does at a face, hands do, on the plant's record."""

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from automation.kernel.clock import MICRO, SystemClock
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant
from fakes.lads_faces import Face
from fakes.memmert import FakeMemmert
from fakes.nodes import NodeRefusedError
from fakes.offering import Offer, build, run
from fakes.plant import PlantLog
from fakes.serve import Seat, rebuild
from fakes.watson_marlow import FakeWatsonMarlow
from fakes.world import World

pytestmark = pytest.mark.requirement("F103", "C07")

NOW = Instant(1_800_000_000.0)
FAKES = sorted(entry_points(group="cellwright.fakes"), key=lambda point: point.name)


def face(model: str) -> Face:
    """Give a fake's face."""
    return Face(Seat(build(model, seed=1), SystemClock(), model))


@pytest.mark.parametrize("point", FAKES, ids=lambda point: point.name)
def test_every_fake_is_a_lads_device(point: EntryPoint) -> None:
    """With an identification, a state, and at least one functional unit."""
    values = face(point.name).lads.values(NOW)
    root = f"DeviceSet/{point.name}"
    assert values[f"{root}/DeviceState/CurrentState"] == "Operate"
    assert values[f"{root}/Identification/Manufacturer"] == "Cellwright (fake)"
    assert any(name.endswith("FunctionalUnitState/CurrentState") for name in values)


def test_a_target_is_set_by_a_hand_and_comes_back_from_the_log(tmp_path: Path) -> None:
    """Within the device's range; beyond it nothing changes."""
    log = PlantLog(tmp_path / "plant.log")
    fake = FakeMemmert(World(1), "incubator")
    lads = Face(Seat(fake, SystemClock(), "incubator", log)).lads
    target = "DeviceSet/incubator/FunctionalUnitSet/Climate/FunctionSet/Temperature/TargetValue"
    lads.write(target, 36.5, NOW)
    with pytest.raises(NodeRefusedError, match="BadOutOfRange: 99 degC; 20 to 50"):
        lads.write(target, 99.0, NOW)
    log.close()
    again = FakeMemmert(World(1), "incubator")
    rebuild(again, tmp_path / "plant.log", name="incubator")
    assert (fake.kept["temperature"], again.kept["temperature"]) == (36.5, 36.5)


def test_a_program_is_started_and_stopped_at_the_panel_and_its_result_stays() -> None:
    """With job and task; a second start is refused by the state machine, another program by its name."""
    fake, clock = FakeWatsonMarlow(World(1), "pump", unit="1", echoes=True), SystemClock()
    lads = Face(Seat(fake, clock, "pump")).lads
    unit = "DeviceSet/pump/FunctionalUnitSet/Pump"
    start = f"{unit}/FunctionalUnitState/StartProgram"
    with pytest.raises(NodeRefusedError, match="BadInvalidArgument"):
        lads.call(start, ("Rinse", None, "J", "T", None), NOW)
    assert lads.call(start, ("Pump", None, "J", "T", None), NOW) == ("R1",)
    assert fake.head.running
    with pytest.raises(NodeRefusedError, match="BadInvalidState: StartProgram from Execute"):
        lads.call(start, ("Pump", None, "J", "T", None), NOW)
    lads.call(f"{unit}/FunctionalUnitState/Stop", (), NOW)
    values = lads.values(Instant(clock.micros() / MICRO))
    assert values[f"{unit}/ProgramManager/ResultSet/R1/SupervisoryTaskId"] == "T"
    assert values[f"{unit}/ProgramManager/ResultSet/R1/Stopped"]


def test_what_the_panel_does_not_let_a_hand_do_is_refused() -> None:
    """A centrifuge with an open lid does not start: a status of OPC UA, and no error of the fake."""
    fake = build("hettich_460r", seed=1)
    fake.hand("lid", {"open": True}, Instant(SystemClock().micros() / MICRO))
    lads = Face(Seat(fake, SystemClock(), "spin")).lads
    with pytest.raises(NodeRefusedError, match="does not start"):
        lads.call("DeviceSet/spin/FunctionalUnitSet/Rotor/FunctionalUnitState/StartProgram", ("Spin",), NOW)


def test_a_model_that_is_none_is_not_served() -> None:
    """It is named before anything is opened."""
    with pytest.raises(InputError, match="model is 'nothing'"):
        run(Offer(model="nothing", lads=0), announce=print)

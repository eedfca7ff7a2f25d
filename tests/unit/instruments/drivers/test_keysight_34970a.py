"""The logger's driver over the wire-level fake in simulated time; units degC and s."""

from collections.abc import Awaitable, Callable

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import FailedError, InputError, LinkError, WireError
from automation.kernel.quantity import Celsius, Instant
from fakes.faults import Fault, FaultKind, Faults
from fakes.keysight_34970a import FakeKeysight34970A
from fakes.plant import Plant, PlantLog
from instruments.drivers.keysight_34970a.driver import FACTORY, Keysight34970A, channel_names
from instruments.interfaces.probes import Quality
from instruments.transport import Link

START = Instant(1_780_000_000.0)
NAMES = {101: "sample", 102: "chamber"}
SETUP = 13  # commands of a configuration; then SYST:ERR?, ROUT:SCAN? and the first READ?

pytestmark = pytest.mark.requirement("C06", "F051")


def on_site(
    script: Callable[[Keysight34970A, Plant], Awaitable[None]], *faults: Fault, order: str = "time first"
) -> None:
    """Run a script on a driver that is cabled to a fake in simulated time."""

    async def main(clock: SimulatedClock) -> None:
        plant = Plant(clock, PlantLog(None), Faults(faults))
        plant.add("probes", FakeKeysight34970A(1, lambda name, _: 4.0 if name == "sample" else -40.0, order=order))
        link = Link(plant.connect("probes"), name="probes")
        await link.open()
        await script(Keysight34970A(link, NAMES, plate_serial="MY44012345"), plant)

    run_simulated(main, start=START)


@pytest.mark.parametrize("order", ["time first", "channel first"])
def test_a_scan_gives_every_named_channel_in_order(order: str) -> None:
    """Whatever edition of the guide the firmware follows."""

    async def script(probes: Keysight34970A, _plant: Plant) -> None:
        sample, chamber = await probes.scan()
        assert (sample.channel, chamber.channel) == ("sample", "chamber")
        assert sample.value is not None
        assert chamber.value == pytest.approx(-40.0, abs=0.2)

    on_site(script, order=order)


def test_a_pulled_probe_is_open_and_has_no_value() -> None:
    """The other channel goes on."""

    async def script(probes: Keysight34970A, plant: Plant) -> None:
        plant.hand("probes", "pull", probe="sample")
        sample, chamber = await probes.scan()
        assert (sample.quality, sample.value) == (Quality.OPEN, None)
        assert chamber.quality is Quality.GOOD

    on_site(script)


def test_a_scan_is_one_exchange_once_configured() -> None:
    """No older scan can answer for a command that was lost."""

    async def script(probes: Keysight34970A, _plant: Plant) -> None:
        await probes.scan()
        probes.links[0].take_tape()
        await probes.scan()
        assert [entry.sent for entry in probes.links[0].take_tape()] == [b"READ?\n"]

    on_site(script)


def test_channels_come_in_the_order_of_the_site_although_the_unit_scans_upwards() -> None:
    """The instrument orders its scan list by itself."""

    async def main(clock: SimulatedClock) -> None:
        plant = Plant(clock, PlantLog(None), Faults())
        plant.add("probes", FakeKeysight34970A(1, lambda name, _: 4.0 if name == "sample" else -40.0))
        link = Link(plant.connect("probes"), name="probes")
        await link.open()
        chamber, sample = await Keysight34970A(link, {102: "chamber", 101: "sample"}).scan()
        assert (chamber.channel, sample.channel) == ("chamber", "sample")
        assert sample.value == pytest.approx(Celsius(4.0), abs=0.2)

    run_simulated(main, start=START)


def test_a_command_is_not_followed_by_another_before_it_was_taken() -> None:
    """The input buffer holds 128 characters; real units overran it even with flow control."""

    async def script(probes: Keysight34970A, _plant: Plant) -> None:
        await probes.scan()
        tape = probes.links[0].take_tape()
        assert all(entry.received and len(entry.sent) <= 128 for entry in tape)

    on_site(script)


def test_identity_carries_the_serial_of_the_plate_when_the_unit_does_not_know_it() -> None:
    """The 34970A answers 0."""

    async def script(probes: Keysight34970A, _plant: Plant) -> None:
        identity = await probes.identify()
        assert (identity.model, identity.serial, identity.firmware) == ("34970A", "MY44012345", "13-2-2")

    on_site(script)


def test_a_unit_changed_at_the_panel_is_a_failure_and_not_a_temperature() -> None:
    """40 degC would be 104 of something else."""

    async def script(probes: Keysight34970A, plant: Plant) -> None:
        await probes.scan()
        plant.hand("probes", "unit", unit="F")
        with pytest.raises(FailedError, match="'F'; 'C' is needed"):
            await probes.scan()
        assert (await probes.scan())[1].value == pytest.approx(Celsius(-40.0), abs=0.2)

    on_site(script)


def test_a_power_cycle_of_the_logger_is_noticed_and_the_next_scan_configures_anew() -> None:
    """The unit answers nothing to READ? without a scan list."""

    async def script(probes: Keysight34970A, plant: Plant) -> None:
        await probes.scan()
        plant.hand("probes", "power")
        with pytest.raises(LinkError):
            await probes.scan()
        assert len(await probes.scan()) == len(NAMES)

    on_site(script)


def test_a_garbled_scan_is_a_wire_error_and_the_next_one_is_good() -> None:
    """A byte changed on the line makes no reading."""

    async def script(probes: Keysight34970A, _plant: Plant) -> None:
        await probes.scan()
        with pytest.raises(WireError):
            await probes.scan()
        assert len(await probes.scan()) == len(NAMES)

    on_site(script, Fault("probes", SETUP + 4, FaultKind.GARBLE_REPLY))


def test_a_late_scan_never_answers_the_next_question() -> None:
    """After silence the line is drained before anything else is asked."""

    async def script(probes: Keysight34970A, _plant: Plant) -> None:
        await probes.scan()
        with pytest.raises(LinkError):
            await probes.scan()
        assert (await probes.identify()).model == "34970A"

    on_site(script, Fault("probes", SETUP + 4, FaultKind.LOSE_REPLY))


def test_a_configuration_that_the_logger_refuses_is_named() -> None:
    """Channel 301 has no module."""

    async def main(clock: SimulatedClock) -> None:
        plant = Plant(clock, PlantLog(None), Faults())
        plant.add("probes", FakeKeysight34970A(1))
        link = Link(plant.connect("probes"), name="probes")
        await link.open()
        with pytest.raises(FailedError, match="-222"):
            await Keysight34970A(link, {301: "lid"}).scan()

    run_simulated(main, start=START)


def test_channels_are_read_from_the_site() -> None:
    """Numbers and names, each once."""
    assert channel_names("101=sample, 102=chamber") == NAMES


@pytest.mark.parametrize("text", ["", "101", "99=a", "101=a,101=b", "101=a,102=a", "x=a"])
def test_channels_that_are_none_are_refused_with_an_example(text: str) -> None:
    """The message says what is needed."""
    with pytest.raises(InputError, match="101=sample,102=chamber"):
        channel_names(text)


def test_more_channels_than_one_multiplexer_has_are_refused() -> None:
    """A longer list would overrun the input buffer."""
    with pytest.raises(InputError, match="21 channels; at most 20"):
        channel_names(",".join(f"{number}=p{number}" for number in range(101, 122)))


def test_an_unknown_thermocouple_is_refused() -> None:
    """The message lists the types."""

    async def main(_clock: SimulatedClock) -> None:
        plant = Plant(_clock, PlantLog(None), Faults())
        with pytest.raises(InputError, match="allowed: B, E, J, K, N, R, S, T"):
            FACTORY.build(Link(plant.connect("probes")), {"thermocouple": "X", "channels": "101=a"}, control=False)

    run_simulated(main, start=START)

"""The driver of the EX-20 and its fake: bytes of the manual, every cable, lost answers, what every driver gives."""

import asyncio
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from automation.kernel.effect import Call, Done, NotDone, Unknown
from automation.kernel.errors import LinkError, RefusedError, WireError
from automation.kernel.quantity import Seconds
from fakes.faults import Fault, FaultKind
from fakes.kit.cables import DEVICE, KINDS, Bench, at_bench, cable
from fakes.kit.contracts import check_driver, check_fake
from ruamel.yaml import YAML

from example_lab.drivers.example_model import wire
from example_lab.drivers.example_model.driver import ExampleModel
from example_lab.fakes.example_model import FakeExampleModel
from example_lab.interfaces.example_device import ExampleDeviceState

NAME = "example_model"
RUN = Call(DEVICE, "run", {"duration": 600.0, "after": 0})


class Vector(TypedDict, total=False):
    """One line of the manual, with what it says."""

    text: str
    frame: str
    state: str
    left: int
    runs: int
    source: str


FILE = Path(__file__).parent / "vectors" / "example_model.yaml"
VECTORS = msgspec.convert(YAML(typ="safe", pure=True).load(FILE), dict[str, list[Vector]])


@pytest.mark.parametrize("vector", VECTORS["commands"], ids=lambda one: str(one["text"]))
def test_a_command_is_framed_as_in_the_manual(vector: Vector) -> None:
    """Byte by byte."""
    assert wire.command(vector["text"]) == bytes.fromhex(vector["frame"])


@pytest.mark.parametrize("vector", VECTORS["replies"], ids=lambda one: str(one["state"]))
def test_a_reply_is_read_as_in_the_manual(vector: Vector) -> None:
    """A whole line, and nothing before it is whole."""
    frame = bytes.fromhex(vector["frame"])
    assert (wire.complete(frame[:-1]), wire.complete(frame)) == (0, len(frame))
    assert wire.status(wire.text(frame)) == (vector["state"], vector["left"], vector["runs"])


@pytest.mark.parametrize("reply", ["", "ST", "ST RUN x 1", "ST IDLE 0", "ER", "\x00"])
def test_what_breaks_the_grammar_is_an_error_and_no_number(reply: str) -> None:
    """A damaged line says nothing of the device."""
    with pytest.raises(WireError):
        wire.status(reply)


def test_what_the_manual_does_not_name_is_never_sent() -> None:
    """A command that resets or locks the device can't be built."""
    with pytest.raises(RefusedError, match="never sent"):
        wire.command("FACTORY RESET")


@pytest.mark.parametrize("kind", KINDS)
def test_it_runs_and_stops_over_every_cable(kind: str) -> None:
    """The same driver over memory, a pty and TCP; only the far end is false."""

    async def main() -> None:
        async with cable(FakeExampleModel(), kind) as link:
            driver = ExampleModel(link, control=True)
            assert (await driver.identify()).model == "EX-20"
            await driver.run(duration=Seconds(600.0), after=0)
            assert (await driver.look()).state is ExampleDeviceState.RUNNING
            await driver.stop()
            assert (await driver.look()).state is ExampleDeviceState.IDLE

    asyncio.run(main())


def test_a_run_ends_by_itself() -> None:
    """Looking does not shorten it."""

    async def script(bench: Bench) -> None:
        driver = ExampleModel(bench.link, control=True)
        await driver.run(duration=Seconds(600.0), after=0)
        await bench.go(599.0)
        assert (await driver.look()).left == Seconds(1.0)
        await bench.go(1.0)
        assert (await driver.look()).state is ExampleDeviceState.IDLE

    at_bench(FakeExampleModel(), script)


def test_without_control_nothing_is_sent() -> None:
    """A driver that only looks can do no harm."""

    async def script(bench: Bench) -> None:
        driver = ExampleModel(bench.link, control=False)
        for act in (driver.run(duration=Seconds(600.0), after=0), driver.stop()):
            with pytest.raises(RefusedError, match="needs control"):
                await act
        assert bench.link.take_tape() == []

    at_bench(FakeExampleModel(), script)


@pytest.mark.parametrize(
    ("lost", "found"), [(FaultKind.LOSE_COMMAND, NotDone()), (FaultKind.LOSE_REPLY, Done())], ids=["command", "answer"]
)
def test_after_silence_the_device_says_whether_the_run_has_begun(lost: FaultKind, found: object) -> None:
    """By its own count of runs; nothing is sent a second time to find out."""

    async def script(bench: Bench) -> None:
        driver = ExampleModel(bench.link, control=True)
        with pytest.raises(LinkError):
            await driver.run(duration=Seconds(600.0), after=0)
        assert await driver.reconcile(RUN) == found

    at_bench(FakeExampleModel(), script, Fault(DEVICE, 2, lost))


def test_a_run_that_somebody_else_has_begun_too_is_unknown() -> None:
    """Then a person decides."""

    async def script(bench: Bench) -> None:
        driver = ExampleModel(bench.link, control=True)
        await driver.run(duration=Seconds(600.0), after=0)
        bench.hand("press")
        assert isinstance(await driver.reconcile(RUN), Unknown)

    at_bench(FakeExampleModel(), script)


def test_the_driver_gives_what_every_driver_gives() -> None:
    """Effects, source, settings, and beside it what is shown of it."""
    [entry] = entry_points(group="cellwright.drivers", name=NAME)
    check_driver(entry)


def test_the_fake_gives_what_every_fake_gives() -> None:
    """It survives any bytes, and a frame is what the grammar says."""
    [entry] = entry_points(group="cellwright.fakes", name=NAME)
    check_fake(entry, asked=b"ID?\r\nRUN 600\r\nST?\r\nSTOP\r\n")

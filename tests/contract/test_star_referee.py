"""PyLabRobot as referee of our STAR: its own tests, and its own back end, against what our fake sends.

Its tests come with its wheel. Those of the answers' grammar run as they are. Those of the commands run with one change:
where they let a mock answer nothing, our fake answers, and the back end's own error check reads the answer.
"""

import asyncio
import inspect
from typing import ClassVar

import pytest
from pylabrobot.liquid_handling import LiquidHandler
from pylabrobot.liquid_handling.backends.hamilton import STAR_tests
from pylabrobot.liquid_handling.backends.hamilton.STAR_backend import STARBackend, parse_star_fw_string
from pylabrobot.liquid_handling.errors import ChannelizedError
from pylabrobot.resources import Container as PlrContainer
from pylabrobot.resources import Deck as PlrDeck
from pylabrobot.resources import TipSpot, set_tip_tracking, set_volume_tracking
from pylabrobot.resources.errors import NoTipError, TooLittleLiquidError
from pylabrobot.resources.hamilton import STARDeck

from automation.kernel.quantity import Cells, Celsius, Microlitres, Millilitres
from fakes.contents import filled
from fakes.hamilton_star import FakeHamiltonStar
from fakes.world import Container, World
from instruments.drivers.hamilton_star import wire
from instruments.labware.deck import Deck, Labware, Position, Tip
from tests.benchmarks.star_bench import FOREVER, labware, plugged, star
from tests.benchmarks.steps_bench import START

GRAMMAR = ("TestSTARResponseParsing", "TestPipChannelInformationParsing", "TestXArmRangeQueries")
COMMANDS = (
    "test_tip_pickup_01",
    "test_tip_pickup_56",
    "test_aspirate56",
    "test_single_channel_aspiration",
    "test_single_channel_aspiration_liquid_height",
    "test_multi_channel_aspiration",
    "test_single_channel_dispense",
    "test_multi_channel_dispense",
)
USED = {  # what of PyLabRobot the adapter counts on: a method or setting, and the parameters that it is given
    "pick_up_tips": ("ops", "use_channels"),
    "drop_tips": ("ops", "use_channels"),
    "aspirate": (
        "ops",
        "use_channels",
        "lld_mode",
        "immersion_depth",
        "surface_following_distance",
        "clot_detection_height",
        "hamilton_liquid_classes",
    ),
    "dispense": ("ops", "use_channels", "blow_out", "hamilton_liquid_classes"),
    "setup": (),
    "stop": (),
    "set_deck": ("deck",),
    "request_machine_configuration": (),
    "request_extended_configuration": (),
    "request_tip_presence": (),
    "channel_request_y_minimum_spacing": ("channel_idx",),
}
SET_BY_US = ("_machine_conf", "_extended_conf", "_num_channels", "_channels_minimum_y_spacing", "id_", "io")

RUNNER = STAR_tests.unittest  # its tests bring their own runner

pytestmark = pytest.mark.requirement("C03", "C06")


@pytest.mark.parametrize("suite", GRAMMAR)
def test_pylabrobot_s_own_tests_of_its_grammar_pass_here(suite: str) -> None:
    """The back end that we pinned reads answers as its makers say it does."""
    cases = RUNNER.defaultTestLoader.loadTestsFromTestCase(getattr(STAR_tests, suite))
    result = RUNNER.TestResult()
    cases.run(result)
    assert result.testsRun > 0
    assert [*result.failures, *result.errors] == []


def deck_of(deck: PlrDeck) -> Deck:
    """Give PyLabRobot's deck as ours: every spot and well where it stands."""
    places: dict[str, dict[str, Position]] = {"tips": {}, "wells": {}}
    for thing in deck.get_all_children():
        if isinstance(thing, TipSpot | PlrContainer):
            at = thing.get_location_wrt(deck, x="c", y="c", z="b")
            kind = "tips" if isinstance(thing, TipSpot) else "wells"
            places[kind][thing.name] = Position(at.x, at.y, at.z, 400.0, 10.0)
    labware = {
        kind: Labware("tips" if kind == "tips" else "plate", 0.0, 0.0, 0.0, all_) for kind, all_ in places.items()
    }
    return Deck("referee", "1", "STAR", Tip("any", 1000.0), labware)


class OnOurFake(STAR_tests.TestSTARLiquidHandlerCommands):  # type: ignore[misc]  # PyLabRobot ships no types
    """PyLabRobot's tests of its commands, answered by our fake; tips that a test gives by hand are fitted by hand."""

    __test__ = False  # only those of ``COMMANDS`` are run, below
    seen: ClassVar[list[str]] = []

    async def asyncSetUp(self) -> None:
        """Put our fake where PyLabRobot's tests have a mock."""
        await super().asyncSetUp()
        self.fake = FakeHamiltonStar(World(1), "star", deck_of(self.deck))
        self.fake.feed(wire.transfer("C0DIid0001"), START)
        self.fake.unasked(FOREVER)
        for name in ("plate_01_well_A1", "plate_01_well_B1"):
            world = self.fake.pipettor.world
            contents = filled(Millilitres(0.3), live=Cells(0.0))
            world.add(Container(name, "tube", contents=contents), place="bench", at=Celsius(22.0), now=START)
            self.fake.hand("place", {"position": f"wells.{name}", "container": name}, START)
        self.STAR._write_and_read_command.side_effect = self.answered  # noqa: SLF001  it is their mock

    def answered(self, cmd: str, **_how: object) -> str:
        """Answer a command, and have the back end look for errors in the answer."""
        if cmd.startswith(("C0AS", "C0DS")):
            self.fit_by_hand(wire.read_command(cmd))
        said = wire.transfers(self.fake.feed(wire.transfer(cmd), START) + self.fake.unasked(FOREVER))[0][-1]
        STARBackend().check_fw_string_error(said)
        parse_star_fw_string(said)
        self.seen.append(said)
        return said

    def fit_by_hand(self, frame: wire.Frame) -> None:
        """Fit what the test's own ``update_head_state`` only noted; what is to be given is drawn before."""
        pipettor = self.fake.pipettor
        for channel, on in enumerate(frame.numbers("tm"), 1):
            if on and not pipettor.channels[channel].tip:
                pipettor.pick_up(channel, f"by hand {channel}", START)
                if frame.command == "DS":
                    pipettor.draw(channel, "wells.plate_01_well_A1", Microlitres(120.0), mixed=True, now=START)


@pytest.mark.parametrize("name", COMMANDS)
def test_pylabrobot_s_own_tests_of_its_commands_pass_with_our_fake_answering(name: str) -> None:
    """The frames are theirs, letter for letter; each of our answers is read and is no error."""
    OnOurFake.seen.clear()
    result = RUNNER.TestResult()
    try:
        OnOurFake(name).run(result)
    finally:
        set_tip_tracking(enabled=False)
        set_volume_tracking(enabled=False)
    assert [*result.failures, *result.errors] == []
    assert OnOurFake.seen


def test_pylabrobot_s_own_set_up_reads_what_our_fake_says() -> None:
    """Thirty-three frames: machine, arms, channels, and the drives initialised."""

    async def work() -> tuple[STARBackend, FakeHamiltonStar]:
        fake = star(World(1))
        backend = STARBackend()
        backend.io = plugged(fake)
        backend.set_deck(STARDeck())
        await backend.setup()
        await backend.stop()
        return backend, fake

    backend, fake = asyncio.run(work())
    assert (backend.id_, backend.num_channels) == (33, 8)
    assert backend.extended_conf.left_x_drive.x_range == (95.0, 1340.2)
    assert backend.extended_conf.instrument_size_slots == 54
    assert fake.acts["initialise"] == 1


def test_pylabrobot_reads_the_errors_of_our_fake_channel_by_channel() -> None:
    """No tip for the second of two; no liquid for one of two."""

    async def work() -> tuple[ChannelizedError, ChannelizedError]:
        fake, backend, deck = star(World(1)), STARBackend(), STARDeck()
        backend.io = plugged(fake)
        rack, _trough, vials = labware(deck)
        handler = LiquidHandler(backend, deck=deck)
        await handler.setup()
        fake.pipettor.pick_up(2, "tips.B1", START)
        fake.pipettor.drop(2, "waste", START)
        with pytest.raises(ChannelizedError) as tips:
            await handler.pick_up_tips(rack["A1:B1"])
        with pytest.raises(ChannelizedError) as liquid:
            await handler.aspirate([vials[0]], vols=[50.0])
        await handler.stop()
        return tips.value, liquid.value

    tips, liquid = asyncio.run(work())
    assert {channel: type(error) for channel, error in tips.errors.items()} == {1: NoTipError}
    assert {channel: type(error) for channel, error in liquid.errors.items()} == {0: TooLittleLiquidError}


@pytest.mark.parametrize("name", USED)
def test_pylabrobot_still_has_what_the_adapter_uses(name: str) -> None:
    """A later release that moves or renames it fails here first."""
    signature = inspect.signature(getattr(STARBackend, name))
    assert set(USED[name]) <= set(signature.parameters)


def test_pylabrobot_s_back_end_still_has_the_fields_that_the_adapter_sets() -> None:
    """They are not public, and what its own set-up would set."""
    backend = STARBackend()
    assert [name for name in SET_BY_US if not hasattr(backend, name)] == []

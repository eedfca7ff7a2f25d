"""Names and words of the Rotea as its user guide prints them, written out here and not taken from our code.

Source: Gibco CTS Rotea user guide, chapter 4: pages 93 and 94 (sequence), 99 and 102 (variables set when changed).
"""

import json
from importlib.resources import files

import pytest

from automation.kernel.errors import WireError
from fakes.rotea import FakeRotea
from instruments.drivers.rotea import wire
from instruments.interfaces.cell_washer import Kit, Waiting, WasherState
from tests.support.washers import START, furnished

pytestmark = pytest.mark.requirement("F016", "C04", "C07")

PAGE_102_STATES = {
    "NoProtocolSelected": WasherState.NO_PROTOCOL,
    "ProtocolSelected": WasherState.SELECTED,
    "InstrumentReady": WasherState.READY,
    "ReadyToStart": WasherState.READY_TO_START,
    "ProtocolRunning": WasherState.RUNNING,
    "ProtocolPaused": WasherState.PAUSED,
    "InstrumentError": WasherState.ERROR,
}
PAGE_99_WAITS = {
    "NotWaiting": Waiting.NOTHING,
    "WaitingBubbleAck": Waiting.BUBBLE,
    "WaitingPressureAck": Waiting.PRESSURE,
    "UserPausedButton": Waiting.PAUSED_AT_PANEL,
    "UserPausedOPCUA": Waiting.PAUSED_BY_PROGRAM,
}
NAMES = (
    *("ProtocolState", "SetProtocolState", "ProtocolName", "ProtocolChecksum", "ProtocolStepNumber"),
    *("WaitingUserAck", "DoorState", "KitState", "KitID"),
    *(f"{stem}{n}" for stem in ("ParameterName", "ParameterValid", "SetParameter") for n in range(1, 21)),
)


def test_the_states_of_page_102_and_the_other_spelling_of_page_93() -> None:
    """Disputed: ReadyToStart and ProtocolReadyToStart are one state until a capture decides."""
    assert {**PAGE_102_STATES, "ProtocolReadyToStart": WasherState.READY_TO_START} == wire.STATES


def test_the_waits_of_page_99_and_the_kit_states_of_page_102() -> None:
    """Every word has its meaning."""
    assert wire.WAITS == PAGE_99_WAITS
    assert wire.KITS == {"NotLoaded": Kit.NOT_LOADED, "LoadedNotValid": Kit.NOT_VALID, "Valid": Kit.VALID}


def test_the_commands_of_pages_93_and_94_and_no_other() -> None:
    """What pauses and stops was not seen, so it stands in no table."""
    assert [command.value for command in wire.Command] == ["SendProtocolToRotea", "RunProtocol", "SkipToNextStep"]
    assert [word.value for word in wire.Valid] == ["NotInUse", "NotSet", "OutOfRange", "Valid"]


def test_the_mapping_file_and_the_fake_have_every_documented_name() -> None:
    """Twenty parameters with name, state and value; what the fake has beyond them says Sim."""
    mapping = json.loads((files("instruments.drivers.rotea") / "nodes.json").read_text(encoding="utf-8"))
    assert set(mapping["nodes"]) == set(NAMES)
    more = set(FakeRotea(furnished(), "washer").values(START)) - set(NAMES)
    assert all(name.startswith("Sim") for name in more)
    assert set(NAMES) <= set(FakeRotea(furnished(), "washer").values(START))


def test_a_word_that_no_page_names_is_no_state() -> None:
    """It is named with those that are known."""
    with pytest.raises(WireError, match="ProtocolState says 'Dancing'; known: NoProtocolSelected"):
        wire.word(wire.STATES, "Dancing", node="ProtocolState")

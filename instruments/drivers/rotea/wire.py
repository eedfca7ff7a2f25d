"""Names and words of the Rotea's OPC UA variables, and what its files and states mean; no I/O.

Units:  parameters are whole numbers (Int32) in the unit that the washer's protocol gives them; mL, kPa.
Source: Gibco CTS Rotea user guide, chapter 4 (pages 93, 94, 99, 102). Pages 95-98, 100 and 101 were not seen: how a
        protocol is selected and which words pause and stop are not known from there and stand in no table here.
Disputed: page 93 says ProtocolReadyToStart, page 102 ReadyToStart; page 94 writes SetProtocolState, page 99 has
        ProtocolState written. Both states are understood; ``SetProtocolState`` is written.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from automation.kernel.errors import WireError
from instruments.interfaces.cell_washer import Kit, Waiting, WasherState

STATE, COMMAND = "ProtocolState", "SetProtocolState"
NAME, CHECKSUM, STEP = "ProtocolName", "ProtocolChecksum", "ProtocolStepNumber"
WAITING, DOOR, KIT, KIT_ID = "WaitingUserAck", "DoorState", "KitState", "KitID"
PARAMETERS = 20
INT32 = (-(2**31), 2**31 - 1)
LOOK = (STATE, NAME, CHECKSUM, STEP, WAITING, DOOR, KIT, KIT_ID)
"""What one look reads."""

STATES = {
    "NoProtocolSelected": WasherState.NO_PROTOCOL,
    "ProtocolSelected": WasherState.SELECTED,
    "InstrumentReady": WasherState.READY,
    "ReadyToStart": WasherState.READY_TO_START,
    "ProtocolReadyToStart": WasherState.READY_TO_START,  # page 93; disputed
    "ProtocolRunning": WasherState.RUNNING,
    "ProtocolPaused": WasherState.PAUSED,
    "InstrumentError": WasherState.ERROR,
}
KITS = {"NotLoaded": Kit.NOT_LOADED, "LoadedNotValid": Kit.NOT_VALID, "Valid": Kit.VALID}
WAITS = {
    "NotWaiting": Waiting.NOTHING,
    "WaitingBubbleAck": Waiting.BUBBLE,
    "WaitingPressureAck": Waiting.PRESSURE,
    "UserPausedButton": Waiting.PAUSED_AT_PANEL,
    "UserPausedOPCUA": Waiting.PAUSED_BY_PROGRAM,
}
CLOSED = "Closed"


class Command(StrEnum):
    """What may be written to ``SetProtocolState``, as far as it was seen."""

    SEND = "SendProtocolToRotea"
    RUN = "RunProtocol"
    SKIP = "SkipToNextStep"


class Valid(StrEnum):
    """What ``ParameterValidN`` says."""

    NOT_IN_USE = "NotInUse"
    NOT_SET = "NotSet"
    OUT_OF_RANGE = "OutOfRange"
    VALID = "Valid"


def parameter_name(number: int) -> str:
    """Name the node with the name of a parameter (1..20)."""
    return f"ParameterName{number}"


def parameter_valid(number: int) -> str:
    """Name the node that says whether a parameter is set and in range (1..20)."""
    return f"ParameterValid{number}"


def set_parameter(number: int) -> str:
    """Name the node that takes a parameter's value (1..20)."""
    return f"SetParameter{number}"


_Word = TypeVar("_Word", bound=StrEnum)


def word(table: Mapping[str, _Word], said: str, *, node: str) -> _Word:
    """Translate a word of the washer; raises WireError for one that no page names."""
    if said not in table:
        msg = f"{node} says {said!r}; known: {', '.join(table)}"
        raise WireError(msg)
    return table[said]

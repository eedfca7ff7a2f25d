"""Names and words of the Rotea's OPC UA variables, and what its files and states mean; no I/O.

Units:  parameters are whole numbers (Int32) in the unit that the washer's protocol gives them; mL, kPa.
Source: Gibco CTS Rotea user guide, chapter 4 (pages 93, 94, 99, 102). Pages 95-98, 100 and 101 were not seen: how a
        protocol is selected and which words pause and stop are not known from there and stand in no table here.
Disputed: page 93 says ProtocolReadyToStart, page 102 ReadyToStart; page 94 writes SetProtocolState, page 99 has
        ProtocolState written. Both states are understood; ``SetProtocolState`` is written.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from automation.kernel.errors import WireError
from automation.kernel.quantity import Millilitres
from instruments.interfaces.cell_washer import (
    Kit,
    ProcessValues,
    RunHistory,
    Waiting,
    WasherState,
)

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


# Run history. The layout of the washer's own files was not seen: only their hash is taken. Files in the layout below
# are read as well: ``key,value`` lines, then one ``event,text`` line for each event. It is this project's own.

HEADER = "cellwright washer run history 1"
_VOLUMES = ("processed", "washed", "collected", "wasted")


def write_history(history: RunHistory) -> bytes:
    """Write a run history in the project's own layout; its hash is not part of it."""
    lines = [HEADER, f"protocol,{history.protocol}", f"kit,{history.kit_id}"]
    lines += [f"started,{history.started}", f"ended,{history.ended}"]
    for name in _VOLUMES:
        value = getattr(history.volumes, name)
        lines += [] if value is None else [f"{name}_ml,{float(value):.3f}"]
    lines += [f"event,{event}" for event in history.events]
    return ("\n".join(lines) + "\n").encode()


def read_history(data: bytes) -> RunHistory:
    """Read a run history; of a file in another layout only the hash is given. Raises WireError for a broken line."""
    sha256 = hashlib.sha256(data).hexdigest()
    lines = data.decode("utf-8", "replace").splitlines()
    if not lines or lines[0] != HEADER:
        return RunHistory(sha256, "", "", "", "", (), ProcessValues())
    said: dict[str, str] = {}
    events: list[str] = []
    for number, one in enumerate(lines[1:], 2):
        key, comma, value = one.partition(",")
        if not comma:
            msg = f"run history {sha256[:12]}, line {number} is {one!r}; 'key,value' is due"
            raise WireError(msg)
        if key == "event":
            events.append(value)
        else:
            said[key] = value
    processed, washed, collected, wasted = (_millilitres(said, name) for name in _VOLUMES)
    volumes = ProcessValues(processed, washed, collected, wasted)
    protocol, kit, started, ended = (said.get(key, "") for key in ("protocol", "kit", "started", "ended"))
    return RunHistory(sha256, protocol, kit, started, ended, tuple(events), volumes)


def _millilitres(said: Mapping[str, str], name: str) -> Millilitres | None:
    text = said.get(f"{name}_ml")
    if text is None:
        return None
    try:
        return Millilitres(float(text))
    except ValueError:
        msg = f"run history: {name}_ml is {text!r}; a number of mL is due"
        raise WireError(msg) from None

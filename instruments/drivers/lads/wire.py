"""Names, numbers and states of LADS as the specification has them, and what its states mean; no I/O.

Paths:  ``DeviceSet/<device>/FunctionalUnitSet/<unit>/FunctionSet/<function>/CurrentValue``; names in angle brackets are
        the maker's own. Commands are methods of the state machines.
Units:  durations in ms, as OPC UA has them; a value has the unit that its node states.
Source: OPC 30500-1 v1.0.0 (2023-11-30), its nodeset and NodeIds.csv; device set and identification: OPC 10000-100.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from automation.kernel.errors import WireError

NAMESPACE = "http://opcfoundation.org/UA/LADS/"
DI = "http://opcfoundation.org/UA/DI/"
MACHINERY = "http://opcfoundation.org/UA/Machinery/"

DEVICES, UNITS, FUNCTIONS = "DeviceSet", "FunctionalUnitSet", "FunctionSet"
IDENTIFICATION, DEVICE_STATE, UNIT_STATE = "Identification", "DeviceState", "FunctionalUnitState"
HEALTH = "DeviceHealth"
RUNNING_MACHINE, FUNCTION_STATE, CURRENT_STATE = "RunningStateMachine", "ControlFunctionState", "CurrentState"
PROGRAMS, ACTIVE, TEMPLATES, RESULTS = "ProgramManager", "ActiveProgram", "ProgramTemplateSet", "ResultSet"
VARIABLES = "VariableSet"
TEMPLATE_ID, VERSION, MODIFIED = "DeviceTemplateId", "Version", "Modified"
AUTHOR, CREATED, DESCRIPTION = "Author", "Created", "Description"
RUNTIME, ESTIMATED, STEP, STEP_NAME = "CurrentRuntime", "EstimatedRuntime", "CurrentStepNumber", "CurrentStepName"
ALARM, ACTIVE_STATE, ALARM_ACTIVE = "AlarmMonitor", "ActiveState", "AlarmMonitor/ActiveState/Id"
SENSOR, CURRENT, TARGET, TOTAL = "SensorValue", "CurrentValue", "TargetValue", "TotalizedValue"
IN_UNITS, IN_RANGE = "EngineeringUnits", "EURange"  # properties of a value
MAKER, MODEL, SERIAL, SOFTWARE = "Manufacturer", "Model", "SerialNumber", "SoftwareRevision"
RUN_ID, JOB, TASK, STARTED, STOPPED_AT = (
    "DeviceProgramRunId",
    "SupervisoryJobId",
    "SupervisoryTaskId",
    "Started",
    "Stopped",
)
START_PROGRAM = "StartProgram"
"""Takes template id, properties, job id, task id and samples; gives the id of the run."""
UPLOAD, DOWNLOAD = "Upload", "Download"
"""Of the program manager, both optional: parameters and opaque bytes in, an id out; an id in, both of these out."""
HEALTHS = ("NORMAL", "FAILURE", "CHECK_FUNCTION", "OFF_SPEC", "MAINTENANCE_REQUIRED")
"""What the numbers of a device's health mean (OPC 10000-100)."""

TYPES: Mapping[str, int] = {
    "LADSDeviceType": 1002,
    "FunctionalUnitType": 1003,
    "ProgramManagerType": 1006,
    "AnalogControlFunctionType": 1009,
    "AnalogControlFunctionWithTotalizerType": 1014,
    "AnalogScalarSensorFunctionType": 1016,
    "ProgramTemplateType": 1018,
    "ProgramTemplateSetType": 1019,
    "ResultSetType": 1020,
    "ResultType": 1021,
    "FunctionalUnitSetType": 1023,
    "FunctionSetType": 1026,
    "RunningStateMachineType": 1036,
    "LADSDeviceStateMachineType": 1039,
    "ActiveProgramType": 1040,
    "VariableSetType": 1041,
    "FunctionalUnitStateMachineType": 1043,
    "ControlFunctionStateMachineType": 1044,
}
"""Numeric node id of each type in the namespace of LADS."""


STATES: Mapping[str, int] = {
    "Initialization": 5177, "Operate": 5178, "Sleep": 5259, "Shutdown": 5180,
    "Stopped": 5085, "Running": 5099, "Stopping": 5100, "Aborting": 5159, "Aborted": 5160, "Clearing": 5143,
    "Idle": 5120, "Starting": 5117, "Execute": 5168, "Completing": 5127, "Complete": 5128, "Resetting": 5119,
    "Holding": 5123, "Held": 5124, "Unholding": 5125, "Suspending": 5118, "Suspended": 5121, "Unsuspending": 5122,
}  # fmt: skip
"""Numeric node id of each state of a device, of a unit, and within running."""
KEY_VALUES, SAMPLES = 3003, 3002
"""Numeric node ids of the data types of a program's properties and samples."""
DEVICE_SET = 5001
"""Numeric node id of the device set, in the namespace of DI."""


class Unit(StrEnum):
    """States of a functional unit and of a control function (FunctionalStateMachineType)."""

    STOPPED = "Stopped"
    RUNNING = "Running"
    STOPPING = "Stopping"
    ABORTING = "Aborting"
    ABORTED = "Aborted"
    CLEARING = "Clearing"


class Running(StrEnum):
    """States within ``Unit.RUNNING`` (RunningStateMachineType)."""

    IDLE = "Idle"
    STARTING = "Starting"
    EXECUTE = "Execute"
    COMPLETING = "Completing"
    COMPLETE = "Complete"
    RESETTING = "Resetting"
    HOLDING = "Holding"
    HELD = "Held"
    UNHOLDING = "Unholding"
    SUSPENDING = "Suspending"
    SUSPENDED = "Suspended"
    UNSUSPENDING = "Unsuspending"


COMMANDS: Mapping[str, tuple[frozenset[str], str]] = {
    "Start": (frozenset({Unit.STOPPED, Running.IDLE}), Running.STARTING),
    "StartProgram": (frozenset({Unit.STOPPED, Running.IDLE}), Running.STARTING),
    "Stop": (frozenset({Unit.RUNNING, *Running}), Unit.STOPPING),
    "Abort": (frozenset({Unit.RUNNING, *Running}), Unit.ABORTING),
    "Clear": (frozenset({Unit.ABORTED}), Unit.CLEARING),
    "Hold": (
        frozenset(
            {
                Running.EXECUTE,
                Running.STARTING,
                Running.SUSPENDING,
                Running.SUSPENDED,
                Running.UNSUSPENDING,
                Running.UNHOLDING,
            }
        ),
        Running.HOLDING,
    ),
    "Unhold": (frozenset({Running.HELD}), Running.UNHOLDING),
    "Suspend": (frozenset({Running.EXECUTE}), Running.SUSPENDING),
    "Unsuspend": (frozenset({Running.SUSPENDED}), Running.UNSUSPENDING),
    "ToComplete": (frozenset({Running.EXECUTE}), Running.COMPLETING),
    "Reset": (frozenset({Running.COMPLETE}), Running.RESETTING),
}
"""From which states a command leads where, as the transitions of the nodeset have it; the rest happens by itself."""
IN_SUB_MACHINE = frozenset({"Hold", "Unhold", "Suspend", "Unsuspend", "ToComplete", "Reset"})
"""Commands that are methods of the running state machine; the others stand one level above it."""


_Word = TypeVar("_Word", bound=StrEnum)


def unit_state(word: str) -> Unit:
    """Read the state of a functional unit or function; raises WireError for a word that is none."""
    return _word(word.partition(".")[0], Unit)


def running_state(word: str) -> Running:
    """Read the state within running; raises WireError for a word that is none."""
    return _word(word.rpartition(".")[2], Running)


def method(unit: str, command: str) -> str:
    """Give the path of a command below a functional unit's own path."""
    between = f"{RUNNING_MACHINE}/" if command in IN_SUB_MACHINE else ""
    return f"{unit}/{UNIT_STATE}/{between}{command}"


def _word(word: str, words: type[_Word]) -> _Word:
    try:
        return words(word)
    except ValueError:
        msg = f"state is {word!r}; LADS has {', '.join(words)}"
        raise WireError(msg) from None

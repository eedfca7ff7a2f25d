"""What the states of a functional unit mean for a freezing program, and how an open call is settled from them.

Source: OPC 30500-1, FunctionalUnitStateMachineType and RunningStateMachineType: a suspended unit waits for a condition
        of its own (as in holdback), a complete one stays so until it is reset or stopped.
"""

from collections.abc import Mapping

from automation.kernel.effect import Done, NotDone, Reconciled, Unknown
from instruments.drivers.lads.unit import State
from instruments.drivers.lads.wire import Running, Unit
from instruments.interfaces.freezer import PowerFail, RunState

WITHIN: Mapping[Running | None, RunState] = {
    None: RunState.RUN,
    Running.IDLE: RunState.RESET,
    Running.RESETTING: RunState.RESET,
    Running.STARTING: RunState.RUN,
    Running.EXECUTE: RunState.RUN,
    Running.UNHOLDING: RunState.RUN,
    Running.UNSUSPENDING: RunState.RUN,
    Running.COMPLETING: RunState.RUN,
    Running.COMPLETE: RunState.COMPLETE,
    Running.HOLDING: RunState.HOLD,
    Running.HELD: RunState.HOLD,
    Running.SUSPENDING: RunState.HOLDBACK,
    Running.SUSPENDED: RunState.HOLDBACK,
}
RESTS: frozenset[State] = frozenset({(Unit.STOPPED, None), (Unit.RUNNING, Running.IDLE)})
"""From where a program can be started."""
FORGETS = frozenset({PowerFail.RESET, PowerFail.UNKNOWN})


def run_state(state: State) -> RunState:
    """Give what a state of the unit means: outside of running no program runs."""
    unit, running = state
    return WITHIN[running] if unit is Unit.RUNNING else RunState.RESET


def settle(method: str, state: State, *, known: bool = False, forgets: PowerFail = PowerFail.UNKNOWN) -> Reconciled:
    """Say whether an open call took effect; ``known``: the device keeps a run for its containers."""
    now = run_state(state)
    match method, now:
        case ("start", _) if known:
            return Done()
        case "start", RunState.RESET if forgets in FORGETS:
            return Unknown("no program runs, as before a start and perhaps as after a power failure")
        case ("start", RunState.RESET) | ("hold", RunState.RUN | RunState.HOLDBACK) | ("go_on", RunState.HOLD):
            return NotDone()
        case ("hold", RunState.HOLD) | ("go_on", RunState.RUN | RunState.HOLDBACK) | ("reset", RunState.RESET):
            return Done()
        case ("reset", _):
            return NotDone()
        case _:
            return Unknown(f"the unit is {state[1] or state[0]}, and keeps no run for these containers")

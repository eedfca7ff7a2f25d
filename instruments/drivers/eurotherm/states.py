"""What the programmer's status means, and how an open call is settled from it; the same over both protocols.

Source: register 23 and mnemonic PC of Eurotherm HA026230.
"""

from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import WireError
from instruments.drivers.eurotherm.settings import Settings
from instruments.drivers.eurotherm.wire.registers import Status
from instruments.interfaces.freezer import PowerFail, RunState

STATES = {
    Status.RESET: RunState.RESET,
    Status.RUN: RunState.RUN,
    Status.HOLD: RunState.HOLD,
    Status.HOLDBACK: RunState.HOLDBACK,
    Status.COMPLETE: RunState.COMPLETE,
}
RUNNING = frozenset({RunState.RUN, RunState.HOLD, RunState.HOLDBACK})
AFTER = {
    Status.RUN: frozenset({RunState.RUN, RunState.HOLDBACK, RunState.COMPLETE}),
    Status.HOLD: frozenset({RunState.HOLD}),
    Status.RESET: frozenset({RunState.RESET}),
}
"""Where the programmer may be found after a command."""


def run_state(word: int) -> RunState:
    """Give the state that the programmer's status tells; raises WireError for a value that is not listed."""
    if word not in STATES:
        msg = f"programmer status is {word}; 1, 2, 4, 8 and 16 are listed"
        raise WireError(msg)
    return STATES[Status(word)]


def settle(call: Call, state: RunState, *, program: int, given: Settings) -> Reconciled:
    """Say from the programmer's state and program number whether an open call took effect."""
    ours = program == given.program
    match call.method, state:
        case "start", RunState.RESET if given.power_fail in {PowerFail.RESET, PowerFail.UNKNOWN}:
            return Unknown("the programmer is in reset, as before a start and perhaps as after a power failure")
        case ("start", RunState.RESET) | ("hold", RunState.RUN | RunState.HOLDBACK) | ("go_on", RunState.HOLD):
            return NotDone()
        case ("start", _) if ours:
            return Done()
        case ("hold", RunState.HOLD) | ("go_on", RunState.RUN | RunState.HOLDBACK) | ("reset", RunState.RESET):
            return Done()
        case ("reset", _):
            return NotDone()
        case _:
            return Unknown(f"the programmer is in {state} with program {program}")

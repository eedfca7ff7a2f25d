"""Whether an act of which the end is not known took effect, read off one look at the washer; no I/O.

A second wait of the same kind in the same step can't be told from the first: an answer ``continue`` is then given
again, and the washer itself finds again what made it wait. A skip changes the step, so it is never given twice.
"""

from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from instruments.interfaces.cell_washer import WasherState, WasherStatus

_IN_RUN = (WasherState.RUNNING, WasherState.PAUSED)


def settle(call: Call, seen: WasherStatus) -> Reconciled:
    """Settle an open start, acknowledge, pause or skip by what the washer shows now."""
    if seen.state in {WasherState.ERROR, WasherState.UNKNOWN}:
        return Unknown(f"the washer is in {seen.state}")
    match call.method:
        case "start":
            return _start(seen)
        case "acknowledge":
            return _acknowledge(call, seen)
        case "pause":
            return NotDone() if seen.state is WasherState.RUNNING else Done()
        case "skip":
            return NotDone() if seen.state in _IN_RUN and seen.step == call.arguments.get("step") else Done()
        case other:
            return Unknown(f"nothing tells whether {other} took effect")


def _start(seen: WasherStatus) -> Reconciled:
    if seen.state in _IN_RUN:
        return Done()
    if seen.state is WasherState.READY_TO_START:
        return NotDone()
    return Unknown(f"the washer is in {seen.state}: the run may be over, or never have begun")


def _acknowledge(call: Call, seen: WasherStatus) -> Reconciled:
    same = (seen.waiting, seen.step) == (call.arguments.get("waiting"), call.arguments.get("step"))
    return NotDone() if seen.state is WasherState.PAUSED and same else Done()

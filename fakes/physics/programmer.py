"""The programmer of a chamber: runs segments second by second and gives the working set point.

Units: degC, K/s, whole seconds. Time inside a segment is counted, not summed, so that no rounding gathers.
"""

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """What the programmer does."""

    RESET = "reset"
    RUN = "run"
    HOLD = "hold"
    HOLDBACK = "holdback"
    COMPLETE = "complete"


class PowerFail(Enum):
    """What it does when power comes back in a run."""

    CONTINUE = "continue"
    HOLD = "hold"
    RESET = "reset"
    RAMP_BACK = "ramp back"


@dataclass(frozen=True, slots=True)
class Step:
    """One segment: to ``target`` at ``rate``, or in ``seconds``, or (both 0) at once; without target, a dwell."""

    target: float | None
    rate: float = 0.0  # K/s
    seconds: int = 0  # s


@dataclass(frozen=True, slots=True)
class Sequence:
    """A program: its segments, how often, how it ends, and how far the chamber may lag before it waits (K)."""

    steps: tuple[Step, ...] = ()
    cycles: int = 1
    reset_at_end: bool = False
    holdback: float = 0.0  # K; 0 never waits


class Programmer:
    """A working set point that a program moves."""

    def __init__(self, setpoint: float) -> None:
        """Stand at a set point (degC), no program running."""
        self.target = setpoint  # where it stands without a program
        self.working = setpoint
        self.state = State.RESET
        self.program = Sequence()
        self.segment = 0  # 1.., 0 when no program is active
        self.cycles_left = 0
        self._passed = 0  # s in this segment
        self._from = setpoint
        self._back: float | None = None  # the set point to which it ramps back after a power failure

    @property
    def still(self) -> bool:
        """Tell whether the working set point stays where it is."""
        return self.state in {State.RESET, State.HOLD, State.COMPLETE}

    @property
    def step(self) -> Step | None:
        """Give the active segment."""
        return self.program.steps[self.segment - 1] if self.segment else None

    @property
    def segment_left(self) -> int:
        """Give the whole seconds left in the active segment."""
        step = self.step
        return max(0, _length(step, self._from) - self._passed) if step and self.state is not State.COMPLETE else 0

    @property
    def left(self) -> int:
        """Give the whole seconds left in this cycle of the program, as long as the chamber follows."""
        if not self.segment or self.state is State.COMPLETE:
            return 0
        total, at = self.segment_left, self._end_of(self.step, self._from)
        for step in self.program.steps[self.segment :]:
            total += _length(step, at)
            at = self._end_of(step, at)
        return total

    def start(self, program: Sequence) -> None:
        """Run a program from the set point that stands now."""
        self.program = program
        self.cycles_left = program.cycles
        self.state = State.RUN
        self._back = None
        self._enter(1)

    def hold(self) -> None:
        """Keep the set point where it is."""
        if self.state in {State.RUN, State.HOLDBACK}:
            self.state = State.HOLD

    def go_on(self) -> None:
        """Go on from a hold."""
        if self.state is State.HOLD:
            self.state = State.RUN

    def reset(self) -> None:
        """End the program; the set point jumps back to the target."""
        self.state, self.segment, self.cycles_left, self._back = State.RESET, 0, 0, None
        self.working = self.target

    def aim(self, target: float) -> None:
        """Move the target; it counts while no program is active."""
        self.target = target
        if self.state is State.RESET:
            self.working = target

    def change(self, program: Sequence) -> None:
        """Replace the program under way; the active segment goes on under the new one."""
        self.program = program
        if self.segment > len(program.steps):
            self._finish()

    def power_back(self, strategy: PowerFail, chamber: float) -> None:
        """Do what the strategy says when power comes back while a program was active."""
        if self.state not in {State.RUN, State.HOLDBACK}:
            return
        if strategy is PowerFail.HOLD:
            self.state = State.HOLD
        elif strategy is PowerFail.RESET:
            self.reset()
        elif strategy is PowerFail.RAMP_BACK:
            self._back, self.working = self.working, chamber

    def second(self, chamber: float) -> None:
        """Live through one second with the chamber at ``chamber`` (degC)."""
        limit = self.program.holdback
        if limit:
            self.state = State.HOLDBACK if abs(chamber - self.working) > limit else State.RUN
            if self.state is State.HOLDBACK:
                return
        step = self.program.steps[self.segment - 1]
        if self._back is not None:
            self._return(step.rate)
            return
        self._passed += 1
        if step.target is None:
            if self._passed >= step.seconds:
                self._enter(self.segment + 1)
            return
        gap = step.target - self._from
        moved = step.rate * self._passed if step.rate else abs(gap) * self._passed / step.seconds
        if moved >= abs(gap) - 1e-9:
            self.working = step.target
            self._enter(self.segment + 1)
        else:
            self.working = self._from + (moved if gap > 0 else -moved)

    def glide(self, most: int) -> tuple[int, float, float, int]:
        """Give the coming seconds in which nothing but the set point moves, and pass over them.

        How many (at most ``most``, 0 for none), where the segment began (degC), K/s, and seconds passed in it before.
        """
        step = self.step
        if self.state is not State.RUN or self.program.holdback or self._back is not None or step is None:
            return 0, 0.0, 0.0, 0
        if step.target is not None and not step.rate:
            return 0, 0.0, 0.0, 0
        before, slope = self._passed, 0.0
        count = min(most, _length(step, self._from) - 2 - before)
        if count <= 0:
            return 0, 0.0, 0.0, 0
        if step.target is not None:
            slope = step.rate if step.target > self._from else -step.rate
            self.working = self._from + slope * (before + count)
        self._passed += count
        return count, self._from, slope, before

    def _return(self, rate: float) -> None:
        """Ramp back to where the power failed, at the segment's rate or 10 K/min in a dwell."""
        goal = self._back if self._back is not None else self.working
        gap, move = goal - self.working, rate or 10.0 / 60.0
        if abs(gap) <= move:
            self.working, self._back = goal, None
        else:
            self.working += move if gap > 0 else -move

    def _enter(self, segment: int) -> None:
        """Begin a segment; a step to a set point takes no time."""
        self._passed, self._from, self.segment = 0, self.working, segment
        while self.segment <= len(self.program.steps):
            step = self.program.steps[self.segment - 1]
            if step.target is None or step.rate or step.seconds:
                return
            self.working = self._from = step.target
            self.segment += 1
        self._finish()

    def _finish(self) -> None:
        self.cycles_left -= 1
        if self.cycles_left > 0:
            self._enter(1)
        elif self.program.reset_at_end:
            self.reset()
        else:
            self.state, self.segment = State.COMPLETE, len(self.program.steps)

    def _end_of(self, step: Step | None, at: float) -> float:
        return at if step is None or step.target is None else step.target


def _length(step: Step | None, start: float) -> int:
    """Give how long a segment takes from a set point (whole s)."""
    if step is None:
        return 0
    if step.target is None:
        return step.seconds
    return round(abs(step.target - start) / step.rate) if step.rate else step.seconds

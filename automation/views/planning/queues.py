"""Queues of many lots for what they share: a discrete-event simulation, first come, first served.

A process yields what it wants: to ``Take`` some of each thing at once, to ``Hold`` for a time, to ``Give`` back.
Whoever waits is passed only by those who need nothing of what it waits for.
Units:  s of simulated time, from 0.
Source: Law, Simulation Modeling and Analysis (5th ed., 2015), 1.3 and 1.4 (next-event time advance; utilisation).
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Take:
    """Wait until so many of each thing are free, and take them."""

    what: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Give:
    """Give so many of each thing back."""

    what: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Hold:
    """Let time pass (s)."""

    seconds: float


Process = Generator[Take | Give | Hold, None, None]


@dataclass(slots=True)
class Queues:
    """Everything that is shared, who has it and who waits; ``there`` counts each thing."""

    there: Mapping[str, int]
    now: float = 0.0
    busy: dict[str, float] = field(
        default_factory=lambda: defaultdict(float)
    )  # s, of each thing, times how many are taken
    waited: dict[str, float] = field(
        default_factory=lambda: defaultdict(float)
    )  # s, by the things that were not free when asked for
    _taken: Counter[str] = field(default_factory=Counter)
    _agenda: list[tuple[float, int, Process]] = field(default_factory=list)
    _waiting: list[tuple[Take, Process, tuple[str, ...]]] = field(default_factory=list)
    _number: int = 0

    def start(self, process: Process, *, after: float) -> None:
        """Let a process begin after a time (s)."""
        self._number += 1
        heapq.heappush(self._agenda, (self.now + after, self._number, process))

    def run(self, until: float) -> None:
        """Let everything happen until a moment (s)."""
        while self._agenda and self._agenda[0][0] <= until:
            at, _, process = heapq.heappop(self._agenda)
            self._pass(at)
            self._step(process)
        self._pass(until)

    def _pass(self, to: float) -> None:
        """Count who had what meanwhile, and who waited for what."""
        passed, self.now = to - self.now, to
        for name, many in self._taken.items():
            self.busy[name] += many * passed
        for _, _, short in self._waiting:
            for name in short:
                self.waited[name] += passed

    def _step(self, process: Process) -> None:
        """Go on with a process until it holds, waits or ends."""
        for wish in process:
            match wish:
                case Hold(seconds):
                    self.start(process, after=seconds)
                    return
                case Give(what):
                    self._taken.subtract(what)
                    self._serve()
                case Take() if not self._granted(wish):
                    self._waiting.append((wish, process, self._short(wish) or tuple(wish.what)))
                    return

    def _short(self, wish: Take) -> tuple[str, ...]:
        """Name the things of which too few are free."""
        return tuple(name for name, many in wish.what.items() if self._taken[name] + many > self.there[name])

    def _granted(self, wish: Take) -> bool:
        asked_before = any(set(wish.what) & set(one.what) for one, _, _ in self._waiting)
        if asked_before or self._short(wish):
            return False
        self._taken.update(wish.what)
        return True

    def _serve(self) -> None:
        """Serve those who wait, in their order; nobody is passed by who needs the same."""
        asked: set[str] = set()
        for one in tuple(self._waiting):
            wish, process, _ = one
            if not asked & set(wish.what) and not self._short(wish):
                self._waiting.remove(one)
                self._taken.update(wish.what)
                self.start(process, after=0.0)
            asked |= set(wish.what)

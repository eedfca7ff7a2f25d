"""Runs a target on many inputs and tells what came of them; a failure is shrunk and can be replayed.

Hangs and hunger: no input may use more than ``CPU`` s of processor time (not of the clock on the wall, so that a busy
machine makes no difference), nor the process more than ``HUNGER`` bytes beyond what it has at the start.
"""

import contextlib
import itertools
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from types import FrameType

from automation.kernel.ids import keyed
from tests.fuzz.mutators import mutated
from tests.fuzz.target import Attempt, Target, understood

CPU = 2.0  # s, for one input
HUNGER = 1 << 28  # bytes
PATIENCE = 2000, 30.0  # attempts, and s, to shrink one failure


class HangError(Exception):
    """One input took too long."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Inputs, given to one fresh instance in this order, of which the last one fails; and how."""

    inputs: tuple[bytes, ...]
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a run; ``seconds`` and ``slowest`` (s) are of the clock on the wall."""

    target: str
    tried: int
    accepted: int
    seconds: float
    slowest: float
    failure: Failure | None = None

    @property
    def refused(self) -> int:
        """Give how many were refused by an error of ours, or understood as nothing."""
        return self.tried - self.accepted - (self.failure is not None)


class Session:
    """Instances of a target, each for as many inputs as it lives."""

    def __init__(self, target: Target, stack: ExitStack) -> None:
        """Begin with a fresh instance, closed with the stack."""
        self._target = target
        self._stack = stack.enter_context(ExitStack())
        self._attempt: Attempt | None = None
        self.given: list[bytes] = []  # to the instance at hand

    def give(self, data: bytes) -> object:
        """Give one input to the instance whose turn it is."""
        life = self._target.life
        if self._attempt is None or (life and len(self.given) >= life):
            self._stack.close()
            self._attempt = self._stack.enter_context(self._target.fresh())
            self.given = []
        if not life:
            self.given.clear()
        self.given.append(data)
        return understood(self._attempt, data)


def fuzz(target: Target, count: int, *, seed: int) -> Outcome:
    """Try so many damaged inputs; ends at the first failure."""
    chance, corpus = keyed(seed, "fuzz", target.name), target.corpus()
    accepted, slowest, started, tried = 0, 0.0, time.perf_counter(), 0
    failure = None
    with guarded() as watch, ExitStack() as stack:
        session = Session(target, stack)
        while tried < count and failure is None:
            data = mutated(chance, corpus)
            if target.seal is not None and chance.random() < 0.5:
                data = target.seal(data)
            tried += 1
            before = time.perf_counter()
            try:
                with watch():
                    accepted += session.give(data) is not None
            except Exception as error:  # noqa: BLE001  whatever it is, it is what is looked for
                failure = Failure(tuple(session.given), said(error))
            slowest = max(slowest, time.perf_counter() - before)
    seconds = time.perf_counter() - started
    if failure is not None:
        failure = shrunk(target, failure)
    return Outcome(
        target=target.name, tried=tried, accepted=accepted, seconds=seconds, slowest=slowest, failure=failure
    )


def said(error: BaseException) -> str:
    """Say what came out, in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def fails(target: Target, inputs: Sequence[bytes], *, cpu: float = CPU) -> str:
    """Give the inputs to a fresh instance; gives what is wrong, or nothing. An input may use ``cpu`` s."""
    with guarded(cpu) as watch, target.fresh() as attempt:
        for data in inputs:
            try:
                with watch():
                    understood(attempt, data)
            except Exception as error:  # noqa: BLE001  as in fuzz
                return said(error)
    return ""


def shrunk(target: Target, failure: Failure) -> Failure:
    """Leave out inputs, then bytes, without which it still fails in the same way."""
    kind = failure.error.partition(":")[0]
    tries, end = itertools.count(), time.perf_counter() + PATIENCE[1]

    def still(inputs: Sequence[bytes]) -> bool:
        patient = next(tries) < PATIENCE[0] and time.perf_counter() < end
        return patient and fails(target, inputs).partition(":")[0] == kind

    inputs = list(failure.inputs)
    if not still(inputs):
        return failure
    inputs = _fewer(inputs, still)
    for place, data in enumerate(inputs):
        before, after = inputs[:place], inputs[place + 1 :]
        inputs[place] = _shorter(data, partial(_with, still, before, after))
    return Failure(tuple(inputs), fails(target, inputs))


def _with(still: Callable[[Sequence[bytes]], bool], before: list[bytes], after: list[bytes], one: bytes) -> bool:
    return still([*before, one, *after])


def _fewer(inputs: list[bytes], still: Callable[[Sequence[bytes]], bool]) -> list[bytes]:
    for place in range(len(inputs) - 2, -1, -1):
        rest = inputs[:place] + inputs[place + 1 :]
        if still(rest):
            inputs = rest
    return inputs


def _shorter(data: bytes, still: Callable[[bytes], bool]) -> bytes:
    size = max(1, len(data) // 2)
    while size:
        at = 0
        while at < len(data):
            rest = data[:at] + data[at + size :]
            if still(rest):
                data = rest
            else:
                at += size
        size //= 2
    return data


@contextlib.contextmanager
def guarded(cpu: float = CPU) -> Iterator[Callable[[], contextlib.AbstractContextManager[None]]]:
    """Give a watch that raises HangError in an input that uses more processor time (s)."""

    def hung(_signal: int, _frame: FrameType | None) -> None:
        raise HangError(f"more than {cpu:g} s of processor time for one input")

    before = signal.signal(signal.SIGPROF, hung)
    try:
        yield partial(_Watch, cpu)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


@dataclass(frozen=True, slots=True)
class _Watch:
    cpu: float

    def __enter__(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, self.cpu)

    def __exit__(self, *_error: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0.0)


def starve() -> None:
    """Let this process have no more than ``HUNGER`` bytes beyond what it uses; beyond, Python raises MemoryError."""
    pages = resource.getpagesize()
    with open("/proc/self/statm", encoding="ascii") as stream:  # noqa: PTH123  a file of the kernel
        used = int(stream.read().split()[5]) * pages  # data and stack
    resource.setrlimit(resource.RLIMIT_DATA, (used + HUNGER, resource.RLIM_INFINITY))

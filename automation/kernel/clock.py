"""The only source of time: system time for live sites, jumping time for simulated ones.

Units: ``Instant`` is s since 1970-01-01T00:00:00Z, exact to a microsecond; ledger time is whole microseconds.
In simulated time the event loop's clock jumps to the next timer when everything waits; equal deadlines keep
the order in which they were set; sockets and threads are refused, except inside ``with clock.lent():``,
where a thread may work and time stands still.
"""

import asyncio
import contextlib
import heapq
import selectors
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextvars import Context, ContextVar
from datetime import UTC, datetime
from typing import NoReturn, Protocol, TypeVar, TypeVarTuple, Unpack
from zoneinfo import ZoneInfo

from automation.kernel.errors import FailedError, RefusedError
from automation.kernel.quantity import Instant, Seconds

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

MICRO = 1_000_000
_MINUTE = Seconds(60.0)
STEP_ALARM = Seconds(1.0)  # s; a step of the wall clock beyond this is an event and an alarm
STEP_BLOCKS_SIGNING = Seconds(5.0)  # s


class Clock(Protocol):
    """What the project asks of time; nothing else in the project may ask the operating system."""

    @property
    def simulated(self) -> bool:
        """Tell whether time jumps."""
        ...

    def now(self) -> Instant:
        """Give the moment (s, UTC), never below an earlier answer."""
        ...

    def micros(self) -> int:
        """Give the moment in whole microseconds (UTC), as the ledger keeps it."""
        ...

    async def sleep(self, duration: Seconds) -> None:
        """Wait; in simulated time this costs nothing."""
        ...

    def lent(self) -> contextlib.AbstractContextManager[None]:
        """Allow a thread to work while simulated time stands still."""
        ...


class SystemClock:
    """UTC at the start, advanced by the monotonic clock, never below the last event."""

    simulated = False

    def __init__(self, *, not_before: int = 0, wall: Callable[[], int] = time.time_ns) -> None:
        """Anchor to the wall clock (``wall``: ns since 1970); ``not_before`` is the ledger's last time (us)."""
        self._wall = wall
        self._mono = time.monotonic_ns()
        self._base = max(wall() // 1000, not_before + 1 if not_before else 0)

    def micros(self) -> int:
        """Give the moment in whole microseconds (UTC)."""
        return self._base + (time.monotonic_ns() - self._mono) // 1000

    def now(self) -> Instant:
        """Give the moment (s, UTC)."""
        return Instant(self.micros() / MICRO)

    def step(self) -> Seconds:
        """Tell how far the wall clock now stands from ours (s); a step beyond ``STEP_ALARM`` is an event."""
        return Seconds((self._wall() // 1000 - self.micros()) / MICRO)

    async def sleep(self, duration: Seconds) -> None:
        """Wait in real time."""
        await asyncio.sleep(float(duration))

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Change nothing: threads are welcome in real time."""
        yield


class SimulatedClock:
    """Time of a ``SimulatedLoop``: starts at ``start`` and jumps when everything waits."""

    simulated = True

    def __init__(self, loop: "SimulatedLoop", *, start: Instant) -> None:
        """Bind the clock to its loop; ``start`` is the moment at loop time 0."""
        self._loop = loop
        self._start = round(float(start) * MICRO)

    def micros(self) -> int:
        """Give the moment in whole microseconds (UTC)."""
        return self._start + round(self._loop.time() * MICRO)

    def now(self) -> Instant:
        """Give the moment (s, UTC)."""
        return Instant(self.micros() / MICRO)

    async def sleep(self, duration: Seconds) -> None:
        """Let simulated time pass."""
        await asyncio.sleep(float(duration))

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Let a thread work; simulated time stands still meanwhile."""
        self._loop.borrowers += 1
        try:
            yield
        finally:
            self._loop.borrowers -= 1


_BACKGROUND: ContextVar[bool] = ContextVar("background", default=False)


@contextlib.contextmanager
def background() -> Iterator[None]:
    """Let what is begun inside go on for ever without keeping simulated time alive by itself: watches, reminders."""
    token = _BACKGROUND.set(True)
    try:
        yield
    finally:
        _BACKGROUND.reset(token)


class _Timer(asyncio.TimerHandle):
    """A timer that keeps its place among those with the same deadline."""

    __slots__ = ("background", "order")
    order: int
    background: bool

    def __lt__(self, other: object) -> bool:
        if isinstance(other, _Timer):
            return (self.when(), self.order) < (other.when(), other.order)
        return NotImplemented


class _Jump(selectors.DefaultSelector):
    """A selector that never waits: it moves the loop's clock to the next timer."""

    loop: "SimulatedLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.loop.borrowers:
            return super().select(timeout)
        if timeout is None or (timeout > 0 and self.loop.only_background()):
            msg = "simulated time can't go on: everything waits and nothing is due"
            raise FailedError(msg)
        if timeout > 0:
            self.loop.jump()
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer when all wait."""

    def __init__(self) -> None:
        """Start at loop time 0."""
        self._now = 0.0
        self._order = 0
        self.borrowers = 0
        self.before_jump: list[Callable[[], None]] = []
        selector = _Jump()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Give the simulated time of the loop (s)."""
        return self._now

    def jump(self) -> None:
        """Move to the next timer; pending work of the ledger is written first.

        Whoever goes on because of that goes on before time does.
        """
        for call in self.before_jump:
            call()
        if self._ready:  # type: ignore[attr-defined]  # asyncio keeps its queue private
            return
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]  # asyncio keeps its heap private
        self._now = max(self._now, timers[0].when())

    def only_background(self) -> bool:
        """Tell whether nothing is due but what goes on for ever by itself."""
        timers: list[_Timer] = self._scheduled  # type: ignore[attr-defined]  # asyncio keeps its heap private
        return timers[0].background and all(timer.background or timer.cancelled() for timer in timers)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[_Ts]], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Schedule; equal deadlines run in the order in which they were set."""
        timer = _Timer(when, callback, args, self, context)
        timer.order = self._order
        timer.background = _BACKGROUND.get()
        self._order += 1
        heapq.heappush(self._scheduled, timer)  # type: ignore[attr-defined]  # asyncio keeps its heap private
        timer._scheduled = True  # type: ignore[attr-defined]  # noqa: SLF001  the base class marks it the same way
        return timer

    def call_soon_threadsafe(
        self,
        callback: Callable[[Unpack[_Ts]], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Accept a thread's call only while time is lent."""
        self._only_lent("a call from another thread")
        return super().call_soon_threadsafe(callback, *args, context=context)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[_Ts]], _T], *args: *_Ts
    ) -> asyncio.Future[_T]:
        """Start a thread only while time is lent."""
        self._only_lent("a thread")
        return super().run_in_executor(executor, func, *args)

    async def create_connection(self, *_args: object, **_kw: object) -> NoReturn:
        """Refuse: the network does not wait for simulated time."""
        _refuse("a network connection")

    async def create_server(self, *_args: object, **_kw: object) -> NoReturn:
        """Refuse: the network does not wait for simulated time."""
        _refuse("a network server")

    def _only_lent(self, what: str) -> None:
        if not self.borrowers:
            _refuse(what)


def _refuse(what: str) -> NoReturn:
    msg = f"{what} was asked for in simulated time, which would not be repeatable"
    raise RefusedError(msg)


def since_boot() -> Seconds:
    """Give the time since the machine started: the same for all its processes, and no setting of its clock moves it."""
    return Seconds(time.monotonic())


async def pause(duration: Seconds) -> None:
    """Let time pass on the loop that runs, simulated or real; for drivers, which have no clock of their own."""
    await asyncio.sleep(float(duration))


def run_simulated(main: Callable[[SimulatedClock], Coroutine[object, object, _T]], *, start: Instant) -> _T:
    """Run a coroutine on a new simulated loop; gives its result and closes the loop."""
    loop = SimulatedLoop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main(SimulatedClock(loop, start=start)))
    finally:
        _close(loop)


def _close(loop: SimulatedLoop) -> None:
    """Cancel what is left, in the order of its making, and close."""
    left = sorted(asyncio.all_tasks(loop), key=lambda task: task.get_name())
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    asyncio.set_event_loop(None)
    loop.close()


def instant(text: str, *, zone: str = "UTC") -> Instant:
    """Read ISO 8601 text; without an offset it is local time in ``zone``."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return Instant(moment.timestamp())


def reached(text: str, *, zone: str) -> Instant:
    """Give when the clock on a wall in ``zone`` first shows a moment (ISO 8601), or has leapt over it.

    In the hour that comes twice that is the first time; in the hour that is left out, the moment of the leap.
    """
    found = instant(text, zone=zone)
    said = datetime.fromisoformat(text)
    if said.tzinfo is not None or local(found, zone=zone).replace(tzinfo=None) == said:
        return found
    after = local(found, zone=zone).utcoffset()
    while local(found - _MINUTE, zone=zone).utcoffset() == after:  # clocks change at whole minutes
        found -= _MINUTE
    return Instant(float(found) - float(found) % 60.0)


def local(moment: Instant, *, zone: str) -> datetime:
    """Give the moment as date and time in a zone."""
    whole, micro = divmod(round(float(moment) * MICRO), MICRO)
    return datetime.fromtimestamp(whole, tz=UTC).replace(microsecond=micro).astimezone(ZoneInfo(zone))


def iso(moment: Instant, *, zone: str = "UTC") -> str:
    """Write the moment as ISO 8601 with milliseconds and offset."""
    return local(moment, zone=zone).isoformat(timespec="milliseconds")

"""Waits: for readings, for time; each wait is one effect, its samples go to the trends, its end to the ledger.

Sampling stands on a grid from the beginning of the wait, so that a restart goes on at the same moments. While the
step is held the wait goes on sampling and does not end. A reading that can't be had is a gap and an alarm.
"""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Generic, NoReturn, Protocol, TypeVar, cast, get_args, get_type_hints

import msgspec

from automation.engine.binding import STAY, Bound, Stay
from automation.engine.journal import Seen as SeenEvent
from automation.engine.journal import Waiting
from automation.engine.recipe.spec import unit_of
from automation.engine.recorder import Recorder
from automation.engine.trends import Curve, Trends
from automation.kernel.clock import MICRO
from automation.kernel.errors import CellwrightError, FailedError, UnknownError
from automation.kernel.quantity import Instant, Seconds

T = TypeVar("T")
DEADLINE = "deadline"
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """How a wait ended: which end came (``deadline`` when none did), the deciding value, and when."""

    name: str
    value: T
    at: Instant


@dataclass(frozen=True, slots=True)
class When(Generic[T]):
    """One end of a wait: a reading, and the test that it has to pass."""

    read: Callable[[], Awaitable[T]]
    test: Callable[[T], bool]


class Troubles(Protocol):
    """Where a wait reports readings that can't be had."""

    def lost(self, what: str, why: str) -> None:
        """A reading can't be had since now."""
        ...

    def back(self, what: str) -> None:
        """The reading is there again."""
        ...

    def unwatched(self, since: Instant, until: Instant) -> None:
        """Nobody looked meanwhile: the program was away."""
        ...

    def standing(self) -> set[str]:
        """Give the readings that an earlier process lost and did not find again; their alarms are up."""
        ...

    def tick(self) -> None:
        """Time has passed: look whether a gate has lapsed meanwhile."""
        ...


class Watch:
    """What a protocol waits with."""

    def __init__(self, recorder: Recorder, trends: Trends, troubles: Troubles) -> None:
        """Record to one step."""
        self._recorder = recorder
        self._trends = trends
        self._troubles = troubles
        self._lost = troubles.standing()

    async def until(
        self,
        read: Callable[[], Awaitable[T]],
        test: Callable[[T], bool],
        *,
        every: Seconds,
        deadline: Instant | None = None,
    ) -> Seen[T] | None:
        """Sample until the test passes; None when the deadline does first."""
        seen = await self.first(every=every, deadline=deadline, arrived=When(read, test))
        return cast("Seen[T]", seen) if seen.name == "arrived" else None

    async def first(
        self, *, every: Seconds, deadline: Instant | None = None, also: tuple[object, ...] = (), **ends: When[T]
    ) -> Seen[object]:
        """Sample all readings on one grid until one test passes, in the order of the ends; ``also`` is only sampled."""
        stay = STAY.get()
        n = stay.begin("watch.first")
        try:
            what = {name: _bound(when.read).what for name, when in ends.items()}
            detail = _encode({"ends": what, "every": every, "deadline": deadline})
            began, seen = await self._begin(stay, n, "watch.first", detail)
            if seen is not None:
                return _replayed(seen, began, ends)
            return await self._sample(stay, n, Instant(began), Plan(every, deadline, also, ends))
        finally:
            stay.end()

    async def pause(self, duration: Seconds) -> None:
        """Let time pass on the record."""
        stay = STAY.get()
        n = stay.begin("watch.pause")
        try:
            began, seen = await self._begin(stay, n, "watch.pause", _encode({"duration": duration}))
            if seen is None:
                end = Instant(began) + duration
                await self._sleep_until(end)
                await stay.passage()
                await self._end(stay, n, "over", None)
        finally:
            stay.end()

    @contextlib.asynccontextmanager
    async def alongside(self, *reads: object, every: Seconds) -> AsyncIterator[None]:
        """Go on sampling readings while something else is waited for; no device is used otherwise meanwhile."""
        looked = {bound.what: bound for bound in map(_bound, reads)}
        task = asyncio.get_running_loop().create_task(self._keep_looking(looked, every), name="looking alongside")
        try:
            yield
        finally:
            task.cancel()
            (ended,) = await asyncio.gather(task, return_exceptions=True)
        if not isinstance(ended, asyncio.CancelledError):
            raise cast("Exception", ended)

    async def _keep_looking(self, reads: Mapping[str, Bound], every: Seconds) -> NoReturn:
        began, tick = self._recorder.clock.now(), 0
        self._tell_missed(reads, before=began + every, every=every)
        while True:
            tick += 1
            await self._sleep_until(began + tick * every)
            await self._look(reads)
            self._troubles.tick()

    def curve(self, read: object, channel: str) -> Curve:
        """Give all samples in this step of one channel or field of a reading."""
        return self._trends.curve(f"{_bound(read).asset}.{channel}")

    async def moment(self) -> Instant:
        """Give the moment, on the record: a restart gets the same one."""
        stay = STAY.get()
        n = stay.begin("watch.moment")
        try:
            at, seen = await self._begin(stay, n, "watch.moment", b"{}")
            return Instant(at) if seen is not None else await self._end(stay, n, "now", None)
        finally:
            stay.end()

    async def _begin(self, stay: Stay, n: int, what: str, detail: bytes) -> tuple[float, SeenEvent | None]:
        entry = stay.journal.check(n, what, detail)
        if entry is not None and entry.outcome is not None:
            return entry.outcome.at / MICRO, entry.outcome.read(SeenEvent)
        if entry is not None and entry.called is not None:
            return entry.called.at / MICRO, None
        await stay.passage()
        self._trends.go_on()
        event = self._recorder.write("wait", Waiting(stay.number, n, what, msgspec.Raw(detail)))
        await self._recorder.ledger.durable(event.seq)
        return event.at / MICRO, None

    async def _end(self, stay: Stay, n: int, name: str, value: object) -> Instant:
        event = self._recorder.write("seen", SeenEvent(stay.number, n, name, msgspec.Raw(_encode(value))))
        await self._recorder.ledger.durable(event.seq)
        return Instant(event.at / MICRO)

    async def _sample(self, stay: Stay, n: int, began: Instant, plan: "Plan[T]") -> Seen[object]:
        reads = plan.reads()
        now = self._recorder.clock.now()
        tick = math.ceil(float(now - began) / float(plan.every) - 1e-9)
        late = plan.deadline is not None and now > plan.deadline  # after a restart: look before it is called too late
        self._tell_missed(reads, before=now if late else began + tick * plan.every, every=plan.every)
        while True:
            target = began + tick * plan.every
            if not late and plan.deadline is not None and plan.deadline < target and stay.free.is_set():
                await self._sleep_until(plan.deadline)
                if stay.free.is_set():
                    return Seen(DEADLINE, None, await self._end(stay, n, DEADLINE, None))
            if not late:
                await self._sleep_until(target)
            name, value = self._ended(stay, plan, await self._look(reads))
            if name:
                return Seen(name, value, await self._end(stay, n, name, value))
            late, tick = False, tick + 1

    def _ended(self, stay: Stay, plan: "Plan[T]", values: Mapping[str, object]) -> tuple[str, object]:
        """Tell which end of a wait has come; none while the step is held."""
        self._troubles.tick()
        if not stay.free.is_set():
            return "", None
        for name, when in plan.ends.items():
            value = values.get(_bound(when.read).what)
            if value is not None and when.test(cast("T", value)):
                return name, value
        over = plan.deadline is not None and self._recorder.clock.now() >= plan.deadline
        return (DEADLINE if over else ""), None

    async def _look(self, reads: Mapping[str, Bound]) -> dict[str, object]:
        values: dict[str, object] = {}
        for what, bound in reads.items():
            try:
                value = await bound.sample()
            except (UnknownError, FailedError, TimeoutError) as trouble:
                if what not in self._lost:
                    self._lost.add(what)
                    self._troubles.lost(what, str(trouble) or "no answer in time")
                continue
            if what in self._lost:
                self._lost.discard(what)
                self._troubles.back(what)
            values[what] = value
            found = channels(what, value)
            self._trends.add(found, units(tuple(found), bound.returns))
        return values

    def _tell_missed(self, reads: Mapping[str, Bound], *, before: Instant, every: Seconds) -> None:
        """Record that nobody looked since an earlier process ended, if a look was missed."""
        assets = {bound.asset for what, bound in reads.items() if what not in self._lost}
        since = self._trends.missed(assets, before=before, every=every)
        if since is not None:
            self._troubles.unwatched(since, self._recorder.clock.now())

    async def _sleep_until(self, moment: Instant) -> None:
        gap = moment - self._recorder.clock.now()
        if gap > Seconds(0.0):
            await self._recorder.clock.sleep(gap)


@dataclass(frozen=True, slots=True)
class Plan(Generic[T]):
    """What one wait looks at, how often, and until when."""

    every: Seconds
    deadline: Instant | None
    also: tuple[object, ...]
    ends: Mapping[str, When[T]]

    def reads(self) -> dict[str, Bound]:
        """Give every reading once, in the order of its first mention."""
        bounds = [*(_bound(when.read) for when in self.ends.values()), *(_bound(read) for read in self.also)]
        return {bound.what: bound for bound in bounds}


def _bound(read: object) -> Bound:
    if not isinstance(read, Bound):
        msg = f"{read!r} is not a reading of an asset; only bound methods can be waited for"
        raise CellwrightError(msg)
    return read


def _replayed(seen: SeenEvent, at: float, ends: Mapping[str, When[T]]) -> Seen[object]:
    if seen.name == DEADLINE:
        return Seen(DEADLINE, None, Instant(at))
    bound = _bound(ends[seen.name].read)
    return Seen(seen.name, msgspec.json.decode(bytes(seen.value), type=bound.returns), Instant(at))


def channels(what: str, value: object) -> dict[str, float | None]:
    """Name the numbers in a reading: the reading itself, its fields, or its channels."""
    if isinstance(value, float | int) and not isinstance(value, bool):
        return {what: float(value)}
    if isinstance(value, tuple):
        return {
            f"{what.partition('.')[0]}.{part.channel}": part.value
            for part in value
            if hasattr(part, "channel") and hasattr(part, "value")
        }
    if is_dataclass(value):
        asset = what.partition(".")[0]
        found = {f"{asset}.{item.name}": getattr(value, item.name) for item in fields(value)}
        return {name: number for name, number in found.items() if isinstance(number, float)}
    return {}


@cache  # asked at every look
def units(found: tuple[str, ...], kind: object) -> dict[str, str]:
    """Give the unit of each channel of a reading by the type that its method declares."""
    (part, *_) = get_args(kind) or (kind,)  # of tuple[Reading, ...] the Reading
    if not is_dataclass(part):
        return dict.fromkeys(found, unit_of(kind))
    hints = get_type_hints(part)
    last = {name: name.rpartition(".")[2] for name in found}
    return {name: unit_of(hints.get(field, hints.get("value"))) for name, field in last.items()}

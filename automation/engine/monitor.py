"""Watches one device, beside all batches: looks on a grid of time, keeps the trends, raises and clears its alarms.

Readings are process data of the asset's own stream, ``monitor/ASSET``, sealed by count; what is not sealed yet stands
in ``monitor-ASSET.log``. An event is written when an alarm begins or ends, when the device can't be read, and when
nobody watched; never for a single reading. After a restart the open readings are folded again.
Units:  s of the grid; values in the unit of their channel.
Source: FACT-JACIE (storage is watched continuously); Annex 11 draft 8.
"""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

from automation.engine.alarmmodel import Definition, StoreEntry, WatchEntry
from automation.engine.alarms import Alarms
from automation.engine.house import House
from automation.engine.recorder import RUNNER, Recorder
from automation.engine.trends import Recent, Trends
from automation.engine.troubles import Gap
from automation.formulas.alarming import Change, Condition, look
from automation.gmp.door import Command
from automation.gmp.plant.alarms import TABLE, Alarm
from automation.kernel.clock import background, iso
from automation.kernel.effect import ASIDE
from automation.kernel.errors import FailedError, InputError, UnknownError
from automation.kernel.quantity import Instant, Seconds

LONGEST_LOOK = Seconds(30.0)  # s for one look
MISSED = 2.5  # grid steps without a reading that count as nobody watching


class Channels(Protocol):
    """One look at a device that can be monitored."""

    @property
    def channels(self) -> Mapping[str, float | None]:
        """Give the value of every channel; None for what can't be read."""
        ...


class Watched(Protocol):
    """A driver that can be monitored: its channels with their units, a look, and who the device is."""

    channels: Mapping[str, str]

    async def look(self) -> Channels:
        """Read every channel once."""
        ...

    async def identify(self) -> object:
        """Read who the device is."""
        ...


def stream_of(asset: str) -> str:
    """Name the stream of a monitored asset."""
    return f"monitor/{asset}"


def recent_of(folder: Path, asset: str) -> Path:
    """Name the file of a monitored asset's readings that are not sealed yet."""
    return folder / f"monitor-{asset}.log"


@dataclass(slots=True)
class Monitor:
    """The watch over one device."""

    house: House
    entry: StoreEntry | WatchEntry
    definitions: tuple[Definition, ...]
    recent: Recent
    careful: bool = False  # readings are written to the file as they come
    _trends: Trends = field(init=False)
    _recorder: Recorder = field(init=False)
    _conditions: dict[str, Condition] = field(default_factory=dict)
    _lost: bool = False
    _refused: bool = True  # readings could not be kept; so at first, for an alarm of an earlier process
    _task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        """Take up what an earlier process left; raises InputError for an alarm on a channel that is not there."""
        self._recorder = Recorder(self.house.ledger, self.house.clock, stream_of(self.entry.asset))
        self._check()
        self._trends = Trends(self._recorder, self.house.blobs, self.recent)
        events = self.house.ledger.stream(self._recorder.stream)
        self._trends.restore(events)
        gaps = [gap for event in events if event.kind == "gap" and (gap := event.read(Gap)).what == self.entry.asset]
        self._lost = bool(gaps) and not gaps[-1].over
        for one in self.definitions:
            self._take_up(one)
        self._note_absence()

    @property
    def driver(self) -> Watched:
        """Give the driver of the device as it is now."""
        return cast("Watched", self.house.devices[self.entry.asset].driver)

    def start(self) -> None:
        """Look again and again, in a task of its own."""
        with background():
            self._task = asyncio.get_running_loop().create_task(self._run(), name=f"monitor {self.entry.asset}")

    def stop(self) -> None:
        """Look no more; what is not sealed stays in its file."""
        if self._task is not None:
            self._task.cancel()
        self.recent.close()

    async def look(self) -> None:
        """Look once: readings into the trends, alarms by their definitions; no byte on the tape of a step's effect."""
        aside = ASIDE.set(True)
        try:
            async with asyncio.timeout(float(LONGEST_LOOK)):
                values = (await self.driver.look()).channels
                if self._lost:
                    await self._back()
        except (UnknownError, FailedError, TimeoutError) as trouble:
            values = dict.fromkeys(self.driver.channels)
            self._gone(str(trouble) or "no answer in time")
        finally:
            ASIDE.reset(aside)
        before = self._trends.pending
        self._trends.add(values, self.driver.channels)
        for one in self.definitions:
            self._judge(one, values[one.channel], self.house.clock.now())
        if self.careful:
            self.recent.flush()
        if before and not self._trends.pending:  # sealed: the ledger holds them now
            await self.house.ledger.durable(self.house.ledger.last.seq)
            self.recent.clear()

    async def _run(self) -> None:
        every = float(self.entry.every)
        while True:
            now = float(self.house.clock.now())
            await self.house.clock.sleep(Seconds((math.floor(now / every + 1e-9) + 1) * every - now))
            try:
                await self.look()
            except FailedError as trouble:
                self._not_kept(trouble)
            else:
                if self._refused:
                    self._alarms.clear(f"{self.entry.asset} readings")
                    self._refused = False

    def _check(self) -> None:
        known: Mapping[str, str] = getattr(self.driver, "channels", {})
        if not known:
            raise InputError(f"{self.entry.asset} can't be watched: its driver has no channels", where=self.entry.where)
        for one in self.definitions:
            if known.get(one.channel) != one.unit:
                there = ", ".join(f"{name} ({unit})" for name, unit in known.items())
                msg = f"alarm {one.id} is on {one.channel!r} in {one.unit}; {one.asset} has: {there}"
                raise InputError(msg, where=one.where)

    def _take_up(self, one: Definition) -> None:
        """Fold the open readings since the alarm last changed, so that a delay that ran goes on."""
        alarm = self._alarm(one)
        self._conditions[one.id] = Condition(alarm.active)
        since = max((m for m in (alarm.raised_at, alarm.cleared_at) if m is not None), default=Instant(0.0))
        rest = self._trends.open(one.channel)
        for at, value in zip(rest.times, rest.values, strict=True):
            if at > since:
                self._judge(one, value, at)

    def _note_absence(self) -> None:
        """Mark the time in which nobody watched."""
        last = max((self._trends.last(name) for name in self.driver.channels), default=Instant(0.0))
        now = self.house.clock.now()
        if last == Instant(0.0) or float(now - last) <= MISSED * float(self.entry.every):
            return
        why = f"nobody watched from {iso(last)} to {iso(now)}"
        self._trends.add(dict.fromkeys(self.driver.channels), self.driver.channels)
        for over in (False, True):
            self._recorder.write("gap", Gap("watch", "" if over else why, over=over))

    def _judge(self, one: Definition, value: float | None, at: Instant) -> None:
        self._conditions[one.id], changes = look(one.bound, self._conditions[one.id], value, at=at)
        for change in changes:
            self._tell(one, change, value)

    def _tell(self, one: Definition, change: Change, value: float | None) -> None:
        alarm = self._alarm(one)
        if change.on == alarm.active:
            return
        if not change.on:
            self.house.door.enter(Command(f"alarm/{one.id}", alarm.over, {}, RUNNER))
            return
        said = raising(one, value)
        new = "raise" in TABLE.commands(alarm.state)
        body = said if new else {"message": said["message"], "value": said["value"]}
        self.house.door.enter(Command(f"alarm/{one.id}", "raise" if new else "again", body, RUNNER))

    def _alarm(self, one: Definition) -> Alarm:
        return cast("Alarm", self.house.door.find("alarm", one.id))

    def _gone(self, why: str) -> None:
        if self._lost:
            return
        self._lost = True
        self._recorder.write("gap", Gap(self.entry.asset, why))
        self._alarms.sound(
            f"{self.entry.asset} watch",
            f"{self.entry.asset} can't be read: {why}",
            consequence="the product in it is not watched" if self._store else "what it measures is not watched",
            response=f"Look at {self._itself} until the line is back",
        )

    def _not_kept(self, trouble: FailedError) -> None:
        """The disk refuses: the watch goes on, and says so."""
        self._refused = True
        self._alarms.sound(
            f"{self.entry.asset} readings",
            f"readings of {self.entry.asset} can't be kept: {trouble}",
            consequence="the record of its temperature has a gap" if self._store else "its record has a gap",
            response=f"Make room on the disk; look at {self._itself} until then",
        )

    async def _back(self) -> None:
        """The store answers again: ask who it is before its readings count."""
        identity = await self.driver.identify()
        words = {word: getattr(identity, word) for word in ("maker", "model", "serial", "firmware", "configuration")}
        self.house.door.enter(Command(f"asset/{self.entry.asset}", "identify", words, RUNNER))
        self._lost = False
        self._recorder.write("gap", Gap(self.entry.asset, over=True))
        self._alarms.clear(f"{self.entry.asset} watch")

    @property
    def _store(self) -> bool:
        return isinstance(self.entry, StoreEntry)

    @property
    def _itself(self) -> str:
        return "the store itself and read level and temperatures there" if self._store else "the device itself"

    @property
    def _alarms(self) -> Alarms:
        return Alarms(self.house.door, batch="", step="")


def raising(one: Definition, value: float | None) -> dict[str, object]:
    """Give what an alarm says when it is raised by its definition."""
    shown = "" if value is None else f"{value:.5g} {one.shown_unit}".strip()
    what = one.message or f"{one.channel} {shown}, limit {one.limit}"
    return {
        "source": one.id,
        "message": f"{one.asset}: {what}",
        "priority": str(one.priority),
        "consequence": one.consequence,
        "response": one.response,
        "limit": one.limit,
        "value": shown,
        "highly_managed": one.highly_managed,
        "latching": one.latching,
        "product": one.product,
        "asset": one.asset,
        "respond_within": float(one.respond_within),
        "alarm_again": float(one.alarm_again),
        "shelve_at_most": float(one.shelve_at_most),
        "owner": one.owner,
        "version": one.version,
    }

"""One OT-2 at work: its current run, what is put into it, and what became of that.

The robot holds everything by a *run*. A run of ours begins with commands whose keys say how many they are, so that a
look tells whether it was set up to the end, also when another program set it up. A run is gone when the robot was
switched off, or when somebody began another one.
Units:  s.
Source: Opentrons robot-server (see ``wire``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from automation.kernel.clock import pause
from automation.kernel.errors import FailedError, UnknownError
from automation.kernel.quantity import Seconds
from instruments.drivers.opentrons_ot2 import wire
from instruments.drivers.opentrons_ot2.wire import Command, Entry, Object, Status
from instruments.transport import Link, http

QUESTION = Seconds(10.0)
WITHIN = 100.0  # s, longest time of one command: home, tips, a slow aspiration
LATE = 5.0  # s by which the robot's answer may be late
EVERY, OFTEN = Seconds(2.0), 60  # how long a command that still runs is waited for after doubt
FIRST = 12  # commands at the beginning of a run that are looked at; more than a set-up has
MOVING = frozenset({Status.QUEUED, Status.RUNNING})


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the robot: its current run, the set-up commands of ours in it, and which pipettes carry tips."""

    run: str = ""
    begun: tuple[Entry, ...] = ()
    others: bool = False  # the run holds what is not ours
    tips: Mapping[str, bool] | None = None

    @property
    def pipettes(self) -> Mapping[str, str]:
        """Name the pipettes that are loaded, by mount; the left one first."""
        loaded = [one.params for one in self.begun if one.kind == "loadPipette" and one.status is Status.SUCCEEDED]
        return {wire.text(one, "mount"): wire.text(one, "pipetteName") for one in loaded}

    @property
    def failed(self) -> Entry | None:
        """Give the set-up command that failed, if one did."""
        return next((one for one in self.begun if one.status is Status.FAILED), None)

    @property
    def is_set_up(self) -> bool:
        """Tell whether every set-up command has succeeded; each says by its key how many they are."""
        done = {tuple(one.key.split(".")[1:]) for one in self.begun if one.status is Status.SUCCEEDED}
        return any({(str(n), of) for n in range(1, int(of) + 1)} <= done for _, of in done)


class Robot:
    """The link to one OT-2; commands go out one by one."""

    def __init__(self, link: Link, *, prefix: str) -> None:
        """Work over ``link``; the keys of set-up commands begin with ``prefix``."""
        self._link = link
        self._prefix = prefix
        self._key = re.compile(rf"{re.escape(prefix)}\.[1-9][0-9]?\.[1-9][0-9]?")
        self.run = ""  # the run that commands are put into

    def key(self, number: int, of: int) -> str:
        """Give the key of a set-up command."""
        return f"{self._prefix}.{number}.{of}"

    async def health(self) -> Object:
        """Ask who it is."""
        return await self._ask("/health")

    async def mounted(self) -> Mapping[str, tuple[str, str]]:
        """Ask which pipettes are mounted: name and serial number by mount."""
        return wire.mounted(await self._ask("/pipettes"))

    async def look(self) -> Seen:
        """Look at the current run; moves nothing."""
        run = wire.current_run(await self._ask("/runs?pageLength=1"))
        self.run = ""
        if not run:
            return Seen()
        first = wire.entries(await self._ask(f"/runs/{run}/commands?cursor=0&pageLength={FIRST}"))
        begun = tuple(one for one in first if self._key.fullmatch(one.key))
        tips = wire.carrying(await self._ask(f"/runs/{run}/currentState"))
        seen = Seen(run, begun, others=bool(first) and first[0] not in begun, tips=tips)
        if not seen.others and seen.is_set_up:
            self.run = run
        return seen

    async def begin(self) -> str:
        """Begin a run; raises FailedError when somebody else's is active."""
        return wire.run_id(await self._demand("/runs", {}))

    async def define(self, run: str, definition: Object) -> None:
        """Tell the robot what a labware looks like; the same twice is one."""
        await self._demand(f"/runs/{run}/labware_definitions", definition)

    async def put(self, command: Command, *, run: str = "") -> Entry:
        """Put a command into a run and wait until it has ended; raises UnknownError when it has not in time."""
        frame = wire.put(run or self.run, command, within=WITHIN)
        reply = await self._link.exchange(frame, http.complete, deadline=Seconds(WITHIN + LATE), longest=wire.LONGEST)
        told = wire.answers(wire.entry(wire.data(self._said(reply))), command)
        if told.status in MOVING:
            raise UnknownError(f"{self._link.name}: {told.kind} is {told.status} after {WITHIN:g} s")
        return told

    async def trail(self, run: str, tag: str) -> tuple[Entry, ...]:
        """Give the commands at the end of a run whose keys begin with ``tag``; waits while one of them still moves."""
        own: tuple[Entry, ...] = ()
        for _ in range(OFTEN):
            listed = wire.entries(await self._ask(f"/runs/{run}/commands?pageLength={wire.PAGE}"))
            count = next((n for n, one in enumerate(reversed(listed)) if not one.key.startswith(tag)), len(listed))
            own = listed[len(listed) - count :]
            if not own or own[-1].status not in MOVING:
                break
            await pause(EVERY)
        return own

    async def _ask(self, path: str) -> Object:
        return self._said(
            await self._link.exchange(wire.ask(path), http.complete, deadline=QUESTION, longest=wire.LONGEST)
        )

    async def _demand(self, path: str, data: Object) -> Object:
        return self._said(await self._link.exchange(wire.post(path, data), http.complete, deadline=QUESTION))

    def _said(self, reply: bytes) -> Object:
        try:
            return wire.said(reply)
        except FailedError as refused:
            self.run = ""  # it may be gone
            raise FailedError(f"{self._link.name}: {refused}") from None

"""Runs one step: writes *enter*, runs the state's method, writes the *move*; around it stands the ISA-88 machine.

HOLD and PAUSE suspend the method at its next effect or inside a wait; RESTART lets the suspended effect go on.
STOP and ABORT close the method. ``holding``, ``restarting``, ``stopping`` and ``aborting`` of the operation are
journaled visits of their own. After a restart of the program the last state is entered again and the journal answers.
Source: ISA-88.00.01 procedural states.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

import msgspec

from automation.engine.alarms import DOUBT, Alarms, Decided
from automation.engine.binding import STAY, Stay
from automation.engine.journal import Again, Enter, Journal, Moved, Resolved, Stage
from automation.engine.operation import Operation, decoded, merged, method_name
from automation.engine.past import Open, Past, past
from automation.engine.prompts import OPERATOR, Operator
from automation.engine.recorder import Recorder
from automation.engine.trends import Trends
from automation.engine.visit import Move, Visit
from automation.kernel.clock import MICRO
from automation.kernel.effect import URGENT
from automation.kernel.errors import CellwrightError, JournalError, RefusedError
from automation.kernel.machine import Procedural, Table
from automation.kernel.quantity import Instant
from automation.ledger.event import Event

Method = Callable[[Visit[object]], Awaitable[Move | None]]


@dataclass(frozen=True, slots=True)
class Tools:
    """What a step's runner works with."""

    recorder: Recorder
    trends: Trends
    alarms: Alarms
    operator: Operator
    clear_way: Callable[[], None] = lambda: None  # on the links of the step's devices, for what is urgent


class StepRunner:
    """One step of one batch, from its first state to a final one, or to stopped or aborted."""

    def __init__(self, batch: str, step: str, *, operation: Operation, tools: Tools) -> None:
        """Fold what the step's stream says; nothing runs yet."""
        self.batch = batch
        self.step = step
        self._operation = operation
        self._table: Table = operation.table
        self._tools = tools
        self._past: Past = past(str(self._table.initial), self._stream())
        tools.trends.restore(self._stream())
        self._results = merged(operation.results(), decoded(operation.results, self._past.results))
        self._free = asyncio.Event()
        self._stay: Stay | None = None
        self._beside: Stay | None = None  # of holding, restarting, stopping or aborting
        self._main: asyncio.Task[None] | None = None
        self._over: asyncio.Future[Procedural] = asyncio.get_running_loop().create_future()
        self._wrong_code = False
        self._what_in_doubt = ""  # asset.method
        self.on_doubt: Callable[[], None] = lambda: None

    @property
    def state(self) -> str:
        """Give the operation's state."""
        return self._past.state

    @property
    def stage(self) -> Procedural:
        """Give the ISA-88 state around it."""
        return self._past.stage

    @property
    def ended_well(self) -> bool:
        """Tell whether the batch may go on by itself."""
        return self.stage is Procedural.COMPLETE and self.state in self._operation.good

    async def run(self) -> Procedural:
        """Run, or go on where the record ends; gives COMPLETE, STOPPED or ABORTED."""
        if self.stage in {Procedural.COMPLETE, Procedural.STOPPED, Procedural.ABORTED}:
            return self.stage
        if self.stage is Procedural.IDLE:
            await self._enter_stage(Procedural.RUNNING)
        if self.stage is Procedural.RUNNING:
            self._free.set()
        if self.stage not in {Procedural.STOPPING, Procedural.ABORTING}:
            self._start_main()
        return await self._over

    async def leave(self) -> None:
        """Stop working in this process; the record stays as it is and the step goes on from there."""
        if self._main is not None:
            self._main.cancel()
            await asyncio.gather(self._main, return_exceptions=True)

    # procedural control; the batch's mailbox calls these one at a time, and again when the program was restarted

    async def hold(self, reason: str, *, by: str) -> None:
        """Suspend, let the operation make itself safe, and stay held."""
        if self.stage in {Procedural.RUNNING, Procedural.PAUSED, Procedural.PAUSING, Procedural.RESTARTING}:
            self._free.clear()
            await self._enter_stage(Procedural.HOLDING, reason, by=by)
        if self.stage is Procedural.HOLDING:
            await self._finish_holding()

    async def restart(self, reason: str, *, by: str) -> None:
        """Let the operation prepare, and let the suspended effect go on."""
        if self.stage is Procedural.RESTARTING:
            await self._finish_restarting()
        waits = self.stage is Procedural.RUNNING and not self._free.is_set()  # it broke when the batch was held already
        if self.stage is not Procedural.HELD and not waits:
            return
        if self._wrong_code:
            msg = f"step {self.step} can't go on: code and journal disagree; stop or abort it"
            raise RefusedError(msg)
        if self.doubtful:
            msg = f"step {self.step} can't go on: a doubt waits for a decision (resolve {self.batch})"
            raise RefusedError(msg)
        if waits:
            self._free.set()
            return
        await self._enter_stage(Procedural.RESTARTING, reason, by=by)
        await self._finish_restarting()

    async def pause(self, reason: str, *, by: str) -> None:
        """Suspend at the next effect, without making anything safe; a state without a pause is held in the meantime."""
        if self.stage is Procedural.RUNNING:
            self._free.clear()
            await self._enter_stage(Procedural.PAUSING, reason, by=by)
        if self.stage is Procedural.PAUSING:
            await self._act_over()
            main = self._past.main
            if main is not None and main.state in getattr(self._operation, "no_pause", ()):
                await self._side("holding")
            if self.stage is Procedural.PAUSING:
                await self._enter_stage(Procedural.PAUSED)

    async def unpause(self, reason: str, *, by: str) -> None:
        """Go on after a pause."""
        if self.stage is Procedural.PAUSED:
            await self._enter_stage(Procedural.RUNNING, reason, by=by)
            self._free.set()

    async def stop(self, reason: str, *, by: str) -> None:
        """End in an orderly way: the method is closed and ``stopping`` runs."""
        await self._close(Procedural.STOPPING, reason, by=by)

    def overtake(self) -> None:
        """Let nothing that waits for a link of the step's devices be sent before what an abort asks of them."""
        self._tools.clear_way()

    async def abort(self, reason: str, *, by: str) -> None:
        """End at once: the method is closed and ``aborting`` runs."""
        await self._close(Procedural.ABORTING, reason, by=by)

    @property
    def doubtful(self) -> bool:
        """Tell whether a doubt waits for a person."""
        return self._in_doubt is not None

    @property
    def _in_doubt(self) -> Stay | None:
        """Give the visit whose act is in doubt: that of the state, or one that makes the product safe."""
        return next((stay for stay in (self._stay, self._beside) if stay is not None and stay.doubts), None)

    def resolve(self, outcome: str, *, by: str, reason: str) -> None:
        """Take a person's decision on the open doubt; raises RefusedError when there is none."""
        stay = self._in_doubt
        if stay is None:
            msg = f"step {self.step} of {self.batch} has no open doubt"
            raise RefusedError(msg)
        n = min(stay.doubts)
        resolved = Resolved(stay.number, n, outcome, by, reason)
        self._tools.alarms.decided(Decided(self._what_in_doubt, outcome, reason, by))  # again after a crash, as one
        self._tools.recorder.write("resolved", resolved)
        stay.doubts[n].set_result(resolved)

    # the method

    def _start_main(self) -> None:
        self._main = asyncio.get_running_loop().create_task(self._work(), name=f"step {self.batch}/{self.step}")
        self._main.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Pass on what ended the work when it was not the work itself."""
        if not task.cancelled() and task.exception() is not None and not self._over.done():
            self._over.set_exception(cast("BaseException", task.exception()))

    async def _work(self) -> None:
        """Go from state to state until a final one; an error holds the step and a restart tries that effect anew."""
        while self._past.state not in self._table.final:
            visit = self._past.main or self._enter(self._past.state)
            try:
                move = await self._visit(visit, self._free, method_name(visit.state))
                await self._free.wait()  # a step that is held or paused leaves no state
                self._leave(visit, move)
            except JournalError as mismatch:
                self._wrong_code = True
                await self._broke(visit, mismatch)
            except CellwrightError as trouble:
                await self._broke(visit, trouble)
            except Exception as fault:  # noqa: BLE001  the one border where a protocol's own mistakes end: held, not lost
                await self._broke(visit, CellwrightError(f"mistake in the protocol: {type(fault).__name__}: {fault}"))
        self._tools.trends.seal()
        await self._enter_stage(Procedural.COMPLETE)
        self._finish(Procedural.COMPLETE)

    async def _visit(self, visit: Open, free: asyncio.Event, method: str) -> Move | None:
        stay = Stay(visit.number, visit.journal, free)
        stay.on_doubt = self._doubted
        if free is self._free:
            self._stay = stay
        else:
            self._beside = stay
        STAY.set(stay)
        if method == "aborting":
            URGENT.set(True)
        OPERATOR.set(self._tools.operator)
        run = cast("Method", getattr(self._operation, method))
        stands = self._past.state
        return await run(Visit(self.batch, self.step, visit.number, visit.state, visit.since, self._results, stands))

    def _enter(self, state: str, within: str = "") -> Open:
        number = self._past.visits + 1
        event = self._tools.recorder.write("enter", Enter(number, state, within))
        visit = Open(number, state, Instant(event.at / MICRO), Journal(number))
        self._past.take(event)
        return visit if within else cast("Open", self._past.main)

    def _leave(self, visit: Open, move: Move | None) -> None:
        if move is None:
            msg = f"state {visit.state!r} of {self.step} gave no move"
            raise CellwrightError(msg)
        row = self._table.decide(visit.state, move.command)
        self._results = merged(self._results, move.results)
        raw = msgspec.Raw(msgspec.json.encode(move.results))
        event = self._tools.recorder.write("move", Moved(visit.number, move.command, visit.state, str(row.dest), raw))
        self._past.take(event)

    async def _broke(self, visit: Open, trouble: CellwrightError) -> None:
        """An effect failed and the protocol had no answer: hold, and on restart try that effect anew."""
        stay = cast("Stay", self._stay)
        if not self._held_for(visit):
            self._free.clear()
            self._tools.alarms.sound(
                "step", f"{self.step} can't go on: {trouble}", response="Find the cause, then restart or stop the step"
            )
            self._tools.alarms.try_hold(f"{self.step} can't go on: {trouble}")
        await self._free.wait()
        self._tools.alarms.clear("step")
        self._tools.recorder.write("again", Again(visit.number, stay.n))
        fresh = past(str(self._table.initial), self._stream()).main
        self._past.main = fresh

    def _held_for(self, visit: Open) -> bool:
        """Tell whether an earlier process has held the step for what this visit last came to."""
        journal = past(str(self._table.initial), self._stream()).main
        return journal is not None and visit.number == journal.number and self._past.moved_at > journal.journal.last > 0

    def _doubted(self, _n: int, what: str) -> None:
        self._free.clear()
        self._what_in_doubt = what
        self._tools.alarms.sound(
            DOUBT,
            f"nobody knows whether {what} took effect",
            consequence="the act could be done twice or not at all",
            response=f"look at the device, then: cellwright resolve {self.batch} {self.step}",
        )
        self._tools.alarms.try_hold(f"doubt about {what}")
        asyncio.get_running_loop().call_soon(self.on_doubt)

    # the ISA-88 states

    async def _enter_stage(self, stage: Procedural, reason: str = "", *, by: str = "") -> None:
        event = self._tools.recorder.write("procedural", Stage(str(stage), reason, by))
        self._past.take(event)
        await self._tools.recorder.ledger.durable(event.seq)

    async def _act_over(self) -> None:
        """Wait until the act in flight, if any, has come back; acts are bounded."""
        while self._stay is not None and self._stay.acting:
            await self._stay.rest()

    async def _finish_holding(self) -> None:
        await self._act_over()
        await self._side("holding")
        if self.stage is Procedural.HOLDING:
            await self._enter_stage(Procedural.HELD)

    async def _finish_restarting(self) -> None:
        await self._side("restarting")
        if self.stage is Procedural.RESTARTING:
            await self._enter_stage(Procedural.RUNNING)
            self._free.set()

    async def _close(self, stage: Procedural, reason: str, *, by: str) -> None:
        if self.stage in {Procedural.COMPLETE, Procedural.STOPPED, Procedural.ABORTED}:
            return
        self._free.clear()
        if self.stage is not stage:
            await self._enter_stage(stage, reason, by=by)
        await self._close_with(stage)

    async def _close_with(self, stage: Procedural) -> None:
        aborting = stage is Procedural.ABORTING
        if not aborting:
            await self._act_over()
        if self._main is not None and not self._main.done():
            if self._stay is not None:
                self._stay.aborted = aborting
            self._main.cancel()
            await asyncio.gather(self._main, return_exceptions=True)
        kind = "aborting" if aborting else "stopping"
        begun = self._past.side if self._past.side_kind == kind else None
        self._tools.operator.give_up(f"the step is {kind}", keep=begun.number if begun else 0)
        for source in ("step", DOUBT):
            self._tools.alarms.clear(source)
        await self._side(kind)
        self._tools.trends.seal()
        await self._enter_stage(Procedural.ABORTED if aborting else Procedural.STOPPED)
        self._finish(self.stage)

    async def _side(self, kind: str) -> None:
        """Run ``holding`` and its like as a journaled visit of its own, never suspended."""
        if not hasattr(self._operation, kind) or self._past.side_done == kind:
            return
        visit = self._past.side if self._past.side_kind == kind else None
        visit = visit or self._enter(kind, within=kind)
        open_gate = asyncio.Event()
        open_gate.set()
        task = asyncio.get_running_loop().create_task(self._visit(visit, open_gate, kind), name=f"{kind} {self.step}")
        try:
            await task
        except CellwrightError as trouble:
            self._tools.alarms.sound(kind, f"{kind} of {self.step} failed: {trouble}", response="Make the product safe")
        event = self._tools.recorder.write("move", Moved(visit.number, "done", visit.state, ""))
        self._past.take(event)

    def _finish(self, stage: Procedural) -> None:
        if not self._over.done():
            self._over.set_result(stage)

    def _stream(self) -> list[Event]:
        return self._tools.recorder.ledger.stream(self._tools.recorder.stream)

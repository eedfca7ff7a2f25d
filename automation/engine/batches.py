"""Runs one batch: its steps in their order, its time limits, and one mailbox for what people command.

Every procedural command is a move of the batch object at the door; the mailbox carries it out on the running steps,
one at a time, and an abort overtakes everything queued.
"""

import asyncio
from collections import deque
from collections.abc import Mapping

from automation.engine.alarms import Alarms
from automation.engine.amending import take_effect
from automation.engine.assembly import Assembled, Assembly
from automation.engine.equipment import Equipment
from automation.engine.holdings import of_batch
from automation.engine.house import House
from automation.engine.limits_in_time import TimeLimits
from automation.engine.operation import digest
from automation.engine.past import Past, past
from automation.engine.recipe.bind import Recorded
from automation.engine.recipe.model import Recipe, Step
from automation.engine.recorder import RUNNER
from automation.engine.rounds import Rounds
from automation.engine.verdicts import Verdicts
from automation.gmp.amendments import Stage as Approved
from automation.gmp.door import Command
from automation.gmp.marks import OPEN
from automation.gmp.objects import Recorded as DoorBody
from automation.gmp.objects import Thing
from automation.gmp.product.batches import Batch, Continuation, Decision, Order
from automation.gmp.quality.timers import Timer
from automation.kernel.errors import CellwrightError, RefusedError
from automation.kernel.machine import Procedural
from automation.kernel.quantity import Seconds
from automation.ledger.event import Event

LOOK = Seconds(600.0)  # s; between two looks whether a round that waits for its day is still wanted
CONTROLS = ("hold", "restart", "pause", "unpause", "stop", "abort")


class BatchRun:
    """One batch while it runs in this process."""

    def __init__(self, house: House, recipe: Recipe, batch: str) -> None:
        """Take up a batch that was issued, where its record ends."""
        self._house = house
        self._recipe = recipe
        self.id = batch
        self._steps: dict[str, Assembled] = {}
        self._mail: deque[tuple[str, Order, str]] = deque()
        self._arrived = asyncio.Event()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._control: asyncio.Task[None] | None = None
        self._running: dict[asyncio.Task[Procedural], Step] = {}
        self._going = asyncio.Event()
        self._read: dict[str, tuple[int, list[Event]]] = {}
        self._folded: dict[str, tuple[list[Event], Past]] = {}
        self._rounds = Rounds(house, recipe, batch, self._stream_of)
        self._assembly = Assembly(house, recipe, self.batch)
        self._equipment = Equipment(house.door, house.desk, batch)
        self._verdicts = Verdicts(house, self._rounds)
        self._limits = TimeLimits(house.door, self._rounds, batch)
        house.door.follow(self._follow, of=f"batch/{batch}")
        house.ledger.subscribe(self._after, of=f"batch/{batch}")

    @property
    def batch(self) -> Batch:
        """Give the batch object as it stands."""
        thing = self._house.door.find("batch", self.id)
        if not isinstance(thing, Batch):
            raise TypeError(thing)
        return thing

    @property
    def recipe(self) -> Recipe:
        """Give the recipe that it goes by now."""
        return self._recipe

    @property
    def steps(self) -> tuple[str, ...]:
        """Give the ids of its steps in order, with those of further rounds, without those left out."""
        return tuple(step.id for step in self._rounds.steps() if not self._rounds.is_left_out(step))

    def check(self) -> None:
        """Raise RefusedError when the recipe or an operation is not the one that the batch was issued with."""
        issue = self.batch.issue
        if issue is None:
            msg = f"batch {self.id} was never issued"
            raise RefusedError(msg)
        if self.batch.recipe_digest != self._recipe.digest:
            was, now = self.batch.recipe_digest[:12], self._recipe.digest[:12]
            how = "was issued" if self.batch.in_force is None else "was amended to go on"
            msg = f"batch {self.id} {how} with recipe digest {was}, now it is {now}"
            raise RefusedError(msg)
        for name, was in self.batch.operations.items():
            now = digest(self._house.operations[name].operation)
            if now != was:
                way_out = f"finish it with release {issue.release}"
                msg = f"operation {name} has changed since batch {self.id} was issued; {way_out}"
                raise RefusedError(msg)

    async def run(self) -> str:
        """Run to the end, or go on where the record ends; gives the state in which the batch ends."""
        self.check()
        if self.batch.state == "closed":
            return self.batch.state
        consumer = asyncio.get_running_loop().create_task(self._consume(), name=f"mailbox {self.id}")
        for event in self._house.ledger.events(prefix=f"batch/{self.id}/step/"):
            self._limits.see(event)  # what an earlier process may not have come to
        try:
            await self._run_steps()
            await self._equipment.clean()
            await self._stand_still()
        finally:
            consumer.cancel()
            await asyncio.gather(consumer, return_exceptions=True)
            await self.leave()
        return self._close()

    async def leave(self) -> None:
        """Stop working in this process before the record is closed; the batch goes on from what is recorded."""
        ours = [*self._running, *([self._control] if self._control is not None else [])]
        for task in ours:
            task.cancel()
        await asyncio.gather(*ours, return_exceptions=True)
        for assembled in list(self._steps.values()):
            await assembled.runner.leave()

    # steps

    async def _run_steps(self) -> None:
        """Run every step as soon as those that it comes after are done."""
        running = self._running = {}
        done: set[str] = set()
        gone: set[str] = set()  # what was ended before its end
        if self.batch.state == "running":
            self._going.set()
        self._begin_due(running, done=done, gone=gone)
        await asyncio.sleep(0)  # what goes on stands now, so that an open order finds it
        self._queue_open_order()
        while True:
            self._begin_due(running, done=done, gone=gone)
            if not running:
                break
            finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(finished, key=lambda one: one.get_name()):
                step = running.pop(task)
                ended = task.result()
                if ended is Procedural.COMPLETE:
                    done.add(step.id)
                elif ended is not Procedural.IDLE or self._ending:  # else it made way for an amendment
                    gone.add(step.id)
        await self._quiet.wait()

    def _begin_due(self, running: dict[asyncio.Task[Procedural], Step], *, done: set[str], gone: set[str]) -> None:
        """Begin every step whose turn it is; here is the boundary at which amendments and rounds are decided."""
        amended = None if self._ending else take_effect(self._house, self._recipe, self.batch)
        if amended is not None:
            self._goes_by(amended)
        known = done | gone | {step.id for step in running.values()}
        done |= {step.id for step in self._rounds.steps() if step.id not in known and self._over(step)}
        self._end_rounds(done)
        steps = [step for step in self._rounds.steps() if step.id not in known | done]
        for step in [s for s in steps if set(s.after) <= done and self._has_turn(s)]:
            task = asyncio.get_running_loop().create_task(self._step(step), name=f"run {self.id}/{step.id}")
            running[task] = step

    def _end_rounds(self, done: set[str]) -> None:
        """Decide at the end of each round whether another follows; what did not come about holds the batch."""
        for part, number, decided in [] if self._ending else list(self._rounds.over(done)):
            if not decided.met and not decided.more:
                alarms = Alarms(self._house.door, batch=self.id, step=part.steps[-1])
                alarms.deviation(decided.sentence, rule=f"rounds of {part.id}", cause=decided.source)
                alarms.try_hold(decided.sentence)
                self._going.clear()
            self._rounds.decide(part, number, decided)

    def _goes_by(self, recipe: Recipe) -> None:
        """Go by an amended recipe from here on; what has begun is the same in both."""
        self._recipe = recipe
        self._rounds = Rounds(self._house, recipe, self.id, self._stream_of)
        self._assembly = Assembly(self._house, recipe, self.batch)
        self._verdicts = Verdicts(self._house, self._rounds)
        self._limits.rounds = self._rounds

    def _makes_way(self, step: Step) -> bool:
        """Tell whether a step that has not begun waits for an approved amendment to take effect."""
        waiting = self.batch.open_amendment
        return waiting is not None and waiting.stage is Approved.APPROVED and not self._stream(step)

    def _over(self, step: Step) -> bool:
        """Tell whether a step was completed and judged by an earlier process, and nothing of it is left to do."""
        if self._rounds.is_left_out(step):
            return True
        if self._stage(step) is not Procedural.COMPLETE or not self._verdicts.judged(step):
            return False
        return (self._ended_well(step) or self._held_since(step)) and not self._equipment.held(step.id)

    async def _stand_still(self) -> None:
        """Wait while a batch is held or paused whose last step ended in the moment of the order."""
        while self.batch.state in {"pausing", "paused", "holding", "held", "restarting"}:
            await self._quiet.wait()
            await self._allowed()

    def _has_turn(self, step: Step) -> bool:
        """Tell whether a step is to be taken up: of a batch that ends only what was begun."""
        return not self._ending or self._stage(step) is not Procedural.IDLE

    def _stage(self, step: Step) -> Procedural:
        return self._past(step).stage

    def _past(self, step: Step) -> Past:
        """Give the fold of a step's events, to look at; what was folded once is not folded again."""
        events = self._stream(step)
        known = self._folded.get(step.id)
        if known is None or known[0] is not events:
            known = self._folded[step.id] = (events, past("", events))
        return known[1]

    def _stream(self, step: Step) -> list[Event]:
        return self._stream_of(step.id)

    def _stream_of(self, step: str) -> list[Event]:
        """Give the events of a step; what was read once is not read again while nothing was added."""
        name = f"batch/{self.id}/step/{step}"
        version = self._house.ledger.version(name)
        known = self._read.get(name)
        if known is None or known[0] != version:
            known = self._read[name] = (version, self._house.ledger.stream(name))
        return known[1]

    @property
    def _ending(self) -> bool:
        return self.batch.state in {"stopping", "stopped", "aborting", "aborted"}

    async def _step(self, step: Step) -> Procedural:
        stage = self._stage(step)
        if stage is Procedural.COMPLETE and self._verdicts.judged(step):
            await self._decide(step)
            self._equipment.used(step.id)
            return stage
        if stage is Procedural.IDLE:
            await self._allowed()
            await self._until_due(step)
            if self._ending or self._makes_way(step):
                return Procedural.IDLE
        assembled = await self._put_together(step)
        if assembled is None:
            return Procedural.COMPLETE if self._rounds.is_left_out(step) else Procedural.IDLE
        self._steps[step.id] = assembled
        assembled.runner.on_doubt = lambda: self._earlier(step.id)
        self._earlier(step.id)
        await self._claim(step, assembled)
        if stage is Procedural.IDLE:
            await self._supply(step)
            await self._allowed()
        ended = await assembled.runner.run()
        if ended is Procedural.COMPLETE:
            await self._verdicts.conclude(step)
            await self._decide(step)
        self._equipment.used(step.id)
        del self._steps[step.id]
        return ended

    async def _until_due(self, step: Step) -> None:
        """Wait for the day of a round; a batch that ends or is held meanwhile is seen at the next look."""
        due = self._rounds.due(step)
        while due is not None and self._house.clock.now() < due and not self._ending:
            await self._house.clock.sleep(min(due - self._house.clock.now(), LOOK))
        await self._allowed()

    async def _put_together(self, step: Step) -> Assembled | None:
        """Put a step together; hold while what it needs is not there, and give up when the batch ends."""
        alarms = Alarms(self._house.door, batch=self.id, step=step.id)
        while True:
            try:
                if self._stage(step) is Procedural.IDLE and self._rounds.left_out(step):
                    return None
                self._rounds.begin(step)
                assembled = self._assembly.put_together(step, self._results(), self._rounds.containers(step))
            except RefusedError as refusal:
                if self._ending:
                    return None
                await self._not_ready("beginning", refusal, alarms)
                if self._makes_way(step):
                    alarms.clear("beginning")
                    return None
            else:
                alarms.clear("beginning")
                return assembled

    async def _decide(self, step: Step) -> None:
        """A step that did not end well holds the batch until a person lets it go on."""
        if self._ended_well(step) or self._ending:
            return
        if not self._held_since(step):
            self._going.clear()
            state = self._past(step).state
            Alarms(self._house.door, batch=self.id, step=step.id).try_hold(f"{step.id} ended as {state!r}")
        await self._allowed()

    def _ended_well(self, step: Step) -> bool:
        good: frozenset[str] = getattr(self._house.operations[step.operation].operation, "good")  # noqa: B009  of the protocol
        return self._past(step).state in good

    def _held_since(self, step: Step) -> bool:
        """Tell whether the batch was held after a step was concluded."""
        concluded = max(event.seq for event in self._stream(step) if event.kind == "concluded")
        orders = self._house.ledger.stream(f"batch/{self.id}", after=concluded)
        return any(event.kind == "hold" for event in orders)

    async def _allowed(self) -> None:
        """Wait while the batch is held or paused; a batch that ends passes when its steps are safe."""
        while not self._going.is_set():
            await self._going.wait()

    def _results(self) -> Mapping[str, Recorded]:
        found: dict[str, Recorded] = {}
        for step in self._rounds.steps():
            if step.round > 1 and self._stream(step):  # a later round has results of its own
                found = {name: one for name, one in found.items() if not name.startswith(f"{step.named}.")}
            if seq := self._rounds.is_left_out(step):
                found |= {
                    f"{step.named}.{n}": Recorded(None, seq) for n in self._house.operations[step.operation].results
                }
            record = self._past(step)
            for name, value in record.results.items():
                found[f"{step.named}.{name}"] = Recorded(value, record.sources[name])
        return found

    # claims

    async def _claim(self, step: Step, assembled: Assembled) -> None:
        """Claim all assets of a step in one move; wait while another holds one; hold when one is not ready."""
        alarms = Alarms(self._house.door, batch=self.id, step=step.id)
        while not self._ending:
            try:
                if self._equipment.take(step, assembled.assets, assembled.gates):
                    break
            except RefusedError as refusal:
                await self._not_ready("equipment", refusal, alarms)
            else:
                running = frozenset(self._steps) - {step.id}
                if await self._equipment.clean_before(step.id, assembled.assets, running=running):
                    continue
                alarms.sound("equipment", f"{step.id} waits for equipment in use", priority="low")
                await self._house.desk.changed(f"batch/{self.id}", *(f"asset/{one}" for one in assembled.assets))
        alarms.clear("equipment")

    async def _supply(self, step: Step) -> None:
        """Use the lots of a step that has not begun; hold while one is not released, in date or enough."""
        alarms = Alarms(self._house.door, batch=self.id, step=step.id)
        while not self._ending:
            try:
                self._assembly.supplies.take(step)
            except RefusedError as refusal:
                await self._not_ready("materials", refusal, alarms)
            else:
                break
        alarms.clear("materials")

    async def _not_ready(self, what: str, refusal: RefusedError, alarms: Alarms) -> None:
        """Hold the step before it begins, until a person lets the batch go on."""
        alarms.sound(what, str(refusal), response=f"Make the {what} ready, then restart, or stop the batch")
        alarms.try_hold(str(refusal))
        self._going.clear()
        await self._allowed()

    def _after(self, event: Event) -> None:
        """Look at an event once everybody has folded it."""
        asyncio.get_running_loop().call_soon(self._limits.see, event)

    # the mailbox

    def _follow(self, event: Event, _thing: Thing) -> None:
        if event.kind in {"resolve", "continue"}:
            self._decided(event)
        if event.kind not in CONTROLS:
            return
        order = Order.model_validate_json(bytes(event.read(DoorBody).given))
        if event.kind in {"stop", "abort"}:
            self._going.clear()
        if event.kind == "abort":
            self._mail.clear()
            for assembled in self._steps.values():
                assembled.runner.overtake()
            if self._control is not None:
                self._control.cancel()
        self._post(event.kind, order, by=event.by)

    def _post(self, kind: str, order: Order, *, by: str) -> None:
        self._mail.append((kind, order, by))
        self._quiet.clear()
        self._arrived.set()

    def _queue_open_order(self) -> None:
        """After a restart of the program: carry out an order that was given and not finished."""
        kind = {"holding": "hold", "restarting": "restart", "pausing": "pause", "stopping": "stop", "aborting": "abort"}
        if self.batch.state in kind and not self._mail:
            order = self.batch.order or Order(reason="the program was restarted")
            self._post(kind[self.batch.state], order, by=RUNNER)

    async def _consume(self) -> None:
        while True:
            while not self._mail:
                self._quiet.set()
                self._arrived.clear()
                await self._arrived.wait()
            kind, order, by = self._mail.popleft()
            work = self._carry_out(kind, order, by=by)
            self._control = asyncio.get_running_loop().create_task(work, name=f"{kind} {self.id}")
            await asyncio.gather(self._control, return_exceptions=True)
            if not self._control.cancelled():
                self._carried_out(kind, self._control.exception())

    def _carried_out(self, kind: str, why: BaseException | None) -> None:
        """Say when an order could not be carried out; a batch that can't go on after a hold is held again."""
        alarms = Alarms(self._house.door, batch=self.id, step="")
        if why is None:
            alarms.clear(f"order {kind}")
            return
        alarms.sound(f"order {kind}", f"{kind} of {self.id} failed: {why}")
        if kind == "restart":
            alarms.try_hold(f"{kind} failed: {why}")

    async def _carry_out(self, kind: str, order: Order, *, by: str) -> None:
        if kind in {"hold", "pause"}:
            self._going.clear()
        targets = [a.runner for name, a in list(self._steps.items()) if order.step in {"", name} or kind != "hold"]
        for runner in targets:
            await getattr(runner, kind)(order.reason, by=by)
        if self._ending:
            self._qa_hold(f"{self.id} was ended by {kind}: {order.reason}")
        if self.batch.state in {"holding", "restarting", "pausing", "stopping", "aborting"}:
            await self._house.door.submit(Command(f"batch/{self.id}", "done", {}, RUNNER))
        if self.batch.state == "running" or self._ending:
            self._going.set()

    def _qa_hold(self, reason: str) -> None:
        """Leave no product of a batch that did not come to its end without a hold, whichever step had it."""
        for thing in of_batch(self._house.door, self.id):
            if thing.state in {"in process", "stored"} and not thing.on_hold:
                self._house.door.enter(Command(f"container/{thing.id}", "qa_hold", {"reason": reason}, RUNNER))

    # what people decide about doubts and unready equipment

    def _decided(self, event: Event) -> None:
        given = bytes(event.read(DoorBody).given)
        if event.kind == "continue":
            allowed = Continuation.model_validate_json(given)
            if allowed.step in self._steps:
                self._steps[allowed.step].gates.overrides.add(allowed.asset)
            return
        decision = Decision.model_validate_json(given)
        for name, assembled in self._steps.items():
            if decision.step in {"", name} and assembled.runner.doubtful:
                assembled.runner.resolve(str(decision.outcome), by=event.by, reason=decision.reason)

    def _earlier(self, step: str) -> None:
        """Take up decisions that were recorded while no process ran the step."""
        stream = self._house.ledger.stream(f"batch/{self.id}/step/{step}")
        doubt = max((event.seq for event in stream if event.kind == "doubt"), default=0)
        for event in self._house.ledger.stream(f"batch/{self.id}"):
            if event.kind == "continue" or (event.kind == "resolve" and event.seq > doubt):
                self._decided(event)

    # the end

    def _stop_clocks(self) -> None:
        """Cancel what still counts: nothing that it waits for can come any more."""
        for thing in self._house.door.marked("timer", OPEN):
            if isinstance(thing, Timer) and thing.batch == self.id and thing.going:
                reason = {"reason": f"{self.id} has ended as {self.batch.state}"}
                self._house.door.enter(Command(f"timer/{thing.id}", "cancel", reason, RUNNER))

    def _close(self) -> str:
        door = self._house.door
        if self.batch.state == "running":
            door.enter(Command(f"batch/{self.id}", "complete", {}, RUNNER))
        ended = self.batch.state
        if ended not in {"complete", "stopped", "aborted"}:
            msg = f"batch {self.id} is {ended} and has no more steps to run"
            raise CellwrightError(msg)
        self._stop_clocks()
        head = self._house.ledger.last
        body = {"head": head.hash.hex(), "seq": head.seq}
        door.enter(Command(f"batch/{self.id}", "close", body, RUNNER))
        self._house.ledger.seal()
        return ended

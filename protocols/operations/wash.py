"""Unit operation: wash and concentrate cells on a cell washer. The program runs in the washer; people answer its waits.

Before the run everything is checked that can be: kit, program with checksum and parameters, bags and lots by scan, the
lines by a second person. After it the washer's own report is compared with what was watched, and the accounts of
volume have to close. Stopping and aborting lead the run to its recovery, so that the cells end in the product bag, then
come the clamps, then the door.
Source: 21 CFR 211.68 (input checks), 211.101 and 211.103 (components, yields), 211.188(b); residual of old medium by
        ``automation.formulas.washing``.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from automation.engine.handles import Container
from automation.engine.operation import ENDINGS, SafeDevice, SafeProduct
from automation.engine.product import Amount, Labelled, Product
from automation.engine.prompts import Entry, Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import DEADLINE, Watch, When
from automation.formulas.identifiers import Kind
from automation.gmp.product.containers import Purpose
from automation.kernel.errors import FailedError, GateError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Grams, Instant, Millilitres
from instruments.interfaces.balance import Balance
from instruments.interfaces.cell_washer import (
    Acknowledgement,
    CellWasher,
    ProcessValues,
    Waiting,
    WasherState,
    WasherStatus,
)
from protocols.operations import washing_accounts as accounts
from protocols.operations.culturing import in_round
from protocols.operations.washing import (
    COLLECT,
    IN_RUN,
    KEEP,
    RECOVER,
    RINSE,
    Approved,
    Parameters,
    Results,
    State,
    flowed,
    salvage,
    stood,
    time_left,
    where,
)
from protocols.operations.washing_report import REFUSE, Report
from protocols.operations.washing_run import BROKEN, RULE, TRIES, Attendance, Known, Notes
from protocols.operations.washing_setup import BAG, BUFFER, KIT, Setup
from protocols.operations.weighing import Weighed, weigh

NOTHING = 1.0  # mL; less in the product bag is no product
MOST_ANSWERS = 20  # in one visit; a wait that comes back more often is no wait any more
CLAMPS = "Close the clamps in this order: product bag, source bag, wash buffer, waste bag; then open the door. "


@dataclass(frozen=True, slots=True)
class Wash:
    """Wash the cells of the batch's container into a new bag, and judge the run by its accounts."""

    washer: CellWasher
    balance: Balance
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.WASHED})
    safe: ClassVar = (
        SafeDevice(  # a run is led to its recovery and its end
            after=ENDINGS, role="washer", ask="look", reads="state", among=frozenset(set(WasherState) - IN_RUN)
        ),
        SafeDevice(  # paused where the program allows it, else left to its end
            after=("holding",),
            within=(State.WASHING,),
            role="washer",
            ask="look",
            reads="state",
            among=IN_RUN | {WasherState.READY},
        ),
        SafeProduct(after=("holding",), told="Held. Washer"),
        SafeProduct(after=ENDINGS, within=(State.EMPTY, State.PREPARED), told="keep the product as its label says"),
        SafeProduct(after=ENDINGS, within=(State.READY, State.WASHING, State.COLLECTED), told="Close the clamps"),
    )
    table: ClassVar = Table(
        State.EMPTY,
        (
            Row("prepare", State.EMPTY, State.PREPARED),
            Row("refuse", State.EMPTY, State.REFUSED),
            Row("connect", State.PREPARED, State.READY),
            Row("start", State.READY, State.WASHING),
            Row("give_up", State.READY, State.REFUSED),
            Row("end", State.WASHING, State.COLLECTED),
            Row("interrupt", State.WASHING, State.INTERRUPTED),
            Row("go_on", State.INTERRUPTED, State.WASHING),
            Row("collect", State.INTERRUPTED, State.COLLECTED),
            Row("keep", State.INTERRUPTED, State.SALVAGED),
            Row("miss", State.COLLECTED, State.INTERRUPTED),
            Row("accept", State.COLLECTED, State.WASHED),
            Row("reject", State.COLLECTED, State.OUT_OF_LIMIT),
            Row("salvage", State.COLLECTED, State.SALVAGED),
        ),
    )

    async def empty(self, _visit: Visit[Results]) -> Move:
        """Load a kit and check it, send the approved program and read it back; what is not approved never runs."""
        model, source = (await self.washer.identify()).model, self.product.one()
        approved = self._approved(model)
        setup = Setup(self.washer, self.operator, self.product)
        kit = await setup.kit(approved)
        if not kit or not await setup.program(approved):
            return Move("refuse", model=model, kit=kit)
        lot = self.product.lot(KIT).id
        return Move("prepare", model=model, kit=kit, lot=lot, source=source.id, expected=source.volume)

    async def prepared(self, visit: Visit[Results]) -> Move:
        """Identify and weigh the bags, and connect them in the stated order, confirmed by a second person."""
        source = self.product.label(visit.got.source)
        full = await weigh(self.balance, self.operator, self.product, label=source, before="Mix. ")
        held = self.product.handle(source.id, identified=full.identified)
        await self._compare(visit.got, full.gross)
        there = self._contents(full.gross)
        await self.product.weighed(held, amount=there)
        label, bag = await self._product_bag(visit, held)
        buffer = self.product.lot(BUFFER)
        await self.operator.scan(
            f"Hang {buffer.id} at the washer and scan the lot label on it", accept=(buffer.id,), expects=Kind.LOT
        )
        await self.operator.confirm(
            f"Connect at the washer in this order: 1. waste bag, 2. wash buffer {buffer.id}, 3. product bag "
            f"{label.id}, 4. source bag {source.id}. Open the clamps in the same order, compare every line with its "
            "label, close the door, then confirm",
            second=True,
        )
        return Move(
            "connect",
            product=label.id,
            recorded=there.volume,
            mass_source=full.gross,
            mass_bag=bag.gross,
        )

    async def ready(self, visit: Visit[Results]) -> Move:
        """Start the run; a washer that refuses is put right by people and told again, a few times."""
        source, product = self.product.held(visit.got.source), self.product.held(visit.got.product)
        for turn in range(1, TRIES + 1):
            try:
                await self.washer.start(source=source, product=product)
            except GateError:
                raise
            except (RefusedError, FailedError) as refusal:
                await self.product.deviation(f"the washer did not start: {refusal}", rule=RULE)
                if turn < TRIES:
                    await self.operator.confirm(f"The washer did not start: {refusal}. Put it right, then confirm")
            else:
                return Move("start", started_at=await self.watch.moment())
        return Move("give_up")

    async def washing(self, visit: Visit[Results]) -> Move:
        """Watch the run to its end; waits are answered by people, anything else that stops it interrupts."""
        got, approved = visit.got, self._approved(visit.got.model)
        attend, known = self._attendance(got.model), Known()
        notes = Notes(list(got.acknowledgements), list(got.interruptions), list(got.findings))
        last, at = visit.since + approved.longest, visit.since
        while True:
            seen = await self.watch.first(
                every=approved.every,
                deadline=min(last, at + approved.silent_at_most),
                also=(self.washer.flows,),
                over=When(self.washer.look, lambda status: status.state is WasherState.READY),
                broken=When(self.washer.look, lambda status: status.state in BROKEN),
                news=When(self.washer.look, _news(known, approved)),
            )
            at, status = seen.at, seen.value
            if seen.name == DEADLINE or not isinstance(status, WasherStatus):
                why = await self._silent(attend, at=at, last=last, approved=approved)
                if why:
                    return Move("interrupt", why=why, step=known.step, **notes.results)
                continue
            if seen.name == "broken":
                why = f"the washer stands in {stood(status)}"
                return Move("interrupt", why=why, step=known.step, **notes.results)
            if seen.name == "over":
                if 0 < known.step < approved.recovery_step:
                    why = f"the run ended in step {known.step}, before its recovery"
                    return Move("interrupt", why=why, step=known.step, **notes.results)
                return Move("end", **notes.results)
            known = await attend.take_note(status, known, approved, notes)
            if at >= last or len(notes.acknowledgements) - len(got.acknowledgements) >= MOST_ANSWERS:
                return Move("interrupt", why="the washer waits again and again", step=known.step, **notes.results)

    async def interrupted(self, visit: Visit[Results]) -> Move:
        """Look where the cells are, put both bags on QA hold, and let two people choose from the salvage table."""
        got, approved, attend = visit.got, self._approved(visit.got.model), self._attendance(visit.got.model)
        status, flows = await attend.look(), await attend.flows()
        await self.product.deviation(f"wash interrupted: {got.why}", rule=RULE)
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=f"wash interrupted: {got.why}")
        cells = where(status, flows, step=got.step, recovery_step=approved.recovery_step)
        choice = await self.operator.choose(
            f"Wash interrupted: {got.why}. Washer {stood(status)}, cells {cells} ({flowed(flows)}). {time_left(cells)}",
            *salvage(cells, WasherState.UNKNOWN if status is None else status.state),
            second=True,
        )
        if choice == KEEP:
            await self.operator.confirm(f"Clamp {got.source} and {got.product}, take both off, keep them cool")
            return Move("keep", decision=choice)
        if choice == RINSE:
            return Move("collect", decision=choice, rinsed=await self._by_hand(got, ""))
        if choice == COLLECT:
            return Move("collect", decision=choice)
        if choice == RECOVER:
            await attend.to_recovery(approved)
        elif status is not None and status.waiting is not Waiting.NOTHING:
            await self._resume(status)
        return Move("go_on", decision=choice)

    async def collected(self, visit: Visit[Results]) -> Move:
        """Import the washer's report, weigh what came out and what is left, close the accounts, and judge."""
        got, approved = visit.got, self._approved(visit.got.model)
        report = Report(self.washer, self.watch, self.operator, self.product, self.given)
        history, decision = await report.history(got.kit) if approved.writes_history else (None, "")
        flows = await self._attendance(got.model).flows() or ProcessValues()
        reasons = [*got.findings, *([decision] if decision == REFUSE else [])]
        reasons += [] if history is None else report.disagreements(history, flows, got=got, approved=approved)
        counted = await report.counted(flows, history)
        weights = await self._weights(got)
        done = accounts.account(weights, counted, approved=approved, given=self.given, rinsed=got.rinsed)
        if done.came_out.value < NOTHING and got.decision not in {RINSE, COLLECT}:
            return Move("miss", why="nothing came into the product bag")
        await self._book(got, done)
        reasons += self._out_of_limit(done)
        for reason in reasons:
            await self.product.deviation(reason, rule="acceptance of the wash")
        if reasons:
            held = self.product.held(got.product)
            await self.product.qa_hold(held, reason="; ".join(reasons)[:400])
        command = "salvage" if got.decision in {RINSE, COLLECT} else "reject" if reasons else "accept"
        digest = "" if history is None else history.sha256
        return Move(command, findings=tuple(reasons), history_sha256=digest, **_found(done, counted, approved))

    async def holding(self, visit: Visit[Results]) -> None:
        """Pause where the program allows it; elsewhere the run goes on in the washer, and people are told."""
        status = await self._attendance(visit.got.model).look()
        running = status is not None and status.state is WasherState.RUNNING
        allowed = self._approved(visit.got.model).pause_in if running else ()
        told = f"Held. Washer {stood(status)}."
        if status is not None and status.state is WasherState.PAUSED:
            told += " It stands still with the cells inside: restart or stop soon."
        elif status is not None and running and status.step in allowed:
            try:
                await self.washer.pause()
                told += " It was paused in this step, which keeps the cells: restart or stop soon."
            except (RefusedError, FailedError) as refusal:
                told += f" It was not paused ({refusal}) and goes on to its end."
        elif running:
            told += " It goes on to its end: a pause in this step would cost cells."
        else:
            told += " Nothing runs: leave the bags clamped, and mix the source now and then."
        await self.operator.confirm(told)

    async def restarting(self, visit: Visit[Results]) -> None:
        """Let a run go on that was paused for the hold."""
        status = await self._attendance(visit.got.model).look()
        if status is not None and status.waiting is Waiting.PAUSED_BY_PROGRAM:
            await self._resume(status)

    async def stopping(self, visit: Visit[Results]) -> None:
        """Lead a run to its recovery and its end, then clamps, then door; the cells are in the product bag."""
        await self._end_early(visit, "stopped")

    async def aborting(self, visit: Visit[Results]) -> None:
        """As stopping: there is no faster way that keeps the cells."""
        await self._end_early(visit, "aborted")

    async def _end_early(self, visit: Visit[Results], how: str) -> None:
        got, attend, notes = visit.got, self._attendance(visit.got.model), Notes()
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=f"wash {how}")
        if not got.mass_bag:
            await self.operator.confirm(f"The wash was {how} before it began: keep the product as its label says.")
            return
        approved, status = self._approved(got.model), await attend.look()
        ran = got.started_at is not None or (status is not None and status.state in IN_RUN)
        if ran and (status is None or status.state in IN_RUN):
            status = await attend.to_end(approved, notes)
        for what in notes.interruptions:
            await self.product.deviation(f"wash {how}: {what}", rule=RULE)
        if not ran:
            await self.operator.confirm(f"The wash was {how} before its start. {CLAMPS}Take {got.source} off.")
            return
        if status is None or status.state in BROKEN:
            await self._by_hand(got, f"The wash was {how} and the washer {stood(status)}. ")
        await self._take_product(got, f"wash {how}")

    async def _by_hand(self, got: Results, why: str) -> Millilitres:
        """Let two people bring the cells out of the chamber; gives the buffer that they used (mL)."""
        entered = await self.operator.enter(
            f"{why}Bring the cells out of the chamber into {got.product} by hand, as the instruction for salvage says",
            Entry("rinsed", "Buffer used for it", unit="mL", low=0.0, high=500.0, decimals=1),
            second=True,
        )
        return Millilitres(entered.number("rinsed"))

    async def _take_product(self, got: Results, why: str) -> None:
        """Close clamps, then the door, weigh the product bag, and note what went into it."""
        label = self.product.label(got.product)
        full = await weigh(self.balance, self.operator, self.product, label=label, before=CLAMPS)
        out = accounts.product_volume(full.gross, bag=got.mass_bag or Grams(0.0), given=self.given)
        amount = Amount(max(Millilitres(0.0), Millilitres(out.value) - label.volume), Millilitres(out.standard))
        source, dest = self.product.held(got.source), self.product.handle(label.id, identified=full.identified)
        await self.product.transfer(source=source, dest=dest, amount=amount, why=why)

    async def _resume(self, status: WasherStatus) -> None:
        """Let a paused run continue; that somebody was quicker at the panel is noted."""
        try:
            await self.washer.acknowledge(waiting=status.waiting, answer=Acknowledgement.CONTINUE, step=status.step)
        except GateError:
            raise
        except (RefusedError, FailedError) as refusal:
            await self.product.deviation(f"{status.waiting}: continue was not taken: {refusal}", rule=RULE)

    async def _silent(self, attend: Attendance, *, at: Instant, last: Instant, approved: Approved) -> str:
        """Say why a wait that nothing ended is an interruption; empty when the washer only had nothing to tell."""
        if at >= last:
            return f"the run is not over after {float(approved.longest) / 60:g} min"
        if await attend.look() is None:
            return f"the washer does not answer, and nothing was seen for {float(approved.silent_at_most) / 60:g} min"
        return ""

    async def _compare(self, got: Results, gross: Grams) -> None:
        """Compare what the source weighs with what the record had of it before."""
        weighed, known = accounts.source_contents(gross, self.given).value, float(got.expected or 0.0)
        if abs(weighed - known) > known * float(self.given.source_differs_at_most) / 100.0:
            title = f"{got.source} weighs as {weighed:.1f} mL; the record has {known:.1f} mL"
            await self.product.deviation(title, rule="volume by weight")

    def _contents(self, gross: Grams) -> Amount:
        """Give what the source bag holds by its weight."""
        volume, mass = accounts.source_contents(gross, self.given), gross - self.given.source_empty
        standard = Grams(math.hypot(float(self.given.balance_uncertainty), float(self.given.source_empty_uncertainty)))
        nothing = Millilitres(0.0)
        return Amount(
            max(nothing, Millilitres(volume.value)), Millilitres(volume.standard), max(Grams(0.0), mass), standard
        )

    async def _product_bag(self, visit: Visit[Results], source: Container) -> tuple[Labelled, Weighed]:
        """Make the new bag known, identify it by its label, and weigh it empty."""
        label = await self.product.expect(
            f"{visit.batch}-{in_round(self.given.product_suffix, visit.step)}",
            of=source,
            kind=self.given.product_bag,
            purpose=Purpose.INTERMEDIATE,
        )
        lot = self.product.lot(BAG).id
        take = f"Take a new {self.given.product_bag} of lot {lot}, put the label {label.id} on it. "
        empty = await weigh(self.balance, self.operator, self.product, label=label, before=take)
        await self.product.take_in(self.product.handle(label.id, identified=empty.identified))
        return label, empty

    async def _weights(self, got: Results) -> accounts.Weights:
        """Close the clamps, open the door, and weigh both bags again."""
        product, source = self.product.label(got.product), self.product.label(got.source)
        full = await weigh(self.balance, self.operator, self.product, label=product, before=CLAMPS)
        rest = await weigh(self.balance, self.operator, self.product, label=source)
        nothing = Grams(0.0)
        return accounts.Weights(
            source_before=got.mass_source or nothing,
            source_after=rest.gross,
            product_before=got.mass_bag or nothing,
            product_after=full.gross,
        )

    async def _book(self, got: Results, done: accounts.Accounts) -> None:
        """Note what went where; no more leaves the source than the record knows to be in it."""
        source, dest = self.product.held(got.source), self.product.held(got.product)
        known, nothing = got.recorded or Millilitres(0.0), Millilitres(0.0)
        out = min(known, max(nothing, Millilitres(done.came_out.value)))
        gone = max(nothing, min(known, Millilitres(done.came_in.value)) - out)
        pan = self.given.balance_uncertainty * 2**0.5
        amount = Amount(out, Millilitres(done.came_out.standard), max(Grams(0.0), done.mass_out), pan)
        await self.product.transfer(source=source, dest=dest, amount=amount, why="washed cells in buffer")
        waste = Amount(gone, Millilitres(done.came_in.standard))
        await self.product.draw(source, to="waste", amount=waste, why="old medium, by weight", by_difference=True)
        left = Millilitres(done.left.value)
        if left <= self.given.source_left_at_most:
            await self.product.empty(source, left=left, standard=Millilitres(done.left.standard))
        else:
            title = f"{left:.1f} mL are left in {got.source}"
            await self.product.deviation(title, rule="empty source")
            await self.product.qa_hold(source, reason=title)

    def _out_of_limit(self, done: accounts.Accounts) -> list[str]:
        """Say what of the accounts can't be accepted."""
        found: list[str] = []
        if done.residual > self.given.residual_at_most:
            found.append(f"calculated residual is {done.residual:.3g} %, at most {self.given.residual_at_most:g} %")
        if not done.balance.closes:
            over, within = done.balance.unaccounted, done.balance.expanded
            found.append(f"the volumes do not close: {over:.1f} mL unaccounted for, {within:.1f} mL is its uncertainty")
        if done.came_out.value < NOTHING:
            found.append("nothing came into the product bag")
        return found

    def _approved(self, model: str) -> Approved:
        """Give what is approved for this washer; raises FailedError when nothing is."""
        for one in self.given.programs:
            if one.model == model:
                return one
        known = ", ".join(one.model for one in self.given.programs)
        msg = f"the washer is a {model or 'washer of unknown model'}; the recipe approves programs for {known}"
        raise FailedError(msg)

    def _attendance(self, model: str) -> Attendance:
        """Attend the washer as often as its program says; before the model is known, as the first one says."""
        approved = next((one for one in self.given.programs if one.model == model), self.given.programs[0])
        return Attendance(self.washer, self.watch, self.operator, self.product, approved.every)


def _news(known: Known, approved: Approved) -> Callable[[WasherStatus], bool]:
    return lambda status: known.news(status, approved)


def _found(done: accounts.Accounts, counted: accounts.Counted, approved: Approved) -> dict[str, object]:
    return {
        "volume_in": Millilitres(done.came_in.value),
        "volume_in_uncertainty": Millilitres(done.came_in.standard),
        "wash_volume": counted.washed,
        "volume_out": Millilitres(done.came_out.value),
        "volume_out_uncertainty": Millilitres(done.came_out.standard),
        "mass_out": done.mass_out,
        "waste_volume": counted.wasted,
        "hold_up": approved.hold_up,
        "residual": done.residual,
        "unaccounted": Millilitres(done.balance.unaccounted),
        "unaccounted_expanded": Millilitres(done.balance.expanded),
        "balance": done.balance.lines,
    }

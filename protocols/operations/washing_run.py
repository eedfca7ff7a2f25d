"""Attending a wash that runs: what the washer waits for is decided by people, and an early end leads to recovery first.

A wait is answered once, with the step in which it stands; a washer that no longer waits (somebody was at the panel) is
noted, not told again. Nothing is cut off: a run that stops in its middle leaves the cells in the chamber.
Units: s.
"""

from dataclasses import dataclass, field, replace

from automation.engine.product import Product
from automation.engine.prompts import Operator
from automation.engine.watch import DEADLINE, Watch, When
from automation.kernel.errors import FailedError, GateError, RefusedError, UnknownError
from automation.kernel.quantity import Seconds
from instruments.interfaces.cell_washer import (
    Acknowledgement,
    CellWasher,
    ProcessValues,
    Waiting,
    WasherState,
    WasherStatus,
)
from protocols.operations.washing import IN_RUN, Approved

BROKEN = frozenset(
    {WasherState.ERROR, WasherState.NO_PROTOCOL, WasherState.SELECTED, WasherState.READY_TO_START}
)  # no state of a run, nor of its end
STEP_WITHIN = Seconds(60.0)  # s from a skip until the next step is seen
TRIES = 3  # of one step
RULE = "wash run"
AT_PANEL = "at the panel: it is answered there"


@dataclass(frozen=True, slots=True)
class Known:
    """What was seen of a run and is no news any more."""

    step: int = 0  # the last that ran
    waiting: Waiting = Waiting.NOTHING
    door_open: bool = False
    checksum: str = ""  # empty while it is the approved one, or none is told

    def news(self, seen: WasherStatus, approved: Approved) -> bool:
        """Tell whether a look shows something new."""
        return self != self.after(seen, approved)

    def after(self, seen: WasherStatus, approved: Approved) -> "Known":
        """Give what is known after a look."""
        other = seen.checksum if seen.checksum.lower() != approved.program.checksum.lower() else ""
        return Known(seen.step or self.step, seen.waiting, seen.door_closed is False, other)


@dataclass(slots=True)
class Notes:
    """What happened on the way, in words."""

    acknowledgements: list[str] = field(default_factory=list)
    interruptions: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)

    @property
    def results(self) -> dict[str, object]:
        """Give them as results of a move."""
        return {
            "acknowledgements": tuple(self.acknowledgements),
            "interruptions": tuple(self.interruptions),
            "findings": tuple(self.findings),
        }


def in_step(step: int) -> str:
    """Say in which step; nothing when the washer does not tell."""
    return f" in step {step}" if step else ""


@dataclass(frozen=True, slots=True)
class Attendance:
    """Attends the run of a washer on behalf of one step."""

    washer: CellWasher
    watch: Watch
    operator: Operator
    product: Product
    every: Seconds

    async def look(self) -> WasherStatus | None:
        """Look at the washer; None when it does not answer."""
        try:
            return await self.washer.look()
        except (UnknownError, FailedError):
            return None

    async def flows(self) -> ProcessValues | None:
        """Look at what has flowed; None when the washer does not answer."""
        try:
            return await self.washer.flows()
        except (UnknownError, FailedError):
            return None

    async def take_note(self, seen: WasherStatus, known: Known, approved: Approved, notes: Notes) -> Known:
        """Note what is new in a look, and let people answer what the washer waits for."""
        now = known.after(seen, approved)
        step = in_step(now.step)
        if now.door_open and not known.door_open:
            await self._trouble(f"the door of the washer is open{step}", source="door", notes=notes)
        elif known.door_open and not now.door_open:
            await self.product.alarm_over("washer door")
        if now.checksum and now.checksum != known.checksum:
            what = f"the protocol in the washer has the checksum {now.checksum}, which is not the approved one"
            await self.product.deviation(what, rule=RULE)
            notes.findings.append(what)
        if known.waiting not in {Waiting.NOTHING, now.waiting}:
            await self.product.alarm_over("washer wait")
        if now.waiting in {Waiting.NOTHING, known.waiting}:
            return now
        told = await self.answer(seen, notes)
        return replace(now, waiting=Waiting.NOTHING) if told else now  # if it waits again, it waits anew

    async def answer(self, seen: WasherStatus, notes: Notes) -> bool:
        """Let a person look and decide, and tell the washer once, in the step in which it waits.

        Gives False when it is answered at the panel, and nothing is told.
        """
        what = f"{seen.waiting}{in_step(seen.step)}"
        time = 1 + sum(note.startswith(f"{what}:") for note in notes.acknowledgements)
        door = ", the door is open" if seen.door_closed is False else ""
        await self._trouble(what, source="wait", notes=notes)
        async with self.watch.alongside(self.washer.flows, every=self.every):
            choice = await self.operator.choose(
                f"The washer waits: {what}, time {time}{door}. Look at bags, lines and clamps, put right what is wrong",
                *Acknowledgement,
                AT_PANEL,
            )
        if choice == AT_PANEL:
            notes.acknowledgements.append(f"{what}, {choice}")
            return False
        try:
            await self.washer.acknowledge(waiting=seen.waiting, answer=Acknowledgement(choice), step=seen.step)
        except GateError:
            raise
        except (RefusedError, FailedError) as refusal:
            await self.product.deviation(f"{what}: {choice} was not taken: {refusal}", rule=RULE)
            notes.acknowledgements.append(f"{what}, {choice} was not taken")
        else:
            notes.acknowledgements.append(f"{what}: {choice}")
        await self.product.alarm_over("washer wait")
        return True

    async def to_recovery(self, approved: Approved) -> WasherStatus | None:
        """Skip to the recovery step, once each step; a washer that does not tell its step is led there by a person.

        Gives the last look, None when the washer does not answer.
        """
        status = await self.look()
        for _ in range(TRIES * max(1, approved.recovery_step)):
            if status is None or status.state not in IN_RUN or status.step >= approved.recovery_step:
                break
            if not status.step:
                await self.operator.confirm(
                    "The washer does not tell its step: lead it to its recovery step at its panel, then confirm"
                )
                return await self.look()
            await self._skip(status.step)
            status = await self.look()
        return status

    async def to_end(self, approved: Approved, notes: Notes) -> WasherStatus | None:
        """Lead to the recovery step and wait for the end; None when the washer does not come to it."""
        status = await self.to_recovery(approved)
        deadline = await self.watch.moment() + approved.longest
        for _ in range(TRIES):
            if status is None or status.state not in IN_RUN:
                return status
            seen = await self.watch.first(
                every=self.every,
                deadline=deadline,
                also=(self.washer.flows,),
                over=When(self.washer.look, lambda seen: seen.state not in IN_RUN),
                waits=When(self.washer.look, lambda seen: seen.waiting is not Waiting.NOTHING),
            )
            if seen.name == DEADLINE or not isinstance(seen.value, WasherStatus):
                return None
            if seen.name == "over":
                return seen.value
            await self.answer(seen.value, notes)
            status = await self.look()
        return None if status is None or status.state in IN_RUN else status

    async def _skip(self, step: int) -> None:
        """End a step early, and wait until the next is seen; what was refused is looked at again by the caller."""
        try:
            await self.washer.skip(step=step)
        except (RefusedError, FailedError):
            return
        await self.watch.until(
            self.washer.look,
            lambda seen: seen.state not in IN_RUN or seen.step != step,
            every=self.every,
            deadline=await self.watch.moment() + STEP_WITHIN,
        )

    async def _trouble(self, what: str, *, source: str, notes: Notes) -> None:
        """Raise an alarm and open a deviation."""
        notes.interruptions.append(what)
        await self.product.alarm(f"washer {source}", what, response="Go to the washer: bags, lines, clamps, door")
        await self.product.deviation(what, rule=RULE)

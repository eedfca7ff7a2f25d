"""Unit operation: spin a container of cells at a force, for a time, at a temperature; for example with a vector.

The program is read back before anything is loaded, the chamber is at its temperature before, and the buckets are
balanced by two people. Force, time and temperature that were reached are results. A spin that ends early is a
deviation: people choose to balance anew and spin for the time that is left, to go on, or to keep the container for QA.
Units:  x g, s, degC, g.
Source: 21 CFR 211.68 (input checks), 211.100(b) (recorded and justified); what a spin has to be is the user's.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeDevice, SafeProduct
from automation.engine.product import Product
from automation.engine.prompts import Entry, Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import DEADLINE, Seen, Watch, When
from automation.kernel.errors import FailedError, GateError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Celsius, Grams, Instant, Kelvin, Percent, Seconds, TimesGravity
from instruments.interfaces.centrifuge import Centrifuge, CentrifugeState, CentrifugeStatus, SpinProgram
from protocols.operations.culturing import keep_safe

RULE = "spin"
TRIES = 3
SHORTEST = Seconds(10.0)  # s; less is no spin
TURNING = frozenset({CentrifugeState.ACCELERATING, CentrifugeState.SPINNING})
AGAIN = "balance anew and spin for the time that is left"
GO_ON = "go on with what it has had"
KEEP = "keep the container for a decision by QA"


class State(StrEnum):
    """Where a spin stands; SPUN, SALVAGED and REFUSED are final."""

    SET_OUT = "set out"
    TEMPERING = "tempering"
    READY = "ready"
    LOADED = "loaded"
    ACCELERATING = "accelerating"
    SPINNING = "spinning"
    INTERRUPTED = "interrupted"
    ENDED = "ended"
    SPUN = "spun"
    SALVAGED = "salvaged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    program: SpinProgram = field(metadata={"label": "Program"})
    force_within: Percent = field(metadata={"range": (0.1, 20.0), "label": "Force may be off by"})
    temperature_within: Kelvin = field(metadata={"range": (0.1, 20.0), "label": "Temperature may be off by"})
    tempered_within: Seconds = field(metadata={"range": (60.0, 14_400.0), "label": "Chamber is tempered after at most"})
    accelerates_within: Seconds = field(metadata={"range": (5.0, 1800.0), "label": "Force is there after at most"})
    early_at_most: Seconds = field(metadata={"range": (0.0, 600.0), "label": "Ends early by at most"})
    every: Seconds = field(metadata={"range": (1.0, 120.0), "label": "Between looks"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use; times and force over all rounds."""

    container: str = ""
    rounds: int = 0
    differ: Grams | None = None  # between opposite buckets
    started_at: Instant | None = None
    reached_at: Instant | None = None
    force: TimesGravity | None = None  # reached; None where the centrifuge can't tell
    temperature: Celsius | None = None  # at the end of the spin
    spun_for: Seconds = Seconds(0.0)  # at force
    ran_for: Seconds = Seconds(0.0)  # since the start, acceleration included
    why: str = ""  # it was interrupted
    decision: str = ""


@dataclass(frozen=True, slots=True)
class Spin:
    """Spin the container of the batch."""

    centrifuge: Centrifuge
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.SPUN})
    safe: ClassVar = (
        SafeDevice(
            after=ENDINGS,
            role="centrifuge",
            ask="look",
            reads="state",
            among=frozenset(CentrifugeState) - TURNING,
        ),
        SafeProduct(after=("holding", *ENDINGS), told="closed"),
    )
    table: ClassVar = Table(
        State.SET_OUT,
        (
            Row("temper", State.SET_OUT, State.TEMPERING),
            Row("refuse", State.SET_OUT, State.REFUSED),
            Row("reach_temperature", State.TEMPERING, State.READY),
            Row("miss_temperature", State.TEMPERING, State.REFUSED),
            Row("load", State.READY, State.LOADED),
            Row("leave_out", State.READY, State.REFUSED),
            Row("start", State.LOADED, State.ACCELERATING),
            Row("give_up", State.LOADED, State.REFUSED),
            Row("reach_force", State.ACCELERATING, State.SPINNING),
            Row("fail", State.ACCELERATING, State.INTERRUPTED),
            Row("end", State.SPINNING, State.ENDED),
            Row("interrupt", State.SPINNING, State.INTERRUPTED),
            Row("again", State.INTERRUPTED, State.SET_OUT),
            Row("collect", State.INTERRUPTED, State.ENDED),
            Row("keep", State.INTERRUPTED, State.SALVAGED),
            Row("take_out", State.ENDED, State.SPUN),
            Row("salvage", State.ENDED, State.SALVAGED),
        ),
    )

    async def set_out(self, visit: Visit[Results]) -> Move:
        """Identify the container, set the program, or what is left of it; what is not approved never runs."""
        label = self.product.one()
        await self.operator.scan(
            f"Scan the label of {label.id}, which is to be spun; it stays where it is until the chamber is ready",
            accept=(label.code,),
            expects=label.expects,
        )
        for turn in range(1, TRIES + 1):
            why = await self._sent(visit.got)
            if not why:
                return Move("temper", container=label.id, rounds=visit.got.rounds + 1)
            await self.product.deviation(f"spin not as approved: {why}", rule="approved program")
            if turn < TRIES:
                await self.operator.confirm(f"Not the approved spin: {why}. Put it right, then confirm", second=True)
        return Move("refuse", container=label.id, why="the spin is not the approved one")

    async def tempering(self, visit: Visit[Results]) -> Move:
        """Wait until the empty chamber has its temperature."""
        late = visit.since + self.given.tempered_within
        seen = await self.watch.until(self.centrifuge.look, self._tempered, every=self.given.every, deadline=late)
        if seen is not None:
            return Move("reach_temperature")
        why = f"the chamber is not at {self.given.program.temperature:g} degC"
        await self.product.deviation(why, rule=RULE)
        return Move("miss_temperature", why=why)

    async def ready(self, visit: Visit[Results]) -> Move:
        """Let the container be put into a bucket, identified there, and balanced by two people."""
        label = self.product.label(visit.got.container)
        rotor = await self.centrifuge.rotor()
        await self.operator.scan(
            f"Put {label.id}, closed, into a bucket of the centrifuge and scan its label there",
            accept=(label.code,),
            expects=label.expects,
        )
        for turn in range(1, TRIES + 1):
            weighed = await self.operator.enter(
                f"Weigh the bucket with {label.id} and the one opposite it, turn {turn}, and enter both",
                Entry("bucket", f"Bucket with {label.id}", unit="g", low=1.0, high=20_000.0),
                Entry("opposite", "Bucket opposite", unit="g", low=1.0, high=20_000.0),
                second=True,
            )
            differ = Grams(abs(weighed.number("bucket") - weighed.number("opposite")))
            if differ <= rotor.differ_at_most:
                await self.operator.confirm(
                    f"Put both buckets of {label.id} into the rotor, close the lid, then confirm"
                )
                return Move("load", differ=differ)
            said = f"the buckets differ by {differ:.1f} g, {rotor.differ_at_most:g} g are allowed"
            await self.operator.confirm(f"Not balanced: {said}. Balance them, then confirm")
        why = "the buckets are not balanced"
        await self.product.deviation(why, rule=RULE)
        await self.operator.confirm(f"Take {label.id} out of the bucket, closed, and put it where it waits best")
        return Move("leave_out", why=why)

    async def loaded(self, visit: Visit[Results]) -> Move:
        """Start the spin; a centrifuge that refuses is put right, set and told again, a few times."""
        container = self.product.held(visit.got.container)
        for turn in range(1, TRIES + 1):
            try:
                await self.centrifuge.start(containers=(container,))
            except GateError:
                raise
            except (RefusedError, FailedError) as refusal:
                why = str(refusal)
            else:
                return Move("start", started_at=await self.watch.moment())
            await self.product.deviation(f"the centrifuge did not start: {why}", rule=RULE)
            if turn < TRIES:
                await self.operator.confirm(f"The centrifuge did not start: {why}. Put it right, then confirm")
                why = await self._sent(visit.got)
                if why:
                    await self.product.deviation(f"spin not as approved: {why}", rule="approved program")
        await self._out(visit.got.container)
        return Move("give_up", why="the centrifuge does not start")

    async def accelerating(self, visit: Visit[Results]) -> Move:
        """Watch until the force is there."""
        seen = await self.watch.first(
            every=self.given.every,
            deadline=visit.since + self.given.accelerates_within,
            there=When(self.centrifuge.look, self._at_force),
            over=When(self.centrifuge.look, _over),
        )
        if seen.name != "there" or not isinstance(seen.value, CentrifugeStatus):
            why = "the force was not reached" if seen.name == DEADLINE else _why(seen)
            return Move("fail", why=why)
        return Move("reach_force", reached_at=seen.at, force=seen.value.force, temperature=seen.value.temperature)

    async def spinning(self, visit: Visit[Results]) -> Move:
        """Watch to the end; a temperature that is off is a deviation, and the spin goes on."""
        got, given = visit.got, self.given
        started, reached = got.started_at or visit.since, got.reached_at or visit.since
        ends = started + self._left(got)
        late = ends + given.accelerates_within
        over, off = When(self.centrifuge.look, _over), When(self.centrifuge.look, self._off)
        seen = await self.watch.first(every=given.every, deadline=late, over=over, off=off)
        if seen.name == "off" and isinstance(seen.value, CentrifugeStatus):
            title = f"the chamber is at {seen.value.temperature} degC, {given.program.temperature:g} degC are wanted"
            await self.product.deviation(title, rule=RULE)
            seen = await self.watch.first(every=given.every, deadline=late, over=over)
        temperature = seen.value.temperature if isinstance(seen.value, CentrifugeStatus) else None
        results: dict[str, object] = {
            "spun_for": got.spun_for + (seen.at - reached),
            "ran_for": got.ran_for + (seen.at - started),
            "temperature": temperature,
        }
        if seen.name == DEADLINE:
            return Move("interrupt", why="the spin does not end", **results)
        if _failed(seen) or seen.at < ends - given.early_at_most:
            return Move("interrupt", why=_why(seen), **results)
        return Move("end", **results)

    async def interrupted(self, visit: Visit[Results]) -> Move:
        """Let the rotor stand, and let two people choose; what is not spun again is on QA hold."""
        got = visit.got
        await self.product.deviation(f"spin interrupted: {got.why}", rule=RULE)
        await self._stop()
        left = self._left(got)
        text = (
            f"Spin interrupted: {got.why}. {got.container} was {float(got.spun_for) / 60:.1f} min at force, "
            f"{float(left) / 60:.1f} min are left. See to the centrifuge first. What is done?"
        )
        can = (AGAIN,) if left >= SHORTEST and got.rounds < TRIES else ()
        choice = await self.operator.choose(text, *can, GO_ON, KEEP, second=True)
        if choice == AGAIN:
            await self._out(got.container)
            return Move("again", decision=choice)
        await self.product.qa_hold(self.product.held(got.container), reason=f"spin interrupted: {got.why}")
        if choice == KEEP:
            await self._out(got.container)
            return Move("keep", decision=choice)
        return Move("collect", decision=choice)

    async def ended(self, visit: Visit[Results]) -> Move:
        """Let the container be taken out without stirring it up."""
        label = self.product.label(visit.got.container)
        await self.operator.scan(
            f"Take {label.id} out of the centrifuge when the rotor stands, without shaking, and scan its label",
            accept=(label.code,),
            expects=label.expects,
        )
        salvaged = visit.got.decision == GO_ON
        return Move("salvage" if salvaged else "take_out")

    async def holding(self, _visit: Visit[Results]) -> None:
        """A spin goes on to its end in the device."""
        await self.operator.confirm("Held: a spin goes on to its end in the centrifuge; the container stays closed")

    async def stopping(self, visit: Visit[Results]) -> None:
        """Let the rotor stand, and keep the container under QA hold."""
        await self._end(visit, "spin stopped")

    async def aborting(self, visit: Visit[Results]) -> None:
        """As stopping."""
        await self._end(visit, "spin aborted")

    async def _end(self, visit: Visit[Results], why: str) -> None:
        if visit.got.differ is not None:
            await self._stop()
        how = "take it out of the centrifuge when the rotor stands, keep it closed where it waits best"
        await keep_safe(self.product, self.operator, why=why, how=how)

    async def _stop(self) -> None:
        """Stop a rotor that turns and does not brake."""
        if (await self.centrifuge.look()).state in TURNING:
            await self.centrifuge.stop()

    async def _out(self, container: str) -> None:
        await self.operator.confirm(f"Take {container} out of the centrifuge when the rotor stands, keep it closed")

    async def _sent(self, got: Results) -> str:
        """Set what is left of the program and say in what the device's own is another; empty when it is the same."""
        wanted = replace(self.given.program, duration=self._left(got))
        try:
            await self.centrifuge.prepare(program=wanted)
            found = await self.centrifuge.prepared()
        except GateError:
            raise
        except (RefusedError, FailedError) as refusal:
            return str(refusal)
        near = abs(found.force - wanted.force) <= self._force_off
        same = abs(found.duration - wanted.duration) <= Seconds(1.0)
        if near and same and (found.temperature, found.brake) == (wanted.temperature, wanted.brake):
            return ""
        return f"the centrifuge holds {_said(found)}; {_said(wanted)} are wanted"

    def _left(self, got: Results) -> Seconds:
        """Give what is left of the program's time after earlier rounds."""
        return max(SHORTEST, self.given.program.duration - got.ran_for)

    @property
    def _force_off(self) -> TimesGravity:
        return self.given.program.force * (float(self.given.force_within) / 100.0)

    def _tempered(self, seen: CentrifugeStatus) -> bool:
        """Tell whether the chamber is as wanted; one that can't tell was compared by two people."""
        return not self._off(seen)

    def _off(self, seen: CentrifugeStatus) -> bool:
        away = None if seen.temperature is None else abs(seen.temperature - self.given.program.temperature)
        return away is not None and away > self.given.temperature_within

    def _at_force(self, seen: CentrifugeStatus) -> bool:
        near = seen.force is None or abs(seen.force - self.given.program.force) <= self._force_off
        return seen.state is CentrifugeState.SPINNING and near


def _said(program: SpinProgram) -> str:
    minutes = float(program.duration) / 60.0
    return f"{program.force:.0f} x g, {minutes:g} min, {program.temperature:g} degC, brake {program.brake}"


def _over(seen: CentrifugeStatus) -> bool:
    """Tell whether the rotor no longer spins."""
    return seen.state in {CentrifugeState.BRAKING, CentrifugeState.STANDING, CentrifugeState.FAILED}


def _failed(seen: Seen[object]) -> bool:
    return isinstance(seen.value, CentrifugeStatus) and seen.value.state is CentrifugeState.FAILED


def _why(seen: Seen[object]) -> str:
    message = seen.value.message if isinstance(seen.value, CentrifugeStatus) else ""
    return message or "the spin stopped before its end"

"""Unit operation: freeze at a controlled rate. The program runs in the device; the workflow watches and judges.

Before the program starts a hold keeps the product cool while the exposure clock runs. After it, hold and abort concern
the workflow: the device goes on to the end of its program, because a half-frozen product is lost product. After a
power loss program and sample are read first; nothing is started again by itself; the salvage table gives the choices.
Source: acceptance from the sample curve (nucleation, plateau, rate -10 to -40 degC, end); 21 CFR 211.68 (input checks).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, MAKING_SAFE, SafeDevice, SafeProduct
from automation.engine.product import Product
from automation.engine.prompts import Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import DEADLINE, Watch, When
from automation.formulas.curves import Point
from automation.formulas.freezing import Criteria, Criterion, FreezeJudgement, Verdict, judge
from automation.kernel.errors import FailedError, UnknownError, WireError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Celsius, Instant, Kelvin, KelvinPerMinute, Seconds
from instruments.interfaces.freezer import ControlledRateFreezer, PowerFail, Program, Run, RunState, Segment
from instruments.interfaces.probes import Reading, TemperatureProbes
from protocols.operations.receive import EXPOSURE

SAMPLE, CHAMBER = "sample", "chamber"
GOING = frozenset({RunState.RUN, RunState.HOLDBACK, RunState.UNKNOWN})
GO_ON = {
    RunState.HOLD: ("go on: let the held program continue",),
    RunState.RUN: ("watch on: the program still runs",),
    RunState.HOLDBACK: ("watch on: the program still runs",),
}
SLACK = 0.02  # share of its time by which a program may take longer than its segments, beyond two readings
PLATEAU_UNTIL, SAFE_BELOW = Celsius(-10.0), Celsius(-40.0)


class State(StrEnum):
    """Where a freezing run stands; FROZEN, NOT_ACCEPTED and SALVAGED are final."""

    EMPTY = "empty"
    READY = "ready for product"
    LOADED = "loaded"
    FREEZING = "freezing"
    INTERRUPTED = "interrupted"
    ENDED = "ended"
    FROZEN = "frozen"
    NOT_ACCEPTED = "not accepted"
    SALVAGED = "salvaged"


BEFORE_START = (State.EMPTY, State.READY, State.LOADED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    name: str = field(metadata={"label": "Name of the program"})
    program: tuple[Segment, ...] = field(metadata={"label": "Program of the chamber"})
    power_fail: tuple[PowerFail, ...] = field(metadata={"label": "Power-fail strategies that are allowed"})
    load_at: Celsius = field(metadata={"range": (-40.0, 25.0), "label": "Chamber when product goes in"})
    load_tolerance: Kelvin = field(metadata={"range": (0.1, 10.0), "label": "Half-width around it"})
    cool_within: Seconds = field(metadata={"range": (60.0, 14400.0), "label": "Time to reach it"})
    sample_ready: Celsius = field(metadata={"range": (-10.0, 25.0), "label": "Sample at most, at program start"})
    ready_within: Seconds = field(metadata={"range": (60.0, 14400.0), "label": "Time for the sample to reach it"})
    every: Seconds = field(metadata={"range": (1.0, 60.0), "label": "Between readings"})
    longest: Seconds = field(metadata={"range": (600.0, 28800.0), "label": "Longest program"})
    acceptance: Criteria = field(metadata={"label": "What the run has to meet"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    started_at: Instant | None = None
    ended_at: Instant | None = None
    in_time: bool | None = None  # started before the exposure clock ran out
    why: str = ""  # the run was interrupted by
    verdict: Verdict | None = None
    criteria: tuple[Criterion, ...] = ()
    nucleation: Celsius | None = None
    plateau: Seconds | None = None
    rate: KelvinPerMinute | None = None
    end: Celsius | None = None
    decision: str = ""


@dataclass(frozen=True, slots=True)
class Freeze:
    """Freeze the containers of the batch and judge the run by the sample's own curve."""

    freezer: ControlledRateFreezer
    probes: TemperatureProbes
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.FROZEN})
    lasts: ClassVar = {State.EMPTY: "cool_within", State.LOADED: "ready_within", State.FREEZING: "longest"}
    safe: ClassVar = (
        SafeDevice(
            after=MAKING_SAFE,
            within=BEFORE_START,
            role="freezer",
            ask="run",
            reads="state",
            among=frozenset({RunState.RESET, RunState.COMPLETE}),  # of an earlier run
        ),
        SafeDevice(  # the program is left to its end
            after=MAKING_SAFE,
            within=(State.FREEZING, State.ENDED),
            role="freezer",
            ask="run",
            reads="state",
            among=frozenset({RunState.RUN, RunState.HOLDBACK, RunState.COMPLETE}),
        ),
        SafeProduct(after=("holding",), within=BEFORE_START, told="keep the product at 2 to 8 degC"),
        SafeProduct(after=ENDINGS, told="The workflow was"),
    )
    table: ClassVar = Table(
        State.EMPTY,
        (
            Row("prepare", State.EMPTY, State.READY),
            Row("load", State.READY, State.LOADED),
            Row("start", State.LOADED, State.FREEZING),
            Row("end", State.FREEZING, State.ENDED),
            Row("interrupt", State.FREEZING, State.INTERRUPTED),
            Row("go_on", State.INTERRUPTED, State.FREEZING),
            Row("finish", State.INTERRUPTED, State.ENDED),
            Row("salvage", State.INTERRUPTED, State.SALVAGED),
            Row("accept", State.ENDED, State.FROZEN),
            Row("refuse", State.ENDED, State.NOT_ACCEPTED),
        ),
    )

    async def empty(self, visit: Visit[Results]) -> Move:
        """Check the power-fail strategy, load the program, read it back, and cool the chamber for loading."""
        strategy = await self.freezer.power_fail()
        if strategy not in self.given.power_fail:
            allowed = ", ".join(self.given.power_fail)
            msg = f"the controller would {strategy} after a power failure; the recipe allows {allowed}"
            raise FailedError(msg)
        await self.freezer.load(program=self._program())
        await self._verify()
        await self.freezer.stand_by(target=self.given.load_at)
        cold = await self.watch.until(
            self.probes.scan,
            lambda scan: abs(_of(scan, CHAMBER) - self.given.load_at) <= self.given.load_tolerance,
            every=self.given.every,
            deadline=visit.since + self.given.cool_within,
        )
        if cold is None:
            minutes = float(self.given.cool_within) / 60
            short = f"the chamber did not reach {self.given.load_at:g} degC within {minutes:g} min"
            msg = f"{short}; look at its nitrogen, its lid and its probe"
            raise FailedError(msg)
        return Move("prepare")

    async def ready_for_product(self, _visit: Visit[Results]) -> Move:
        """Let the identified containers be put into the chamber, with the sample probe in place."""
        labels = self.product.labels()
        inside = []
        for label in labels:
            scanned = await self.operator.scan(
                f"Scan the label of {label.id} at the freezer", accept=(label.code,), expects=label.expects
            )
            inside.append(self.product.handle(label.id, identified=scanned))
        names = ", ".join(label.id for label in labels)
        await self.operator.confirm(
            f"Put {names} into the chamber, attach the sample probe to {labels[0].id}, close the lid"
        )
        for container in inside:
            await self.product.place(container, where="controlled-rate freezer", reason="freezing")
        return Move("load")

    async def loaded(self, visit: Visit[Results]) -> Move:
        """Wait for the sample, verify the program once more, and start it; the exposure clock stops."""
        while True:
            await self._cool(visit)
            await self._verify()
            if self._ready(await self.probes.scan()):
                break  # it may have been held since it was cool
        await self.freezer.start(containers=self.product.transferred())
        in_time = await self.product.stop_clock(EXPOSURE)
        now = await self.watch.moment()
        since = self.product.clock_started(EXPOSURE)
        for container in self.product.transferred() if since is not None else ():
            await self.product.expose(container, duration=now - (since or now))
        return Move("start", started_at=now, in_time=in_time)

    async def freezing(self, visit: Visit[Results]) -> Move:
        """Watch the device run its program to the end; alarms of the device are noted, never a reason to stop it."""
        known: tuple[str, ...] = ()
        while True:
            seen = await self.watch.first(
                every=self.given.every,
                deadline=visit.since + self.given.longest,
                also=(self.probes.scan,),
                complete=When(self.freezer.run, lambda run: run.state is RunState.COMPLETE),
                interrupted=When(self.freezer.run, lambda run: run.state not in GOING),
                alarm=When(self.freezer.run, _other_alarms(known)),
            )
            if seen.name == "complete":
                return Move("end", ended_at=seen.at)
            if seen.name == DEADLINE:
                return Move("interrupt", why=f"the program is not over after {float(self.given.longest) / 60:g} min")
            run = seen.value
            if not isinstance(run, Run):
                raise TypeError(run)
            if seen.name == "interrupted":
                return Move("interrupt", why=f"the programmer stands in {run.state!s} in segment {run.segment}")
            await self._announce(run.alarms, known)
            known = run.alarms

    async def interrupted(self, visit: Visit[Results]) -> Move:
        """Read program and sample first, put the product on QA hold, and let people choose from the salvage table."""
        run = await self._look()
        sample = await self._sample()
        await self.product.deviation(f"freezing run interrupted: {visit.got.why}", rule="freezing run")
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=f"freezing run interrupted: {visit.got.why}")
        stands = "does not answer" if run is None else f"{run.state!s}, segment {run.segment}"
        async with self.watch.alongside(self.probes.scan, every=self.given.every):
            choice = await self.operator.choose(
                f"Interrupted: {visit.got.why}. Programmer {stands}, sample {_shown(sample)}. {_time_left(sample)}",
                *salvage(sample, RunState.UNKNOWN if run is None else run.state),
                second=True,
            )
        if choice.startswith("go on"):
            await self.freezer.go_on()
            return Move("go_on", decision=choice)
        if choice.startswith("watch on"):
            return Move("go_on", decision=choice)
        if choice.startswith("finish"):
            return Move("finish", decision=choice, ended_at=await self.watch.moment())
        return Move("salvage", decision=choice)

    async def ended(self, visit: Visit[Results]) -> Move:
        """Judge the run by the sample's curve; a program that was changed on the way is never accepted."""
        await self._sample()
        await self._stood_still(visit.got)
        judged = judge(self._curve(visit.got), self.given.acceptance)
        reasons = [one.sentence for one in judged.exceptions]
        if not await self._approved():
            reasons.append("the program in the device is no longer the approved one")
        report = await self.freezer.report()
        if report is not None:
            own = judge([Point(p.at, p.chamber, p.sample) for p in report.points], self.given.acceptance)
            reasons += [f"run report: {one.sentence}" for one in own.exceptions]
        for reason in reasons:
            await self.product.deviation(reason, rule="acceptance of the freezing run")
        if reasons:
            for container in self.product.transferred():
                await self.product.qa_hold(container, reason="; ".join(reasons)[:400])
        return Move("refuse" if reasons else "accept", **_found(judged))

    async def holding(self, visit: Visit[Results]) -> None:
        """Before the start keep the product cool; afterwards the device goes on by itself and nothing is touched."""
        going = await self._going(visit)
        if going is None:
            await self.operator.confirm(
                "Held, and nobody can tell from here whether the program runs: look at the freezer. If it runs, leave "
                "the product in; if not, keep it at 2 to 8 degC. The exposure clock runs on."
            )
        elif not going:
            await self.operator.confirm(
                "Held before the start: keep the product at 2 to 8 degC. The exposure clock runs on."
            )

    async def stopping(self, visit: Visit[Results]) -> None:
        """Leave a program that runs to its end in the device, and the product on QA hold."""
        await self._leave(visit, "stopped")

    async def aborting(self, visit: Visit[Results]) -> None:
        """As stopping: the safest state of a freezing product is the end of its program."""
        await self._leave(visit, "aborted")

    async def _leave(self, visit: Visit[Results], how: str) -> None:
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=f"freezing {how}")
        await self.operator.confirm(f"The workflow was {how}. {await self._what_now(visit)}")

    async def _what_now(self, visit: Visit[Results]) -> str:
        """Say what the product needs; what the device does decides, not what the record expects of it."""
        run, started = await self._look(), visit.got.started_at is not None
        match run.state if run is not None else RunState.UNKNOWN:
            case RunState.RUN | RunState.HOLDBACK:
                return "The freezer goes on to the end of its program: transfer the product then."
            case RunState.RESET if not started:
                return "It had not started: take the product out and keep it at 2 to 8 degC."
            case RunState.COMPLETE if started:
                return "The program is over: transfer the product now."
            case RunState.HOLD | RunState.RESET as state if started:
                sample = await self._sample()
                choices = "; or ".join(salvage(sample, state))
                return f"The program stands in {state!s}, sample {_shown(sample)}. Now {choices}. {_time_left(sample)}"
        return (
            "Look at the freezer: if the program runs, transfer the product at its end; if not, take it out and "
            "keep it at 2 to 8 degC."
        )

    async def _going(self, visit: Visit[Results]) -> bool | None:
        """Tell whether the program was started; the device is asked when the record can't say, None when it can't."""
        if visit.got.started_at is not None:
            return True
        run = await self._look()
        return None if run is None or run.state is RunState.UNKNOWN else run.state is not RunState.RESET

    async def _look(self) -> Run | None:
        """Look at the run; None when the device can't be asked."""
        try:
            return await self.freezer.run()
        except (UnknownError, FailedError):
            return None

    async def _sample(self) -> Celsius | None:
        """Read the sample (degC); None when its probe is open or can't be read."""
        try:
            return _or_none(await self.probes.scan(), SAMPLE)
        except (UnknownError, FailedError):
            return None

    async def _cool(self, visit: Visit[Results]) -> None:
        """Wait until the sample is cool enough to start; raises FailedError when that takes too long."""
        cool = await self.watch.until(
            self.probes.scan,
            self._ready,
            every=self.given.every,
            deadline=visit.since + self.given.ready_within,
        )
        if cool is None:
            between = f"{self.given.acceptance.nucleation_highest:g} and {self.given.sample_ready:g} degC"
            msg = f"the sample was not between {between} in time; look at the probe and the lid"
            raise FailedError(msg)

    def _ready(self, scan: tuple[Reading, ...]) -> bool:
        """Tell whether the sample is cool and can't have frozen yet; a colder probe is not in this product."""
        return self.given.acceptance.nucleation_highest < _of(scan, SAMPLE) <= self.given.sample_ready

    async def _stood_still(self, got: Results) -> None:
        """Note a program that took longer than its segments: it lost power, was held, or waited."""
        if got.started_at is None or got.ended_at is None:
            return
        taken, nominal = got.ended_at - got.started_at, duration(self.given.program, start=self.given.load_at)
        if taken > nominal * (1.0 + SLACK) + 2 * self.given.every:
            title = (
                f"the program took {float(taken) / 60:.1f} min, its segments take {float(nominal) / 60:.1f} min: "
                "power, a hold, or holdback"
            )
            await self.product.deviation(title, rule="freezing run")

    async def _announce(self, alarms: tuple[str, ...], known: tuple[str, ...]) -> None:
        """Raise an alarm and a deviation for what is new among the freezer's alarms; clear what is gone."""
        for alarm in alarms:
            if alarm not in known:
                await self.product.deviation(f"freezer alarm during the run: {alarm}", rule="freezer alarms")
                await self.product.alarm(
                    f"freezer {alarm}", f"freezer: {alarm}", response="Look at nitrogen, lid, sensor and power"
                )
        for alarm in known:
            if alarm not in alarms:
                await self.product.alarm_over(f"freezer {alarm}")

    async def _approved(self) -> bool:
        """Tell whether the program in the device still is the approved one; what no program of ours reads is not."""
        try:
            return await self.freezer.loaded(program=self._program()) == self._program()
        except (WireError, FailedError):
            return False

    async def _verify(self) -> None:
        if not await self._approved():
            msg = f"the program read back from the device is not {self.given.name} as approved"
            raise FailedError(msg)

    def _program(self) -> Program:
        return Program(self.given.name, self.given.program)

    def _curve(self, got: Results) -> list[Point]:
        begun = got.started_at or Instant(0.0)
        sample = self.watch.curve(self.probes.scan, SAMPLE)
        chamber = self.watch.curve(self.probes.scan, CHAMBER)
        air = dict(zip(chamber.times, chamber.values, strict=True))
        return [
            Point(at - begun, _celsius(air.get(at)), _celsius(value))
            for at, value in zip(sample.times, sample.values, strict=True)
            if at >= begun
        ]


def duration(program: tuple[Segment, ...], *, start: Celsius) -> Seconds:
    """Give how long the segments take (s) from a chamber at ``start`` that follows at once."""
    total, at = Seconds(0.0), start
    for segment in program:
        if segment.rate:
            total = total + Seconds(60.0 * abs(float(segment.target - at)) / float(segment.rate))
        total, at = total + (segment.dwell or Seconds(0.0)), segment.target
    return total


def salvage(sample: Celsius | None, state: RunState) -> tuple[str, ...]:
    """Give the choices after an interruption by what the sample feels; an approved table of the user replaces it."""
    go_on = GO_ON.get(state, ())
    if sample is None:
        return (*go_on, "reject: transfer to quarantine storage, state of the product unknown")
    if sample > Celsius(-3.0):
        return (*go_on, "rewarm: take out, keep at 2 to 8 degC, decide about freezing again")
    if sample > PLATEAU_UNTIL:
        return (*go_on, "reject: partly frozen, transfer to quarantine storage")
    if sample > SAFE_BELOW:
        return (*go_on, "transfer: to vapour storage now, under QA hold")
    return (*go_on, "finish: cold enough, judge the run and transfer")


def _other_alarms(known: tuple[str, ...]) -> Callable[[Run], bool]:
    return lambda run: run.alarms != known


def _time_left(sample: Celsius | None) -> str:
    if sample is None or sample > SAFE_BELOW:
        return "Decide within 5 min: outside the program the product drifts towards room temperature."
    return "Decide within 15 min."


def _shown(sample: Celsius | None) -> str:
    return "no reading" if sample is None else f"{sample:.1f} degC"


def _of(scan: tuple[Reading, ...], channel: str) -> Celsius:
    found = _or_none(scan, channel)
    return Celsius(1000.0) if found is None else found  # an open probe is never near, never cold


def _or_none(scan: tuple[Reading, ...], channel: str) -> Celsius | None:
    return next((reading.value for reading in scan if reading.channel == channel), None)


def _celsius(value: float | None) -> Celsius | None:
    return None if value is None else Celsius(value)


def _found(judged: FreezeJudgement) -> dict[str, object]:
    return {
        "verdict": judged.verdict,
        "criteria": judged.criteria,
        "nucleation": judged.nucleation.temperature if judged.nucleation else None,
        "plateau": judged.plateau.duration if judged.plateau else None,
        "rate": judged.rate,
        "end": judged.end,
    }

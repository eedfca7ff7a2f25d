"""Driver of a controlled-rate freezer behind a LADS server: its program is a template that runs in the device.

Wire:   node port (``instruments.transport.nodes``); live over OPC UA, in simulated time on the fake.
Units:  degC, K/min, s; the functions' own unit is compared before anything is set.
Source: OPC 30500-1 for the model (see ``lads.wire``). What a template's bytes mean is its maker's: where the device
        gives them out they are compared with those that were found at OQ, else people compare the program. No freezer
        with a LADS server was seen, so names are the site's settings. Support level L1, never run on a device by us.
Sent:   StartProgram, Hold, Unhold, Stop, Upload of a declared file, the stand-by target; nothing else.
"""

import hashlib
from collections.abc import Mapping
from typing import NoReturn

from automation.engine.handles import Container
from automation.kernel.effect import Call, Reconciled
from automation.kernel.errors import FailedError, RefusedError
from automation.kernel.quantity import Celsius, Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.lads import wire
from instruments.drivers.lads.settings import configure
from instruments.drivers.lads.unit import FunctionalUnit, State, Template, identity
from instruments.drivers.lads_freezer.settings import KEYS, Settings, settings
from instruments.drivers.lads_freezer.states import RESTS, run_state, settle
from instruments.drivers.stored_programs import as_approved, confirmed, program_digest
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.freezer import ControlledRateFreezer, PowerFail, Program, Run, RunReport, RunState
from instruments.transport import Link
from instruments.transport.nodes import NodePort, Read

DEGREES: Mapping[str, str] = {"temperature": "degC", "sensor": "degC"}
SAME = 1e-6  # degC by which a target may come back otherwise


class LadsFreezer:
    """A ``ControlledRateFreezer`` behind a functional unit of a LADS server.

    RefusedError: the device or a check said no; nothing changed. FailedError: it answered, and what stands in it is not
    what was asked for. LinkError, WireError, UnknownError: it may have happened; the device is asked first.
    """

    def __init__(self, link: Link, given: Settings, *, control: bool) -> None:
        """Speak over ``link``; without ``control`` every command is refused."""
        self.links = (link,)
        self.asks_person = frozenset() if given.content else frozenset({"load", "loaded"})
        self._port, self._name = NodePort(link), link.name
        self._given, self._control = given, control
        self._unit = FunctionalUnit(self._port, device=given.device, unit=given.unit)
        self._functions = {"temperature": given.temperature} | ({"sensor": given.sensor} if given.sensor else {})
        self._reads = self._unit.function(
            given.sensor or given.temperature, wire.SENSOR if given.sensor else wire.CURRENT
        )
        self._sets = self._unit.function(given.temperature, wire.TARGET)

    async def identify(self) -> Identity:
        """Read the identification, and compare the unit of the chamber's functions with ours."""
        found = await identity(self._port, self._given.device)
        controls = {"temperature": self._given.temperature}
        await self._unit.check_units(controls, DEGREES)
        if self._given.sensor:
            await self._unit.check_units({"sensor": self._given.sensor}, DEGREES, kind=wire.SENSOR)
        return found

    async def power_fail(self) -> PowerFail:
        """Give what the site declares of the freezer; checked at OQ, LADS does not tell it."""
        return self._given.power_fail

    async def load(self, *, program: Program) -> None:
        """See to it that the template is the program: by its content, uploaded if need be, or by people."""
        self._commanding("load")
        self._declared(program)
        state = await self._unit.state()
        if run_state(state) is RunState.COMPLETE:
            await self._stop()
        elif state not in RESTS:
            self._refuse(f"the unit is {_said(state)}; a program is chosen when none runs")
        if not self._given.content:
            await confirmed(program, at=self._name, shown=self._shown(await self._template()))
            return
        found = await self._content()
        if found != self._given.content and self._given.upload:
            await self._upload()
            found = await self._content()
        if found != self._given.content:
            msg = f"{self._name}: template {self._given.template!r} holds {_short(found)}, not the declared content"
            raise FailedError(msg)

    async def loaded(self, *, program: Program) -> Program:
        """Give the program when the template is what it was at OQ, or people say so; else one without segments."""
        other = Program(program.name, ())
        if not self._given.content:
            template = await self._template()
            stands, shown = bool(template.version and template.modified), self._shown(template)
            return program if await as_approved(program, at=self._name, shown=shown, stands=stands) else other
        declared = (program.name, program_digest(program)) == (self._given.stored, self._given.stored_digest)
        return program if declared and await self._content() == self._given.content else other

    async def start(self, *, containers: tuple[Container, ...]) -> None:
        """Start the template for these containers, once, and wait until it shows."""
        self._commanding("start")
        state, task = await self._unit.state(), _task(containers)
        if state not in RESTS:
            self._refuse(f"the unit is {_said(state)}; a program starts from reset only: stopped or idle")
        if any(one.task == task for one in await self._unit.runs()):
            self._refuse(f"it has run for {task!r} before; frozen product is not frozen twice")
        await self._unit.start_program(self._given.template, job=task, task=task)
        await self._unit.until(lambda seen: run_state(seen) is not RunState.RESET, told="to start")

    async def run(self) -> Run:
        """Look at the run in one exchange."""
        active = f"{self._unit.place}/{wire.PROGRAMS}/{wire.ACTIVE}"
        step, spent, whole = (f"{active}/{one}" for one in (wire.STEP, wire.RUNTIME, wire.ESTIMATED))
        monitors = {self._unit.function(name, wire.ALARM_ACTIVE): name for name in self._functions.values()}
        health = f"{wire.DEVICES}/{self._given.device}/{wire.HEALTH}"
        read = await self._port.read(
            *self._unit.state_paths, step, spent, whole, self._reads, self._sets, *monitors, health
        )
        state, chamber, target = run_state(seen := self._unit.state_in(read)), _number(read, self._reads), self._sets
        left = None if (end := _number(read, whole)) is None else end - (_number(read, spent) or 0.0)
        alarms = (f"{name} alarm" for node, name in monitors.items() if read.values.get(node) is True)
        active_now = state not in {RunState.RESET, RunState.COMPLETE}
        return Run(
            state=state,
            segment=int(_number(read, step) or 0) if state is not RunState.RESET else 0,
            remaining=Seconds(max(0.0, left / 1000.0)) if left is not None and active_now else None,
            setpoint=None if (wanted := _number(read, target)) is None else Celsius(wanted),
            chamber=None if chamber is None else Celsius(chamber),
            alarms=(
                *(("sensor break",) if chamber is None else ()),
                *alarms,
                *_ailing(read.values.get(health)),
                *((f"unit {_said(seen)}",) if seen[0] in {wire.Unit.ABORTED, wire.Unit.ABORTING} else ()),
            ),
        )

    async def chamber(self) -> Celsius:
        """Read the chamber (degC) in one exchange; raises FailedError when its sensor gives no good value."""
        value = _number(read := await self._port.read(self._reads), self._reads)
        if value is None:
            msg = f"{self._name}: the chamber gives no value: {read.status[self._reads]}"
            raise FailedError(msg)
        return Celsius(value)

    async def hold(self) -> None:
        """Hold, and wait until it shows; a held one stays so."""
        await self._go("Hold", RunState.HOLD, since=(RunState.RUN, RunState.HOLDBACK))

    async def go_on(self) -> None:
        """Let a held program go on, and wait until it shows."""
        self._commanding("go_on")
        state = await self._unit.state()
        if run_state(state) is not RunState.HOLD:
            self._refuse(f"the unit is {_said(state)}; only a held program goes on")
        await self._go("Unhold", RunState.RUN, since=(RunState.HOLD,))

    async def reset(self) -> None:
        """End the program; what the chamber then keeps is the function's target."""
        self._commanding("reset")
        await self._stop()

    async def stand_by(self, *, target: Celsius) -> None:
        """Set the target unless it stands, see to it that the function works, read back; refused in a program."""
        self._commanding("stand_by")
        state = await self._unit.state()
        if state not in RESTS:
            self._refuse(f"the unit is {_said(state)}; it stands by when no program runs")
        function = {"it": self._given.temperature}
        if (await self._unit.values(function, wire.TARGET))["it"] != float(target):
            await self._unit.put(self._given.temperature, float(target))
        if not (await self._unit.running(function))["it"]:
            await self._unit.switch(self._given.temperature, on=True)
        kept = (await self._unit.values(function, wire.TARGET))["it"]
        if kept is None or abs(kept - float(target)) > SAME:
            raise FailedError(f"{self._name}: the target was set to {target:g} degC and stands at {kept} degC")

    async def report(self) -> RunReport | None:
        """Give None: readings are taken live; what files a result has is its maker's."""
        return None

    async def reconcile(self, call: Call) -> Reconciled:
        """Say from the unit's state, and from the results of its runs, whether an open call took effect; reads only."""
        state = await self._unit.state()
        if call.method != "start":
            return settle(call.method, state)
        task = _task(call.arguments.get("containers"))
        known = any(one.task == task for one in await self._unit.runs())
        return settle(call.method, state, known=known, forgets=self._given.power_fail)

    async def reply_of(self, call: Call) -> None:
        """Give what an act of a freezer answers: nothing."""

    async def _go(self, command: str, goal: RunState, *, since: tuple[RunState, ...]) -> None:
        self._commanding(command.lower())
        state = await self._unit.state()
        if run_state(state) is goal:
            return
        if run_state(state) not in since:
            self._refuse(f"the unit is {_said(state)}; {command} is for one that is {' or '.join(since)}")
        await self._unit.command(command)
        await self._unit.until(lambda seen: run_state(seen) in {goal, RunState.COMPLETE}, told=command)

    async def _stop(self) -> None:
        if await self._unit.state() not in RESTS:
            await self._unit.command("Stop")
            await self._unit.until(lambda seen: seen in RESTS, told="to stop")

    async def _template(self) -> Template:
        """Find the template; raises RefusedError with those that the device has."""
        found = await self._unit.templates()
        one = next((one for one in found if one.id == self._given.template), None)
        if one is None:
            ids = ", ".join(one.id for one in found) or "none"
            self._refuse(f"it has no program template {self._given.template!r}; it has {ids}")
        return one

    async def _content(self) -> str:
        """Give the SHA-256 of the template's content; empty where there is no such template."""
        if all(one.id != self._given.template for one in await self._unit.templates()):
            return ""
        content = await self._unit.download(self._given.template)
        if content is None:
            msg = "it gives no content of programs out; without the setting 'content' people compare the program"
            self._refuse(msg)
        return hashlib.sha256(content).hexdigest()

    async def _upload(self) -> None:
        kept = await self._unit.upload(self._given.upload)
        if kept is None:
            self._refuse("it takes no programs: bring it in at the panel")
        if kept != self._given.template:
            raise FailedError(f"{self._name}: it keeps the uploaded program as {kept!r}, not {self._given.template!r}")

    def _declared(self, program: Program) -> None:
        """Refuse a program that is not the one that was found in the declared content."""
        digest, given = program_digest(program), self._given
        if given.content and (program.name, digest) != (given.stored, given.stored_digest):
            self._refuse(
                f"the declared content is {given.stored!r} ({given.stored_digest}), not {program.name!r}; compare the "
                f"template with the program at OQ and declare stored: {program.name}, stored_digest: {digest}"
            )

    @staticmethod
    def _shown(template: Template) -> str:
        """Say what the device shows of a template."""
        return f"{template.id!r} (version {template.version or 'not told'}, changed {template.modified or 'not told'})"

    def _commanding(self, what: str) -> None:
        if not self._control:
            self._refuse(f"{what} needs control; this driver was given none")

    def _refuse(self, why: str) -> NoReturn:
        msg = f"{self._name}: {why}"
        raise RefusedError(msg)


def _number(read: Read, node: str) -> float | None:
    value = read.values.get(node)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _ailing(health: object) -> tuple[str, ...]:
    """Say what a device tells of its health, by number or word; nothing when it is well or tells nothing."""
    if isinstance(health, int) and not isinstance(health, bool) and 0 <= health < len(wire.HEALTHS):
        health = wire.HEALTHS[health]
    return () if health in {None, "", wire.HEALTHS[0]} else (f"device health {health}",)


def _task(containers: object) -> str:
    """Name a run by what is in the chamber."""
    inside = containers if isinstance(containers, list | tuple) else ()
    return ", ".join(one.id for one in inside if isinstance(one, Container)) or "empty chamber"


def _said(state: State) -> str:
    return str(state[1] or state[0])


def _short(content: str) -> str:
    return f"{content[:12]}..." if content else "nothing"


def build(link: Link, given: Mapping[str, str], *, control: bool) -> LadsFreezer:
    """Build the driver over a link; raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    configure(link, given)
    return LadsFreezer(link, settings(given), control=control)


FACTORY = Factory(
    build=build,
    interface=ControlledRateFreezer,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="OPC 30500-1 (LADS) v1.0.0; names of units, functions and programs are the site's",
    ),
    transports=("memory", "opcua"),
    settings=KEYS,
)

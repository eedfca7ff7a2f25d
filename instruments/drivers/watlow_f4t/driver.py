"""Driver of a controlled-rate freezer or chamber on a Watlow F4T controller: its first control loop and its profiles.

Wire:   Modbus TCP or RTU (see ``wire``).
Units:  degC, K/min, s; a controller that gives degF is refused, what its rates are counted in the site declares.
Source: as ``wire``; support level L1: registers of public sources, never run on a controller by us.
Writes: set point of loop 1, the stored profile of the site's number, start, pause, resume, terminate; nothing else.
"""

from collections.abc import Mapping
from typing import NoReturn

from automation.engine.handles import Container
from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import FailedError, RefusedError, UnknownError, WireError
from automation.kernel.ids import digest
from automation.kernel.quantity import Celsius, Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.watlow_f4t import wire
from instruments.drivers.watlow_f4t.memory import Memory
from instruments.drivers.watlow_f4t.programs import EXACT, Limits, from_steps, to_steps
from instruments.drivers.watlow_f4t.settings import KEYS, Settings, check_line, settings
from instruments.drivers.watlow_f4t.wire import Running
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.freezer import ControlledRateFreezer, PowerFail, Program, Run, RunReport, RunState
from instruments.transport import Link
from instruments.transport.modbus_lines import Framing

BEYOND = 50.0  # K beyond the set point limits, where a reading is no chamber any more
LOOKS, WITHIN = Seconds(0.25), Seconds(10.0)  # s between looks; longest until a command shows
STATES: Mapping[Running, RunState] = {
    Running.NONE: RunState.RESET,
    Running.NOT_STARTED: RunState.RESET,
    Running.TERMINATED: RunState.RESET,
    Running.WAITS_FOR_ITS_TIME: RunState.RUN,
    Running.RUNNING: RunState.RUN,
    Running.PAUSED: RunState.HOLD,
    Running.COMPLETE: RunState.COMPLETE,
}
ACTIVE = frozenset({RunState.RUN, RunState.HOLD})


class WatlowF4T:
    """A ``ControlledRateFreezer`` on the first loop of a Watlow F4T.

    RefusedError: the controller or a check said no; nothing changed. FailedError: it answered, and what stands in it is
    not what was asked for. LinkError, WireError, UnknownError: it may have happened; the controller is asked first.
    """

    def __init__(self, link: Link, given: Settings, *, control: bool) -> None:
        """Speak over ``link``; without ``control`` every command is refused."""
        self.links = (link,)
        self._link, self._given, self._control = link, given, control
        self._memory = Memory(link, given)
        self._limits: Limits | None = None

    async def identify(self) -> Identity:
        """Read part number, serial number and release; the digest is of the set point limits.

        Raises WireError for a controller that gives degF, or whose floats stand in another order.
        """
        limits, memory = await self._connect(), self._memory
        part = wire.text(await memory.read(wire.PART_NUMBER, wire.PART_NUMBER_WORDS))
        serial = wire.long(await memory.read(wire.SERIAL, 2))
        release = wire.long(await memory.read(wire.RELEASE, 2))
        configuration = digest(f"{limits.low} {limits.high}").hex()[:16]
        return Identity("Watlow", part, str(serial), str(release), configuration)

    async def power_fail(self) -> PowerFail:
        """Give what the site declares of the controller's configuration; checked at OQ, not on the wire."""
        return self._given.power_fail

    async def load(self, *, program: Program) -> None:
        """Write the profile and compare what stands there; the same program twice is one program."""
        self._commanding("load")
        steps = to_steps(program, await self._known_limits())
        state = await self._state()
        if state in ACTIVE:
            self._refuse(f"a profile is in {state}; a new one is written when it has ended")
        await self._memory.write_profile(program.name, steps)
        stands = await self._memory.read_profile()
        if stands != steps[:-1]:
            pairs = zip((*stands, *[None] * len(steps)), steps[:-1], strict=False)
            different = next((n for n, (one, other) in enumerate(pairs, 1) if one != other), len(steps))
            raise FailedError(f"{self._link.name}: step {different} of the profile stands otherwise than written")

    async def loaded(self, *, program: Program) -> Program:
        """Read the profile back; only the name is taken from ``program``. It has to be selected for that."""
        await self._memory.select(control=self._control)
        return from_steps(program.name, await self._memory.read_profile())

    async def start(self, *, containers: tuple[Container, ...]) -> None:  # noqa: ARG002  the binding asks the gate for them
        """Start the profile at its first step, and wait until it shows; refused while any runs."""
        self._commanding("start")
        state = await self._state()
        if state in ACTIVE:
            self._refuse(f"a profile is in {state}; one starts from {RunState.RESET}, or when one is over")
        await self._memory.put(wire.START, self._given.profile)
        await self._memory.put(wire.START_STEP, 1)
        await self._memory.put(wire.ACTION, wire.STARTS)
        await self._until({RunState.RUN}, told="to start")

    async def run(self) -> Run:
        """Look at the run: state, profile and step, time left, set point, chamber, alarms."""
        memory = self._memory
        state = await self._state()
        profile, step = [await memory.word(address) for address in (wire.PROFILE, wire.STEP)]
        left = await memory.read(wire.LEFT, 3)
        chamber, alarms = await self._chamber(), []
        for number in range(1, self._given.alarms + 1):
            told = await memory.word(wire.ALARM_STATE + wire.ALARM_STRIDE * (number - 1))
            if told not in wire.QUIET:
                alarms.append(f"alarm {number} ({told})")
        if state in ACTIVE and profile != self._given.profile:
            alarms.append(f"profile {profile} runs, not {self._given.profile}")
        return Run(
            state=state,
            segment=step if state in ACTIVE else 0,
            remaining=Seconds(3600 * wire.word(left, 2) + 60 * wire.word(left)) if state in ACTIVE else None,
            setpoint=Celsius(round(await memory.number(wire.WORKING), EXACT)),
            chamber=chamber,
            alarms=(*(("sensor break",) if chamber is None else ()), *alarms),
        )

    async def chamber(self) -> Celsius:
        """Read the chamber (degC); raises FailedError for what no working sensor reads."""
        found = await self._chamber()
        if found is None:
            raise FailedError(f"{self._link.name}: the chamber's sensor is broken or of another range")
        return found

    async def hold(self) -> None:
        """Pause the profile where it is, and wait until it shows."""
        await self._tell("hold", wire.REQUEST, value=wire.PAUSES, goal={RunState.HOLD})

    async def go_on(self) -> None:
        """Resume a paused profile, and wait until it shows."""
        self._commanding("go_on")
        state = await self._state()
        if state is not RunState.HOLD:
            self._refuse(f"the profile is in {state}; only a held one goes on")
        await self._tell("go_on", wire.RESUME, value=wire.RESUMES, goal={RunState.RUN, RunState.COMPLETE})

    async def reset(self) -> None:
        """Terminate the profile, and wait until it shows; one that does not run is left alone."""
        self._commanding("reset")
        if await self._state() in ACTIVE:
            await self._tell("reset", wire.REQUEST, value=wire.TERMINATES, goal={RunState.RESET, RunState.COMPLETE})

    async def stand_by(self, *, target: Celsius) -> None:
        """Set the loop's set point unless it stands, and read it back; refused in a profile, or when it is off."""
        self._commanding("stand_by")
        limits, wanted = await self._known_limits(), float(target)
        if not limits.low <= wanted <= limits.high:
            self._refuse(f"target is {wanted:g} degC; the controller allows {limits.low:g} to {limits.high:g} degC")
        if (state := await self._state()) in ACTIVE:
            self._refuse(f"a profile is in {state}; the set point counts when none runs")
        if (mode := await self._memory.word(wire.MODE)) != wire.AUTO:
            self._refuse(f"loop 1 is in mode {mode}, not automatic ({wire.AUTO}); switch it on at the panel")
        if (
            state is RunState.COMPLETE or await self._memory.number(wire.SET_POINT) != wanted
        ):  # what holds is written over
            await self._memory.put_number(wire.SET_POINT, wanted)
        stands = round(await self._memory.number(wire.SET_POINT), EXACT)
        if stands != round(wanted, EXACT):
            raise FailedError(
                f"{self._link.name}: the set point was set to {wanted:g} degC and stands at {stands:g} degC"
            )

    async def report(self) -> RunReport | None:
        """Give None: readings are taken live."""
        return None

    async def reconcile(self, call: Call) -> Reconciled:
        """Say from what the profile does whether an open call took effect; reads only."""
        state = await self._state()
        ours = await self._memory.word(wire.PROFILE) == self._given.profile
        match call.method, state:
            case "start", RunState.COMPLETE:
                return Unknown("a profile is over, this one or an earlier one")
            case "start", RunState.RESET if self._given.power_fail in {PowerFail.RESET, PowerFail.UNKNOWN}:
                return Unknown("no profile runs, as before a start and perhaps as after a power failure")
            case ("start", RunState.RESET) | ("hold", RunState.RUN) | ("go_on", RunState.HOLD):
                return NotDone()
            case ("start", _) if ours:
                return Done()
            case ("hold", RunState.HOLD) | ("go_on", RunState.RUN) | ("reset", RunState.RESET | RunState.COMPLETE):
                return Done()
            case ("reset", _):
                return NotDone()
        return Unknown(f"the profile is in {state}, and is {'ours' if ours else 'another one'}")

    async def reply_of(self, call: Call) -> None:
        """Give what an act of a freezer answers: nothing."""

    async def _connect(self) -> Limits:
        """Read the limits, which prove the order of words, and the unit of temperatures."""
        tcp = self._given.framing is Framing.TCP
        unit = await self._memory.word(wire.UNITS_TCP if tcp else wire.UNITS_RTU)
        if unit != wire.CELSIUS:
            said = "degF" if unit == wire.FAHRENHEIT else f"unit {unit}"
            raise WireError(f"{self._link.name}: temperatures over this line are in {said}; set it to degC")
        low, high = [await self._memory.number(address) for address in (wire.LOWEST, wire.HIGHEST)]
        if not -300.0 < low < high < 1000.0:
            msg = f"set point limits read {low:g} and {high:g} degC; the words of a float stand in another order"
            raise WireError(f"{self._link.name}: {msg}")
        self._limits = Limits(low=low, high=high)
        return self._limits

    async def _known_limits(self) -> Limits:
        return self._limits or await self._connect()

    async def _state(self) -> RunState:
        return STATES[wire.running(await self._memory.word(wire.RUNNING))]

    async def _chamber(self) -> Celsius | None:
        limits = await self._known_limits()
        try:
            value = wire.number(await self._memory.read(wire.PROCESS, 2))
        except WireError:
            return None
        return Celsius(round(value, EXACT)) if limits.low - BEYOND <= value <= limits.high + BEYOND else None

    async def _tell(self, what: str, address: int, *, value: int, goal: set[RunState]) -> None:
        self._commanding(what)
        await self._memory.put(address, value)
        await self._until(goal, told=what)

    async def _until(self, goal: set[RunState], *, told: str) -> None:
        """Look until a command shows; UnknownError when it does not in time."""
        state = await self._state()
        for _ in range(round(float(WITHIN) / float(LOOKS))):
            if state in goal:
                return
            await self._link.stream.arrived(within=LOOKS)
            state = await self._state()
        raise UnknownError(f"{self._link.name}: told {told}, the profile is still in {state}")

    def _commanding(self, what: str) -> None:
        if not self._control:
            self._refuse(f"{what} needs control; this driver was given none")

    def _refuse(self, why: str) -> NoReturn:
        raise RefusedError(f"{self._link.name}: {why}")


def build(link: Link, given: Mapping[str, str], *, control: bool) -> WatlowF4T:
    """Build the driver over a link; raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    found = settings(given)
    if found.framing is Framing.RTU:
        check_line(link, given)
    return WatlowF4T(link, found, control=control)


FACTORY = Factory(
    build=build,
    interface=ControlledRateFreezer,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="Watlow F4T Setup and Operations User's Guide, chapter 6; Espec ChamberConnectLibrary, watlowf4t.py",
    ),
    transports=("tcp", "serial", "pty", "memory"),
    settings=KEYS,
)

"""Controlled-rate freezer on a Eurotherm 2400 or 3500 controller, over Modbus RTU.

Wire:   9600 8N1; temperatures, rates and times in the full-resolution image, states in word registers (see ``wire``).
Units:  degC, K/min, s; nothing above this module converts a unit.
Source: Eurotherm HA026230 as listed in ``wire.registers``; support level L1, never run on a device by us.
Writes: target set point, program number, programmer status and program data; nothing else, so neither calibration
        nor configuration can be reached.
"""

from collections.abc import Mapping

from automation.engine.handles import Container
from automation.kernel.effect import Call, Reconciled
from automation.kernel.errors import FailedError, RefusedError, WireError
from automation.kernel.ids import digest
from automation.kernel.quantity import Celsius, Seconds
from instruments.drivers.eurotherm import words
from instruments.drivers.eurotherm.memory import Memory
from instruments.drivers.eurotherm.programs import Limits, from_blocks, to_blocks
from instruments.drivers.eurotherm.settings import KEYS, Protocol, Settings, check_line, settings
from instruments.drivers.eurotherm.states import AFTER, RUNNING, run_state, settle
from instruments.drivers.eurotherm.wire import registers as r
from instruments.drivers.factory import Factory
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.freezer import ControlledRateFreezer, PowerFail, Program, Run, RunReport, RunState
from instruments.transport import Link, modbus

# A handbook example puts segment 16 of program 4 where its own rule puts program 5, so 4 and above are not used.
PROTOCOL = Protocol(line="9600 8N1", units=254, programs=3)
BEYOND = 50.0  # K beyond the set point limits, where a reading is no chamber any more


class EurothermModbus:
    """A ``ControlledRateFreezer`` that speaks Modbus RTU.

    Every method raises one of four errors, named by what is then known:

    RefusedError: the controller said no, or the driver is read-only; nothing changed.
    FailedError: the controller answered, and what stands in it is not what was asked for.
    LinkError: the link broke; the command may have taken effect.
    WireError: the reply breaks the grammar; the effect is unknown.
    """

    def __init__(self, link: Link, given: Settings, *, control: bool) -> None:
        """Speak over ``link``; without ``control`` every command is refused."""
        check_line(link, given.line)
        self.link = link
        self.links = (link,)
        self._given = given
        self._control = control
        self._memory = Memory(link, given.unit)
        self._limits: Limits | None = None
        unit = given.unit
        self._ask_chamber = modbus.Read(unit, r.image(r.PV), count=2)
        self._ask_setpoint = modbus.Read(unit, r.image(r.WORKING_SP), count=2)
        self._ask_programmer = modbus.Read(unit, r.PROGRAM, count=2)  # program number and status
        self._ask_segment = modbus.Read(unit, r.SEGMENT, count=1)
        self._ask_left = modbus.Read(unit, r.image(r.PROGRAM_LEFT), count=2)
        self._ask_alarms = modbus.Read(unit, r.ALARMS, count=1)
        self._ask_break = modbus.Read(unit, r.SENSOR_BREAK, count=1)

    async def identify(self) -> Identity:
        """Read what identifies the controller, and prove the image by known values.

        Model and serial are the site's declaration; the digest is of set point limits, counts and the decimals shown.
        """
        limits, decimals = await self._connect()
        counts = [await self._memory.word(address) for address in (r.PROGRAMS, r.SETPOINTS)]
        said = f"{limits.low} {limits.high} {limits.segments} {counts} {decimals}"
        configuration = digest(said).hex()[:16]
        return Identity("Eurotherm", self._given.model, self._given.serial, configuration=configuration)

    async def power_fail(self) -> PowerFail:
        """Give what the site declares of the controller's configuration; checked at OQ, not on the wire."""
        return self._given.power_fail

    async def load(self, *, program: Program) -> None:
        """Write the program into its place and compare what stands there; the same program twice is one program."""
        self._commanding("load")
        blocks = to_blocks(program, await self._known_limits())
        state = await self._state()
        if state in RUNNING:
            msg = f"{self.link.name}: a program is in {state}; a new one is loaded when it has ended"
            raise RefusedError(msg)
        if state is RunState.COMPLETE:
            await self._command(r.Status.RESET)
        await self._memory.write_program(self._given.program, blocks)
        stored = await self._memory.read_program(self._given.program)
        if stored != blocks:
            different = next(
                n for n, (a, b) in enumerate(zip(stored + (None,) * len(blocks), blocks, strict=False), 1) if a != b
            )
            msg = (
                f"{self.link.name}: segment {different} of the program stands otherwise in the controller than written"
            )
            raise FailedError(msg)

    async def loaded(self, *, program: Program) -> Program:
        """Read the program back out of the controller; only the name is taken from ``program``."""
        blocks = await self._memory.read_program(self._given.program)
        return from_blocks(program.name, blocks[:-1])

    async def start(self, *, containers: tuple[Container, ...]) -> None:  # noqa: ARG002  the binding asks the gate for them
        """Start the loaded program; refused unless the programmer is in reset."""
        self._commanding("start")
        state = await self._state()
        if state is not RunState.RESET:
            msg = f"{self.link.name}: the programmer is in {state}; a program starts from reset only"
            raise RefusedError(msg)
        await self._memory.put_word(r.PROGRAM, self._given.program)
        await self._command(r.Status.RUN)

    async def run(self) -> Run:
        """Look at the run, register by register: no document says that gaps between them may be read."""
        ask = self._memory.ask
        broken = r.word(await ask(self._ask_break)) != 0
        chamber, setpoint = r.number(await ask(self._ask_chamber)), r.number(await ask(self._ask_setpoint))
        status = r.word(await ask(self._ask_programmer), 2)
        segment, word = r.word(await ask(self._ask_segment)), r.word(await ask(self._ask_alarms))
        left = r.milliseconds(await ask(self._ask_left))
        return Run(
            state=run_state(status),
            segment=segment,
            remaining=Seconds(left / 1000),
            setpoint=Celsius(setpoint),
            chamber=None if broken else Celsius(chamber),
            alarms=(("sensor break",) if broken else ()) + ((f"alarm word 0x{word:04x}",) if word else ()),
        )

    async def chamber(self) -> Celsius:
        """Read the chamber (degC) in one exchange; raises FailedError for what no working sensor reads."""
        limits = self._limits or await self._known_limits()
        value = r.number(await self._memory.ask(self._ask_chamber))
        if not limits.low - BEYOND <= value <= limits.high + BEYOND:
            msg = f"{self.link.name}: the chamber reads {value:g} degC; its sensor is broken or of another range"
            raise FailedError(msg)
        return Celsius(value)

    async def hold(self) -> None:
        """Hold the program where it is."""
        self._commanding("hold")
        await self._command(r.Status.HOLD)

    async def go_on(self) -> None:
        """Let a held program go on."""
        self._commanding("go_on")
        state = await self._state()
        if state is not RunState.HOLD:
            msg = f"{self.link.name}: the programmer is in {state}; only a held program goes on"
            raise RefusedError(msg)
        await self._command(r.Status.RUN)

    async def reset(self) -> None:
        """End the program; the chamber goes to its stand-by set point."""
        self._commanding("reset")
        await self._command(r.Status.RESET)

    async def stand_by(self, *, target: Celsius) -> None:
        """Set the stand-by set point (degC) in one exchange; it counts while no program is active."""
        if not self._control:
            self._commanding("stand_by")
        await self._memory.put_number(r.TARGET_SP, float(target))

    async def report(self) -> RunReport | None:
        """Give None: the controller keeps no report, its readings are taken live."""
        return None

    async def reconcile(self, call: Call) -> Reconciled:
        """Say from the programmer's state whether an open call took effect; reads only."""
        state, program = await self._state(), await self._memory.word(r.PROGRAM)
        return settle(call, state, program=program, given=self._given)

    @staticmethod
    def in_words(sent: bytes, received: bytes) -> tuple[str, str]:
        """Say in words what an exchange says."""
        return words.of_modbus(sent, received)

    async def _connect(self) -> tuple[Limits, int]:
        """Read the limits in both images and prove that they agree; gives the limits and the decimals shown."""
        high, low = [await self._memory.number(address) for address in (r.SP_HIGH, r.SP_LOW)]
        shown = [await self._memory.signed(address) for address in (r.SP_HIGH, r.SP_LOW)]
        fits = [places for places in range(4) if [round(high * 10**places), round(low * 10**places)] == shown]
        if not fits or high <= low:
            msg = (
                f"{self.link.name}: set point limits read {high:g} and {low:g} degC in the image and {shown} in words; "
                "no number of decimals makes them one, so the image is not what this driver takes it for"
            )
            raise WireError(msg)
        self._limits = Limits(segments=await self._memory.word(r.MOST_SEGMENTS), low=low, high=high)
        return self._limits, fits[0]

    async def _known_limits(self) -> Limits:
        return self._limits or (await self._connect())[0]

    async def _state(self) -> RunState:
        return run_state(await self._memory.word(r.STATUS))

    async def _command(self, status: r.Status) -> None:
        """Write the programmer's status and look whether it is what was asked for."""
        await self._memory.put_word(r.STATUS, status)
        state = await self._state()
        if state not in AFTER[status]:
            msg = f"{self.link.name}: told {status.name.lower()}, the programmer acknowledged and is in {state}"
            raise FailedError(msg)

    def _commanding(self, what: str) -> None:
        if not self._control:
            msg = f"{self.link.name}: {what} needs control; this driver was given none"
            raise RefusedError(msg)


def build(link: Link, given: Mapping[str, str], *, control: bool) -> EurothermModbus:
    """Build the driver over a link; raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    return EurothermModbus(link, settings(given, PROTOCOL), control=control)


FACTORY = Factory(
    build=build,
    interface=ControlledRateFreezer,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="Eurotherm HA026230 (2000 series communications handbook)",
    ),
    transports=("serial", "tcp", "pty", "memory"),
    settings=KEYS,
)

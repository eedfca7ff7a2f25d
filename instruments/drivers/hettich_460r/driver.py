"""Driver of the Hettich Rotanta 460 Robotic, generation 2.

Wire:   parameters in framed telegrams with a check byte, 9600 7E1 (see ``wire``).
Units:  x g at the largest radius of the rotor, 1/min on the wire; s, degC.
Source: as ``wire``; support level L1, never run on a centrifuge by us. A spin goes on to its end without the host.

No document that was seen names the parameters of the set temperature and of the brake. Both come with a program that
stands in the centrifuge, was checked at OQ, and is declared by the site; speed and time are set over it.
"""

from collections.abc import Mapping

from automation.engine.handles import Container
from automation.formulas.process import centrifugal_force, centrifuge_speed
from automation.kernel.clock import pause
from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import FailedError, LinkError, RefusedError
from automation.kernel.quantity import Celsius, Grams, Seconds, TimesGravity
from instruments.drivers.factory import Factory
from instruments.drivers.hettich_460r import wire
from instruments.drivers.hettich_460r.settings import KEYS, LINE, Settings, settings
from instruments.drivers.hettich_460r.wire import Fault, Motion
from instruments.interfaces.centrifuge import (
    MOVING,
    Centrifuge,
    CentrifugeState,
    CentrifugeStatus,
    Rotor,
    SpinProgram,
)
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.transport import Link

ANSWER = Seconds(1.0)  # s; the manual says 20 to 150 ms
LOOKS, BETWEEN = 10, Seconds(0.5)  # looks, s: until a start or a stop that was acknowledged is seen
SLOWEST = 50  # 1/min
_STATES = (
    (Motion.BRAKING, CentrifugeState.BRAKING),
    (Motion.SPINNING, CentrifugeState.SPINNING),
    (Motion.ACCELERATING, CentrifugeState.ACCELERATING),
    (Motion.STANDING, CentrifugeState.STANDING),
)


class Hettich460R:
    """A ``Centrifuge`` behind Hettich's telegrams.

    RefusedError: no control, or the centrifuge said no; nothing changed. FailedError: it acknowledged and did something
    else. LinkError: silence, the command may have taken effect. WireError: the reply breaks the grammar.
    """

    def __init__(self, link: Link, given: Settings, *, control: bool) -> None:
        """Speak over ``link``; without control nothing is set."""
        self.links = (link,)
        self._link, self._given, self._control = link, given, control
        self._changed = False  # whether something has happened since the rotor was last seen standing before a command

    async def identify(self) -> Identity:
        """Read kind and software; the serial number is the site's declaration. Raises FailedError for another kind."""
        kind, software = await self._ask(wire.KIND), await self._ask(wire.SOFTWARE)
        if kind >> 8 not in wire.ROTANTA:
            raise FailedError(f"{self._link.name}: kind {kind:04X} is no Rotanta 460 with positioning")
        version = f"{software >> 8:02X}.{software & 0xFF:02X}"
        return Identity("Hettich", "Rotanta 460 Robotic", self._given.serial, version, f"{kind:04X}")

    async def look(self) -> CentrifugeStatus:
        """Read state, speed, temperature, time and what is closed."""
        state, error = await self._state()
        rpm, ran = await self._ask(wire.ACTUAL), await self._ask(wire.RAN)
        temperature = wire.temperature(await self._ask(wire.TEMPERATURE))
        lid, hatch = await self._ask(wire.MORE_STATE), await self._ask(wire.HATCH)
        closed = bool(lid >> 8 & wire.LID_CLOSED) and hatch >> 8 & wire.HATCH_CLOSED == wire.HATCH_CLOSED
        return CentrifugeStatus(state, self._force(rpm), temperature, Seconds(float(ran)), closed, error)

    async def rotor(self) -> Rotor:
        """Read how fast the rotor may turn; radius and balance are the site's declaration."""
        fastest = await self._ask(wire.FASTEST)
        return Rotor(self._given.radius_mm, self._force(fastest), Grams(self._given.differ_at_most))

    async def prepare(self, *, program: SpinProgram) -> None:
        """Recall the declared program, set time and speed over it, and let them count."""
        self._commanding("setting a program")
        stands = (float(self._given.temperature), self._given.brake)
        if (float(program.temperature), program.brake) != stands:
            raise RefusedError(
                f"program {self._given.program} holds {stands[0]:g} degC and brake {stands[1]}; wanted are "
                f"{program.temperature:g} degC and {program.brake}. Store it at the panel, check it, and declare it"
            )
        strongest = (await self.rotor()).strongest
        rpm = round(centrifuge_speed(force=float(program.force), radius_cm=self._given.radius_mm / 10.0))
        if program.force > strongest or rpm < SLOWEST:
            raise RefusedError(f"{program.force:g} x g is not possible; this rotor stands {strongest:.0f} x g")
        await self._ask(wire.FAULTS)  # which lets it listen again after a power cut
        await self._standing("setting a program")
        for code, value in (
            (wire.RECALL, self._given.program << 8 | 0x04),
            (wire.TIME, round(float(program.duration))),
            (wire.SPEED, rpm),
            (wire.ACTIVATE, 1),
        ):
            await self._tell(code, value)

    async def prepared(self) -> SpinProgram:
        """Read time and speed; raises RefusedError when another program than the declared one is called."""
        word = await self._word()
        if word >> 8 != self._given.program:
            raise RefusedError(f"{self._link.name}: program {word >> 8 & 0x7F} is called, not {self._given.program}")
        rpm, time = await self._ask(wire.SPEED), await self._ask(wire.TIME)
        given = self._given
        return SpinProgram(self._force(rpm), Seconds(float(time)), Celsius(given.temperature), given.brake)

    async def start(self, *, containers: tuple[Container, ...]) -> None:  # noqa: ARG002  the binding asks the gate for them
        """Start; refused with an open lid or hatch, without a rotor, or after a power cut since the program was set."""
        self._commanding("a start")
        faults = Fault(await self._ask(wire.FAULTS))
        if Fault.POWER_ON in faults:
            raise RefusedError(f"{self._link.name}: the power was off since the program was set")
        await self._standing("a start")
        why = await self._barred()
        if why:
            raise RefusedError(f"{self._link.name}: {why}")
        await self._tell(*wire.START)
        await self._until(MOVING, "a start")

    async def stop(self) -> None:
        """Let the rotor brake, and look whether it does."""
        self._commanding("a stop")
        state, _ = await self._state()
        if state not in MOVING - {CentrifugeState.BRAKING}:
            return
        await self._tell(*wire.STOP)
        await self._until(frozenset(CentrifugeState) - MOVING | {CentrifugeState.BRAKING}, "a stop")

    async def reconcile(self, call: Call) -> Reconciled:
        """Say from the state whether an open start or stop took effect; reads only."""
        state, error = await self._state()
        if call.method == "stop":
            return Done() if state not in MOVING or state is CentrifugeState.BRAKING else NotDone()
        if state in MOVING:
            return Done()
        if self._changed:
            return Unknown(error or "the rotor stands, and something has happened since it was last seen standing")
        return NotDone()

    async def reply_of(self, call: Call) -> None:
        """Give what a start or stop answers: nothing."""

    async def _state(self) -> tuple[CentrifugeState, str]:
        """Give what the rotor does and what is wrong."""
        word = await self._word()
        motion, high = Motion(word & 0x9F), word >> 8
        state = next((found for bit, found in _STATES if bit in motion), CentrifugeState.UNKNOWN)
        self._changed = self._changed or Motion.CHANGED in motion or state is not CentrifugeState.STANDING
        if high & wire.ERROR:
            return CentrifugeState.FAILED, f"the centrifuge shows error {high & 0x7F}"
        return state, ""

    async def _word(self) -> int:
        """Read 00634; that it was read is lost with its answer, so that silence counts as a change."""
        try:
            word = await self._ask(wire.STATE)
        except LinkError:
            self._changed = True
            raise
        self._changed = self._changed or Motion.CHANGED in Motion(word & 0x9F)
        return word

    async def _standing(self, what: str) -> None:
        """Refuse unless the rotor stands without an error; what happens from here on counts as a change."""
        state, error = await self._state()
        if state is not CentrifugeState.STANDING:
            raise RefusedError(f"{self._link.name}: {what} needs a standing rotor; {error or f'it is {state}'}")
        self._changed = False

    async def _barred(self) -> str:
        """Say why it can't turn: lid, hatch, rotor, cycles or key; empty when it can."""
        more, hatch = await self._ask(wire.MORE_STATE), await self._ask(wire.HATCH)
        if not more >> 8 & wire.LID_CLOSED:
            return "the lid is open"
        if hatch >> 8 & wire.HATCH_CLOSED != wire.HATCH_CLOSED:
            return "the hatch is open"
        if more >> 8 & wire.NO_ROTOR:
            return "there is no rotor in it"
        if more >> 8 & wire.CYCLES_OVER:
            return "the rotor has made all its cycles"
        return "" if more & 0x07 in wire.REMOTE else "its key is not in lock 2"

    async def _until(self, wanted: frozenset[CentrifugeState], what: str) -> None:
        """Look until the state is there: a busy centrifuge acknowledges and ignores."""
        state, error = await self._state()
        for _ in range(LOOKS):
            if state in wanted or error:
                break
            await pause(BETWEEN)
            state, error = await self._state()
        if state in wanted:
            return
        raise FailedError(f"{self._link.name}: {what} was acknowledged; {error or f'the rotor is {state}'}")

    def _force(self, rpm: int) -> TimesGravity:
        if rpm == 0:
            return TimesGravity(0.0)
        return TimesGravity(centrifugal_force(radius_cm=self._given.radius_mm / 10.0, rpm=float(rpm)))

    def _commanding(self, what: str) -> None:
        if not self._control:
            raise RefusedError(f"{what} needs control; this driver was given none")

    async def _ask(self, code: str) -> int:
        ask = wire.Ask(self._given.unit, code)
        return ask.value(await self._link.exchange(ask.frame, ask.complete, deadline=ANSWER))

    async def _tell(self, code: str, value: int) -> None:
        """Set a parameter; after a NAK the reason is read."""
        tell = wire.Tell(self._given.unit, code, value=value)
        if not wire.Tell.accepted(await self._link.exchange(tell.frame, tell.complete, deadline=ANSWER)):
            faults = Fault(await self._ask(wire.FAULTS))
            said = ", ".join(one.name.lower() for one in Fault if one in faults and one.name) or "no reason"
            raise RefusedError(f"{self._link.name}: {code}={value:04X} was refused: {said}")


def build(link: Link, given: Mapping[str, str], *, control: bool) -> Hettich460R:
    """Make the driver; raises InputError for a setting that is not allowed, and for another line than 9600 7E1."""
    FACTORY.check(given)
    return Hettich460R(link, settings(link, given), control=control)


FACTORY = Factory(
    build=build,
    interface=Centrifuge,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source=f"Hettich AH5680-01EN (2010); PyLabRobot's driver of the family; line {LINE}",
    ),
    transports=("memory", "pty", "serial", "tcp"),
    settings=KEYS,
)

"""Driver of Watson-Marlow pumps (520, 530, 620, 630, 720, 323).

Wire:   ASCII commands ended by CR, 9600 8N2, echoed (see ``wire``).
Units:  1/min.
Source: as ``wire``; support level L1, never run on a pump by us. A turning pump keeps turning without the host; its
        STOP key ends remote control.
"""

from collections.abc import Mapping

from automation.engine.handles import Container
from automation.kernel.clock import pause
from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import InputError, LinkError, RefusedError
from automation.kernel.quantity import Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.watson_marlow import wire
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.pump import Pump, PumpSetting, PumpStatus, Turning
from instruments.transport import Link

ANSWER = Seconds(1.0)  # s; a line of 60 characters is 0.07 s
BETWEEN = Seconds(0.01)  # s between two commands, at least
CLOSE = 0.06  # 1/min; the pump rounds to one decimal
UNITS = 16


class WatsonMarlow:
    """A ``Pump`` that speaks Watson-Marlow's commands.

    RefusedError: no control, it turns, or it keeps another speed. LinkError: silence, or a start or stop that does not
    show. WireError: the answer breaks the grammar.
    """

    def __init__(self, link: Link, *, unit: int, echoes: bool, control: bool) -> None:
        """Speak to one pump on the line; without control nothing is set."""
        self.links = (link,)
        self._link, self._unit, self._echoes, self._control = link, unit, echoes, control
        self._before: int | None = None  # the pump's count before the last start of this process

    async def identify(self) -> Identity:
        """Read the model; the configuration is the tube that the pump was told of."""
        found = await self._status()
        return Identity("Watson-Marlow", found.model, "", "", found.tube)

    async def look(self) -> PumpStatus:
        """Read speed, direction and count, and whether it turns."""
        found = await self._status()
        state = Turning.RUNNING if wire.runs(await self._ask(wire.RUNS)) else Turning.STOPPED
        return PumpStatus(state, found.rpm, found.clockwise, found.count)

    async def prepare(self, *, setting: PumpSetting) -> None:
        """Set speed and direction of a standing pump, and read them back."""
        self._commanding("setting a speed")
        if (await self.look()).state is Turning.RUNNING:
            raise RefusedError(f"{self._link.name}: nothing is set while it turns")
        await self._tell(wire.speed(setting.rpm))
        await self._tell(wire.RIGHT if setting.clockwise else wire.LEFT)
        kept = await self._status()
        if abs(kept.rpm - setting.rpm) > CLOSE or kept.clockwise is not setting.clockwise:
            way = "clockwise" if kept.clockwise else "the other way"
            raise RefusedError(f"{self._link.name}: it keeps {kept.rpm:g} 1/min {way}, not what was set")

    async def start(self, *, source: Container, dest: Container) -> None:  # noqa: ARG002  the binding asks the gate for them
        """Let it turn, and look whether it does."""
        self._commanding("a start")
        seen = await self.look()
        if seen.state is Turning.RUNNING:
            raise RefusedError(f"{self._link.name}: it turns already")
        self._before = seen.turned
        await self._do(wire.GO, Turning.RUNNING)

    async def stop(self) -> None:
        """Let it stand, and look whether it does."""
        self._commanding("a stop")
        if (await self.look()).state is Turning.RUNNING:
            await self._do(wire.STOP, Turning.STOPPED)

    async def reconcile(self, call: Call) -> Reconciled:
        """Say from what it does, and from its count, whether an open start or stop took effect; reads only."""
        seen = await self.look()
        if call.method == "stop":
            return Done() if seen.state is Turning.STOPPED else NotDone()
        if seen.state is Turning.RUNNING:
            return Done()
        if self._before is not None and seen.turned == self._before:
            return NotDone()
        return Unknown("the pump stands, and may have turned")

    async def reply_of(self, call: Call) -> None:
        """Give what a start or stop answers: nothing."""

    async def _do(self, command: str, wanted: Turning) -> None:
        await self._tell(command)
        if (await self.look()).state is not wanted:
            raise LinkError(f"{self._link.name}: {command} was sent, and the pump is not {wanted}")

    async def _status(self) -> wire.Status:
        return wire.status(await self._ask(wire.STATUS))

    async def _ask(self, text: str) -> str:
        frame = wire.command(self._unit, text)
        answer = wire.Answer(frame, echoes=self._echoes, line=True)
        said = answer.text(await self._link.exchange(frame, answer, deadline=ANSWER))
        await pause(BETWEEN)
        return said

    async def _tell(self, text: str) -> None:
        """Send what has no answer; its echo, where there is one, is waited for."""
        frame = wire.command(self._unit, text)
        if self._echoes:
            await self._link.exchange(frame, wire.Answer(frame, echoes=True, line=False), deadline=ANSWER)
        else:
            await self._link.send(frame)
        await pause(BETWEEN)

    def _commanding(self, what: str) -> None:
        if not self._control:
            raise RefusedError(f"{what} needs control; this driver was given none")


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> WatsonMarlow:
    """Make the driver; raises InputError for a setting that is not allowed."""
    FACTORY.check(settings)
    unit, echo = settings.get("unit", "1"), settings.get("echo", "yes")
    if not (unit.isascii() and unit.isdigit() and 1 <= int(unit) <= UNITS):
        raise InputError(f"unit is {unit!r}; a number from 1 to {UNITS} is needed")
    if echo not in {"yes", "no"}:
        raise InputError(f"echo is {echo!r}; yes or no is needed, as it is set in the pump")
    return WatsonMarlow(link, unit=int(unit), echoes=echo == "yes", control=control)


FACTORY = Factory(
    build=build,
    interface=Pump,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="Watson-Marlow manuals of 505, 323, 620DuN and 720DuN",
    ),
    transports=("memory", "pty", "serial", "tcp"),
    settings={
        "unit": "number of the pump on the line, 1 to 16; 1 unless stated",
        "echo": "yes or no, as it is set in the pump; yes unless stated",
    },
)

"""Driver of one channel of an Ismatec Reglo ICC pump (also sold as Masterflex).

Wire:   ASCII commands ended by CR, 9600 8N1 (see ``wire``).
Units:  1/min.
Source: as ``wire``; support level L1, never run on a pump by us. What a pump does when its host is gone stands on no
        page: it has no timer for it, so that it is taken to go on. Whether it runs is told of the whole pump, never of
        a channel: one pump is one asset, and its other channels stand.
"""

from collections.abc import Mapping

from automation.engine.handles import Container
from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import FailedError, InputError, LinkError, RefusedError
from automation.kernel.quantity import Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.reglo_icc import wire
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.pump import Pump, PumpSetting, PumpStatus, Turning
from instruments.transport import Link

ANSWER = Seconds(1.0)  # s; a line of 60 characters is 0.06 s
CLOSE = 0.006  # 1/min; the pump keeps hundredths
PUMPS, CHANNELS = 8, 4
ALL_AS_ONE = "channels are not addressed by themselves; prepare it anew"


class RegloIcc:
    """A ``Pump`` that is one channel of a Reglo ICC.

    RefusedError: no control, it turns, it can't run as it is set, or channels are not addressed by themselves; nothing
    turns. FailedError: it answers a question with a refusal, or for all channels at once. LinkError: silence, or a
    start or stop that does not show. WireError: the answer breaks the grammar.
    """

    def __init__(self, link: Link, *, pump: int, channel: int, control: bool) -> None:
        """Speak to one channel; without control nothing is set."""
        self.links = (link,)
        self._link, self._pump, self._channel, self._control = link, pump, channel, control
        self._before: tuple[int, int] | None = None  # revolutions and seconds when it was prepared or started last

    async def identify(self) -> Identity:
        """Read model, serial number and firmware; the configuration is the pump's software and its head."""
        found = wire.model(await self._ask(wire.MODEL, pump=True))
        serial = await self._ask(wire.SERIAL, pump=True)
        firmware = await self._ask(wire.FIRMWARE, pump=True)
        return Identity("Ismatec", found.model, serial, firmware, f"{found.software} {found.head}")

    async def look(self) -> PumpStatus:
        """Read speed, direction and revolutions, and whether it turns."""
        if not await self._single():
            raise FailedError(f"{self._link.name}: {ALL_AS_ONE}")
        rpm = wire.speed(await self._ask(wire.SPEED))
        clockwise = wire.clockwise(await self._ask(wire.DIRECTION))
        turned, _ = await self._counts()
        return PumpStatus(await self._turning(), rpm, clockwise, turned)

    async def prepare(self, *, setting: PumpSetting) -> None:
        """Set speed and direction of a standing channel that turns until it is stopped, and read them back."""
        self._commanding("setting a speed")
        if await self._turning() is Turning.RUNNING:
            raise RefusedError(f"{self._link.name}: nothing is set while it turns")
        speed = wire.speed_set(setting.rpm)
        for text in (wire.SINGLE, wire.QUIET):
            await self._tell(text, pump=True)
        for text in (wire.BY_SPEED, speed, wire.RIGHT if setting.clockwise else wire.LEFT):
            await self._tell(text)
        await self._check_ready()
        kept = await self.look()
        self._before = await self._counts()
        if abs(kept.rpm - setting.rpm) > CLOSE or kept.clockwise is not setting.clockwise:
            way = "clockwise" if kept.clockwise else "the other way"
            raise RefusedError(f"{self._link.name}: it keeps {kept.rpm:g} 1/min {way}, not what was set")

    async def start(self, *, source: Container, dest: Container) -> None:  # noqa: ARG002  the binding asks the gate for them
        """Let it turn, and look whether it does; RefusedError also when its panel was set to volumes or times."""
        self._commanding("a start")
        if await self._turning() is Turning.RUNNING:
            raise RefusedError(f"{self._link.name}: it turns already")
        await self._check_ready()
        self._before = await self._counts()
        if await self._tell(wire.GO) == wire.NO:
            why = wire.cause(await self._ask(wire.WHY))
            raise RefusedError(f"{self._link.name}: it can't run as it is set: {why}")
        await self._shows(wire.GO, Turning.RUNNING)

    async def stop(self) -> None:
        """Let it stand, and look whether it does."""
        self._commanding("a stop")
        if await self._turning() is Turning.RUNNING:
            await self._tell(wire.STOP)
            await self._shows(wire.STOP, Turning.STOPPED)

    async def reconcile(self, call: Call) -> Reconciled:
        """Say from what it does, and from its counts, whether an open start or stop took effect; reads only."""
        state = await self._turning()
        if call.method == "stop":
            return Done() if state is Turning.STOPPED else NotDone()
        if state is Turning.RUNNING:
            return Done()
        if self._before is not None and await self._single() and await self._counts() == self._before:
            return NotDone()
        return Unknown("the pump stands, and may have turned")

    async def reply_of(self, call: Call) -> None:
        """Give what a start or stop answers: nothing."""

    async def _check_ready(self) -> None:
        """Refuse unless the digit means a channel, and the channel turns until it is stopped."""
        if not await self._single():
            raise RefusedError(f"{self._link.name}: {ALL_AS_ONE}")
        mode = wire.mode(await self._ask(wire.MODE))
        if mode != wire.BY_SPEED:
            raise RefusedError(f"{self._link.name}: its mode is {mode}, not {wire.BY_SPEED}; prepare it anew")

    async def _single(self) -> bool:
        return wire.single(await self._ask(wire.ADDRESSING, pump=True))

    async def _turning(self) -> Turning:
        reply = await self._exchange(wire.RUNS, pump=True, status=True)
        return Turning.RUNNING if wire.runs(reply) else Turning.STOPPED

    async def _counts(self) -> tuple[int, int]:
        turns = wire.count(await self._ask(wire.TURNS), to=wire.TURNS)
        return turns, wire.count(await self._ask(wire.PUMPED), to=wire.PUMPED)

    async def _shows(self, command: str, wanted: Turning) -> None:
        if await self._turning() is not wanted:
            raise LinkError(f"{self._link.name}: {command} was sent, and the pump is not {wanted}")

    async def _ask(self, text: str, *, pump: bool = False) -> str:
        said = await self._exchange(text, pump=pump, status=False)
        if said == wire.NOT_DONE:
            raise FailedError(f"{self._link.name}: it does not answer {text}")
        return said

    async def _tell(self, text: str, *, pump: bool = False) -> str:
        said = await self._exchange(text, pump=pump, status=True)
        if said == wire.NOT_DONE:
            raise RefusedError(f"{self._link.name}: it did not take {text}")
        return said

    async def _exchange(self, text: str, *, pump: bool, status: bool) -> str:
        frame = wire.command(self._pump if pump else self._channel, text)
        complete = wire.status_complete if status else wire.answer_complete
        return wire.said(await self._link.exchange(frame, complete, deadline=ANSWER))

    def _commanding(self, what: str) -> None:
        if not self._control:
            raise RefusedError(f"{what} needs control; this driver was given none")


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> RegloIcc:
    """Make the driver; raises InputError for a setting that is not allowed."""
    FACTORY.check(settings)
    pump, channel = (_whole(settings, key, most) for key, most in (("pump", PUMPS), ("channel", CHANNELS)))
    return RegloIcc(link, pump=pump, channel=channel, control=control)


def _whole(settings: Mapping[str, str], key: str, most: int) -> int:
    text = settings.get(key, "1")
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise InputError(f"{key} is {text!r}; a number from 1 to {most} is needed")
    return int(text)


FACTORY = Factory(
    build=build,
    interface=Pump,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="Reglo ICC manual 14-036-E rev. C, chapters 14 to 18",
    ),
    transports=("memory", "pty", "serial", "tcp"),
    settings={
        "pump": "address of the pump on its line, 1 to 8; 1 unless stated",
        "channel": "the channel that is used, 1 to 4; 1 unless stated",
    },
)

"""Driver of a Curiox Laminar Wash HT2000.

Wire:   ASCII payloads in a binary envelope, 115200 8N1 (see ``wire``).
Units:  the washer's own steps.
Source: as ``wire``; support level L1: bytes of a public program that was never run on a device, by its author or by us.
        A wash goes on to its end when the host is gone, as far as is known: nothing of a timer is published. No command
        stops it; its button does.
"""

from collections.abc import Callable, Mapping

from automation.engine.handles import Container
from automation.kernel.clock import pause
from automation.kernel.effect import Call, Done, Reconciled, Unknown
from automation.kernel.errors import LinkError, RefusedError
from automation.kernel.quantity import Seconds
from instruments.drivers.by_person import declared
from instruments.drivers.curiox_ht2000 import wire
from instruments.drivers.factory import Factory
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.plate_washer import (
    Drain,
    PlateWash,
    PlateWasher,
    PlateWasherState,
    PlateWasherStatus,
    Routine,
    Tray,
)
from instruments.transport import Link

ANSWER = Seconds(10.0)  # s, as the public program waits
EVERY, LOOKS = Seconds(1.0), 30  # s between looks, and how many

_STATES = {
    wire.READY: PlateWasherState.READY,
    wire.BUSY: PlateWasherState.BUSY,
    wire.FAILED: PlateWasherState.FAILED,
    wire.STOPPED: PlateWasherState.STOPPED,
}


class CurioxHt2000:
    """A ``PlateWasher`` that speaks the Laminar Wash protocol.

    RefusedError: no control, it works already, there is no plate, nothing was set, or it answers with an error; nothing
    was done. LinkError: silence, or what was asked for does not show. WireError: the answer breaks the grammar.
    """

    def __init__(self, link: Link, identity: Identity, *, control: bool) -> None:
        """Use a link; who it is the site states, because it tells nothing of itself."""
        self.links = (link,)
        self._link, self._identity, self._control = link, identity, control
        self._set = False  # a wash was set by this process; it can't be read back

    async def identify(self) -> Identity:
        """Give what the site states, once the washer has answered."""
        wire.ping(await self._exchange(wire.PING))
        return self._identity

    async def look(self) -> PlateWasherStatus:
        """Read its report."""
        seen = wire.report(await self._exchange(wire.REPORT))
        return PlateWasherStatus(
            state=_STATES[seen.status],
            tray=Tray.OUT if seen.out else Tray.IN,
            loaded=seen.loaded,
            spilled=seen.spilled,
            operating=seen.operating,
            error=seen.error,
        )

    async def move_tray(self, *, to: Tray) -> None:
        """Look where the tray is, and toggle it only when it is elsewhere; then wait until it is there."""
        seen = await self._ready("the tray moves")
        if seen.tray is to:
            return
        await self._tell(wire.TRAY)
        await self._until(lambda now: now.tray is to and now.state is PlateWasherState.READY, f"the tray is not {to}")

    async def prepare(self, *, wash: PlateWash) -> None:
        """Leave the service mode and send the wash; what it keeps can't be read back."""
        payload = wire.wash(washes=wash.washes, volume=wash.initial_volume, flow=wash.flow, channel=wash.channel)
        seen = await self._ready("a wash is set")
        if not seen.operating:
            await self._tell(wire.OPERATE)
            await self._until(lambda now: now.operating, "it stays in its service mode")
        self._set = False
        await self._tell(payload)
        self._set = True

    async def wash(self, *, plate: Container) -> None:
        """Start the wash, and look whether it works."""
        seen = await self._ready(f"the wash of {plate.id} starts")
        if not seen.loaded:
            raise RefusedError(f"{self._link.name}: no plate lies on the tray")
        if not self._set:
            raise RefusedError(f"{self._link.name}: no wash was set since the program began; set it anew")
        await self._start(wire.WASH)

    async def prime(self, *, routine: Routine) -> None:
        """Start to prime, and look whether it works."""
        await self._ready("it primes")
        await self._start(wire.PRIMES[routine])

    async def drain(self, *, what: Drain) -> None:
        """Drain, and wait until it is ready again."""
        await self._ready("it drains")
        await self._tell(wire.DRAINS[what])
        await self._until(lambda now: now.state is PlateWasherState.READY, "it does not end to drain")

    async def recover(self) -> None:
        """Bring the axes home, and wait until it is ready; while it works, nothing is sent."""
        self._commanding("to recover")
        if (await self.look()).state is PlateWasherState.BUSY:
            raise RefusedError(f"{self._link.name}: it works; an error is recovered from when it has stopped")
        await self._tell(wire.HOME)
        await self._until(lambda now: now.state is PlateWasherState.READY, "it does not come home")

    async def reconcile(self, call: Call) -> Reconciled:
        """Say whether an open wash or prime took effect: it did while it works; afterwards it can't say."""
        seen = await self.look()
        if seen.state is PlateWasherState.BUSY:
            return Done()
        return Unknown(f"it is {seen.state}; whether it did {call.method} before, it does not tell")

    async def reply_of(self, call: Call) -> None:
        """Give what a wash or prime answers: nothing."""

    async def _start(self, payload: str) -> None:
        await self._tell(payload)
        await self._until(lambda now: now.state is PlateWasherState.BUSY, f"{payload} was sent, and it does not work")

    async def _ready(self, what: str) -> PlateWasherStatus:
        self._commanding(what)
        seen = await self.look()
        if seen.state is not PlateWasherState.READY:
            raise RefusedError(f"{self._link.name}: it is {seen.state} {seen.error}".rstrip() + f"; {what} when ready")
        return seen

    async def _until(self, shown: Callable[[PlateWasherStatus], bool], otherwise: str) -> None:
        """Look until it shows; an error of the device ends the waiting."""
        seen = await self.look()
        for _ in range(LOOKS):
            if shown(seen):
                return
            if seen.state in {PlateWasherState.FAILED, PlateWasherState.STOPPED}:
                break
            await pause(EVERY)
            seen = await self.look()
        raise LinkError(f"{self._link.name}: {otherwise} ({seen.state} {seen.error})")

    async def _tell(self, payload: str) -> None:
        if wire.acknowledged(await self._exchange(payload)) == wire.FAILED:
            seen = await self.look()
            raise RefusedError(f"{self._link.name}: it refuses {payload} ({seen.error or seen.state})")

    async def _exchange(self, payload: str) -> bytes:
        return await self._link.exchange(wire.command(payload), wire.Answer(payload), deadline=ANSWER)

    def _commanding(self, what: str) -> None:
        if not self._control:
            raise RefusedError(f"{what} only with control; this driver was given none")


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> CurioxHt2000:
    """Make the driver; raises InputError for a setting that is not allowed."""
    FACTORY.check(settings)
    return CurioxHt2000(link, declared({"maker": "Curiox", "model": "HT2000", **settings}), control=control)


FACTORY = Factory(
    build=build,
    interface=PlateWasher,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.UNKNOWN,
        source="PyLabRobot main, pylabrobot/curiox/ht2000.py; not tried on a device by its author",
    ),
    transports=("memory", "pty", "serial", "tcp"),
    settings={
        "serial": "serial number on the rating plate; the washer does not tell it",
        "firmware": "its software, as it shows it",
    },
)

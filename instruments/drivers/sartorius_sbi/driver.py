"""Driver of Sartorius balances that speak SBI (Entris II, Cubis, Quintix, older ones).

Wire:   ESC commands, lines of 16 or 22 characters (see ``wire``). The balance's menu has to let ``P`` print at once.
Units:  g, s.
Source: as ``wire``; support level L1, never run on a balance by us.

A tare answers nothing and can't be read: what stands is what this driver has tared since its start, and both a tare and
a zero are looked at afterwards. Who tares at the balance itself is not seen; after silence no tare is told any more.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from automation.kernel.clock import pause
from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import LinkError, RefusedError
from automation.kernel.quantity import Grams, Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.sartorius_sbi import wire
from instruments.interfaces.balance import Balance, Tared, Weighing, Weight
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.transport import Link

ANSWER = Seconds(2.0)  # s; 22 characters at 1200 baud are 0.2 s
PATIENCE = Seconds(25.0)  # s in which a weight may settle, twice of which fit into the deadline of a tare
PAUSE = Seconds(0.3)  # s between looks at a weight that is not stable
NEAR = Grams(0.05)  # a tared or zeroed pan reads no more; two looks at one weight differ by no more
_MOVING = Weighing(Weight.MOVING, None)


class SartoriusSbi:
    """A ``Balance`` that speaks SBI.

    RefusedError: the driver is read-only, or nothing settles; nothing changed. FailedError: the balance reports an
    error or another unit. LinkError: silence, or a tare whose effect does not show. WireError: the line breaks the
    grammar.
    """

    def __init__(self, link: Link, *, control: bool) -> None:
        """Speak over ``link``; without control nothing is tared."""
        self.links = (link,)
        self._link, self._control = link, control
        self._tare: Grams | None = None  # that stands by our own doing
        self._before: Grams | None = None  # what the pan read before the last tare or zero of this process

    async def identify(self) -> Identity:
        """Read model and serial number."""
        model, serial = wire.words(await self._ask(wire.MODEL)), wire.words(await self._ask(wire.SERIAL))
        return Identity("Sartorius", model, serial)

    async def look(self) -> Weighing:
        """Give what stands on the pan now, stable or not."""
        return wire.weighing(await self._ask(wire.PRINT))

    async def weigh(self) -> Weighing:
        """Wait for a stable weight that a second look confirms, as the line has no check sum; MOVING without one."""
        clock = asyncio.get_running_loop().time
        end, before = clock() + float(PATIENCE), _MOVING
        while True:
            seen = await self.look()
            if seen.state in {Weight.OVER, Weight.UNDER} or _agree(before, seen):
                return replace(seen, tare=self._tare)
            if clock() + float(PAUSE) > end:
                return Weighing(Weight.MOVING, seen.net, seen.shown)
            before = seen
            await pause(PAUSE)

    async def tare(self) -> Tared:
        """Store what stands on the pan as tare, once it is stable; the pan has to read zero then."""
        stood = await self._do(wire.TARE, "tare")
        self._tare = (self._tare or Grams(0.0)) + stood
        return Tared(self._tare)

    async def zero(self) -> Tared:
        """Set the empty pan to zero, once it is stable; it has to read zero then."""
        await self._do(wire.ZERO, "zero")
        self._tare = Grams(0.0)
        return Tared(Grams(0.0))

    async def reconcile(self, call: Call) -> Reconciled:
        """Say from what the pan reads whether an open tare or zero took effect; reads only."""
        seen, before = await self.weigh(), self._before
        if seen.state is not Weight.STABLE or seen.net is None:
            return Unknown(f"the balance gives no stable weight ({seen.state})")
        if before is None or abs(before) <= NEAR:
            return Unknown(f"the pan reads {seen.shown}: it may have read so before it")
        if abs(seen.net) <= NEAR:
            return Done(await self.reply_of(call))
        if abs(seen.net - before) <= NEAR:
            return NotDone()
        return Unknown(f"the pan reads {seen.shown} and read {float(before):g} g before: something else has changed")

    async def reply_of(self, call: Call) -> Tared:
        """Give what a tare or zero has stored, once a person has seen that it took effect."""
        stood = self._before or Grams(0.0) if call.method == "tare" else Grams(0.0)
        self._tare = stood
        return Tared(stood)

    async def _do(self, command: str, what: str) -> Grams:
        """Send a command that answers nothing, once, over a stable pan, and look; gives what stood there before (g)."""
        if not self._control:
            raise RefusedError(f"{self._link.name}: the driver is read-only; {what} is refused")
        stood = await self.weigh()
        if stood.state is not Weight.STABLE or stood.net is None:
            raise RefusedError(f"{self._link.name}: {what} is refused: the balance shows {stood.state}")
        self._before = stood.net
        await self._link.send(wire.command(command))
        await pause(PAUSE)
        now = await self.weigh()
        if now.net is None or abs(now.net) > NEAR:
            raise LinkError(
                f"{self._link.name}: a {what} was sent, and the pan reads {now.shown or now.state}, not zero"
            )
        return stood.net

    async def _ask(self, command: str) -> bytes:
        try:
            return await self._link.exchange(wire.command(command), wire.complete, deadline=ANSWER)
        except LinkError:
            self._tare = None  # a power cut would have forgotten it
            raise


def _agree(before: Weighing, seen: Weighing) -> bool:
    """Tell whether two looks one after the other show one stable weight."""
    stable = before.state is seen.state is Weight.STABLE
    return stable and before.net is not None and seen.net is not None and abs(before.net - seen.net) <= NEAR


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> SartoriusSbi:
    """Make the driver; raises InputError for a setting that is not allowed."""
    FACTORY.check(settings)
    return SartoriusSbi(link, control=control)


FACTORY = Factory(
    build=build,
    interface=Balance,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="Sartorius manuals GC803, MSE, Quintix, Master series; Entris II technical note",
    ),
    transports=("memory", "pty", "serial", "tcp"),
    settings={},
)

"""Driver of balances that speak MT-SICS.

Wire:   ASCII lines ended by CR LF, 9600 8N1 (see ``wire``); one command at a time, as the manual asks.
Units:  g, s.
Source: MT-SICS reference manuals (numbers and chapters in ``wire``); support level L1, never run on a balance by us.

The balance itself waits for stability, for a time that is set in it. Nothing that is sent resets or adjusts it; only
``tare`` and ``zero`` change something, and neither is ever repeated.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from automation.kernel.clock import pause
from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import FailedError, InputError, RefusedError, WireError
from automation.kernel.ids import digest
from automation.kernel.quantity import Grams, Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.mt_sics import wire
from instruments.interfaces.balance import Balance, Tared, Weighing, Weight
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.transport import Link

ANSWER = Seconds(3.0)  # s, for a question that does not wait for stability
PATIENCE = Seconds(20.0)  # s, that the balance waits for stability unless the site says otherwise
LONGEST = Seconds(25.0)  # s; more does not fit twice into the deadline of a weighing
WITHIN = Seconds(52.0)  # s, of the 60 s of a weighing, in which stability is asked for
PAUSE = Seconds(0.5)  # s before a balance that could not is asked again
NEAR_ZERO = 5  # steps of the last digit; a tared pan reads no more than this, nor do two looks differ by more
CLEAN = 3  # times a weight is asked for when something else arrives with it

_STATES = {"S": Weight.STABLE, "D": Weight.MOVING, "+": Weight.OVER, "-": Weight.UNDER}


class MtSicsBalance:
    """A ``Balance`` that speaks MT-SICS.

    RefusedError: the driver is read-only, or the balance did not take the command; nothing changed.
    FailedError: the balance answered and could not, shows another unit than g, or reports a fault of its own.
    LinkError: the link broke or stayed silent. WireError: the reply breaks the grammar.
    """

    def __init__(self, link: Link, *, control: bool, patience: Seconds = PATIENCE) -> None:
        """Speak over ``link``; ``patience`` (s) is how long the balance waits for stability, as it is set there."""
        self.links = (link,)
        self._link = link
        self._control = control
        self._patience = patience
        self._before: Grams | None = None  # tare that stood before the last one; None when this process sent none

    async def identify(self) -> Identity:
        """Read model, serial number and software; the digest is of the command levels and the capacity.

        A balance that still works on what it was asked before, perhaps by a program that was killed, is waited for.
        """
        first = await self._fields("I4", patience=self._patience)
        rest = [await self._fields(name) for name in ("I2", "I3", "I1")]
        serial, model, software, level = map(" ".join, (first, *rest))
        configuration = digest(model, level).hex()[:16]
        return Identity("Mettler Toledo", model, serial, software, configuration)

    async def weigh(self) -> Weighing:
        """Wait for a stable weight that a second look confirms: the line has no check sum. MOVING when there is none.

        The tare that stands comes along.
        """
        found, seen = await self._settled(), await self.look()
        if found is None or not _agree(found, seen):
            found = seen if seen.net is None else replace(seen, state=Weight.MOVING)
        return replace(found, tare=(await self._tare()).value)

    async def look(self) -> Weighing:
        """Give what stands on the pan now, stable or not; raises FailedError when the balance is busy."""
        seen = await self._weight("SI")
        if seen is None:
            raise FailedError(self._said("SI", "I"))
        return seen

    async def tare(self) -> Tared:
        """Store what stands on the pan as tare, once it is stable."""
        await self._ready("tare")
        self._before = None
        self._before = (await self._tare()).value
        return Tared(wire.mass(await self._do("T")).value)

    async def zero(self) -> Tared:
        """Set the empty pan to zero, once it is stable; the tare is forgotten."""
        await self._ready("zero")
        await self._do("Z")
        return Tared(Grams(0.0))

    async def reconcile(self, call: Call) -> Reconciled:
        """Say from the stored tare and from what the pan reads whether an open tare or zero took effect; reads only."""
        try:
            now = await self._settled()
            tare = await self._tare()
        except FailedError as error:
            return Unknown(str(error))
        if now is None or now.net is None:
            return Unknown(f"the balance gives no stable weight ({now.state if now else Weight.MOVING})")
        near = abs(now.net) <= tare.step * NEAR_ZERO
        if call.method == "tare":
            return _settle_tare(tare.value, near=near, shown=now.shown, before=self._before)
        return _settle_zero(tare.value, near=near, shown=now.shown)

    async def reply_of(self, call: Call) -> Tared:  # noqa: ARG002  a tare and a zero both leave what stands now
        """Read what a tare or zero has left, once a person has seen that it took effect."""
        return Tared((await self._tare()).value)

    async def _settled(self) -> Weighing | None:
        """Ask for a stable weight, again while there is time; None when there is none."""
        clock = asyncio.get_running_loop().time
        end = clock() + float(WITHIN)
        seen = await self._weight("S")
        while seen is None and clock() + float(PAUSE + self._patience + ANSWER) <= end:
            await pause(PAUSE)
            seen = await self._weight("S")
        return seen

    async def _ready(self, what: str) -> None:
        """Refuse what can't succeed before anything is sent that changes something."""
        if not self._control:
            msg = f"{self._link.name}: the driver is read-only; {what} is refused"
            raise RefusedError(msg)
        try:
            await self.look()
        except FailedError as error:
            msg = f"{self._link.name}: {what} is refused: {error}"
            raise RefusedError(msg) from error

    async def _do(self, command: str) -> tuple[str, ...]:
        """Send a command that changes something, once; gives what it says."""
        reply = await self._ask(command, self._patience + ANSWER)
        if reply.status not in {"S", "D", "A"}:
            raise FailedError(self._said(command, reply.status))
        return reply.fields

    async def _tare(self) -> wire.Mass:
        return wire.mass(await self._fields("TA"))

    async def _fields(self, command: str, *, patience: Seconds = Seconds(0.0)) -> tuple[str, ...]:
        """Ask, again for so long (s) as the balance is busy; gives what it says."""
        clock = asyncio.get_running_loop().time
        end = clock() + float(patience)
        reply = await self._ask(command, ANSWER)
        while reply.status == "I" and clock() + float(PAUSE) <= end:
            await pause(PAUSE)
            reply = await self._ask(command, ANSWER)
        if reply.status != "A":
            raise FailedError(self._said(command, reply.status))
        return reply.fields

    async def _weight(self, command: str) -> Weighing | None:
        """Ask for a weight; None when the balance is busy or did not become stable in its time."""
        deadline = self._patience + ANSWER if command == "S" else ANSWER
        reply = await self._alone(command, deadline)
        if reply.status == "I":
            return None
        state = _STATES.get(reply.status)
        if state is None:
            raise FailedError(self._said(command, reply.status))
        if state in {Weight.OVER, Weight.UNDER}:
            return Weighing(state, None)
        mass = wire.mass(reply.fields)
        return Weighing(state, mass.value, mass.shown)

    async def _alone(self, command: str, deadline: Seconds) -> wire.Reply:
        """Ask until nothing else comes with the answer: a weight of a stream looks like one, and a question ends it."""
        for _ in range(CLEAN):
            stray = self._link.unsolicited
            last = stray[-1] if stray else None
            reply = await self._ask(command, deadline)
            if (stray[-1] if stray else None) is last:
                return reply
        msg = f"{self._link.name}: weights keep coming that nobody asked for; none of them is taken for the answer"
        raise WireError(msg)

    async def _ask(self, command: str, deadline: Seconds) -> wire.Reply:
        received = await self._link.exchange(wire.line(command), wire.Until(command), deadline=deadline)
        return wire.answer(command, received)[-1]

    def _said(self, command: str, status: str) -> str:
        why = wire.STATES.get(status, f"status {status!r} is not known")
        return f"{self._link.name}: the balance answers {command} with {status}: {why}"


def _agree(first: Weighing, second: Weighing) -> bool:
    """Tell whether two answers in a row say the same weight, within a few steps of the last digit."""
    if first.net is None or second.net is None:
        return first.state is second.state
    step = wire.mass(tuple(first.shown.split())).step
    return abs(first.net - second.net) <= step * NEAR_ZERO


def _settle_tare(tare: Grams, *, near: bool, shown: str, before: Grams | None) -> Reconciled:
    """Without a stored tare nothing was tared; a pan that reads zero over another one than before was.

    An older tare of a container that weighs the same looks like this one, so ``before`` has to be known.
    """
    if near and float(tare) and before is not None and tare != before:
        return Done(Tared(tare))
    if not near and not float(tare):
        return NotDone()
    return Unknown(
        f"the stored tare is {float(tare):g} g and the pan reads {shown}: it may be of this tare or before it"
    )


def _settle_zero(tare: Grams, *, near: bool, shown: str) -> Reconciled:
    """A zeroed pan reads zero over no tare; zeroing forgets the tare, so one that stands was not zeroed away."""
    if float(tare):
        return NotDone()
    if near:
        return Done(Tared(Grams(0.0)))
    return Unknown(f"there is no tare and the pan reads {shown}: something may have been put on it since")


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> MtSicsBalance:
    """Make the driver from the settings of a site; raises InputError for a patience that is not a time in range."""
    stated = settings.get("patience", f"{PATIENCE:g}")
    try:
        patience = Seconds(float(stated))
    except ValueError:
        patience = Seconds(0.0)
    if not Seconds(1.0) <= patience <= LONGEST:
        msg = f"patience is {stated!r}; a time from 1 to {LONGEST:g} s is needed, as it is set in the balance"
        raise InputError(msg, where="patience")
    return MtSicsBalance(link, control=control, patience=patience)


FACTORY = Factory(
    build=build,
    interface=Balance,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="Mettler Toledo MT-SICS reference manuals 11780711, 11781363, 30014405",
    ),
    transports=("memory", "pty", "serial", "tcp"),
    settings={
        "patience": f"s, how long the balance waits for stability, as it is set there; {PATIENCE:g} unless stated"
    },
)

"""Driver of Lighthouse particle counters over Modbus ASCII or TCP.

Wire:   Modbus (see ``wire``), 19200 8N1 on a serial line, one request at a time.
Units:  um, L, s, L/min; counts are particles. The counter tells cumulative counts; both forms are given.
Source: Lighthouse MODBUS register map v1.44 to v1.50 (pages in ``wire``); support level L1, never run on a counter.
Writes: start, stop, and the index of the record that is shown; nothing else, so the buffer is never cleared.

Reading a record makes it no longer new. So it is taken by its number, once: bytes that came are on the record before
they are understood, and a record whose answer was lost is read again only when a person has decided.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from automation.kernel.effect import Call, Done, NotDone, Reconciled, Unknown
from automation.kernel.errors import FailedError, InputError, RefusedError
from automation.kernel.quantity import Instant, Litres, Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.lighthouse import wire
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.particle_counter import Counted, CounterState, CountRecord, ParticleCounter
from instruments.transport import Link, modbus
from instruments.transport.line import line_settings
from instruments.transport.modbus_lines import Exchange, Framer, Framing

ANSWER = Seconds(2.0)  # s, for one request and its answer at 19200 baud; assumed
LINE = "19200 8N1"
FRAMINGS = (Framing.ASCII, Framing.TCP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a site says of its counter: sizes (um, smallest first) and flow (L/min) of its label."""

    sizes: tuple[float, ...]
    flow: float
    unit: int
    framing: Framing


class Lighthouse:
    """A ``ParticleCounter``.

    RefusedError: the counter stands otherwise than the call needs, said no, or there is no control; nothing changed.
    FailedError: it acknowledged and does not do it. LinkError, WireError: the effect is unknown.
    """

    def __init__(self, link: Link, stated: Stated, *, control: bool) -> None:
        """Use a link; without control nothing is written and no record is taken."""
        self.links = (link,)
        self._link = link
        self._stated = stated
        self._unit = stated.unit
        self._framer = Framer(stated.framing)
        self._control = control

    async def identify(self) -> Identity:
        """Read product and model, serial number and firmware."""
        asked = wire.read_identity(self._unit)
        model, serial, firmware = wire.identity(asked.data(await self._ask(asked)))
        return Identity("Lighthouse", model, serial, firmware)

    async def look(self) -> CounterState:
        """Read status, flow and number of records in one exchange, none of which takes a record."""
        now = await self._state()
        running, sampling, new = (now.has(bit) for bit in (wire.RUNNING, wire.SAMPLING, wire.NEW_DATA))
        return CounterState(running, sampling, new, now.records, now.flow, now.faults)

    async def start(self) -> None:
        """Start by the times that are set at the counter."""
        await self._command(wire.Command.START, running=True)

    async def stop(self) -> None:
        """Stop."""
        await self._command(wire.Command.STOP, running=False)

    async def take(self, *, record: int) -> CountRecord:
        """Let the data registers show the last record and read it, in one exchange."""
        if not self._control:
            raise RefusedError(f"{self._link.name}: taking a record needs control; this driver was given none")
        now = await self._state()
        if now.records != record or not now.has(wire.NEW_DATA):
            new = "the newest of them is new" if now.has(wire.NEW_DATA) else "none of them is new"
            raise RefusedError(f"{self._link.name}: record {record} is asked for; there are {now.records}, and {new}")
        return await self._record(record)

    async def reconcile(self, call: Call) -> Reconciled:
        """Tell from the status whether a call took effect; a record that is no longer new was read by somebody."""
        now = await self._state()
        running = now.has(wire.RUNNING)
        match call.method:
            case "start":
                return Done() if running else Unknown("it stands still: never started, or stopped since")
            case "stop":
                return NotDone() if running else Done()
            case _:
                if now.records == call.arguments.get("record") and now.has(wire.NEW_DATA):
                    return NotDone()
                return Unknown(f"there are {now.records} records, and the newest is new: {now.has(wire.NEW_DATA)}")

    async def reply_of(self, call: Call) -> object:
        """Give a record that a person has seen to be taken, as long as it is the newest: nothing is lost by that."""
        if call.method != "take":
            return None
        now, record = await self._state(), int(str(call.arguments.get("record")))
        if now.records != record or now.has(wire.NEW_DATA):
            raise FailedError(f"{self._link.name}: record {record} is not the newest any more; it is in the counter")
        return await self._record(record)

    async def _record(self, number: int) -> CountRecord:
        await self._tell(wire.choose_last(self._unit))
        asked = wire.read_record(self._unit, len(self._stated.sizes))
        one = wire.record(asked.data(await self._ask(asked)))
        shares = zip(self._stated.sizes, one.counts, wire.differential(one.counts), strict=True)
        return CountRecord(
            number,
            Instant(float(one.at)),
            Seconds(float(one.seconds)),
            Litres(one.seconds / 60.0 * self._stated.flow),
            one.location,
            tuple(Counted(size, many, alone) for size, many, alone in shares),
            one.faults,
        )

    async def _command(self, what: wire.Command, *, running: bool) -> None:
        if not self._control:
            raise RefusedError(f"{self._link.name}: {what.name.lower()} needs control; this driver was given none")
        word = "runs" if running else "stands still"
        if (await self._state()).has(wire.RUNNING) is running:
            raise RefusedError(f"{self._link.name}: the counter {word} already")
        await self._tell(wire.command(self._unit, what))
        if (await self._state()).has(wire.RUNNING) is not running:
            raise FailedError(f"{self._link.name}: told to {what.name.lower()}, it acknowledged and does not")

    async def _state(self) -> wire.State:
        asked = wire.read_state(self._unit)
        return wire.state(asked.data(await self._ask(asked)))

    async def _tell(self, write: modbus.WriteOne) -> None:
        write.check(await self._ask(write))

    async def _ask(self, asked: Exchange) -> bytes:
        framed = self._framer.framed(asked)
        return framed.rtu(await self._link.exchange(framed.frame, framed.complete, deadline=ANSWER))


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> Lighthouse:
    """Make the driver from the settings of a site; raises InputError for one that is not allowed."""
    FACTORY.check(settings)
    framing = settings.get("framing", Framing.ASCII.value)
    if framing not in FRAMINGS:
        raise InputError(f"framing is {framing!r}; allowed: {', '.join(FRAMINGS)}")
    unit = settings.get("unit", "1")
    if not (unit.isascii() and unit.isdecimal()) or len(unit) > 3 or not 1 <= int(unit) <= 247:
        raise InputError(f"unit is {unit!r}; a whole number from 1 to 247 is needed")
    wanted, actual = settings.get("line", LINE), link.stream.settings
    if actual[:1].isdigit() and line_settings(wanted) != line_settings(actual):
        raise InputError(f"{link.name} is set to {actual}; the counter needs {wanted}")
    flow = settings.get("flow", "")
    if not wire.FLOW_FORM.fullmatch(flow) or not 0.0 < float(flow) <= wire.MOST_FLOW:
        raise InputError(f"flow is {flow!r}; the flow of the counter's label in L/min is needed, for example '28.3'")
    sizes = wire.sizes(settings.get("sizes", ""))
    stated = Stated(sizes=sizes, flow=float(flow), unit=int(unit), framing=Framing(framing))
    return Lighthouse(link, stated, control=control)


FACTORY = Factory(
    build=build,
    interface=ParticleCounter,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="Lighthouse MODBUS register map v1.44 to v1.50 (248083317, -336, -387, -389, -400, -401, -408, -440)",
    ),
    transports=("memory", "pty", "serial", "tcp"),
    settings={
        "sizes": "the sizes in um on the counter's label, smallest first, for example '0.5,5.0'",
        "flow": "the flow in L/min on the counter's label, for example '28.3'",
        "unit": "the counter's address, 1 to 247; 1 unless stated",
        "framing": "ascii (serial) or tcp (newer models); ascii unless stated",
        "line": f"how the serial line of the counter is set; {LINE} unless stated",
    },
)

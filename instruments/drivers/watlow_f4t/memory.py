"""The controller's registers by exchange: one parameter, or one stored profile at a time.

Units:  degC, K/min, s.
Source: ``wire``.
"""

from automation.kernel.errors import FailedError, RefusedError
from automation.kernel.quantity import Seconds
from instruments.drivers.watlow_f4t import wire
from instruments.drivers.watlow_f4t.programs import EXACT, Step
from instruments.drivers.watlow_f4t.settings import Settings
from instruments.drivers.watlow_f4t.wire import Kind
from instruments.transport import Link, modbus
from instruments.transport.modbus_lines import Exchange, Framer

ANSWER = Seconds(2.0)  # s, for one request and its answer; assumed
TIMED = frozenset({Kind.SOAK, Kind.INSTANT, Kind.RAMP_TIME})
AIMED = frozenset({Kind.INSTANT, Kind.RAMP_TIME, Kind.RAMP_RATE})


class Memory:
    """The registers behind a link; each method raises RefusedError for an exception, LinkError or WireError."""

    def __init__(self, link: Link, given: Settings) -> None:
        """Speak over ``link`` as the site says."""
        self._link, self._given = link, given
        self._framer = Framer(given.framing)

    async def read(self, address: int, count: int = 1) -> bytes:
        """Read registers."""
        asked = modbus.Read(self._given.unit, address, count=count)
        return asked.data(await self._ask(asked))

    async def word(self, address: int) -> int:
        """Read a word."""
        return wire.word(await self.read(address))

    async def number(self, address: int) -> float:
        """Read a float."""
        return wire.number(await self.read(address, 2))

    async def put(self, address: int, value: int) -> None:
        """Write a word."""
        await self._ask(modbus.WriteOne(self._given.unit, address, value=value))

    async def put_number(self, address: int, value: float) -> None:
        """Write a float."""
        await self._ask(modbus.Write(self._given.unit, address, data=wire.pack_number(value)))

    async def select(self, *, control: bool) -> None:
        """Let the registers of steps be those of the site's profile; refused without control when another one is."""
        if await self.word(wire.SELECT) == self._given.profile:
            return
        if not control:
            raise RefusedError(f"{self._link.name}: another profile is selected, and selecting one needs control")
        await self.put(wire.SELECT, self._given.profile)

    async def write_profile(self, name: str, steps: tuple[Step, ...]) -> None:
        """Write the profile of the site's number: its name, no log, and its steps."""
        await self.select(control=True)
        await self.put(wire.EDIT, wire.ADDS)
        data = wire.pack_text(name, wire.NAME_WORDS)
        await self._ask(modbus.Write(self._given.unit, wire.NAME, data=data))
        await self.put(wire.LOG, wire.NO)
        for number, step in enumerate(steps, 1):
            at = wire.step(number)
            await self.put(at + wire.TYPE, step.kind)
            if step.kind is Kind.END:
                await self.put(at + wire.END_MODE, wire.HOLDS)
                continue
            if step.kind is Kind.RAMP_RATE:
                await self.put_number(at + wire.RATE, step.rate * self._given.per)
            if step.kind in AIMED:
                await self.put_number(at + wire.TARGET, step.target)
            await self.put(at + wire.SOAK_GUARANTEED, wire.OFF)
            if step.kind in TIMED:
                minutes, seconds = divmod(step.seconds, 60)
                for offset, value in (
                    (wire.SECONDS, seconds),
                    (wire.MINUTES, minutes % 60),
                    (wire.HOURS, minutes // 60),
                ):
                    await self.put(at + offset, value)

    async def read_profile(self) -> tuple[Step, ...]:
        """Read the steps of the selected profile, without its end.

        Raises FailedError for a profile that is not there, or was never written by this: another end, guaranteed soak.
        """
        count = await self.word(wire.COUNT)
        steps: list[Step] = []
        for number in range(1, min(count, wire.MOST_STEPS) + 1):
            at = wire.step(number)
            kind = wire.kind(await self.word(at + wire.TYPE))
            if kind is Kind.END:
                await self._expect(at + wire.END_MODE, wire.HOLDS)
                return tuple(steps)
            await self._expect(at + wire.SOAK_GUARANTEED, wire.OFF)
            steps.append(await self._step(at, kind))
        raise FailedError(f"{self._link.name}: profile {self._given.profile} has {count} steps and no end among them")

    async def _step(self, at: int, kind: Kind) -> Step:
        target = await self.number(at + wire.TARGET) if kind in AIMED else 0.0
        rate = await self.number(at + wire.RATE) / self._given.per if kind is Kind.RAMP_RATE else 0.0
        data = await self.read(at + wire.HOURS, 5) if kind in TIMED else bytes(10)
        seconds = 3600 * wire.word(data) + 60 * wire.word(data, 2) + wire.word(data, 4)
        return Step(kind, round(target, EXACT), rate=round(rate, EXACT), seconds=seconds)

    async def _expect(self, address: int, value: int) -> None:
        stands = await self.word(address)
        if stands != value:
            raise FailedError(
                f"{self._link.name}: register {address} holds {stands}; {value} belongs to a freezing program"
            )

    async def _ask(self, asked: Exchange) -> bytes:
        framed = self._framer.framed(asked)
        reply = framed.rtu(await self._link.exchange(framed.frame, framed.complete, deadline=ANSWER))
        try:
            asked.check(reply)
        except RefusedError as refusal:
            raise RefusedError(f"{self._link.name}: {refusal}") from None
        return reply

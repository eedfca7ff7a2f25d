"""The controller's registers by exchange: one parameter or one stored program at a time.

Units:  degC, K/min, ms.
Source: ``wire.registers``.
"""

from automation.kernel.errors import FailedError, WireError
from instruments.drivers.eurotherm.programs import Block
from instruments.drivers.eurotherm.wire import registers as r
from instruments.transport import Link, modbus

_GENERAL = ((r.HOLDBACK_TYPE, r.Holdback.NONE), (r.RAMP_UNITS, r.MINUTES), (r.DWELL_UNITS, r.MINUTES), (r.CYCLES, 1))


class Memory:
    """The registers of one unit on a link; each method raises RefusedError, LinkError or WireError."""

    def __init__(self, link: Link, unit: int) -> None:
        """Speak to ``unit`` (1..254) over ``link``."""
        self._link = link
        self._unit = unit

    async def ask(self, read: modbus.Read) -> bytes:
        """Give the registers that a prepared request reads."""
        return read.data(await self._link.exchange(read.frame, read.complete))

    async def word(self, address: int) -> int:
        """Read an unsigned word."""
        return r.word(await self.ask(modbus.Read(self._unit, address, count=1)))

    async def signed(self, address: int) -> int:
        """Read a signed word."""
        return r.signed(await self.ask(modbus.Read(self._unit, address, count=1)))

    async def number(self, address: int) -> float:
        """Read a parameter in full from the image."""
        return r.number(await self.ask(modbus.Read(self._unit, r.image(address), count=2)))

    async def put_word(self, address: int, value: int) -> None:
        """Write a word."""
        await self._send(modbus.WriteOne(self._unit, address, value=value))

    async def put_number(self, address: int, value: float) -> None:
        """Write a parameter in full to the image."""
        await self._send(modbus.Write(self._unit, r.image(address), data=r.pack_number(value)))

    async def write_program(self, program: int, blocks: tuple[Block, ...]) -> None:
        """Write a program's general block and its segments, the end included."""
        for offset, value in _GENERAL:
            await self.put_word(r.block(program) + offset, value)
        for segment, block in enumerate(blocks, 1):
            at = r.block(program, segment)
            await self.put_word(at + r.SEG_TYPE, block.type)
            match block.type:
                case r.Type.RAMP_RATE:
                    await self.put_number(at + r.SEG_TARGET, block.target)
                    await self.put_number(at + r.SEG_RATE, block.rate)
                case r.Type.STEP:
                    await self.put_number(at + r.SEG_TARGET, block.target)
                case r.Type.DWELL:
                    data = r.pack_milliseconds(block.duration)
                    await self._send(modbus.Write(self._unit, r.image(at + r.SEG_RATE), data=data))
                case _:
                    await self.put_word(at + r.SEG_END, r.End.DWELL)

    async def read_program(self, program: int) -> tuple[Block, ...]:
        """Read a program's segments up to and including its end; raises FailedError for what was never written by this.

        A holdback, other units, several cycles or a reset at the end are such.
        """
        await self._expect(program)
        blocks: list[Block] = []
        for segment in range(1, r.BLOCKS):
            block = await self._read_block(r.block(program, segment))
            blocks.append(block)
            if block.type is r.Type.END:
                return tuple(blocks)
        msg = f"program {program} has no end in {r.BLOCKS - 1} segments"
        raise FailedError(msg)

    async def _read_block(self, at: int) -> Block:
        kind = await self.word(at + r.SEG_TYPE)
        if kind not in set(r.Type):
            msg = f"segment type at {at} is {kind}; 0 to 5 are listed"
            raise WireError(msg)
        match r.Type(kind):
            case r.Type.RAMP_RATE:
                return Block(
                    r.Type.RAMP_RATE,
                    await self.number(at + r.SEG_TARGET),
                    rate=await self.number(at + r.SEG_RATE),
                )
            case r.Type.STEP:
                return Block(r.Type.STEP, await self.number(at + r.SEG_TARGET))
            case r.Type.DWELL:
                data = await self.ask(modbus.Read(self._unit, r.image(at + r.SEG_RATE), count=2))
                return Block(r.Type.DWELL, duration=r.milliseconds(data))
            case r.Type.END:
                end = await self.word(at + r.SEG_END)
                if end != r.End.DWELL:
                    msg = f"end type at {at + r.SEG_END} is {end}; the program should keep its last set point (0)"
                    raise FailedError(msg)
                return Block(r.Type.END)
            case other:
                return Block(other)

    async def _expect(self, program: int) -> None:
        for offset, value in _GENERAL:
            stands = await self.word(r.block(program) + offset)
            if stands != value:
                at = r.block(program) + offset
                msg = f"register {at} of program {program} holds {stands}; {int(value)} belongs to a freezing program"
                raise FailedError(msg)

    async def _send(self, write: modbus.Write | modbus.WriteOne) -> None:
        write.check(await self._link.exchange(write.frame, write.complete))

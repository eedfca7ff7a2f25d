"""Checksums worked out anew from their definitions, so that a codec is never its own judge.

Source: MODBUS over Serial Line 1.02 (CRC-16, reflected, start FFFF); catalogue of parametrised CRCs (check values of
``123456789``: MODBUS 4B37, XMODEM 31C3, ISO-HDLC CBF43926); ANSI X3.28 (longitudinal parity).
"""

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Crc:
    """A cyclic redundancy check by its parameters; ``poly`` with the highest power first, always divided that way."""

    width: int
    poly: int
    start: int
    reflected: bool
    last: int = 0  # exclusive-or of the result

    def __call__(self, data: bytes) -> int:
        """Divide byte by byte."""
        rest, shift, mask = self._rest, self.width - 8, (1 << self.width) - 1
        value = self.start
        for byte in data.translate(_MIRROR) if self.reflected else data:
            value = (value << 8 & mask) ^ rest[value >> shift ^ byte]
        return (_reversed(value, self.width) if self.reflected else value) ^ self.last

    @cached_property
    def _rest(self) -> tuple[int, ...]:
        """Divide each byte bit by bit, as the definition says."""
        return tuple(self._divided(byte << self.width - 8) for byte in range(256))

    def _divided(self, value: int) -> int:
        top, mask = 1 << self.width - 1, (1 << self.width) - 1
        for _ in range(8):
            value = (value << 1 ^ self.poly if value & top else value << 1) & mask
        return value


def _reversed(value: int, width: int) -> int:
    return int(f"{value:0{width}b}"[::-1], 2)


_MIRROR = bytes(_reversed(byte, 8) for byte in range(256))


modbus = Crc(16, 0x8005, 0xFFFF, reflected=True)
xmodem = Crc(16, 0x1021, 0, reflected=False)
iso_hdlc = Crc(32, 0x04C11DB7, 0xFFFFFFFF, reflected=True, last=0xFFFFFFFF)


def lrc(data: bytes) -> int:
    """Give what makes the sum of all bytes and of itself 0 (Modbus ASCII)."""
    value = 0
    for byte in data:
        value = value - byte & 0xFF
    return value


def parity(data: bytes) -> int:
    """Give the longitudinal parity: the exclusive-or of all bytes."""
    value = 0
    for byte in data:
        value ^= byte
    return value

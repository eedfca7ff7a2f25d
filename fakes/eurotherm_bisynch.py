"""Fake of a controlled-rate freezer on a Eurotherm 2400 that speaks EI-Bisynch.

Units:  degC, K/min, %; values are text with one decimal.
Source: ``wire.bisynch``. Chosen here, because no document at hand says it: what ID answers, the numbers that EE holds,
        and that an unsound request is met with NAK.
"""

from collections.abc import Mapping

from automation.kernel.errors import WireError
from automation.kernel.quantity import Instant
from fakes.eurotherm_controller import Controller, Refusal, Setup
from fakes.freezer import read_build
from fakes.physics.chamber import Build
from fakes.world import World
from instruments.drivers.eurotherm.wire import bisynch
from instruments.drivers.eurotherm.wire import registers as r

SILENCE = 0.5  # s without a byte after which a request begins anew
NO_ERROR, UNKNOWN_PARAMETER, BAD_CHECK, BAD_VALUE = 0, 1, 2, 8
NUMBERS = {
    "PV": r.PV,
    "SL": r.TARGET_SP,
    "SP": r.WORKING_SP,
    "OP": r.OUTPUT,
    "HO": r.OUTPUT_HIGH,
    "OR": r.OUTPUT_RATE,
    "RR": r.RAMP_RATE,
    "HS": r.SP_HIGH,
    "LS": r.SP_LOW,
}
WHOLE = {"PC": r.STATUS, "PN": r.PROGRAM, "SN": r.SEGMENT}
IDENTITY = ">2400"


class EurothermBisynchFreezer(Controller):
    """The controller over EI-Bisynch."""

    def __init__(self, world: World, name: str, build: Build | None = None, setup: Setup | None = None) -> None:
        """Stand in a world as the place ``name``."""
        super().__init__(world, name, build, setup)
        self._buffer = b""
        self._heard = 0.0
        self._error = NO_ERROR

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer complete requests; what is meant for another address is met with silence."""
        if not self.chamber.powered:
            return b""
        if self._buffer and float(now) - self._heard > SILENCE:
            self._buffer = b""
        self._heard = float(now)
        self._buffer += data
        said = b""
        while self._buffer:
            asked, length = bisynch.request(self._buffer)
            if not length:
                break
            self._buffer = self._buffer[length:]
            if asked is not None and asked.unit == self.setup.unit:
                said += self._answer(asked, now)
        return said

    def _answer(self, asked: bisynch.Request, now: Instant) -> bytes:
        if asked.text is None:
            text = self._text(asked.mnemonic, now)
            return bytes((bisynch.EOT,)) if text is None else bisynch.message(asked.mnemonic, text)
        self._error = self._set(asked.mnemonic, asked.text, now=now) if asked.sound else BAD_CHECK
        return bytes((bisynch.NAK if self._error else bisynch.ACK,))

    def _text(self, mnemonic: str, now: Instant) -> str | None:
        if mnemonic == "EE":
            return f">{self._error:04X}"
        if mnemonic == "ID":
            return IDENTITY
        address = NUMBERS.get(mnemonic) or WHOLE.get(mnemonic)
        if address is None:
            return None
        live = self.live(now)
        value = live[address] if address in live else self.stored.get(address, 0.0)
        return f"{value:.1f}" if mnemonic in NUMBERS else f"{value:.0f}"

    def _set(self, mnemonic: str, text: str, *, now: Instant) -> int:
        """Set a parameter and give what EE then holds."""
        address = NUMBERS.get(mnemonic) or WHOLE.get(mnemonic)
        if address is None:
            return UNKNOWN_PARAMETER
        try:
            self.put(address, bisynch.number(text) if mnemonic in NUMBERS else bisynch.whole(text), now)
        except (Refusal, WireError):
            return BAD_VALUE
        return NO_ERROR


def build(world: World, name: str, settings: Mapping[str, str]) -> EurothermBisynchFreezer:
    """Make a freezer; ``power_fail`` sets what it does after a power failure. Raises InputError for another word."""
    return EurothermBisynchFreezer(world, name, read_build(settings, where=name))

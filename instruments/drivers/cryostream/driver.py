"""Driver of an Oxford Cryosystems Cryostream (700 series).

Wire:   binary commands that nobody answers, and a status packet every second that nobody asks for; 9600 8N1 (``wire``).
        Whether a command was taken is seen in the stream: invalid, illegal and untimely ones are ignored silently.
Units:  degC, K/min.
Source: as ``wire``; support level L1, never run on a device by us. It goes on with its ramp when the host is gone.
"""

from collections.abc import Callable, Mapping

from automation.kernel.errors import LinkError, RefusedError
from automation.kernel.quantity import Celsius, KelvinPerMinute, Seconds
from instruments.drivers.cryostream import wire
from instruments.drivers.factory import Factory
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.ramp import Ramp, Ramping, RampState, RampStatus
from instruments.transport import Link

PACKET = Seconds(3.5)  # s in which a packet has to come; there is one every second
LOOKS = 4  # packets in which a command has to show
CLOSE = 0.011  # K; of packets
EXTENDED = wire.command(wire.FORMAT, 1)
"""Recommended by the maker whenever somebody connects; asks for nothing and changes nothing but how packets look."""

_RAMPING = frozenset({wire.P_RAMP, wire.P_COOL, wire.P_END, wire.P_PURGE, wire.P_WAIT})
_AT_REST = frozenset({wire.STARTING, wire.CHECKED, wire.SET_UP, wire.SHUT_DOWN})
_UNMEASURED = frozenset({wire.UNPHYSICAL, wire.SENSOR_FAIL})


class Cryostream:
    """A ``Ramping`` stream of cold gas.

    RefusedError: no control, it is shut down, or it knows no such ramp; nothing changed. LinkError: no status came, or
    a command does not show in it. WireError: what came holds no status.
    """

    def __init__(self, link: Link, *, control: bool) -> None:
        """Listen over a link; without control nothing is sent but the form of the status."""
        self.links = (link,)
        self._link, self._control = link, control

    async def identify(self) -> Identity:
        """Give the controller's number and its software, as every status tells them."""
        seen = await self._status()
        return Identity("Oxford Cryosystems", "Cryostream 700", str(seen.controller), str(seen.software))

    async def look(self) -> RampStatus:
        """Give the next status."""
        seen = await self._status()
        running = seen.mode == wire.RUN
        ramping = running and seen.phase in _RAMPING
        gas = None if seen.alarm in _UNMEASURED else Celsius(seen.gas)
        ramp = Ramp(KelvinPerMinute(seen.rate), Celsius(seen.target)) if ramping else None
        return RampStatus(_state(seen), gas, Celsius(seen.set_point) if running else None, ramp, None, seen.alarm_words)

    async def ramp(self, *, ramp: Ramp) -> None:
        """Send the ramp, and wait until the stream shows it."""
        self._commanding("a ramp")
        frame = wire.ramp(float(ramp.rate), float(ramp.target))
        await self._check_mode("a ramp", wire.RUN, wire.CHECKED)
        target, rate = float(ramp.target), float(ramp.rate)

        def ramps(seen: wire.Status) -> bool:
            there = seen.mode == wire.RUN and abs(seen.target - target) < CLOSE
            if seen.phase == wire.P_HOLD:  # it has arrived
                return there and abs(seen.set_point - target) < CLOSE
            return there and seen.phase in {wire.P_RAMP, wire.P_WAIT} and abs(seen.rate - rate) < CLOSE

        await self._tell(frame, ramps, "the ramp")

    async def hold(self) -> None:
        """Let it keep what it has, and wait until the stream shows it."""
        self._commanding("a hold")
        await self._check_mode("a hold", wire.RUN)
        await self._tell(wire.command(wire.HOLD), lambda seen: _state(seen) is RampState.KEEPING, "the hold")

    async def rest(self) -> None:
        """Let its gas stop, unless it has stopped."""
        self._commanding("to rest")
        if (await self._status()).mode in {wire.SHUT_DOWN, wire.SHUT_DOWN_BY_FAULT}:
            return
        await self._tell(wire.command(wire.STOP), lambda seen: seen.mode != wire.RUN, "the stop")

    async def _check_mode(self, what: str, *modes: int) -> None:
        """Refuse while it would ignore the command: it is shut down, or not through its own checks."""
        seen = await self._status()
        if seen.mode not in modes:
            why = seen.alarm_words or "it is not ready"
            raise RefusedError(f"{self._link.name}: {what} would be ignored, start it at its panel ({why})")

    async def _tell(self, frame: bytes, shown: Callable[[wire.Status], bool], what: str) -> None:
        """Send a command and watch the stream until it shows; the first packet may be from before it."""
        seen = await self._exchange(frame)
        for _ in range(LOOKS):
            if shown(seen):
                return
            seen = await self._status()
        raise LinkError(f"{self._link.name}: {what} was sent, and does not show in {LOOKS + 1} packets")

    async def _status(self) -> wire.Status:
        return await self._exchange(EXTENDED)

    async def _exchange(self, frame: bytes) -> wire.Status:
        return wire.status(await self._link.exchange(frame, wire.status_complete, deadline=PACKET))

    def _commanding(self, what: str) -> None:
        if not self._control:
            raise RefusedError(f"{what} needs control; this driver was given none")


def _state(seen: wire.Status) -> RampState:
    if seen.mode == wire.RUN:
        return RampState.RAMPING if seen.phase in _RAMPING else RampState.KEEPING
    return RampState.RESTING if seen.mode in _AT_REST else RampState.FAILED


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> Cryostream:
    """Make the driver; raises InputError for a setting, as there are none."""
    FACTORY.check(settings)
    return Cryostream(link, control=control)


FACTORY = Factory(
    build=build,
    interface=Ramping,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="Oxford Cryosystems, serial line communications of the 700 series (cs_command, cs_status)",
    ),
    transports=("memory", "pty", "serial", "tcp"),
)

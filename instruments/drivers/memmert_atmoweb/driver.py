"""Driver of Memmert incubators (ICO, ICP, IPP and kin) over AtmoWEB.

Wire:   HTTP GET and JSON (see ``wire``) on TCP, one request at a time on one connection.
Units:  degC, %.
Source: Memmert D33477; support level L1, never run on an incubator by us. The incubator keeps its climate when the host
        is gone. Setting needs remote access to be switched on at the device.
"""

from collections.abc import Mapping
from typing import ClassVar

from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Celsius, Percent, Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.memmert_atmoweb import wire
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.incubator import CHANNELS, Climate, Incubator, SetPoints
from instruments.transport import Link

ANSWER = Seconds(5.0)  # s; the embedded server is slow at times
LOWEST, HIGHEST = -20.0, 100.0  # degC; beyond it the sensor is broken
CLOSE = 0.05  # degC and %: the device rounds to one decimal


class MemmertAtmoweb:
    """An ``Incubator`` behind AtmoWEB.

    RefusedError: the device keeps other values than were set, or there is no control. LinkError: silence.
    WireError: the answer breaks the grammar. All may be called again.
    """

    channels: ClassVar[Mapping[str, str]] = CHANNELS

    def __init__(self, link: Link, *, control: bool) -> None:
        """Use a link; without control nothing is set."""
        self.links = (link,)
        self._link = link
        self._control = control

    async def identify(self) -> Identity:
        """Read model, serial number and software."""
        found = await self._ask(wire.IDENTITY)
        return Identity("Memmert", wire.word(found, "DevType"), wire.word(found, "SN"), wire.word(found, "SWRev"))

    async def climate(self) -> Climate:
        """Read the climate once; what the incubator does not measure reads None."""
        found = await self._ask(wire.READ)
        temperature, door = wire.number(found, "Temp1Read"), wire.number(found, "DoorOpen")
        usable = temperature is not None and LOWEST <= temperature <= HIGHEST
        return Climate(
            Celsius(temperature) if temperature is not None and usable else None,
            _share(wire.number(found, "CO2Read")),
            _share(wire.number(found, "HumRead")),
            _share(wire.number(found, "O2Read")),
            None if door is None else bool(door),
        )

    async def look(self) -> Climate:
        """Read the climate once, for a watch beside the steps."""
        return await self.climate()

    async def set_points(self) -> SetPoints:
        """Read what it is set to keep; raises RefusedError for a device without a set point of temperature."""
        return self._kept(await self._ask(wire.SET))

    async def keep(self, *, set_points: SetPoints) -> None:
        """Set temperature and, where it is given, CO2; the device's answer has to say the same."""
        if not self._control:
            raise RefusedError("setting the climate needs control; this driver was given none")
        wanted = {"TempSet": f"{float(set_points.temperature):.1f}"}
        if set_points.co2 is not None:
            wanted["CO2Set"] = f"{float(set_points.co2):.1f}"
        await self._ask((), wanted)
        kept = self._kept(await self._ask(wire.SET))
        differs = abs(float(kept.temperature) - float(set_points.temperature)) > CLOSE
        if set_points.co2 is not None:
            differs = differs or kept.co2 is None or abs(float(kept.co2 - set_points.co2)) > CLOSE
        if differs:
            gas = "no CO2" if kept.co2 is None else f"{kept.co2:g} % CO2"
            raise RefusedError(f"the incubator keeps {kept.temperature:g} degC and {gas}, not what was set")

    @staticmethod
    def _kept(found: Mapping[str, object]) -> SetPoints:
        temperature, co2 = wire.number(found, "TempSet"), wire.number(found, "CO2Set")
        if temperature is None:
            raise RefusedError("the incubator tells no set point of its temperature")
        return SetPoints(Celsius(temperature), None if co2 is None else Percent(co2))

    async def _ask(self, names: tuple[str, ...], values: Mapping[str, str] | None = None) -> Mapping[str, object]:
        return wire.values(await self._link.exchange(wire.request(names, values), wire.complete, deadline=ANSWER))


def _share(value: float | None) -> Percent | None:
    """Give a share of 0 to 100 %; beyond it the sensor is broken."""
    return Percent(value) if value is not None and 0.0 <= value <= 100.0 else None


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> MemmertAtmoweb:
    """Make the driver; raises InputError for a setting that is not allowed."""
    FACTORY.check(settings)
    return MemmertAtmoweb(link, control=control)


FACTORY = Factory(
    build=build,
    interface=Incubator,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="Memmert D33477 (AtmoWEB REST interface, 07/2020); pyatmoweb 0.0.3",
    ),
    transports=("memory", "pty", "tcp"),
    settings={},
)

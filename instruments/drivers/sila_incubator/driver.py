"""Driver of an incubator behind a SiLA 2 server: a map says which properties and commands of its features are which.

Wire:   node port (``instruments.transport.nodes``); live over SiLA 2, in simulated time on the fake.
Units:  degC, %; the label of each property's unit constraint is compared with the map's before it is used.
Source: SiLA 2 part A (core) 1.1; features by the map. No incubator with a SiLA 2 server was tried by us. It keeps its
        climate when the host is gone, as far as its maker says.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, NoReturn

from automation.kernel.errors import FailedError, InputError, RefusedError, WireError
from automation.kernel.ids import digest
from automation.kernel.quantity import Celsius, Percent
from instruments.drivers.factory import Factory
from instruments.drivers.sila_incubator import wire
from instruments.drivers.sila_incubator.mapping import LABELS, FeatureMap, Kept, Told, find, shipped
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.incubator import CHANNELS, Climate, Incubator, SetPoints
from instruments.transport import Link
from instruments.transport.nodes import NodePort, Read
from instruments.transport.sila import SilaStream
from instruments.transport.sila_site import read_access

CLOSE = 0.05  # degC and %: by which what is kept may differ from what was set


class SilaIncubator:
    """An ``Incubator`` behind the features of a SiLA 2 server.

    RefusedError: the server did not accept it, the map does not have it, or there is no control; nothing changed.
    FailedError: it answered, and keeps something else. LinkError, WireError: it may have happened; it may be set again.
    """

    channels: ClassVar[Mapping[str, str]] = CHANNELS

    def __init__(self, link: Link, features: FeatureMap, *, control: bool) -> None:
        """Use a link; without control nothing is set."""
        self.links = (link,)
        self._port, self._name = NodePort(link), link.name
        self._map, self._control = features, control
        self._checked = False

    async def identify(self) -> Identity:
        """Read type, version and UUID of the server; the configuration is a digest of the map and of its name."""
        names = (wire.SERVER_TYPE, wire.SERVER_UUID, wire.SERVER_VERSION, wire.SERVER_NAME)
        kind, uuid, version, name = (wire.property_of(wire.SERVICE, one) for one in names)
        more = (self._map.serial,) if self._map.serial else ()
        read = await self._port.read(kind, uuid, version, name, *more)
        await self._check_units()
        serial = read.text(self._map.serial) if self._map.serial else read.text(uuid)
        configuration = digest(self._map.digest, read.text(name)).hex()[:16]
        return Identity(self._map.maker, read.text(kind), serial, read.text(version), configuration)

    async def climate(self) -> Climate:
        """Read every channel of the map once; what has no good value reads None."""
        await self._check_units()
        read = await self._port.read(*(one.property for one in self._map.channels.values()))
        seen = {name: _number(read, one) for name, one in self._map.channels.items()}
        door = seen.get("door open")
        warm = seen["temperature"]
        return Climate(
            temperature=None if warm is None else Celsius(warm),
            co2=_share(seen.get("co2")),
            humidity=_share(seen.get("humidity")),
            oxygen=_share(seen.get("oxygen")),
            door_open=None if door is None else bool(door),
        )

    async def look(self) -> Climate:
        """Read the climate once, for a watch beside the steps."""
        return await self.climate()

    async def set_points(self) -> SetPoints:
        """Read what it is set to keep; raises RefusedError where the map names no property that tells it."""
        if "temperature" not in self._map.kept:
            self._refuse(f"the map {self._map.name} names no set point of temperature; it only measures")
        await self._check_units()
        read = await self._port.read(*(one.told.property for one in self._map.kept.values()))
        kept = {name: _number(read, one.told) for name, one in self._map.kept.items()}
        if (warm := kept["temperature"]) is None:
            raise FailedError(f"{self._name}: it does not tell the temperature that it keeps")
        return SetPoints(Celsius(warm), _share(kept.get("co2")))

    async def keep(self, *, set_points: SetPoints) -> None:
        """Give the command of each set point and read all back; nothing is sent when one is beyond its range."""
        if not self._control:
            self._refuse("setting the climate needs control; this driver was given none")
        wanted = {"temperature": float(set_points.temperature)}
        if set_points.co2 is not None:
            wanted["co2"] = float(set_points.co2)
        todo = [(self._allowed(name, value), value) for name, value in wanted.items()]
        await self._check_units()
        for kept, value in todo:
            given = wire.parameters({kept.parameter: kept.told.theirs(value)})
            wire.responses(await self._port.call(kept.command, given))
        stands = await self.set_points()
        found = {"temperature": float(stands.temperature)} | ({} if stands.co2 is None else {"co2": float(stands.co2)})
        for name, value in wanted.items():
            if name not in found or abs(found[name] - value) > CLOSE:
                raise FailedError(
                    f"{self._name}: {name} was set to {value:g} and stands at {found.get(name, 'nothing')}"
                )

    def _allowed(self, name: str, value: float) -> Kept:
        kept = self._map.kept.get(name)
        if kept is None:
            self._refuse(f"the map {self._map.name} has no set point of {name}")
        if not kept.lowest <= value <= kept.highest:
            self._refuse(f"{name} is {value:g}; {kept.lowest:g} to {kept.highest:g} {CHANNELS[name]} is allowed")
        return kept

    async def _check_units(self) -> None:
        """Compare the labels of units once in this process; raises WireError for another one than the map's."""
        if self._checked:
            return
        told = (*self._map.channels.values(), *(one.told for one in self._map.kept.values()))
        read = await self._port.read(*(f"{one.property}/{wire.UNIT}" for one in told))
        for one in told:
            label = str(read.values.get(f"{one.property}/{wire.UNIT}", ""))
            if label and label not in LABELS[one.unit]:
                raise WireError(f"{self._name}: {one.property} is in {label!r}; the map takes it in {one.unit}")
        self._checked = True

    def _refuse(self, why: str) -> NoReturn:
        raise RefusedError(f"{self._name}: {why}")


def _number(read: Read, told: Told) -> float | None:
    """Give a value in our unit; None for what the server tells no good one of."""
    value = read.values.get(told.property)
    if told.unit == "yes or no":
        return float(value) if isinstance(value, bool) else None
    return told.ours(float(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _share(value: float | None) -> Percent | None:
    """Give a share of 0 to 100 %; beyond it the sensor is broken."""
    return Percent(value) if value is not None and 0.0 <= value <= 100.0 else None


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> SilaIncubator:
    """Make the driver; raises InputError for a setting that is not allowed."""
    FACTORY.check(settings)
    if "map" not in settings:
        raise InputError(f"map is missing; a file that ends with .yaml, or one of: {', '.join(shipped())}", where="map")
    configure(link, settings)
    return SilaIncubator(link, find(settings["map"]), control=control)


def configure(link: Link, settings: Mapping[str, str]) -> None:
    """Tell a ``sila:`` port whose certificate it has; raises InputError for any other port with access."""
    stream = link.stream
    if isinstance(stream, SilaStream):
        if "access" in settings:
            stream.access = read_access(Path(settings["access"]))
    elif "access" in settings:
        raise InputError(f"access is {settings['access']!r}; only a sila: port has one", where="access")


FACTORY = Factory(
    build=build,
    interface=Incubator,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="SiLA 2 part A (core) 1.1; properties and commands by the map",
    ),
    transports=("memory", "sila"),
    settings={
        "map": "name of a map that comes with the program, or a file that ends with .yaml",
        "access": "file with the certificates of a sila: port; readable by its owner only",
    },
)

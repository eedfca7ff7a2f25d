"""Driver of the Keysight 34970A and 34972A as independent temperature probes (thermocouples).

Wire:   SCPI lines ended by LF (see ``wire``); RS-232 57600 8N1 XON/XOFF, LAN 5025 on the 34972A.
Units:  degC.
Source: 34970A/34972A User's Guide (editions and pages in ``wire``).

A scan is one ``READ?``: command and readings are one exchange, so a lost command can't let an older scan answer (as
with INIT and FETCh?), a lost reply loses nothing that could not be measured again, and nothing is erased (as with
DATA:REMove?).
"""

import re
from collections.abc import Mapping

from automation.kernel.errors import FailedError, InputError, LinkError, WireError
from automation.kernel.ids import digest
from automation.kernel.quantity import Celsius, Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.keysight_34970a import wire
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.probes import Quality, Reading, TemperatureProbes
from instruments.transport import Link

ANSWER = Seconds(3.0)  # s, for a query that measures nothing
PER_CHANNEL = Seconds(0.5)  # s, for one channel of a scan with thermocouple check
MOST = 20  # channels: one multiplexer, and what its input buffer takes in one command
ERRORS = 10  # the instrument keeps this many
SLOTS = ("100", "200", "300")
_NUMBER = re.compile(r"[0-9]{3}")


class Keysight34970A:
    """``TemperatureProbes`` on a scanning data logger.

    FailedError: the logger refused its configuration, or reads in a unit other than degC.
    LinkError: the link broke or stayed silent. WireError: the reply breaks the grammar.
    All methods may be called again after any of them.
    """

    def __init__(self, link: Link, names: Mapping[int, str], *, kind: str = "T", plate_serial: str = "") -> None:
        """Use a link; ``names`` gives each channel number its name, ``kind`` the thermocouple type."""
        self.links = (link,)
        self._link = link
        self._names = dict(names)
        self._numbers = tuple(sorted(names))  # the instrument scans in ascending order, whatever it is told
        self._kind = kind
        self._plate_serial = plate_serial
        self._configured = False

    async def identify(self) -> Identity:
        """Read maker, model, serial, firmware and a digest of modules, scan and thermocouple type.

        The 34970A answers 0 for its serial number; then the one of its rating plate is given, as the site states it.
        """
        said = wire.identification(await self._ask("*IDN?"))
        modules = [await self._ask(f"SYST:CTYP? {slot}") for slot in SLOTS]
        settings = digest(*modules, wire.channels(self._numbers), self._kind).hex()
        serial = said.serial if said.serial != "0" else self._plate_serial or "0"
        return Identity(said.maker, said.model, serial, said.firmware, settings)

    async def scan(self) -> tuple[Reading, ...]:
        """Read every channel once; an open or overloaded probe has the quality open and no value."""
        if not self._configured:
            await self._configure()
        deadline = ANSWER + PER_CHANNEL * len(self._numbers)
        try:
            samples = wire.samples(await self._ask("READ?", deadline), self._numbers)
        except (LinkError, WireError):
            self._configured = False  # the unit may have been switched off, or its reading format reset
            raise
        readings = {sample.channel: self._reading(sample) for sample in samples}
        return tuple(readings[number] for number in self._names)

    def _reading(self, sample: wire.Sample) -> Reading:
        name = self._names[sample.channel]
        if sample.unit != "C":
            self._configured = False
            msg = f"channel {sample.channel} ({name}) reads in {sample.unit!r}; 'C' is needed: the unit was changed"
            raise FailedError(msg)
        if sample.value is None:
            return Reading(name, None, Quality.OPEN)
        return Reading(name, Celsius(sample.value))

    async def _configure(self) -> None:
        """Set the scan up and prove it: no error left, and the scan list reads back."""
        for command in wire.configuration(self._numbers, kind=self._kind):
            await self._order(command)
        await self._check_errors()
        listed = wire.unblock(await self._ask("ROUT:SCAN?"))
        if listed != wire.channels(self._numbers):
            msg = f"{self._link.name}: the scan list is {listed}, {wire.channels(self._numbers)} was sent"
            raise WireError(msg)
        self._configured = True

    async def _check_errors(self) -> None:
        found = []
        for _ in range(ERRORS + 1):
            error = wire.error(await self._ask("SYST:ERR?"))
            if not error:
                break
            found.append(error)
        if found:
            msg = f"{self._link.name}: the logger refused its configuration: {'; '.join(found)}"
            raise FailedError(msg)

    async def _order(self, command: str) -> None:
        """Send a command and wait until it was taken, so that the input buffer (128 characters) never overruns."""
        frame = wire.line(command) + wire.line(wire.DONE)  # two lines: a wrong one does not take the other with it
        if wire.text(await self._link.exchange(frame, wire.line_complete, deadline=ANSWER)) != "1":
            msg = f"{self._link.name}: {command!r} was not taken"
            raise WireError(msg)

    async def _ask(self, command: str, deadline: Seconds = ANSWER) -> str:
        return wire.text(await self._link.exchange(wire.line(command), wire.line_complete, deadline=deadline))


def channel_names(text: str, *, where: str = "channels") -> dict[int, str]:
    """Read ``101=sample,102=chamber``; raises InputError that names the entry and what is allowed."""
    names: dict[int, str] = {}
    for entry in text.split(","):
        number, _, name = (part.strip() for part in entry.partition("="))
        allowed = _NUMBER.fullmatch(number) and wire.FIRST <= int(number) <= wire.LAST
        if not allowed or not name or int(number) in names or name in names.values():
            msg = (
                f"{entry.strip()!r} is not a channel; needed: number {wire.FIRST}-{wire.LAST}, '=' and a name, "
                "each once, for example '101=sample,102=chamber'"
            )
            raise InputError(msg, where=where)
        names[int(number)] = name
    if len(names) > MOST:
        msg = f"{len(names)} channels; at most {MOST} are read by one logger"
        raise InputError(msg, where=where)
    return names


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> Keysight34970A:  # noqa: ARG001  it only measures
    """Make the driver from the settings of a site; raises InputError for a channel or type that is not one."""
    kind = settings.get("thermocouple", "T")
    if kind not in wire.TYPES:
        msg = f"thermocouple is {kind!r}; allowed: {', '.join(wire.TYPES)}"
        raise InputError(msg, where="thermocouple")
    names = channel_names(settings.get("channels", ""))
    return Keysight34970A(link, names, kind=kind, plate_serial=settings.get("plate_serial", ""))


FACTORY = Factory(
    build=build,
    interface=TemperatureProbes,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.STOPS,
        source="Keysight 34970A/34972A User's Guide, p. 118 and Remote Interface Reference",
    ),
    transports=("memory", "pty", "serial", "tcp", "visa"),
    settings={
        "channels": "channel numbers and names, for example '101=sample,102=chamber'",
        "thermocouple": f"type of the thermocouples, one of {', '.join(wire.TYPES)}; T unless stated",
        "plate_serial": "serial number on the rating plate, used when the instrument answers 0 (34970A)",
    },
)

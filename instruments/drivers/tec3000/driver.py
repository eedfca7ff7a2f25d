"""Driver of the MVE TEC 3000 and Thermo CryoExtra CE8100 as a store that is looked at.

Wire:   ASCII lines ended by CR LF (see ``wire``); RS-485 with an address, or TCP behind a serial server.
Units:  degC; the level becomes % of the reading that the site states as full.
Source: command list of the controller (pages in ``wire``); support level L1, never run on a store by us.

The driver sends questions alone, so it can't start a fill, silence an alarm or calibrate a sensor. The controller fills
by itself whether the program runs or not; a fill that never ends is seen as an alarm of the controller.
"""

from collections.abc import Mapping
from typing import ClassVar

from automation.kernel.errors import InputError
from automation.kernel.ids import digest
from automation.kernel.quantity import Celsius, Percent, Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.tec3000 import wire
from instruments.interfaces.cryo_store import CHANNELS, CryogenicStore, Stored
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.transport import Link

ANSWER = Seconds(3.0)  # s, for one line each way at 9600 baud and a slow controller; assumed
LOWEST, HIGHEST = -210.0, 60.0  # degC; a reading beyond is that of a broken sensor; assumed
MOST_LEVEL = Percent(150.0)  # %; a level beyond is that of a broken sensor, or ``full`` is wrong


class Tec3000:
    """A ``CryogenicStore`` that answers questions.

    LinkError: the link broke or the controller stayed silent. WireError: the reply breaks the grammar.
    Every method may be called again after either.
    """

    channels: ClassVar[Mapping[str, str]] = CHANNELS

    def __init__(
        self, link: Link, *, full: float, address: str = "", level: str = wire.LEVEL, serial: str = ""
    ) -> None:
        """Use a link; ``full`` is the reading of a full store, ``serial`` the one of its rating plate."""
        self.links = (link,)
        self._link = link
        self._full = full
        self._address = address
        self._level = level
        self._serial = serial

    async def identify(self) -> Identity:
        """Read controller and software; the serial number is that of the rating plate, as the site states it."""
        name, version = wire.identification(await self._ask("*IDN?"))
        longest = await self._ask("FILT?")
        return Identity("", name, self._serial, version, digest(name, version, longest).hex()[:16])

    async def look(self) -> Stored:
        """Read level, temperatures and the state of the fill once; a sensor out of its range reads None."""
        shown = await self._ask(self._level)
        level = Percent(100.0 * wire.number(shown, to=self._level) / self._full)
        a, b = [await self._temperature(question) for question in ("TEMPA?", "TEMPB?")]
        filling, automatic, alarm = [
            wire.flag(await self._ask(question), to=question) for question in ("FILL?", "FILLM?", "FILAS?")
        ]
        usable = Percent(0.0) <= level <= MOST_LEVEL
        return Stored(level if usable else None, a, b, filling, automatic, alarm, shown)

    async def _temperature(self, question: str) -> Celsius | None:
        value = wire.number(await self._ask(question), to=question)
        return Celsius(value) if LOWEST <= value <= HIGHEST else None

    async def _ask(self, question: str) -> str:
        frame = wire.question(question, address=self._address, level=self._level)
        return wire.text(await self._link.exchange(frame, wire.complete, deadline=ANSWER))


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> Tec3000:  # noqa: ARG001  it only looks
    """Make the driver from the settings of a site; raises InputError for one that is not allowed."""
    given = settings.get("full", "")
    try:
        full = float(given)
    except ValueError:
        full = 0.0
    if not 0.0 < full < 1000.0:
        raise InputError(f"full is {given!r}; the level that the controller shows when full is needed, above 0")
    return Tec3000(
        link,
        full=full,
        address=wire.address(settings.get("address", "")),
        level=wire.level_question(settings.get("level_question", wire.LEVEL)),
        serial=settings.get("plate_serial", ""),
    )


FACTORY = Factory(
    build=build,
    interface=CryogenicStore,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="CE8100 manual p. 71, MVE 616 manual p. 155, check_mvetec.pl; the level question is from memory",
    ),
    transports=("memory", "pty", "serial", "tcp"),
    settings={
        "full": "what the controller shows as level when the store is full, in its own unit",
        "address": "three digits on RS-485, for example 001; none unless stated",
        "level_question": f"the question for the level; {wire.LEVEL} unless stated, which is unconfirmed",
        "plate_serial": "serial number on the rating plate; the controller does not tell it",
    },
)

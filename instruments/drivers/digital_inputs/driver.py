"""Driver of contacts behind a digital input module: named, judged by how they are wired, read until they are at rest.

Wire:   Modbus RTU, ASCII or TCP, functions 2 (discrete inputs) or 1 (coils); see ``instruments.transport``.
Units:  s.
Source: MODBUS Application Protocol 1.1b3, 6.1 and 6.2; which input is which contact is the site's own (see ``wire``). A
        module only reads: nothing depends on the host.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from automation.kernel.clock import pause
from automation.kernel.errors import FailedError, InputError, RefusedError
from automation.kernel.ids import digest
from automation.kernel.quantity import Seconds
from instruments.drivers.digital_inputs import wire
from instruments.drivers.factory import Factory
from instruments.interfaces.contacts import Contacts, ContactSeen, ContactsSeen, Wired
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.transport import Link, modbus
from instruments.transport.modbus_lines import Framer, Framing

ANSWER = Seconds(2.0)  # s
SAMPLES, WINDOWS = 6, 4  # readings in one debounce; debounces in which a contact has to come to rest
FUNCTIONS = {"discrete inputs": modbus.READ_DISCRETE, "coils": modbus.READ_COILS}
FIRST = {"0": 0, "1": 1}


@dataclass(frozen=True, slots=True)
class Stated:
    """What a site says of its module and its wires."""

    contacts: tuple[wire.Contact, ...]
    framing: Framing
    unit: int
    function: int
    debounce: Seconds
    identity: Identity


class DigitalInputs:
    """``Contacts`` that are wired to one module.

    FailedError: the module has no such inputs. LinkError: silence. WireError: the reply breaks the grammar.
    """

    def __init__(self, link: Link, stated: Stated) -> None:
        """Look over a link; nothing is ever written."""
        self.links = (link,)
        self.channels: Mapping[str, str] = {one.name: "1" for one in stated.contacts}
        self._link, self._stated = link, stated
        self._framer = Framer(stated.framing)
        inputs = [one.input for one in stated.contacts]
        self._start, self._count = min(inputs), max(inputs) - min(inputs) + 1

    async def identify(self) -> Identity:
        """Give what the site states, once the module has answered; the configuration is how the contacts are wired."""
        await self._read()
        return self._stated.identity

    async def look(self) -> ContactsSeen:
        """Read all contacts until each stays as it is for the debounce; one that never does is at no rest."""
        read, moving = await self._window()
        for _ in range(WINDOWS - 1):
            if not moving:
                break
            read, moving = await self._window()
        return ContactsSeen(tuple(self._seen(one, read, moving) for one in self._stated.contacts))

    async def _window(self) -> tuple[tuple[bool, ...], frozenset[int]]:
        """Read throughout the debounce; gives the last reading, and which inputs changed meanwhile."""
        first = read = await self._read()
        moving: set[int] = set()
        for _ in range(SAMPLES if float(self._stated.debounce) else 0):
            await pause(Seconds(float(self._stated.debounce) / SAMPLES))
            read = await self._read()
            moving |= {place for place, was in enumerate(first) if read[place] is not was}
        return read, frozenset(moving)

    def _seen(self, one: wire.Contact, read: tuple[bool, ...], moving: frozenset[int]) -> ContactSeen:
        place = one.input - self._start
        if place in moving:
            return ContactSeen(one.name, None, None)
        return ContactSeen(one.name, read[place], read[place] is (one.wired is Wired.CLOSED))

    async def _read(self) -> tuple[bool, ...]:
        stated = self._stated
        asked = modbus.ReadBits(stated.unit, self._start, count=self._count, function=stated.function)
        framed = self._framer.framed(asked)
        reply = framed.rtu(await self._link.exchange(framed.frame, framed.complete, deadline=ANSWER))
        try:
            return asked.bits(reply)
        except RefusedError as refusal:
            raise FailedError(f"{self._link.name}: {refusal}") from refusal


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> DigitalInputs:  # noqa: ARG001  it only looks
    """Make the driver from the settings of a site; raises InputError for one that is not allowed."""
    FACTORY.check(settings)
    if "contacts" not in settings:
        raise InputError("contacts is missing; as in door=0:closed, alarm=1:closed")
    found = wire.contacts(settings["contacts"], first=wire.choice(settings, "first", FIRST))
    framing = settings.get("framing", Framing.RTU.value)
    if framing not in list(Framing):
        raise InputError(f"framing is {framing!r}; allowed: {', '.join(Framing)}")
    maker, model, serial = (settings.get(key, "") for key in ("maker", "model", "serial"))
    wired = digest(*(f"{one.name} {one.input} {one.wired}" for one in found)).hex()[:16]
    stated = Stated(
        contacts=found,
        framing=Framing(framing),
        unit=wire.unit(settings),
        function=wire.choice(settings, "function", FUNCTIONS),
        debounce=wire.debounce(settings),
        identity=Identity(maker, model, serial, "", wired),
    )
    return DigitalInputs(link, stated)


FACTORY = Factory(
    build=build,
    interface=Contacts,
    support=Support(
        kind=DriverKind.OBSERVED,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.CONTINUES,
        source="MODBUS Application Protocol 1.1b3, 6.1 and 6.2",
    ),
    transports=("memory", "pty", "serial", "tcp"),
    settings={
        "contacts": "NAME=INPUT:closed or NAME=INPUT:open with commas between: how each stands while all is well",
        "first": "number of the module's first input, 0 or 1; 0 unless stated",
        "function": "discrete inputs or coils; discrete inputs unless stated",
        "debounce": "seconds for which a contact has to stay as it is, 0 to 2; 0.05 unless stated",
        "framing": "rtu, ascii or tcp; rtu unless stated",
        "unit": "the module's address, 0 to 255; 1 unless stated",
        "maker": "maker of the module; declared",
        "model": "its model; declared",
        "serial": "its serial number; declared",
    },
)

"""Fake of a digital input module with contacts on its inputs: switches that bounce when they are worked.

Physics: for ``BOUNCE`` after it was worked a contact is open or closed by chance, drawn by seed, input and millisecond;
         then it is what it was worked to. One that chatters goes on so until it is told to stop.
Units:   s.
Source:  MODBUS Application Protocol 1.1b3; bounce of a mechanical switch: a few ms, 20 ms at most (assumed).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from automation.kernel.errors import FailedError, InputError
from automation.kernel.ids import uniform
from automation.kernel.quantity import Instant
from fakes.freezer import flag, number, text
from fakes.world import World
from instruments.drivers.digital_inputs import wire
from instruments.interfaces.contacts import Wired
from instruments.transport import modbus
from instruments.transport.modbus_lines import Framing, heard

BOUNCE = 0.02  # s
INPUTS = 16
SILENCE = 0.05  # s without a byte after which an RTU frame begins anew
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
USUAL = "door=0:closed, alarm=1:closed, ready=2:closed"


@dataclass(frozen=True, slots=True)
class Switch:
    """One input: what it was worked to, and until when it does not rest (s)."""

    closed: bool = False
    rests: float = 0.0


class FakeDigitalInputs:
    """What the module answers and what hands do to its contacts."""

    def __init__(self, world: World, name: str, settings: Mapping[str, str]) -> None:
        """Stand with every contact normal; inputs without one are open. Raises InputError."""
        self.acts: dict[str, int] = {}  # it only reads
        first = wire.choice(settings, "first", {"0": 0, "1": 1})
        self._contacts = {one.name: one for one in wire.contacts(settings.get("contacts", USUAL), first=first)}
        self.unit = wire.unit(settings)
        self._framing = Framing(settings.get("framing", Framing.RTU.value))
        self._world, self._name = world, name
        last = max(one.input for one in self._contacts.values())
        self._switches = [Switch() for _ in range(max(INPUTS, last + 1))]
        for one in self._contacts.values():
            self._switches[one.input] = Switch(one.wired is Wired.CLOSED)
        self._powered, self._received, self._heard = True, b"", 0.0

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer complete requests; what is garbled or meant for another address is met with silence."""
        if not self._powered:
            self._received = b""
            return b""
        if self._framing is Framing.RTU and float(now) - self._heard > SILENCE:
            self._received = b""
        self._heard = float(now)
        requests, self._received = heard(self._framing, self._received + data)
        return b"".join(one.answer(self._answer(one.asked, now)) for one in requests if one.asked.unit == self.unit)

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a person, or the device behind a contact, act; raises FailedError for another action.

        ``work`` {contact, normal}, ``chatter`` {contact, seconds}, ``cut`` {contact}: its wire, ``power`` {on}.
        """
        match action:
            case "work":
                one = self._contact(text(details, "contact"))
                closed = flag(details, "normal") is (one.wired is Wired.CLOSED)
                self._switches[one.input] = Switch(closed, float(now) + BOUNCE)
            case "chatter":
                place = self._contact(text(details, "contact")).input
                rests = float(now) + max(0.0, number(details, "seconds"))
                self._switches[place] = replace(self._switches[place], rests=rests)
            case "cut":
                self._switches[self._contact(text(details, "contact")).input] = Switch(closed=False)
            case "power":
                self._powered = flag(details, "on")
            case _:
                raise FailedError(f"hand action is {action!r}; {self._name} has work, chatter, cut and power")

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  it never speaks by itself
        """Say nothing."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Tell that it never speaks by itself."""
        return None

    def closed(self, place: int, now: Instant) -> bool:
        """Tell whether an input is closed at a moment."""
        one = self._switches[place]
        if float(now) >= one.rests:
            return one.closed
        return uniform(self._world.seed, self._name, place, math.floor(1000.0 * float(now))) < 0.5

    def _contact(self, name: str) -> wire.Contact:
        if name not in self._contacts:
            raise FailedError(f"contact is {name!r}; there are {', '.join(self._contacts)}")
        return self._contacts[name]

    def _answer(self, asked: modbus.Request, now: Instant) -> bytes:
        if asked.function not in {modbus.READ_DISCRETE, modbus.READ_COILS}:
            return modbus.reply_exception(asked, ILLEGAL_FUNCTION)
        if not 1 <= asked.size <= modbus.MOST_BITS:
            return modbus.reply_exception(asked, ILLEGAL_VALUE)
        if asked.start + asked.size > len(self._switches):
            return modbus.reply_exception(asked, ILLEGAL_ADDRESS)
        places = range(asked.start, asked.start + asked.size)
        return modbus.reply_bits(asked, tuple(self.closed(place, now) for place in places))


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeDigitalInputs:
    """Make a module; settings: ``contacts``, ``first``, ``framing`` and ``unit``. Raises InputError."""
    try:
        return FakeDigitalInputs(world, name, settings)
    except ValueError as wrong:
        raise InputError(f"{name}: {wrong}") from None

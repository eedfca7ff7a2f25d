"""Fake Memmert incubator: AtmoWEB's words over a climate in closed form.

Physics: temperature, CO2 and humidity relax towards what is kept (or, door open or power lost, towards the room) with
         one time constant each; noise depends on seed, device, channel and whole 10 s alone. What stands inside has
         the temperature that is kept, or the room's while there is no power: its own lag is the larger one.
Units:   degC, %, s.
Source:  Memmert D33477 (see the wire module); first order of 10 min for the temperature: a usual default; CO2 and
         humidity, what an open door does, and the noise are assumed.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import h11

from automation.kernel.errors import FailedError, InputError
from automation.kernel.ids import uniform
from automation.kernel.quantity import Instant
from fakes.freezer import flag, number, text
from fakes.physics.trace import Constant
from fakes.world import World

GRID = 10.0  # s, of the noise
ROOM = {"temperature": 22.0, "co2": 0.04, "humidity": 45.0}
KEPT = {"temperature": 37.0, "co2": 5.0, "humidity": 90.0}
LAGS = {"temperature": 600.0, "co2": 180.0, "humidity": 900.0}  # s
DOOR_LAGS = {"temperature": 300.0, "co2": 20.0, "humidity": 120.0}  # s, towards the room
NOISE = {"temperature": 0.1, "co2": 0.1, "humidity": 1.0}  # half-width
READS = {"Temp1Read": "temperature", "CO2Read": "co2", "HumRead": "humidity"}
SETS = {"TempSet": ("temperature", 20.0, 50.0), "CO2Set": ("co2", 0.0, 20.0)}
MISSING = "N/A"


@dataclass(frozen=True, slots=True)
class Relaxing:
    """A value that goes to its target with a time constant (s)."""

    start: float
    target: float
    lag: float
    since: Instant

    def at(self, now: Instant) -> float:
        """Give the value at a moment."""
        return self.target + (self.start - self.target) * math.exp(-float(now - self.since) / self.lag)


class FakeMemmert:
    """What the incubator answers and what hands do to it."""

    def __init__(self, world: World, name: str, *, serial: str = "SIM-ICO-01") -> None:
        """Stand warm and closed; what is inside stands at the place of its name."""
        self.acts = {"keep": 0}
        self.serial, self.model, self.software = serial, "ICO150med", "03.20"
        self.kept = dict(KEPT)
        self._world, self._name = world, name
        self._door = self._remote = False
        self._powered = True
        self._broken: set[str] = set()
        self._channels: dict[str, Relaxing] = {}
        self._received = b""
        world.add_place(name, Constant(KEPT["temperature"]))

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer every complete request; silent without power."""
        if not self._powered:
            self._received = b""
            return b""
        self._received, out = self._received + data, b""
        while self._received:
            try:
                target, self._received = _request(self._received)
            except h11.RemoteProtocolError:
                self._received = b""
                return out + _response(400, b"{}")
            if target is None:
                return out
            path, _, query = target.partition("?")
            known = path == "/atmoweb"
            out += _response(200 if known else 404, json.dumps(self._values(query, now) if known else {}).encode())
        return out

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a person act; raises FailedError for another action.

        ``door`` {open}, ``power`` {on}, ``put`` {container}, ``take`` {container, to}, ``gas`` {on: CO2 bottle},
        ``sensor`` {which: temperature, co2 or humidity, broken}, ``set`` {temperature} and ``remote`` {locked}.
        """
        match action:
            case "door":
                self._door = flag(details, "open")
            case "power":
                self._powered = flag(details, "on")
                self._warm(now)
            case "put":
                self._world.move(text(details, "container"), to=self._name, now=now)
            case "take":
                self._world.move(text(details, "container"), to=str(details.get("to", "bench")), now=now)
            case "gas":
                self.kept["co2"] = KEPT["co2"] if flag(details, "on") else ROOM["co2"]
            case "sensor":
                (self._broken.add if flag(details, "broken") else self._broken.discard)(text(details, "which"))
            case "set":
                self.kept["temperature"] = number(details, "temperature")
                self._warm(now)
            case "remote":
                self._remote = flag(details, "locked")
            case _:
                raise FailedError(
                    f"hand action is {action!r}; {self._name} has door, power, put, take, gas, sensor, set, remote"
                )
        self._change(now)

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  it never speaks by itself
        """Say nothing."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Tell that it never speaks by itself."""
        return None

    def value(self, channel: str, now: Instant) -> float:
        """Give the true value of a channel."""
        known = self._channels.get(channel)
        return self.kept[channel] if known is None else known.at(now)

    def _change(self, now: Instant) -> None:
        """Let every channel go on towards what holds from now on."""
        for channel, kept in self.kept.items():
            off = self._door or not self._powered
            lag = DOOR_LAGS[channel] if self._door else LAGS[channel]
            target = ROOM[channel] if off else kept
            self._channels[channel] = Relaxing(self.value(channel, now), target, lag, now)

    def _warm(self, now: Instant) -> None:
        """Let what stands inside have the temperature that is kept; the room's without power."""
        around = self.kept["temperature"] if self._powered else ROOM["temperature"]
        self._world.change_place(self._name, Constant(around), now=now)

    def _values(self, query: str, now: Instant) -> dict[str, object]:
        out: dict[str, object] = {}
        for part in query.split("&"):
            name, _, value = part.partition("=")
            if value and name in SETS and not self._remote:
                self._set(name, value=value, now=now)
            out[name] = self._tell(name, now)
        return out

    def _set(self, name: str, *, value: str, now: Instant) -> None:
        channel, low, high = SETS[name]
        try:
            wanted = float(value)
        except ValueError:
            return
        if low <= wanted <= high:
            self.kept[channel] = round(wanted, 1)
            self.acts["keep"] += 1
            self._warm(now)
            self._change(now)

    def _tell(self, name: str, now: Instant) -> object:
        if name in SETS:
            return self.kept[SETS[name][0]]
        if name in READS:
            channel = READS[name]
            if channel in self._broken:
                return MISSING
            grid = math.floor(float(now) / GRID)
            noise = NOISE[channel] * (2.0 * uniform(self._world.seed, self._name, channel, grid) - 1.0)
            return round(self.value(channel, now) + noise, 1)
        known = {"SN": self.serial, "DevType": self.model, "SWRev": self.software, "DoorOpen": int(self._door)}
        return known.get(name, MISSING)


@lru_cache(maxsize=16)  # who asks the same for days need not be read anew
def _request(data: bytes) -> tuple[str | None, bytes]:
    """Give the target of the request that the bytes begin with, None while it is not complete, and what follows it.

    Raises h11.RemoteProtocolError for bytes that are none.
    """
    server = h11.Connection(h11.SERVER)
    server.receive_data(data)
    head = server.next_event()
    if not isinstance(head, h11.Request) or not isinstance(server.next_event(), h11.EndOfMessage):
        return None, data
    return head.target.decode("ascii", "replace"), bytes(server.trailing_data[0])


def _response(status: int, body: bytes) -> bytes:
    """Frame an answer."""
    return _head(status, len(body)) + body


@lru_cache(maxsize=256)
def _head(status: int, length: int) -> bytes:
    """Frame the head of an answer to any request."""
    server = h11.Connection(h11.SERVER)
    server.receive_data(b"GET / HTTP/1.1\r\nHost: incubator\r\n\r\n")
    server.next_event()
    server.next_event()
    fields = [("Content-Type", "application/json"), ("Content-Length", str(length))]
    return server.send(h11.Response(status_code=status, headers=fields)) or b""


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeMemmert:
    """Make an incubator; settings of the fake: ``serial``; raises InputError for an empty one."""
    serial = settings.get("serial", "SIM-ICO-01")
    if not serial:
        raise InputError("serial is empty; a serial number is needed")
    return FakeMemmert(world, name, serial=serial)

"""Fake of a Cytomat: its telegrams over a climate in closed form, a shuttle and numbered places.

Climate: as ``fakes.memmert`` has it, without a climate of its own for each place.
Shuttle: a motion is acknowledged at once and takes its time; the plate is where it is going to as soon as it begins,
         and the registers say busy until it ends. What meets an empty or a taken place ends in an error. Power that
         fails while it moves leaves the plate on the handler. It does not know what stands on its places.
Assumed: how long motions take, that power sets the registers back, noise and lags.
Units:   degC, %, s.
Source:  pylabrobot 0.2.2, storage/cytomat (telegrams, registers, errors).
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from automation.kernel.errors import FailedError, InputError, WireError
from automation.kernel.ids import uniform
from automation.kernel.quantity import Instant
from fakes.freezer import flag, number, text
from fakes.memmert import GRID, KEPT, LAGS, NOISE, ROOM, Relaxing
from fakes.physics.trace import Constant
from fakes.world import World
from instruments.drivers.cytomat import wire

TAKES = {"in": 30.0, "ts": 25.0, "st": 28.0}  # s
COUNTED = {"in": "set up", "ts": "store", "st": "fetch"}
OXYGEN = 20.9  # %
NOT_LOADED, NOT_UNLOADED = 0x02, 0x03
CHANNELS = {"it": "temperature", "ic": "co2", "ih": "humidity"}
_WIDE = {"oxygen": 0.1}


class FakeCytomat:
    """What the device answers and what hands do to it; ``acts`` counts the motions that it began."""

    def __init__(self, world: World, name: str, *, places: int, end: bytes = wire.END) -> None:
        """Stand warm and closed, with empty places, not initialised."""
        self.acts = dict.fromkeys(COUNTED.values(), 0)
        self.kept = dict(KEPT)
        self.slots: dict[int, str] = {}
        self.gate = name + ".gate"
        self.standing = ""  # on the transfer station
        self.carried = ""  # on the handler
        self._world, self._name, self._places, self._end = world, name, places, end
        self._powered, self._ready, self._door = True, False, False
        self._busy = Instant(0.0)  # until when it moves
        self._moves = ""  # which plate
        self._error = 0
        self._error_at = Instant(0.0)  # when the register shows it
        self._jammed = self._moody = 0
        self._channels: dict[str, Relaxing] = {}
        self._received = b""
        world.add_place(name, Constant(KEPT["temperature"]))
        world.add_place(self.gate, Constant(ROOM["temperature"]))

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer every whole telegram at once."""
        if not self._powered:
            return b""
        *lines, self._received = (self._received + data).split(self._end)
        self._received = self._received[-wire.LONGEST :]
        return b"".join(self._answer(line, now).encode("ascii") + self._end for line in lines)

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  it never speaks by itself
        """Say nothing."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Tell that it never speaks by itself."""
        return None

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a person act; raises FailedError for what is not possible.

        ``put`` a ``container`` on the transfer station, ``take`` it from there ``to`` a place; ``clear`` frees the
        handler onto the station; ``door`` {open}, ``power`` {on}, ``set`` {temperature}, ``gas`` {on}; ``jam``: the
        next motion finds no plate; ``moody`` {times}: so often it answers busy for no reason.
        """
        match action:
            case "put":
                self._put(text(details, "container"), now)
            case "take":
                self._take(text(details, "to", "bench"), now)
            case "clear":
                self._clear(now)
            case "door":
                self._door = flag(details, "open")
                self._change(now)
            case "power":
                self._power(on=flag(details, "on"), now=now)
            case "set":
                self.kept["temperature"] = number(details, "temperature")
                self._world.change_place(self._name, Constant(self.kept["temperature"]), now=now)
                self._change(now)
            case "gas":
                self.kept["co2"] = KEPT["co2"] if flag(details, "on") else ROOM["co2"]
                self._change(now)
            case "jam":
                self._jammed = 1
            case "moody":
                self._moody = round(number(details, "times"))
            case _:
                known = "put, take, clear, door, power, set, gas, jam and moody"
                raise FailedError(f"hand action is {action!r}; {self._name} has {known}")

    def value(self, channel: str, now: Instant) -> float:
        """Give the true value of a channel."""
        known = self._channels.get(channel)
        return self.kept.get(channel, OXYGEN) if known is None else known.at(now)

    # hands

    def _put(self, container: str, now: Instant) -> None:
        if self.standing:
            raise FailedError(f"{self._name}: {self.standing} stands on the transfer station")
        self._world.move(container, to=self.gate, now=now)
        self.standing = container

    def _take(self, to: str, now: Instant) -> None:
        if not self.standing or self._moving(now):
            raise FailedError(f"{self._name}: nothing that stands still is on the transfer station")
        self._world.move(self.standing, to=to, now=now)
        self.standing = ""

    def _clear(self, now: Instant) -> None:
        if self.carried and not self.standing:
            self._world.move(self.carried, to=self.gate, now=now)
            self.standing, self.carried = self.carried, ""
        self._error = 0

    def _power(self, *, on: bool, now: Instant) -> None:
        """Switch: what moved is on the handler, and it has to find its position again."""
        if not on and self._moving(now) and self._moves:
            self.slots = {slot: name for slot, name in self.slots.items() if name != self._moves}
            self.standing = "" if self.standing == self._moves else self.standing
            self.carried = self._moves
        self._powered, self._ready, self._busy, self._moves, self._error = on, False, Instant(0.0), "", 0
        self._received = b""
        around = self.kept["temperature"] if on else ROOM["temperature"]
        self._world.change_place(self._name, Constant(around), now=now)
        self._change(now)

    def _change(self, now: Instant) -> None:
        """Let every channel go on towards what holds from now on."""
        off = self._door or not self._powered
        self._channels = {
            channel: Relaxing(self.value(channel, now), ROOM[channel] if off else kept, LAGS[channel], now)
            for channel, kept in self.kept.items()
        }

    # telegrams

    def _answer(self, line: bytes, now: Instant) -> str:
        try:
            asked = wire.read_command(line)
        except WireError:
            return "er 03"
        if self._moody and asked.word != "be":
            self._moody -= 1
            return "er 01"
        match asked.kind, asked.word, asked.arguments:
            case "ch", "bs", ():
                return f"bs {self._overview(now).code:02X}"
            case "ch", "be", ():
                return f"be {self._shown(now):02X}"
            case "ch", "bw", ():
                return "bw 00"
            case "rs", "be", ():
                self._error = 0
                return f"ok {self._overview(now).code:02X}"
            case "ch", word, () if word in wire.CLIMATE:
                return self._told(word, now)
            case "ll", "in", ():
                return self._begin("in", 0, now)
            case "mv", "ts" | "st" as word, (place,) if self._end == wire.END:
                return self._begin(word, int(place), now) if place.isdigit() else "er 04"
            case "mv", "ts" | "st" as word, ("00", place) if self._end == wire.SHORT_END:
                return self._begin(word, int(place) + 1, now) if place.isdigit() else "er 04"
            case _:
                return "er 02"

    def _overview(self, now: Instant) -> wire.Overview:
        moving = self._moving(now)
        return wire.Overview(
            station_occupied=bool(self.standing) and not (moving and self.standing == self._moves),
            door_open=self._door,
            gate_open=False,
            handler_occupied=bool(self.carried) or (moving and bool(self._moves)),
            error=bool(self._shown(now)),
            ready=self._ready and not moving,
            busy=moving,
        )

    def _moving(self, now: Instant) -> bool:
        return now < self._busy

    def _shown(self, now: Instant) -> int:
        return self._error if now >= self._error_at else 0

    def _told(self, word: str, now: Instant) -> str:
        channel = CHANNELS.get(word, "oxygen")
        grid = math.floor(float(now) / GRID)
        noise = NOISE.get(channel, _WIDE["oxygen"]) * (2.0 * uniform(self._world.seed, self._name, channel, grid) - 1.0)
        return f"{word} {self.kept.get(channel, OXYGEN):+.1f} {self.value(channel, now) + noise:+.1f}"

    def _begin(self, word: str, slot: int, now: Instant) -> str:
        """Begin a motion, or say why not."""
        refused = self._refused(word, slot, now)
        if refused:
            return f"er {refused:02X}"
        self.acts[COUNTED[word]] += 1
        before = self._overview(now)
        self._busy, self._moves = Instant(float(now) + TAKES[word]), ""
        match word:
            case "in":
                self._ready, self._error = True, 0
            case "ts":
                self._store(slot, now)
            case _:
                self._fetch(slot, now)
        return f"ok {replace(before, busy=True, ready=False).code:02X}"

    def _refused(self, word: str, slot: int, now: Instant) -> int:
        if self._moving(now):
            return 0x01
        if word == "in":
            return 0x21 if self.carried else 0
        if not 1 <= slot <= self._places:
            return 0x05
        if not self._ready:
            return 0x11
        if self.carried:
            return 0x21
        return {(False, "ts"): 0x31, (True, "st"): 0x32}.get((bool(self.standing), word), 0)

    def _store(self, slot: int, now: Instant) -> None:
        if self._jammed:
            self._fail(NOT_LOADED)
            return
        plate, self.standing = self.standing, ""
        self._moves = plate
        self._world.move(plate, to=self._name, now=now)
        if slot in self.slots:  # it does not know, and stops before it
            self.carried = plate
            self._fail(NOT_UNLOADED)
        else:
            self.slots[slot] = plate

    def _fetch(self, slot: int, now: Instant) -> None:
        if self._jammed or slot not in self.slots:
            self._fail(NOT_LOADED)
            return
        self._moves = self.standing = self.slots.pop(slot)
        self._world.move(self.standing, to=self.gate, now=now)

    def _fail(self, error: int) -> None:
        self._error, self._error_at, self._jammed = error, self._busy, 0


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeCytomat:
    """Make an incubator; settings of the fake: ``places`` (42) and ``model``; raises InputError."""
    places = settings.get("places", "42")
    if not (places.isascii() and places.isdigit() and len(places) <= 3 and int(places)):
        raise InputError(f"places is {places!r}; a number from 1 to 999 is needed", where="places")
    short = settings.get("model") == "C2C_425"
    return FakeCytomat(world, name, places=int(places), end=wire.SHORT_END if short else wire.END)

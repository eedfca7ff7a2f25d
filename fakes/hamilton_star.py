"""Fake of a Hamilton STAR with eight channels: firmware frames in, firmware frames out.

Liquids and tips: ``fakes.pipetting``; liquid moves when a command begins, the answer comes when the arm is back.
Answers to questions are those that PyLabRobot's tests show of real machines where they show any (RU, UA, TR); others
keep to the formats with which it reads them. Nobody published what follows, so it is ours: how long things take; a
frame that comes while the arm moves is answered when it is back; drives that are not initialised answer 02/51.
Units:  0.1 mm, 0.1 uL and 0.1 s on the wire; uL, s.
Source: pylabrobot 0.2.2, STAR_backend.py (commands, error codes) and STAR_tests.py (answers).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from automation.kernel.errors import FailedError, WireError
from automation.kernel.quantity import Instant, Microlitres, Seconds
from fakes.freezer import flag, number, text
from fakes.pipetting import DONE, WASTE, Pipettor, Precision, Went
from fakes.world import World
from instruments.drivers.hamilton_star import wire
from instruments.interfaces.liquid_handler import Cause
from instruments.labware.deck import Deck, load

CHANNELS = 8
BRIM = 1065.0  # uL that a tip of 1 mL truly takes
SAID = {
    "C0RM": "kb01kp08",
    "C0QM": "ka000001ke00000000xt54xa54xw13400xl01xn00xr00xo00xm03500xx11400xu3700xv3700"
    "kc0kr0ys090kl360km360ym6065yu0060yx0060",
    "C0RU": "ru00950 13402 30000 30000",
    "C0UA": "ua5952 0000 -03232 +15172 +30000 +30000",
    "C0RF": "rf7.6S 35 2019-10-15 (SIM)",
}
CHANNEL_SAID = {"RF": "rf5.0S i 2019-05-14 ", "VW": "vw0 0 0 0", "VY": "yc180 194 199"}
HEIGHTS = "kz000 000 000 000 000 000 000 000vz000 000 000 000 000 000 000 000"
TAKES = {"VI": Seconds(30.0), "DI": Seconds(15.0), "ZA": Seconds(2.0), "TP": Seconds(6.0), "TR": Seconds(5.0)}
MOVE = Seconds(4.0)  # of the arm to one column and back up
NEAR = 10  # 0.1 mm; how far from its middle a position is met
WIDE = {"trough": 580, "waste": 1200}  # the same in y, where several channels go together
NOT_INITIALISED, FULL, UNKNOWN_COMMAND = (2, 51), (2, 53), (1, 30)
CODES = {
    Cause.NO_LIQUID: (6, 70),
    Cause.CLOT: (4, 81),
    Cause.NO_TIP: (8, 75),
    Cause.TIP_LOST: (8, 75),
    Cause.TIP_ALREADY: (7, 76),
    Cause.PRESSURE: (17, 80),
    Cause.POSITION: (27, 0),
}
OTHER, NOT_DROPPED = (2, 54), (2, 77)
ACTS = {"TP": "pick up", "TR": "drop", "AS": "aspirate", "DS": "dispense"}
"""What is counted: motions, as they are recorded; each is of all its channels together."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one channel does in a command: its number, its place in the lists, and the position under it."""

    channel: int
    index: int
    place: str


class FakeHamiltonStar:
    """Arm, channels and deck of one STAR; ``acts`` counts what each channel began."""

    def __init__(self, world: World, name: str, deck: Deck) -> None:
        """Stand in a world with a deck whose tip racks are full; switched on, not initialised."""
        self.pipettor = Pipettor(world, name, channels=CHANNELS, precision=Precision())
        self.acts = {"initialise": 0, "pick up": 0, "aspirate": 0, "dispense": 0, "drop": 0}
        self._deck = deck
        self._places = _places(deck)
        self._powered, self._initialised = True, False
        self._received = b""
        self._free = Instant(0.0)  # when the arm is back from what it was told
        self._late: list[tuple[Instant, bytes]] = []

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer every complete frame: at once, or when the arm is back."""
        if not self._powered:
            return b""
        *whole, self._received = (self._received + data).split(wire.END)
        self._received = self._received[-wire.LONGEST :]
        for piece in whole:
            self._take(piece, now)
        return self.unasked(now)

    def unasked(self, now: Instant) -> bytes:
        """Give the answers that are due."""
        ready = b"".join(answer for at, answer in self._late if at <= now)
        self._late = [entry for entry in self._late if entry[0] > now]
        return ready

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  the answers know their own time
        """Tell when the next answer comes."""
        return self._late[0][0] if self._late else None

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a person act; raises FailedError for what is not possible.

        ``place`` a ``container`` on a ``position``, ``take`` it away ``to`` a place; ``tips`` refills the racks,
        ``no tips`` empties them; ``clot``, ``block`` and ``lose tip`` of a ``channel``; ``remove tips`` by hand;
        ``power`` {on}.
        """
        pipettor = self.pipettor
        match action:
            case "place":
                pipettor.place(text(details, "container"), at=self._place(details), now=now)
            case "take":
                pipettor.take(self._place(details), to=text(details, "to", "bench"), now=now)
            case "tips":
                pipettor.refill()
            case "no tips":
                pipettor.run_out()
            case "clot" | "block":
                pipettor.trouble(
                    pipettor.number(number(details, "channel")), Cause.CLOT if action == "clot" else Cause.PRESSURE
                )
            case "lose tip":
                pipettor.lose_tip(pipettor.number(number(details, "channel")), now)
            case "remove tips":
                self._bare(now)
            case "power":
                self._power(on=flag(details, "on"))
            case _:
                known = "place, take, tips, no tips, clot, block, lose tip, remove tips and power"
                raise FailedError(f"action is {action!r}; a STAR knows {known}")

    def _bare(self, now: Instant) -> None:
        for channel in self.pipettor.channels:
            self.pipettor.drop(channel, WASTE, now)

    def _power(self, *, on: bool) -> None:
        """Switch: what was about to be said is gone, and the drives have to be initialised again; tips stay on."""
        self._powered, self._initialised = on, False
        self._late, self._received, self._free = [], b"", Instant(0.0)

    def _take(self, piece: bytes, now: Instant) -> None:
        """Act on one frame; what is no frame gets no answer."""
        try:
            frame = wire.read_command(piece.decode("ascii"))
            said, took = self._act(frame, now)
        except (UnicodeDecodeError, WireError):
            return
        self._free = max(now, self._free) + took
        self._late.append((self._free, wire.transfer(said)))

    def _act(self, frame: wire.Frame, now: Instant) -> tuple[str, Seconds]:
        """Give what to say to a frame and how long it takes."""
        if frame.module.startswith("P") and frame.command in CHANNEL_SAID:
            return wire.write_answer(frame, CHANNEL_SAID[frame.command]), Seconds(0.0)
        match frame.what:
            case "C0QW":
                return wire.write_answer(frame, f"qw{self._initialised:d}"), Seconds(0.0)
            case "C0RT":
                on = " ".join(str(int(channel.tip)) for channel in self.pipettor.channels.values())
                return wire.write_answer(frame, f"rt{on}"), Seconds(0.0)
            case "C0TT":
                return wire.write_answer(frame), Seconds(0.0)
            case "C0VI" | "C0DI" | "C0ZA":
                return self._prepare(frame, now)
            case "C0TP" | "C0TR" | "C0AS" | "C0DS":
                return self._work(frame, now)
            case what if what in SAID:
                return wire.write_answer(frame, SAID[what]), Seconds(0.0)
            case _:
                return wire.write_answer(frame, error=UNKNOWN_COMMAND), Seconds(0.0)

    def _prepare(self, frame: wire.Frame, now: Instant) -> tuple[str, Seconds]:
        """Move the drives to their first position; with DI all tips that are on go into the waste."""
        if frame.command == "DI":
            self.acts["initialise"] += 1
            self._bare(now)
            self._initialised = True
        return wire.write_answer(frame), TAKES[frame.command]

    def _work(self, frame: wire.Frame, now: Instant) -> tuple[str, Seconds]:
        """Let the channels of a command work, each for itself."""
        parts = self._parts(frame)
        if not self._initialised:
            return wire.write_answer(frame, channels={p.channel: NOT_INITIALISED for p in parts}), Seconds(0.0)
        work = {"TP": self._pick_up, "TR": self._drop, "AS": self._aspirate, "DS": self._dispense}[frame.command]
        self.acts[ACTS[frame.command]] += 1
        errors = {part.channel: error for part in parts if (error := work(frame, part, now)) is not None}
        columns = len({_at(frame, "xp", part.index) for part in parts})
        payload = HEIGHTS if frame.command == "TR" else ""
        return wire.write_answer(frame, payload, channels=errors), Seconds(
            columns * float(self._duration(frame, parts))
        )

    def _duration(self, frame: wire.Frame, parts: list[Part]) -> Seconds:
        if frame.command in TAKES:
            return TAKES[frame.command]
        volume, speed = ("av", "as") if frame.command == "AS" else ("dv", "ds")
        strokes = [
            _at(frame, volume, p.index) / max(1, _at(frame, speed, p.index))
            + 2.0 * _at(frame, "mc", p.index) * _at(frame, "mv", p.index) / max(1, _at(frame, "ms", p.index))
            + _at(frame, "wt", p.index) / 10.0
            for p in parts
        ]
        return Seconds(float(MOVE) + max(strokes, default=0.0))

    def _pick_up(self, _frame: wire.Frame, part: Part, now: Instant) -> wire.Code | None:
        if self._kind(part.place) != "tips":
            return CODES[Cause.NO_TIP]
        return _code(self.pipettor.pick_up(part.channel, part.place, now))

    def _drop(self, _frame: wire.Frame, part: Part, now: Instant) -> wire.Code | None:
        spot = part.place if self._kind(part.place) == "tips" else WASTE
        went = self.pipettor.drop(part.channel, spot, now)
        return NOT_DROPPED if went[1] is Cause.TIP_ALREADY else _code(went)

    def _aspirate(self, frame: wire.Frame, part: Part, now: Instant) -> wire.Code | None:
        volume = _at(frame, "av", part.index) / 10.0
        if self.pipettor.channels[part.channel].held + volume > BRIM:
            return FULL
        mixed = _at(frame, "mc", part.index) > 0 and _at(frame, "mv", part.index) > 0
        went = self.pipettor.draw(part.channel, part.place, Microlitres(volume), mixed=mixed, now=now)
        return CODES[Cause.NO_LIQUID] if went[1] is Cause.POSITION else _code(went)

    def _dispense(self, frame: wire.Frame, part: Part, now: Instant) -> wire.Code | None:
        volume = Microlitres(_at(frame, "dv", part.index) / 10.0)
        return _code(self.pipettor.give(part.channel, part.place, volume, now))

    def _parts(self, frame: wire.Frame) -> list[Part]:
        """Give the channels of a command, each with the position under it."""
        return [
            Part(index + 1, index, self._under(_at(frame, "xp", index), _at(frame, "yp", index)))
            for index, on in enumerate(frame.numbers("tm")[:CHANNELS])
            if on
        ]

    def _under(self, x: int, y: int) -> str:
        for place, (px, py, kind) in self._places.items():
            if abs(x - px) <= NEAR and abs(y - py) <= WIDE.get(kind, NEAR):
                return place
        return ""

    def _kind(self, place: str) -> str:
        return self._places[place][2] if place in self._places else ""

    def _place(self, details: dict[str, object]) -> str:
        name = text(details, "position")
        known = name if name in self._places else f"{name}.A1"
        if known not in self._places:
            raise FailedError(f"position is {name!r}; the deck {self._deck.name} has none such")
        return known


def _code(went: Went) -> wire.Code | None:
    """Give what the firmware says of how a channel's part went."""
    return None if went == DONE else CODES.get(went[1], OTHER)


def _at(frame: wire.Frame, name: str, index: int) -> int:
    """Give a channel's value of a parameter; a single value is for all, and one that is missing is 0."""
    values = frame.numbers(name)
    return values[min(index, len(values) - 1)] if values else 0


def _places(deck: Deck) -> dict[str, tuple[int, int, str]]:
    """Give x and y (0.1 mm) and the kind of every position."""
    return {
        f"{name}.{place}": (round(10 * (labware.x + at.x)), round(10 * (labware.y + at.y)), labware.kind)
        for name, labware in deck.labware.items()
        for place, at in labware.positions.items()
    }


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeHamiltonStar:
    """Make a STAR; ``deck`` names its deck."""
    return FakeHamiltonStar(world, name, load(settings.get("deck", "final-day-star")))

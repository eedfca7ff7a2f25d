"""Fake of our own liquid handler: the line grammar of ``wire`` over pipetting in the world.

Physics: ``fakes.pipetting``. A motion takes a time in closed form: set-up 20 s, tips 4 s, liquids 2 s and the longest
        channel's volume at 100 uL/s and mixing at 250 uL/s. Liquid moves in the world when the command arrives, the
        reply comes when the motion ends; what is asked meanwhile is answered then. When power is lost while it moves,
        the results of that motion are unknown to the device for ever; number and tag are kept.
Units:  s, uL; nL on the wire.
Source: docs/drivers/own_handler.md; times and rates are assumed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from automation.kernel.errors import FailedError, WireError
from automation.kernel.quantity import Instant, Microlitres, Seconds
from fakes.freezer import flag, number, text
from fakes.pipetting import Pipettor, Precision, Went
from fakes.world import World
from instruments.drivers.own_handler import wire
from instruments.interfaces.liquid_handler import Cause, ChannelResult, HandlerStatus, Outcome

SET_UP, TIPS, LIQUID = Seconds(20.0), Seconds(4.0), Seconds(2.0)
RATE, MIXING = 100.0, 250.0  # uL/s
IDENTITY = "Cellwright|Own Handler|OWN-0001|1.0"
MOTIONS = {"setup": "set up", "tip": "pick up", "drop": "drop", "asp": "aspirate", "disp": "dispense"}


@dataclass(slots=True)
class _Moving:
    """The motion that runs, and until when."""

    did: wire.Did
    until: Instant


class FakeOwnHandler:
    """What the device does with its lines; ``acts`` counts the motions that it began."""

    def __init__(self, world: World, name: str, *, channels: int = 8) -> None:
        """Stand in the world with full racks of tips, switched on, not set up."""
        self.pipettor = Pipettor(world, name, channels=channels, precision=Precision())
        self.acts = dict.fromkeys(MOTIONS.values(), 0)
        self.last = wire.Did(0, "-", ())
        self._powered = True
        self._ready = False
        self._moving: _Moving | None = None
        self._late: list[tuple[Instant, bytes]] = []  # replies that come when the motion ends
        self._received = b""

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer every complete line; what is asked while it moves is answered when the motion has ended."""
        if not self._powered:
            return b""
        *lines, self._received = (self._received + data).split(b"\n")
        self._received = self._received[-wire.LONGEST :]
        return b"".join([self._line(line, now) for line in lines])

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a person act; raises FailedError for what is not possible.

        ``place`` a ``container`` on a ``position``, ``take`` it away ``to`` a place; ``tips`` refills the racks,
        ``no tips`` empties them; ``clot``, ``block`` and ``lose tip`` of a ``channel``; ``remove tips`` by hand;
        ``power`` {on}.
        """
        pipettor = self.pipettor
        match action:
            case "place":
                pipettor.place(text(details, "container"), at=text(details, "position"), now=now)
            case "take":
                pipettor.take(text(details, "position"), to=text(details, "to", "bench"), now=now)
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
                for channel in pipettor.channels:
                    pipettor.drop(channel, "waste", now)
            case "power":
                self._power(on=flag(details, "on"), now=now)
            case _:
                msg = (
                    f"action is {action!r}; a handler knows place, take, tips, no tips, clot, block, lose tip, "
                    "remove tips and power"
                )
                raise FailedError(msg)

    def unasked(self, now: Instant) -> bytes:
        """Give the replies that have become due."""
        said = b"".join(data for at, data in self._late if at <= now)
        self._late = [entry for entry in self._late if entry[0] > now]
        return said

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  what is late is due at once
        """Tell when the next reply is due."""
        return self._late[0][0] if self._late else None

    def _line(self, data: bytes, now: Instant) -> bytes:
        try:
            request = wire.read_request(data)
        except WireError:
            return wire.line("- bad")
        moving = self._moving if self._moving is not None and self._moving.until > now else None
        self._moving = moving
        if request.word in MOTIONS:
            return self._motion(request, now)
        reply = wire.line(f"{request.tag} {self._told(request.word)}")
        if moving is None:
            return reply
        self._late.append((moving.until, reply))
        return b""

    def _told(self, word: str) -> str:
        """Answer a question."""
        match word:
            case "id":
                return f"is {IDENTITY}"
            case "status":
                tips = tuple(channel.tip for channel in self.pipettor.channels.values())
                problem = "" if self._ready else "not set up"
                return wire.status(HandlerStatus(len(tips), tips, self._ready, problem))
            case "last":
                return wire.last(self.last)
            case _:
                return f"no unknown word {word[:20]}"

    def _motion(self, request: wire.Request, now: Instant) -> bytes:
        why = self._refusal(request)
        if why:
            return wire.line(f"{request.tag} no {why}")
        self.acts[MOTIONS[request.word]] += 1
        results = tuple(self._do(request.word, order, now) for order in request.orders)
        if request.word == "setup":
            self._ready = True
        self.last = wire.Did(self.last.number + 1, request.tag, results)
        until = Instant(float(now) + _seconds(request.word, request.orders))
        self._moving = _Moving(self.last, until)
        self._late.append((until, wire.line(f"{request.tag} {wire.did(self.last.number, results)}")))
        return b""

    def _refusal(self, request: wire.Request) -> str:
        """Say why a motion is not begun; empty when it may be."""
        channels = [order.channel for order in request.orders]
        tips = [number for number, channel in self.pipettor.channels.items() if channel.tip]
        if self._moving is not None:
            return f"motion {self._moving.did.number} is not finished"
        if request.word == "setup":
            return f"tips are on channels {tips}; drop them first" if tips and not self._ready else ""
        if not self._ready and request.word != "drop":
            return "not set up"
        if not channels or len(set(channels)) != len(channels) or not set(channels) <= set(self.pipettor.channels):
            return f"channels are {channels}; each once, of 1 to {len(self.pipettor.channels)}"
        return ""

    def _do(self, word: str, order: wire.Order, now: Instant) -> ChannelResult:
        pipettor, channel, volume = self.pipettor, order.channel, Microlitres(order.volume / wire.NANO)
        went: Went
        match word:
            case "tip":
                went = pipettor.pick_up(channel, order.place, now)
            case "drop":
                went = pipettor.drop(channel, order.place, now)
            case "asp":
                went = pipettor.draw(channel, order.place, volume, mixed=order.mix_cycles > 0, now=now)
            case _:
                went = pipettor.give(channel, order.place, volume, now)
        return ChannelResult(channel, *went)

    def _power(self, *, on: bool, now: Instant) -> None:
        """Switch off or on: what was about to be said is gone, and it has to be set up again."""
        if not on and self._moving is not None and self._moving.until > now:
            lost = (replace(one, outcome=Outcome.UNKNOWN, cause=Cause.OTHER) for one in self.last.results)
            self.last = replace(self.last, results=tuple(lost))
        self._powered, self._ready, self._moving = on, False, None
        self._late, self._received = [], b""


def _seconds(word: str, orders: Iterable[wire.Order]) -> float:
    """Give how long a motion takes (s)."""
    if word == "setup":
        return float(SET_UP)
    if word in {"tip", "drop"}:
        return float(TIPS)
    drawn = [one.volume / RATE + 2.0 * one.mix_cycles * one.mix_volume / MIXING for one in orders]
    return float(LIQUID) + max(drawn, default=0.0) / wire.NANO


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeOwnHandler:
    """Make a handler on whose deck containers of the world are put."""
    return FakeOwnHandler(world, name, channels=int(settings.get("channels", "8")))

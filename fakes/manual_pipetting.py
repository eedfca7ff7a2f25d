"""Places for pipetting by hand: what a person's pipette does in the world; it has no link.

Physics: ``fakes.pipetting`` with the precision of a hand (trueness within 1 %, cv 1 %; assumed).
Units:   uL.
"""

from collections.abc import Mapping

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant, Microlitres
from fakes.freezer import flag, number, text
from fakes.pipetting import DONE, Pipettor, Precision, Went
from fakes.world import World
from instruments.interfaces.liquid_handler import Cause

CHANNELS = 8
BY_HAND = Precision(trueness=0.01, cv=0.01)


class HandPipette:
    """A pipette in a person's hand over places for containers; ``acts`` counts what the hand did."""

    def __init__(self, world: World, name: str) -> None:
        """Lie ready in the world, with full racks of tips."""
        self.pipettor = Pipettor(world, name, channels=CHANNELS, precision=BY_HAND)
        self.acts = {"tip": 0, "draw": 0, "give": 0, "drop": 0}
        self.went: Went = DONE  # how the last of these went, as the person sees it

    def feed(self, data: bytes, now: Instant) -> bytes:  # noqa: ARG002  nothing is said to a pipette
        """Answer nothing: it has no link."""
        return b""

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  it never speaks
        """Say nothing."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  it never speaks
        """Never speak."""
        return None

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Act; raises FailedError for what is not possible.

        ``place`` a ``container`` on a ``position``, ``take`` it away ``to`` a place; ``tips`` refills the racks;
        ``tip`` and ``drop`` of a ``channel`` at a ``position``; ``draw`` (``mixed`` or not) and ``give`` a ``volume``
        there; ``clot``, ``block`` and ``lose tip`` of a ``channel``.
        """
        match action:
            case "place":
                self.pipettor.place(text(details, "container"), at=text(details, "position"), now=now)
            case "take":
                self.pipettor.take(text(details, "position"), to=text(details, "to", "bench"), now=now)
            case "tips":
                self.pipettor.refill()
            case "clot" | "block":
                trouble = Cause.CLOT if action == "clot" else Cause.PRESSURE
                self.pipettor.trouble(self.pipettor.number(number(details, "channel")), trouble)
            case "lose tip":
                self.pipettor.lose_tip(self.pipettor.number(number(details, "channel")), now)
            case "tip" | "drop" | "draw" | "give":
                self.acts[action] += 1
                self.went = self._pipette(action, details, now)
            case _:
                known = "place, take, tips, tip, draw, give, drop, clot, block and lose tip"
                msg = f"action is {action!r}; a pipette knows {known}"
                raise FailedError(msg)

    def _pipette(self, action: str, details: dict[str, object], now: Instant) -> Went:
        channel, position = self.pipettor.number(number(details, "channel")), text(details, "position")
        if action == "tip":
            return self.pipettor.pick_up(channel, position, now)
        if action == "drop":
            return self.pipettor.drop(channel, position, now)
        volume = Microlitres(number(details, "volume"))
        if action == "draw":
            return self.pipettor.draw(channel, position, volume, mixed=flag(details, "mixed"), now=now)
        return self.pipettor.give(channel, position, volume, now)


def build(world: World, name: str, settings: Mapping[str, str]) -> HandPipette:  # noqa: ARG001  it has no settings
    """Make a pipette and places for containers of the world."""
    return HandPipette(world, name)

"""Pipetting by a person: each operation is one question that names volumes, wells and containers.

Wire:   none. The person says for each channel of the pipette how it went; liquids are verified by a second person.
        The driver remembers nothing: which channels carry a tip follows from what was answered in the step.
Units:  uL.
Source: 21 CFR 211.101(c)-(d) (each addition by one person, verified by a second); Annex 11 6 (second check of critical
        entries); support level L0, because there are no bytes that a document or a capture could prove.
"""

from collections.abc import Mapping, Sequence

from automation.engine.handles import Container
from automation.engine.prompts import Answer, Entry, Question, ask_person, asker
from automation.kernel.errors import InputError
from automation.kernel.quantity import Seconds
from instruments.drivers.by_person import ByPerson, by_hand, declared
from instruments.drivers.factory import Factory
from instruments.interfaces.device import Identity
from instruments.interfaces.liquid_handler import (
    Aspirate,
    Cause,
    ChannelResult,
    DeckSeen,
    Dispense,
    HandlerStatus,
    LiquidHandler,
    Outcome,
    TipMove,
)
from instruments.labware.deck import Deck, load
from instruments.transport import Link

DECK = "final-day-star"
CHANNELS = 8
WITHIN = Seconds(1800.0)  # s; a row of vials by hand takes a while
LIQUIDS, DISPENSES = "liquids", "dispenses"
SECOND = (LIQUIDS, DISPENSES)
DONE = str(Outcome.DONE)
ANSWERS = (DONE, *(f"{how}, {why}" for how in (Outcome.NOT_DONE, Outcome.UNKNOWN) for why in Cause if why != "none"))
"""What can be said of a channel."""


class ManualPipetting(ByPerson):
    """A ``LiquidHandler`` that is a person with a pipette of one or more channels.

    RefusedError: the driver is read-only, or a volume, a well or a channel that can't be; nobody was asked.
    """

    def __init__(self, name: str, identity: Identity, deck: Deck, *, second: str, control: bool) -> None:
        """Ask under the name of the asset; ``second``: what a second person verifies, liquids or dispenses."""
        super().__init__(name, identity, control=control)
        self._deck = deck
        self._second = second

    async def deck(self) -> DeckSeen:
        """Say by which deck definition the places are named."""
        return DeckSeen(self._deck.name, self._deck.version, self._deck.sha256)

    async def look(self) -> HandlerStatus:
        """Give which channels carry a tip, as it was answered in this step."""
        tips: set[int] = set()
        for one in asker().heard():
            done = {int(name.removeprefix("channel")) for name, said in one.answer.values.items() if said == DONE}
            tips = tips | done if one.word == "pick" else tips - done if one.word == "drop" else tips
        return HandlerStatus(CHANNELS, tuple(number in tips for number in range(1, CHANNELS + 1)))

    async def set_up(self) -> None:
        """Let a person make pipette and places ready."""
        self._commanding("set up")
        await self._confirm("make pipette, tips and waste ready; no tip is on the pipette. Confirm")

    async def pick_up(self, *, tips: tuple[TipMove, ...]) -> tuple[ChannelResult, ...]:
        """Let a person put tips on."""
        self._commanding("put tips on")
        for tip in tips:
            self._deck.position(tip.spot)
        lines = [f"channel {tip.channel}: new tip from {tip.spot}" for tip in tips]
        return await self._ask("put tips on", lines, [tip.channel for tip in tips], word="pick")

    async def aspirate(
        self, *, moves: tuple[Aspirate, ...], containers: tuple[Container, ...]
    ) -> tuple[ChannelResult, ...]:
        """Let a person draw, mixing each well before where asked."""
        self._commanding("draw")
        self._deck.check(moves)
        lines = [f"channel {one.channel}: draw {_litres(one)} from {one.well}{_mixing(one)}" for one in moves]
        channels = [one.channel for one in moves]
        return await self._ask(
            f"draw{_named(containers)}", lines, channels, word="draw", second=self._second == LIQUIDS
        )

    async def dispense(
        self, *, moves: tuple[Dispense, ...], containers: tuple[Container, ...]
    ) -> tuple[ChannelResult, ...]:
        """Let a person give liquid."""
        self._commanding("give")
        self._deck.check(moves)
        lines = [f"channel {one.channel}: give {_litres(one)} into {one.well}" for one in moves]
        channels = [one.channel for one in moves]
        return await self._ask(f"give{_named(containers)}", lines, channels, word="give", second=True)

    async def drop(self, *, tips: tuple[TipMove, ...]) -> tuple[ChannelResult, ...]:
        """Let a person take tips off."""
        self._commanding("take tips off")
        for tip in tips:
            self._deck.position(tip.spot)
        lines = [f"channel {tip.channel}: tip to {tip.spot}" for tip in tips]
        return await self._ask("take tips off", lines, [tip.channel for tip in tips], word="drop")

    async def _ask(
        self, what: str, lines: Sequence[str], channels: Sequence[int], *, word: str, second: bool = False
    ) -> tuple[ChannelResult, ...]:
        wrong = [channel for channel in channels if not 1 <= channel <= CHANNELS]
        if wrong or not channels or len(set(channels)) != len(channels):
            self._refuse(f"channels are {list(channels)}; 1 to {CHANNELS}, each once, are allowed")
        text = "\n".join((self._at(what), *lines, "Say for each channel how it went"))
        fields = tuple(Entry(f"channel{number}", f"Channel {number}", options=ANSWERS) for number in channels)
        answer = await ask_person(Question("enter", text, fields=fields, second=second, within=WITHIN), word=word)
        return tuple(_result(number, answer) for number in channels)


def _litres(move: Aspirate | Dispense) -> str:
    return f"{float(move.volume):.10g} uL"


def _mixing(move: Aspirate) -> str:
    if not move.mix_cycles:
        return ""
    return f", mixed first {move.mix_cycles} times with {float(move.mix_volume):.10g} uL"


def _named(containers: tuple[Container, ...]) -> str:
    return f" (containers: {', '.join(one.id for one in containers)})" if containers else ""


def _result(channel: int, answer: Answer) -> ChannelResult:
    said = answer.word(f"channel{channel}")
    how, _, why = said.partition(", ")
    if how == DONE:
        return ChannelResult(channel, Outcome.DONE)
    verified = f", verified by {answer.verified_by}" if answer.verified_by else ""
    told = f"channel {channel}: {said}; said by {answer.by}{verified}"
    return ChannelResult(channel, Outcome(how), Cause(why), told, said)


def build(link: Link, given: Mapping[str, str], *, control: bool) -> ManualPipetting:
    """Build the driver; of the link only the name is used. Raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    second = given.get("second", LIQUIDS)
    if second not in SECOND:
        raise InputError(f"second is {second!r}; allowed: {', '.join(SECOND)}", where="second")
    deck = load(given.get("deck", DECK))
    return ManualPipetting(link.name, declared(given), deck, second=second, control=control)


FACTORY = Factory(
    build=build,
    interface=LiquidHandler,
    support=by_hand("a person pipettes and says how it went"),
    transports=(),
    settings={
        "maker": "maker of the pipette; declared",
        "model": "its model; declared",
        "serial": "its serial number; declared",
        "deck": f"name of a shipped deck definition, by which places are named; {DECK} unless stated",
        "second": f"what a second person verifies: {LIQUIDS} (draws and dispenses; unless stated) or {DISPENSES}",
    },
)

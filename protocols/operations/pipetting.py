"""Filling tubes by a liquid handler: rounds of channels, each with new tips, the outcome of every channel recorded.

A channel that did nothing is done again with a new tip after a person has looked. Where nobody knows how much was
drawn, the tip goes to waste and the tube, still empty, is done again. Where nobody knows how much was given, a person
decides about the tube; what it may hold is recorded as anything between nothing and all.
Units:  mL in the record, uL at the handler.
Source: outcomes of each channel (``instruments.interfaces.liquid_handler``); 21 CFR 211.192 (discrepancies explained).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from automation.engine.product import Amount, Product
from automation.engine.prompts import Operator
from automation.formulas.filling import anywhere
from automation.kernel.errors import FailedError
from automation.kernel.quantity import Microlitres, Millilitres
from instruments.interfaces.liquid_handler import (
    Aspirate,
    Cause,
    ChannelResult,
    Dispense,
    LiquidHandler,
    Outcome,
    TipMove,
)
from instruments.labware.deck import Deck
from protocols.operations.filling import Filled, Pipetting

TRIES = 3  # of one tube
TIPS, TROUGH, WASTE = "tips", "trough.A1", "waste"
REJECT, EMPTY = "reject the tube", "nothing went in: do it again with a new tip"


@dataclass(frozen=True, slots=True)
class Job:
    """One tube on the deck, and what goes into it."""

    container: str
    well: str
    volume: Millilitres

    @property
    def microlitres(self) -> Microlitres:
        """Give the volume as a handler takes it (uL)."""
        return Microlitres(1000.0 * float(self.volume))


@dataclass(slots=True)
class Tally:
    """What has become of the tubes and of the liquid in the trough, so far."""

    there: Millilitres  # in the trough
    filled: list[Filled]
    rejected: list[str]
    wasted: Millilitres = Millilitres(0.0)
    wasted_variance: float = 0.0  # mL^2

    def waste(self, volume: Millilitres, standard: Millilitres = Millilitres(0.0)) -> None:
        """Count what went to waste."""
        self.wasted = self.wasted + volume
        self.wasted_variance += float(standard) ** 2


class Rounds:
    """Fills the tubes of one deck from its trough."""

    def __init__(
        self, handler: LiquidHandler, operator: Operator, product: Product, *, given: Pipetting, deck: Deck
    ) -> None:
        """Work on a deck that is loaded as the recipe approved it."""
        self._handler = handler
        self._operator = operator
        self._product = product
        self._given = given
        self._deck = deck
        self._spots: Iterator[str] = iter(f"{TIPS}.{name}" for name in deck.labware[TIPS].positions)

    async def run(self, jobs: tuple[Job, ...], *, trough: str, there: Millilitres) -> Tally:
        """Fill all tubes; raises RefusedError before anything moves for a volume that can't be."""
        if there < Millilitres(sum(float(job.volume) for job in jobs)):
            raise FailedError(f"the trough holds {there:.3g} mL, less than the tubes take")
        check(jobs, there=there, given=self._given, deck=self._deck)
        await self._handler.set_up()
        tally, tries = Tally(there, [], []), dict[str, int]()
        todo = list(jobs)
        while todo:
            now = _together(todo, self._given.channels)
            todo = todo[len(now) :]
            again: list[Job] = []
            for job in await self._round(now, trough, tally):
                tries[job.container] = tries.get(job.container, 0) + 1
                if tries[job.container] < TRIES and tally.there >= job.volume:
                    again.append(job)
                else:
                    await self._give_up(job, tally)
            todo = again + todo
        return tally

    async def _round(self, jobs: tuple[Job, ...], trough: str, tally: Tally) -> list[Job]:
        """Do one round; gives the jobs that are to be done again."""
        on = dict(enumerate(jobs, 1))
        again: dict[int, Job] = {}
        picked = await self._handler.pick_up(tips=tuple(TipMove(n, self._spot()) for n in on))
        with_tip = await self._sorted(picked, on, again, "no tip")
        drawn = await self._draw(with_tip, trough, tally, again)
        if drawn:
            await self._give(drawn, trough, tally, again)
        used = {one.channel for one in picked if one.outcome is not Outcome.NOT_DONE}
        if used:
            await self._drop(used)
        if again:
            names = ", ".join(job.container for job in again.values())
            await self._operator.confirm(f"Look at the deck, the tips and the trough. {names}: done again, confirm")
            if not (await self._handler.look()).ready:  # it may have lost its position
                await self._handler.set_up()
        return list(again.values())

    def _spot(self) -> str:
        """Give the next tip; raises FailedError when the rack is empty."""
        spot = next(self._spots, "")
        if not spot:
            raise FailedError("the tips of the deck are used up; stop the step, or fill by hand")
        return spot

    async def _draw(self, jobs: Mapping[int, Job], trough: str, tally: Tally, again: dict[int, Job]) -> dict[int, Job]:
        """Draw for every channel with a tip; what may be in a tip that failed goes to waste with it."""
        if not jobs:
            return {}
        source = self._product.held(trough)
        moves = tuple(_aspirate(n, job, tally.there, given=self._given, deck=self._deck) for n, job in jobs.items())
        results = await self._handler.aspirate(moves=moves, containers=(source,))
        for one in results:
            job = jobs[one.channel]
            if one.outcome is Outcome.UNKNOWN:
                volume, standard = anywhere(job.volume)
                await self._to_waste(trough, amount=Amount(volume, standard), tally=tally, why=str(one.cause))
        return await self._sorted(results, jobs, again, "nothing known to be drawn")

    async def _give(self, jobs: Mapping[int, Job], trough: str, tally: Tally, again: dict[int, Job]) -> None:
        """Give what was drawn; a tube of which nobody knows what it holds is a person's to decide."""
        moves = tuple(
            Dispense(n, job.well, job.microlitres, Microlitres(0.0), job.microlitres) for n, job in jobs.items()
        )
        handles = tuple(self._product.held(job.container) for job in jobs.values())
        results = await self._handler.dispense(moves=moves, containers=handles)
        for one in results:
            job = jobs[one.channel]
            match one.outcome:
                case Outcome.DONE:
                    standard = job.volume * (float(self._given.uncertainty) / 100)
                    await self._move(trough, job, amount=Amount(job.volume, standard), tally=tally)
                    tally.filled.append(Filled(job.container, job.volume, standard))
                case Outcome.NOT_DONE:
                    await self._note(one, job, "what was drawn goes to waste with the tip")
                    await self._to_waste(trough, amount=Amount(job.volume), tally=tally, why=str(one.cause))
                    again[one.channel] = job
                case Outcome.UNKNOWN:
                    await self._unknown(one, job, trough, tally=tally, again=again)

    async def _unknown(self, one: ChannelResult, job: Job, trough: str, *, tally: Tally, again: dict[int, Job]) -> None:
        """Let a person decide about a tube of which nobody knows what it holds."""
        await self._note(one, job, "nobody knows how much went in")
        choice = await self._operator.choose(
            f"{job.container} at {job.well}: {one.cause}, nobody knows how much went in. Look at it, then decide",
            REJECT,
            EMPTY,
            second=True,
        )
        if choice == EMPTY:
            await self._to_waste(trough, amount=Amount(job.volume), tally=tally, why=str(one.cause))
            again[one.channel] = job
            return
        volume, standard = anywhere(job.volume)
        await self._move(trough, job, amount=Amount(volume, standard), tally=tally)
        await self._to_waste(trough, amount=Amount(volume), tally=tally, why=str(one.cause))
        tally.waste(volume)
        tally.rejected.append(job.container)

    async def _sorted(
        self, results: tuple[ChannelResult, ...], jobs: Mapping[int, Job], again: dict[int, Job], what: str
    ) -> dict[int, Job]:
        """Give the jobs whose channel did its part; the others are noted and done again."""
        for one in results:
            if one.outcome is not Outcome.DONE:
                await self._note(one, jobs[one.channel], what)
                again[one.channel] = jobs[one.channel]
        return {one.channel: jobs[one.channel] for one in results if one.outcome is Outcome.DONE}

    async def _drop(self, channels: set[int]) -> None:
        """Throw the tips away; one that can't be thrown is looked at by a person."""
        results = await self._handler.drop(tips=tuple(TipMove(n, WASTE) for n in sorted(channels)))
        stuck = [
            one
            for one in results
            if one.outcome is not Outcome.DONE and one.cause not in {Cause.NO_TIP, Cause.TIP_LOST}
        ]
        if stuck:
            names = ", ".join(str(one.channel) for one in stuck)
            await self._product.deviation(f"tips of channels {names} were not dropped", rule="liquid handler")
            await self._operator.confirm(f"Take the tips off channels {names} by hand, then confirm")

    async def _note(self, one: ChannelResult, job: Job, what: str) -> None:
        title = f"channel {one.channel}, {job.container} at {job.well}: {one.cause} ({one.outcome}); {what}"
        await self._product.deviation(title, rule="liquid handler")

    async def _give_up(self, job: Job, tally: Tally) -> None:
        await self._product.deviation(f"{job.container} could not be filled", rule="liquid handler")
        tally.rejected.append(job.container)

    async def _move(self, trough: str, job: Job, *, amount: Amount, tally: Tally) -> None:
        source, dest = self._product.held(trough), self._product.held(job.container)
        await self._product.transfer(source=source, dest=dest, amount=amount, why="pipetted")
        tally.there = tally.there - amount.volume

    async def _to_waste(self, trough: str, *, amount: Amount, tally: Tally, why: str) -> None:
        """Note what went from the trough into the waste with a tip."""
        await self._product.draw(self._product.held(trough), to="waste", amount=amount, why=f"pipetting: {why}")
        tally.there = tally.there - amount.volume
        tally.waste(amount.volume, amount.standard)


def places(deck: Deck, labware: str, *, number: int) -> tuple[str, ...]:
    """Give the first positions of a labware; raises FailedError when the deck has fewer."""
    there = tuple(deck.labware[labware].positions) if labware in deck.labware else ()
    if number > len(there):
        raise FailedError(f"{number} {labware} are to be filled; the deck {deck.name} has places for {len(there)}")
    return tuple(f"{labware}.{one}" for one in there[:number])


def check(jobs: tuple[Job, ...], *, there: Millilitres, given: Pipetting, deck: Deck) -> None:
    """Refuse what the deck does not take, all of it, before the first tip is touched. Raises RefusedError."""
    for n, job in enumerate(jobs, 1):
        deck.check((_aspirate(n, job, there, given=given, deck=deck),))
        deck.check((Dispense(n, job.well, job.microlitres, Microlitres(0.0), job.microlitres),))


def _aspirate(channel: int, job: Job, there: Millilitres, *, given: Pipetting, deck: Deck) -> Aspirate:
    in_well = Microlitres(1000.0 * float(there))
    mix = min(float(given.mix_volume), float(in_well), deck.tip.holds)
    return Aspirate(channel, TROUGH, job.microlitres, in_well, mix_volume=Microlitres(mix), mix_cycles=given.mix_cycles)


def _together(jobs: list[Job], channels: int) -> tuple[Job, ...]:
    """Give the next jobs that one round takes: on one labware, as many as there are channels."""
    where = jobs[0].well.partition(".")[0]
    same: list[Job] = []
    for job in jobs[:channels]:
        if job.well.partition(".")[0] != where:
            break
        same.append(job)
    return tuple(same)

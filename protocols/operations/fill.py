"""Unit operation: fill bags by weight, and cryovials and QC aliquots by a liquid handler; what adds up is frozen.

Line clearance by two people, labels printed and looked at, each container identified by its own label where it is
filled, seal and visual check, what is left weighed, line clearance again; then volume, cells, labels and containers
are reconciled, and only a filling that adds up goes on to freezing.
Units:  mL, g, cells; densities in g/mL.
Source: 21 CFR 211.125 and 211.130 (labels, line clearance), 211.101 and 211.103 (weights, yields), 211.192; EU GMP
        Part IV (identity at each fill).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from automation.engine.labelling import Labels
from automation.engine.operation import ENDINGS, MAKING_SAFE, SafeDevice, SafeProduct
from automation.engine.printable import Of, Text
from automation.engine.product import Amount, Labelled, Product
from automation.engine.prompts import Entry, Operator, Question
from automation.engine.visit import Move, Visit
from automation.formulas.filling import Plan, Wanted, plan
from automation.formulas.identifiers import Kind
from automation.gmp.product.containers import Purpose
from automation.kernel.errors import FailedError, UnknownError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Grams, Millilitres, Percent
from instruments.interfaces.balance import Balance
from instruments.interfaces.label_printer import LabelPrinter
from instruments.interfaces.liquid_handler import LiquidHandler, TipMove
from instruments.labware.deck import Deck, load
from protocols.operations.filling import Bags, Filled, LabelText, Named, Parameters, Results, Tubes
from protocols.operations.filling_accounts import accounts
from protocols.operations.labelling import LabelRun
from protocols.operations.pipetting import TROUGH, WASTE, Job, Rounds, check, places
from protocols.operations.weigh_fill import ByWeight, Target
from protocols.operations.weighing import weigh

GOOD, REJECT = "good", "reject"
MOST_DMSO = Percent(50.0)  # as the parameters allow
NOTHING, CAME_OUT = "nothing came out", "it came out"
QC = "QC"


class State(StrEnum):
    """Where a filling stands; FILLED and NOT_RECONCILED are final."""

    SET_OUT = "set out"
    LABELLED = "labelled"
    WEIGHED = "filled by weight"
    PIPETTED = "pipetted"
    CHECKED = "checked"
    FILLED = "filled"
    NOT_RECONCILED = "not reconciled"


@dataclass(frozen=True, slots=True)
class Fill:
    """Fill the formulated product into its containers."""

    balance: Balance
    printer: LabelPrinter
    handler: LiquidHandler
    operator: Operator
    product: Product
    labels: Labels
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.FILLED})
    safe: ClassVar = (
        SafeDevice(after=ENDINGS, role="handler", ask="look", reads="tips", among=frozenset({False})),
        SafeProduct(after=MAKING_SAFE, told="2 to 8 degC"),
    )
    table: ClassVar = Table(
        State.SET_OUT,
        (
            Row("label", State.SET_OUT, State.LABELLED),
            Row("weigh", State.LABELLED, State.WEIGHED),
            Row("pipette", State.WEIGHED, State.PIPETTED),
            Row("check", State.PIPETTED, State.CHECKED),
            Row("accept", State.CHECKED, State.FILLED),
            Row("refuse", State.CHECKED, State.NOT_RECONCILED),
        ),
    )

    async def set_out(self, visit: Visit[Results]) -> Move:
        """Clear the line, make the containers known, and print and look at their labels."""
        source = self.product.one()
        found = await self._planned()
        if found.trough > Millilitres(0.0):
            await self._deck(visit.batch, found)
        await self._clear(f"before filling from {source.id}")
        held = self.product.held(source.id)
        named = _names(visit.batch, found, self.given)
        lines: dict[str, tuple[str, ...]] = {}
        for one, purpose in named:
            label = await self.product.expect(one.container, of=held, kind=one.kind, purpose=purpose)
            lines[one.container] = self._lines(visit.batch, one, label)
        run = LabelRun(self.printer, self.labels, self.operator, self.product, held, self.given.label.statement or "")
        printed = await run.run(lines, record_copy=self.given.label.record_copy)
        some = tuple(Named(one.container, printed[one.container], one.kind) for one, _ in named)
        bags, vials, aliquots = (some[start:end] for start, end in _slices(found))
        return Move(
            "label",
            source=source.id,
            bags=bags,
            vials=vials,
            aliquots=aliquots,
            trough=some[-1] if found.vials or found.aliquots else None,
            trough_planned=found.trough,
        )

    async def labelled(self, visit: Visit[Results]) -> Move:
        """Fill the bags by weight, then the trough of the liquid handler."""
        got, bags = visit.got, self.given.bags
        scale = ByWeight(
            self.balance,
            self.operator,
            self.product,
            self.labels,
            got.source,
            self.given.density,
            self.given.density_uncertainty,
            self.given.balance_uncertainty,
        )
        target = Target(bags.volume, bags.tolerance, bags.empty, bags.empty_tolerance)
        filled = [await scale.fill(bag, target) for bag in got.bags]
        if got.trough is not None:
            wanted = got.trough_planned or Millilitres(0.0)
            empty = self.given.pipetting.trough_empty
            filled.append(await scale.fill(got.trough, Target(wanted, bags.tolerance, empty, bags.empty_tolerance)))
        return Move("weigh", weighed=tuple(filled))

    async def filled_by_weight(self, visit: Visit[Results]) -> Move:
        """Let the liquid handler fill vials and aliquots from the trough, on the deck that was approved."""
        got, given = visit.got, self.given.pipetting
        if got.trough is None:
            return Move("pipette")
        deck = await self._approved()
        jobs = await self._load(got, deck)
        rounds = Rounds(self.handler, self.operator, self.product, given=given, deck=deck)
        tally = await rounds.run(jobs, trough=got.trough.container, there=got.weighed[-1].volume)
        for name in tally.rejected:
            await self._reject(name, got, why="not known to be filled")
        return Move(
            "pipette",
            pipetted=tuple(tally.filled),
            wasted=tally.wasted,
            wasted_uncertainty=Millilitres(tally.wasted_variance**0.5),
            rejected=tuple(tally.rejected),
        )

    async def pipetted(self, visit: Visit[Results]) -> Move:
        """Seal and look at every container, weigh what is left, and clear the line."""
        got = visit.got
        rejected = [*got.rejected, *await self._look(got)]
        bag = await self._left(got.source, self.given.source_empty)
        trough = None
        if got.trough is not None:
            trough = await self._left(got.trough.container, got.weighed[-1].empty or Grams(0.0))
        filled = [one for one in _every(got) if one.container not in rejected]
        left = await self._cleared(len(filled), got.source)
        return Move(
            "check",
            rejected=tuple(rejected),
            left_in_bag=bag,
            left_in_trough=trough,
            labels_printed=self.labels.counts().printed,
            labels_unaccounted=self.labels.counts().unaccounted - left[0],
            containers_unaccounted=len(filled) - left[1],
        )

    async def checked(self, visit: Visit[Results]) -> Move:
        """Reconcile volume, cells, labels and containers; what does not add up is not frozen before QA has looked.

        What adds up goes on to freezing, and its aliquots to QC.
        """
        found = accounts(visit.got, self.given)
        if not found.wrong:
            await self._hand_over(visit.got)
            return Move("accept", **found.results)
        for title in found.wrong:
            await self.product.deviation(title, rule="reconciliation")
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason="; ".join(found.wrong)[:400])
        return Move("refuse", why="; ".join(found.wrong), **found.results)

    async def holding(self, visit: Visit[Results]) -> None:
        """The exposure clock runs on: close what is open and keep it cold."""
        source = visit.got.source or "the product"
        await self.operator.confirm(
            f"Held: clamp and close {source} and all that is filled, keep them at 2 to 8 degC. "
            "The exposure clock runs on"
        )

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Take the tips off, close what is open, keep it cold, under QA hold."""
        await self._leave("filling stopped")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await self._leave("filling aborted")

    async def _leave(self, why: str) -> None:
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=why)
        tips = await self._tips()
        if tips:
            try:
                await self.handler.drop(tips=tuple(TipMove(channel, WASTE) for channel in tips))
            except (FailedError, UnknownError):
                await self.operator.confirm(f"Take the tips off channels {', '.join(map(str, tips))} by hand")
        for label in self.labels.unsure():
            seen = await self.operator.choose(f"Look at the printer: has label {label.id} come out?", NOTHING, CAME_OUT)
            await self.labels.seen(label, out=seen == CAME_OUT)
        names = ", ".join(container.id for container in self.product.transferred())
        await self.operator.confirm(
            f"The end: {why}. Mix, close and put {names} at 2 to 8 degC, destroy every label that is on no container, "
            "and ask QA"
        )
        await self.labels.clear_up(reason=why)

    async def _tips(self) -> tuple[int, ...]:
        """Give the channels that carry a tip; none when the handler can't be asked."""
        try:
            seen = await self.handler.look()
        except (FailedError, UnknownError):
            return ()
        return tuple(n for n, tip in enumerate(seen.tips, 1) if tip)

    async def _planned(self) -> Plan:
        """Plan what can be filled; less than the recipe wants is a deviation. Raises InputError when nothing can be."""
        given = self.given
        wanted = {
            "bags": Wanted(given.bags.number, given.bags.volume),
            "vials": Wanted(given.vials.number, given.vials.volume),
            "aliquots": Wanted(given.aliquots.number, given.aliquots.volume),
        }
        there = given.volume - given.hold_up
        found = plan(there=there, rest=given.pipetting.rest, **wanted)
        if found.containers < sum(one.number for one in wanted.values()):
            title = (
                f"{given.volume:.1f} mL fill {found.bags} bags, {found.vials} vials and {found.aliquots} aliquots; "
                f"{given.bags.number}, {given.vials.number} and {given.aliquots.number} were wanted"
            )
            await self.product.deviation(title, rule="filling plan")
        return found

    async def _approved(self) -> Deck:
        """Give the deck with which the handler works; raises FailedError for one that was not approved."""
        seen, given = await self.handler.deck(), self.given.pipetting
        if seen.sha256 != given.deck_sha256:
            seen_as, approved = f"{seen.name} {seen.version} ({seen.sha256[:12]})", given.deck_sha256[:12]
            raise FailedError(f"the handler works with deck {seen_as}; approved is {given.deck} ({approved})")
        return load(given.deck)

    async def _deck(self, batch: str, found: Plan) -> None:
        """See that the deck takes every tube and volume, before a label is printed or a bag is filled."""
        deck, names = await self._approved(), [one for one, _ in _names(batch, found, self.given)]
        jobs: list[Job] = []
        for (labware, tubes), (start, end) in zip(self._tubes, _slices(found)[1:], strict=True):
            wells = places(deck, labware, number=end - start)
            some = zip(names[start:end], wells, strict=True)
            jobs += [Job(one.container, well, tubes.volume) for one, well in some]
        check(tuple(jobs), there=found.trough, given=self.given.pipetting, deck=deck)

    @property
    def _tubes(self) -> tuple[tuple[str, Tubes], ...]:
        """Give what is pipetted, by the labware of the deck that it stands in."""
        return ("vials", self.given.vials), ("aliquots", self.given.aliquots)

    async def _clear(self, when: str) -> None:
        text = f"Line clearance {when}: no other product, container or label is on the bench and on the deck"
        await self.operator.ask(Question("witness", text))

    async def _cleared(self, filled: int, source: str) -> tuple[int, int]:
        """Clear the line after filling; gives labels left over and containers counted, both by two people."""
        seen = await self.operator.enter(
            f"Line clearance after filling from {source}: count what is there. {filled} containers are filled by the "
            "record; labels that are left over are destroyed now",
            Entry("labels", "Labels left over", low=0, high=1000, decimals=0),
            Entry("containers", "Filled containers", low=0, high=1000, decimals=0),
            second=True,
        )
        return round(seen.number("labels")), round(seen.number("containers"))

    def _lines(self, batch: str, one: Named, label: Labelled) -> tuple[str, ...]:
        """Give what stands on a label, from the top."""
        volume = {
            self.given.vials.kind: self.given.vials.volume,
            self.given.aliquots.kind: self.given.aliquots.volume,
            self.given.bags.kind: self.given.bags.volume,
        }.get(one.kind)
        of = Of(batch, label.din, label.identity)
        return _written(self.given.label, of, one.container, filled=_filled(volume, self.given.dmso))

    @staticmethod
    def texts(given: Mapping[str, object], of: Of) -> Iterator[Text]:
        """Give the longest text of each sort of label that the recipe lets it print."""
        label, dmso = given.get("label"), given.get("dmso")
        if not isinstance(label, LabelText):
            return
        share = Percent(dmso) if isinstance(dmso, float) else MOST_DMSO
        marks = tuple(filter(None, (part.strip() for part in (label.statement or "").split(";"))))
        for sort, name in (("bags", "99"), ("vials", "V99"), ("aliquots", "Q99")):
            kind = given.get(sort)
            if isinstance(kind, Bags | Tubes) and kind.number:
                container = f"{of.batch}-{name}"
                filled = _filled(kind.volume, share)
                yield Text(container, _written(label, of, container, filled=filled), marks)
        trough = f"{of.batch}-T"
        yield Text(trough, _written(label, of, trough, filled=_filled(None, share)), marks)

    async def _load(self, got: Results, deck: Deck) -> tuple[Job, ...]:
        """Identify every tube where it is put on the deck, and the trough; gives what is filled where."""
        jobs: list[Job] = []
        for (labware, tubes), some in zip(self._tubes, (got.vials, got.aliquots), strict=True):
            for one, well in zip(some, places(deck, labware, number=len(some)), strict=True):
                jobs.append(await self._put(one, well, tubes))
        trough = got.trough.container if got.trough else ""
        await self.operator.confirm(
            f"Put {trough} on the deck at {TROUGH}, and a full rack of tips, close the hood, confirm"
        )
        return tuple(jobs)

    async def _put(self, one: Named, well: str, tubes: Tubes) -> Job:
        name = one.container
        scanned = await self.operator.scan(
            f"Scan the label of the new, empty {one.kind} {name} and put it open on the deck at {well}",
            accept=(name,),
            expects=Kind.CONTAINER,
        )
        label = self.labels.label(one.label)
        await self.labels.verify(label, scanned=scanned)
        await self.labels.apply(label, container=name)
        await self.product.take_in(self.product.handle(name, identified=scanned))
        return Job(name, well, tubes.volume)

    async def _look(self, got: Results) -> list[str]:
        """Seal and look at every container; gives those that are rejected."""
        some = [one.container for one in _every(got)]
        seen = await self.operator.enter(
            f"Take all off the deck. Seal or close {', '.join(some)}, look at each against light (seal, leaks, "
            "particles, clumps, label), and put what is good at 2 to 8 degC",
            *(Entry(f"check {name}", name, options=(GOOD, REJECT)) for name in some),
            second=True,
        )
        bad = [name for name in some if seen.word(f"check {name}") == REJECT]
        for name in bad:
            await self._reject(name, got, why="rejected at the visual check")
        return bad

    async def _hand_over(self, got: Results) -> None:
        """Give the aliquots to QC: from then on they are no longer in the hands of the batch."""
        some = [one.container for one in got.aliquots if one.container not in got.rejected]
        if not some:
            return
        names = ", ".join(some)
        await self.operator.confirm(f"Hand {names} over to QC. Confirm when QC has taken them", second=True)
        for name in some:
            await self.product.hand_over(self.product.held(name), to=QC)

    async def _reject(self, name: str, got: Results, *, why: str) -> None:
        """Take a container out of the batch: its contents are waste, its label is destroyed with it."""
        await self.product.deviation(f"{name}: {why}", rule="container rejected")
        held = self.product.held(name)
        volume = next((one.volume for one in _every(got) if one.container == name), Millilitres(0.0))
        if volume > Millilitres(0.0):
            await self.product.draw(held, to="waste", amount=Amount(volume), why=why)
        await self.product.empty(held)
        one = next(one for one in (*got.bags, *got.vials, *got.aliquots) if one.container == name)
        await self.labels.destroy(self.labels.label(one.label), reason=f"{name} {why}")

    async def _left(self, name: str, empty: Grams) -> Filled:
        """Weigh what is left in a container, and empty it to waste."""
        label = self.product.label(name)
        seen = await weigh(self.balance, self.operator, self.product, label=label)
        mass = max(Grams(0.0), seen.gross - empty)
        volume = Millilitres(float(mass) / float(self.given.density))
        pan = 2**0.5 * float(self.given.balance_uncertainty) / float(self.given.density)
        standard = Millilitres(math.hypot(pan, float(volume) * float(self.given.density_uncertainty) / 100))
        held, amount = self.product.held(name), Amount(volume, standard, mass, self.given.balance_uncertainty * 2**0.5)
        await self.product.weighed(held, amount=amount)
        await self.product.draw(held, to="waste", amount=amount, why="left after filling")
        await self.product.empty(held)
        return Filled(name, volume, standard, mass, empty)


def _filled(volume: Millilitres | None, dmso: Percent) -> str:
    return f"{volume:g} mL, {dmso:.0f} % DMSO" if volume else "for filling only, no product"


def _written(text: LabelText, of: Of, container: str, *, filled: str) -> tuple[str, ...]:
    lines = (
        text.product,
        container,
        f"DIN {of.din}",
        f"Chain of identity {of.identity}",
        f"Batch {of.batch}",
        filled,
        text.storage,
        f"Expiry {text.expiry}" if text.expiry else "",
    )
    return tuple(line for line in lines if line)


def _names(batch: str, found: Plan, given: Parameters) -> list[tuple[Named, Purpose]]:
    """Name every container that is filled, in the order of their labels."""
    bags = [(Named(f"{batch}-{n:02d}", "", given.bags.kind), Purpose.PRODUCT) for n in range(1, found.bags + 1)]
    vials = [(Named(f"{batch}-V{n}", "", given.vials.kind), Purpose.PRODUCT) for n in range(1, found.vials + 1)]
    tubes = [(Named(f"{batch}-Q{n}", "", given.aliquots.kind), Purpose.ALIQUOT) for n in range(1, found.aliquots + 1)]
    trough = (
        [(Named(f"{batch}-T", "", given.pipetting.trough), Purpose.INTERMEDIATE)]
        if found.vials or found.aliquots
        else []
    )
    return [*bags, *vials, *tubes, *trough]


def _slices(found: Plan) -> tuple[tuple[int, int], ...]:
    """Give where bags, vials and aliquots stand in the list of containers."""
    vials, aliquots = found.bags + found.vials, found.bags + found.vials + found.aliquots
    return (0, found.bags), (found.bags, vials), (vials, aliquots)


def _every(got: Results) -> tuple[Filled, ...]:
    """Give everything that was filled for the patient or for QC."""
    bags = {one.container for one in got.bags}
    return (*(one for one in got.weighed if one.container in bags), *got.pipetted)

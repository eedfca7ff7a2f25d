"""Unit operation: draw samples by the plan of the recipe, and hand them over to the laboratory.

Every tube has its printed label before anything is opened, is scanned before it is filled, and scanned again where the
laboratory takes it. What is drawn is taken off the container on the record. What does not fit any more is left out
whole; a tube that is no good is drawn again, as often as the recipe allows. A result that comes back, by a file or by
hand, finds its sample by this name alone (``automation.engine.intake``).
Units:  mL, s, %.
Source: 21 CFR 211.160(b), 211.188(b)(10) (sampling by plan), 211.194(a)(1) (identity), 211.125 (labels).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

from automation.engine.labelling import Labels
from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Amount, Labelled, Product
from automation.engine.prompts import Entry, Operator
from automation.engine.visit import Move, Visit
from automation.formulas.identifiers import Kind
from automation.formulas.sampling import sampled_share, served
from automation.gmp.product.containers import Purpose
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds
from instruments.interfaces.label_printer import LabelPrinter
from protocols.operations.labelling import LabelRun
from protocols.operations.sampling import Outcome, Parameters, Results, Test, Tube

RULE = "sampling"
GOOD, BAD = "as it should be", "not as it should be"
TAKEN, REFUSED = "taken", "refused"


class State(StrEnum):
    """Where a sampling stands; DISPATCHED, INCOMPLETE and NOT_POSSIBLE are final."""

    SET_OUT = "set out"
    LABELLED = "labelled"
    DRAWN = "drawn"
    PACKED = "packed"
    DISPATCHED = "dispatched"
    INCOMPLETE = "incomplete"
    NOT_POSSIBLE = "not possible"


@dataclass(frozen=True, slots=True)
class Sample:
    """Draw samples of the batch's container and bring them to the laboratory."""

    printer: LabelPrinter
    operator: Operator
    product: Product
    labels: Labels
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.DISPATCHED})
    safe: ClassVar = (SafeProduct(after=("holding", *ENDINGS), told="closed"),)
    table: ClassVar = Table(
        State.SET_OUT,
        (
            Row("label", State.SET_OUT, State.LABELLED),
            Row("refuse", State.SET_OUT, State.NOT_POSSIBLE),
            Row("draw", State.LABELLED, State.DRAWN),
            Row("again", State.DRAWN, State.SET_OUT),
            Row("pack", State.DRAWN, State.PACKED),
            Row("dispatch", State.PACKED, State.DISPATCHED),
            Row("fall_short", State.PACKED, State.INCOMPLETE),
        ),
    )

    async def set_out(self, visit: Visit[Results]) -> Move:
        """Plan what can be drawn and label every tube; what the plan can't do without is refused before a draw."""
        got, given, source = visit.got, self.given, self.product.one()
        tests = [one for one in given.tests if got.missing(one)]
        there = given.volume - got.drawn
        fits = served([one.wanted(got.missing(one)) for one in tests], volume=there, keeps=given.keeps)
        out = [one for one, fit in zip(tests, fits, strict=True) if not fit]
        for one in out:
            title = f"no sample for {one.test}: {there:.2f} mL are there, of which {given.keeps:g} mL have to stay"
            await self.product.deviation(title, rule=RULE)
        left_out = (*got.left_out, *(one.code for one in out))
        lacking = ", ".join(one.test for one in out if one.required)
        if lacking and not got.samples:
            return Move("refuse", source=source.id, volume=there, left_out=left_out, why=f"not enough for {lacking}")
        drawn = [one for one in tests if one not in out]
        for material in dict.fromkeys(one.material for one in drawn):
            lot = self.product.lot(material).id
            await self.operator.scan(f"Scan the label of {material}, lot {lot}", accept=(lot,), expects=Kind.LOT)
        more = await self._tubes(visit, drawn, source) if drawn else ()
        return Move("label", source=source.id, samples=(*got.samples, *more), left_out=left_out, draws=got.draws + 1)

    async def labelled(self, visit: Visit[Results]) -> Move:
        """Draw each sample into its tube, identified by its label; what is drawn is taken off the container."""
        got = visit.got
        label = self.product.label(got.source)
        await self.operator.scan(
            f"Bring {got.source}, closed, to the bench for sampling and scan its label",
            accept=(label.code,),
            expects=label.expects,
        )
        done, drawn = list[Tube](), got.drawn
        for one in got.samples:
            if one.outcome is not Outcome.PLANNED:
                done.append(one)
                continue
            at = await self._draw(one, got.source)
            if not any(other.drawn_at for other in done):
                await self._start_clock(visit.step, got.samples, at)
            drawn += self.given.of(one.code).volume
            done.append(replace(one, outcome=Outcome.DRAWN, drawn_at=at))
        await self.operator.confirm(f"Close {got.source} and put it back to where it waits. Confirm when it is there")
        return Move("draw", samples=tuple(done), drawn=drawn, volume=self.given.volume - drawn)

    async def drawn(self, visit: Visit[Results]) -> Move:
        """Look at every sample; what is no good leaves the batch, and is drawn again as often as the recipe allows."""
        got = visit.got
        looked = [one for one in got.samples if one.outcome is Outcome.DRAWN and not one.condition]
        bad = await self._looked(looked)
        for one in looked:
            if one.name in bad:
                await self._reject(one, why=bad[one.name])
        samples = tuple(_judged(one, looked, bad) for one in got.samples)
        seen = replace(got, samples=samples)
        if any(seen.missing(one) for one in self.given.tests) and got.draws < self.given.draws_at_most:
            return Move("again", samples=samples)
        return Move("pack", samples=samples)

    async def packed(self, visit: Visit[Results]) -> Move:
        """Let the laboratory scan and take every tube, and sign for the manifest."""
        got, given = visit.got, self.given
        ready = [one for one in got.samples if one.outcome is Outcome.DRAWN]
        for one in ready:
            await self.operator.scan(
                f"{given.laboratory}: scan {one.name} and put it to {given.of(one.code).keep}",
                accept=(one.name,),
                expects=Kind.CONTAINER,
            )
        refused = await self._refused(ready)
        for one in ready:
            if one.name in refused:
                await self._reject(one, why=f"{given.laboratory} refused it: {refused[one.name]}")
        sent = [one for one in ready if one.name not in refused]
        manifest = tuple(self._line(one) for one in sent)
        lines = "".join(f"\n- {line}" for line in manifest) or "\n- nothing"
        signed = await self.operator.sign(
            f"Samples of {got.source} handed over to {given.laboratory}:{lines}", "performed", "verified"
        )
        ways = await self._handed_over(visit.step, sent, signed.at)
        samples = tuple(_after(one, sent, refused) for one in got.samples)
        seen = replace(got, samples=samples)
        lacking = [one for one in given.tests if one.required and (seen.missing(one) or one.code in got.left_out)]
        results = {
            "samples": samples,
            "manifest": manifest,
            "sent": tuple(one.name for one in sent),
            "handed_over_at": signed.at,
            "longest_way": max(ways, default=None),
            "share": sampled_share(drawn=got.drawn, volume=given.volume),
            "labels_unaccounted": self.labels.counts().unaccounted,
        }
        if not lacking:
            return Move("dispatch", **results)
        why = f"no good sample for {', '.join(one.test for one in lacking)}"
        await self.product.deviation(why, rule=RULE)
        return Move("fall_short", why=why, **results)

    async def holding(self, _visit: Visit[Results]) -> None:
        """Product and samples wait closed; a sample's time to the laboratory runs on."""
        await self.operator.confirm(
            "Held: keep the product closed where it waits, samples closed as their labels say. Their time runs on"
        )

    async def stopping(self, visit: Visit[Results]) -> None:
        """Keep the product closed, under QA hold; tubes that nobody has taken are discarded with their labels."""
        await self._end(visit, "sampling stopped")

    async def aborting(self, visit: Visit[Results]) -> None:
        """As stopping."""
        await self._end(visit, "sampling aborted")

    async def _tubes(self, visit: Visit[Results], tests: Sequence[Test], source: Labelled) -> tuple[Tube, ...]:
        """Make the tubes of tests known, and print their labels; people look at them."""
        got, held = visit.got, self.product.held(source.id)
        tubes, lines = list[tuple[str, Test]](), dict[str, tuple[str, ...]]()
        for test in tests:
            first = 1 + sum(one.code == test.code for one in got.samples)
            tubes += [(f"{visit.batch}-{visit.step}-{test.code}{first + n}", test) for n in range(got.missing(test))]
        for name, test in tubes:
            label = await self.product.expect(name, of=held, kind=test.kind, purpose=Purpose.ALIQUOT)
            lines[name] = self._text(visit.batch, test, label)
        run = LabelRun(self.printer, self.labels, self.operator, self.product, held, "")
        printed = await run.run(lines, record_copy=False)
        return tuple(Tube(name, test.code, printed[name]) for name, test in tubes)

    def _text(self, batch: str, test: Test, label: Labelled) -> tuple[str, ...]:
        """Give what stands on the label of a tube, from the top."""
        return (
            f"Sample of {self.given.product}",
            label.id,
            test.test,
            f"DIN {label.din}",
            f"Chain of identity {label.identity}",
            f"Batch {batch}",
            f"{test.volume:g} mL, keep at {test.keep}",
            f"To {self.given.laboratory}",
        )

    async def _draw(self, one: Tube, source: str) -> Instant:
        """Let one tube be labelled, scanned and filled; gives when."""
        test = self.given.of(one.code)
        scanned = await self.operator.scan(
            f"Put label {one.label} on a new {test.kind} and scan it", accept=(one.name,), expects=Kind.CONTAINER
        )
        label = self.labels.label(one.label)
        await self.labels.verify(label, scanned=scanned)
        await self.labels.apply(label, container=one.name)
        tube = await self.product.take_in(self.product.handle(one.name, identified=scanned))
        done = await self.operator.confirm(
            f"Draw {test.volume:g} mL from {source} into {one.name}, mixed, then confirm", second=True
        )
        amount = Amount(test.volume, test.volume * (float(self.given.draw_uncertainty) / 100.0))
        held = self.product.held(source)
        await self.product.transfer(source=held, dest=tube, amount=amount, why=f"sample for {test.test}")
        return done.at

    async def _looked(self, tubes: Sequence[Tube]) -> dict[str, str]:
        """Let people look at samples; gives what is wrong with those that are no good."""
        if not tubes:
            return {}
        names = ", ".join(one.name for one in tubes)
        seen = await self.operator.enter(
            f"Look at the samples {names}: closed, dry, filled, label readable. Put each to where its label says",
            *(Entry(f"condition {one.name}", one.name, options=(GOOD, BAD)) for one in tubes),
            second=True,
        )
        return {one.name: BAD for one in tubes if seen.word(f"condition {one.name}") == BAD}

    async def _refused(self, tubes: Sequence[Tube]) -> dict[str, str]:
        """Let the laboratory say what it takes; gives why it refuses the others."""
        if not tubes:
            return {}
        names = ", ".join(one.name for one in tubes)
        said = await self.operator.enter(
            f"{self.given.laboratory}: are the samples {names} taken?",
            *(Entry(f"taken {one.name}", one.name, options=(TAKEN, REFUSED)) for one in tubes),
            second=True,
            within=max(self.given.of(one.code).within for one in tubes),
        )
        return {one.name: REFUSED for one in tubes if said.word(f"taken {one.name}") == REFUSED}

    async def _handed_over(self, step: str, sent: Sequence[Tube], at: Instant) -> list[Seconds]:
        """Let the samples leave the custody of the batch; gives how long each was on its way. Late is a deviation."""
        await self.product.stop_clock(_clock(step))
        ways = list[Seconds]()
        for one in sent:
            await self.product.hand_over(self.product.held(one.name), to=self.given.laboratory)
            ways.append(at - (one.drawn_at or at))
        late = [one for one, way in zip(sent, ways, strict=True) if way > self.given.of(one.code).within]
        if late:
            names = ", ".join(f"{one.name} ({float(self.given.of(one.code).within) / 60:g} min)" for one in late)
            await self.product.deviation(f"samples came too late to {self.given.laboratory}: {names}", rule=RULE)
        return ways

    async def _reject(self, one: Tube, *, why: str) -> None:
        """Take a tube out of the batch: its contents are waste, its label is destroyed with it."""
        await self.product.deviation(f"sample {one.name}: {why}", rule=RULE)
        held = self.product.held(one.name)
        await self.product.draw(held, to="waste", amount=Amount(self.given.of(one.code).volume), why=why)
        await self.product.empty(held)
        await self.labels.destroy(self.labels.label(one.label), reason=f"{one.name}: {why}")

    async def _start_clock(self, step: str, tubes: Sequence[Tube], at: Instant) -> None:
        """Start the clock of the first sample, with the shortest time of all that are planned."""
        longest = min((self.given.of(one.code).within for one in tubes), default=Seconds(60.0))
        warn = float(self.given.warn_at) / 100.0
        await self.product.start_clock(_clock(step), longest=longest, used=Seconds(0.0), warn_at=warn, since=at)

    async def _end(self, visit: Visit[Results], why: str) -> None:
        """Close everything, discard what was drawn, and put the product under QA hold."""
        await self.product.stop_clock(_clock(visit.step))
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=why)
        await self.operator.confirm(
            f"The end: {why}. Keep the product closed where it waits best, discard all tubes and labels that no "
            "laboratory has taken, and ask QA"
        )
        await self.labels.clear_up(reason=why)

    def _line(self, one: Tube) -> str:
        """Give a sample's line of the manifest."""
        test = self.given.of(one.code)
        return f"{one.name}: {test.test}, {test.volume:g} mL, {test.keep}, label {one.label}"


def _clock(step: str) -> str:
    return f"{step} to the laboratory"


def _judged(one: Tube, looked: Sequence[Tube], bad: dict[str, str]) -> Tube:
    if one not in looked:
        return one
    if one.name in bad:
        return replace(one, outcome=Outcome.REJECTED, condition=bad[one.name])
    return replace(one, condition=GOOD)


def _after(one: Tube, sent: Sequence[Tube], refused: dict[str, str]) -> Tube:
    if one in sent:
        return replace(one, outcome=Outcome.HANDED_OVER)
    return replace(one, outcome=Outcome.REJECTED, condition=REFUSED) if one.name in refused else one

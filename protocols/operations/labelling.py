"""Printing labels under control: numbered, sent, looked at; a spoiled or missing one is printed again with its reason.

A printer that is not ready prints nothing, and people put it right. When nobody knows whether a label came out, the
step is held until a person has looked: nothing is printed again by itself.
Source: 21 CFR 211.125 (label control), 211.130 (examination for identity); ZPL printers acknowledge nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from automation.engine.handles import Container
from automation.engine.labelling import Labels
from automation.engine.product import Product
from automation.engine.prompts import Answer, Entry, Operator
from automation.gmp.product.labels import Label as Record
from automation.kernel.errors import RefusedError
from instruments.interfaces.label_printer import Label, LabelPrinter, Printed

GOOD, BAD = "all are there and readable", "one is missing or spoiled"
MISSING, SPOILED = "missing", "spoiled"
TRIES = 3  # of a printer that is not ready, before the step is held
ROUNDS = 10  # of looking at the labels


@dataclass(frozen=True, slots=True)
class LabelRun:
    """The labels of one filling."""

    printer: LabelPrinter
    labels: Labels
    operator: Operator
    product: Product
    source: Container  # the container that the others are filled from
    statement: str  # printed large

    async def run(self, texts: Mapping[str, tuple[str, ...]], *, record_copy: bool) -> dict[str, str]:
        """Print a label for each container with its lines, and let people look; gives the label of each container."""
        current: dict[str, Record] = {}
        for container, lines in texts.items():
            current[container] = await self.labels.issue(container, lines=lines, statement=self.statement)
            await self._print(current[container])
        copy = await self._copy(texts) if record_copy else None
        for _ in range(ROUNDS):
            names = ", ".join(label.id for label in current.values())
            seen = await self.operator.choose(f"Look at the labels {names}: text, symbol and marks", GOOD, BAD)
            if seen == GOOD:
                break
            again = await self._again(current, texts)
            current[again.container] = again
        if copy is not None:
            await self.operator.confirm(f"Put {copy.id} into the batch record")
            await self.labels.keep(copy)
        return {container: label.id for container, label in current.items()}

    async def _copy(self, texts: Mapping[str, tuple[str, ...]]) -> Record:
        container, lines = next(iter(texts.items()))
        copy = await self.labels.copy(container, lines=lines, statement=self.statement)
        await self._print(copy)
        return copy

    async def _again(self, current: Mapping[str, Record], texts: Mapping[str, tuple[str, ...]]) -> Record:
        """Print one label again; without a reason it is refused, and the person is asked anew."""
        why = ""
        while True:
            said = await self._asked(current, why)
            bad = next(label for label in current.values() if label.id == said.word("label"))
            try:
                label = await self.labels.issue(
                    bad.container, lines=texts[bad.container], statement=self.statement, reason=said.word("reason")
                )
            except RefusedError as refusal:
                why = f"{refusal}. "
                continue
            break
        title = f"label {bad.id} was {said.word('found')} and printed again: {said.word('reason')}"
        await self.product.deviation(title, rule="label control")
        if said.word("found") == SPOILED:
            await self.labels.destroy(bad, reason=f"spoiled: {said.word('reason')}")
        await self._print(label)
        return label

    async def _asked(self, current: Mapping[str, Record], why: str) -> Answer:
        names = tuple(label.id for label in current.values())
        return await self.operator.enter(
            f"{why}Which label is printed again, and why? A spoiled one is destroyed now",
            Entry("label", "Number of the label", options=names),
            Entry("found", "What is wrong with it", options=(SPOILED, MISSING)),
            Entry("reason", "Reason for the reprint"),
            second=True,
        )

    async def _print(self, label: Record) -> None:
        done = await self._sent(label)
        await self.labels.printed(label, sha256=done.sha256, data=done.data)

    async def _sent(self, label: Record) -> Printed:
        """Send one label; while the printer is not ready nothing is sent, and people put it right."""
        drawn = Label(label.id, label.code, label.lines, label.template, label.template_version, label.marks)
        for _ in range(TRIES - 1):
            try:
                return await self.printer.print(label=drawn, container=self.source)
            except RefusedError as refusal:
                await self.product.deviation(f"label {label.id} was not printed: {refusal}", rule="label control")
                await self.operator.confirm(f"The printer printed nothing: {refusal}. Put it right, then confirm")
        return await self.printer.print(label=drawn, container=self.source)

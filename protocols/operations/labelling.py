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
SPOILED, NOTHING, LOST = "spoiled", "nothing came out of the printer", "it came out and is not there"
TRIES = 3  # of a printer that is not ready, before the step is held
ROUNDS = 10  # of looking at the labels
COPY = "copy for the record"


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
        for container in texts:
            current[container] = await self._first(container, texts)
        if record_copy:
            current[COPY] = await self._first(next(iter(texts)), texts, copy=True)
        for _ in range(ROUNDS):
            names = ", ".join(label.id for label in current.values())
            seen = await self.operator.choose(f"Look at the labels {names}: text, symbol and marks", GOOD, BAD)
            if seen == GOOD:
                break
            await self._again(current, texts)
        copy = current.pop(COPY, None)
        if copy is not None:
            await self.operator.confirm(f"Put {copy.id} into the batch record")
            await self.labels.keep(copy)
        return {container: label.id for container, label in current.items()}

    async def _first(self, container: str, texts: Mapping[str, tuple[str, ...]], *, copy: bool = False) -> Record:
        issue = self.labels.copy if copy else self.labels.issue
        label = await issue(container, lines=texts[container], statement=self.statement)
        await self._print(label)
        return label

    async def _again(self, current: dict[str, Record], texts: Mapping[str, tuple[str, ...]]) -> None:
        """Print one label again; without a reason it is refused, and the person is asked anew."""
        why = ""
        while True:
            said = await self._asked(current, why)
            place = next(place for place, label in current.items() if label.id == said.word("label"))
            bad, reason = current[place], said.word("reason")
            lines = texts[bad.container]
            try:
                if place == COPY:
                    label = await self.labels.copy(bad.container, lines=lines, statement=self.statement)
                else:
                    label = await self.labels.issue(bad.container, lines=lines, statement=self.statement, reason=reason)
            except RefusedError as refusal:
                why = f"{refusal}. "
                continue
            break
        await self._ends(bad, found=said.word("found"), reason=reason)
        current[place] = label
        await self._print(label)

    async def _ends(self, bad: Record, *, found: str, reason: str) -> None:
        """Note what became of a label that is printed again; one that is lost stays unaccounted for."""
        await self.product.deviation(f"label {bad.id}, {found}, was printed again: {reason}", rule="label control")
        if found == SPOILED:
            await self.labels.destroy(bad, reason=f"{found}: {reason}")
        elif found == NOTHING:
            await self.labels.void(bad, reason=f"{found}: {reason}")

    async def _asked(self, current: Mapping[str, Record], why: str) -> Answer:
        names = tuple(label.id for label in current.values())
        return await self.operator.enter(
            f"{why}Which label is printed again, and why? A spoiled one is destroyed now",
            Entry("label", "Number of the label", options=names),
            Entry("found", "What is wrong with it", options=(SPOILED, NOTHING, LOST)),
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

"""Recalls of lots as events: every container of product that is not destroyed or empty, wherever it is, is recalled.

That a lot may be given after all makes its containers available again; that they are brought back or destroyed stands
in their own moves.
Source: GS1 CBV 2.0 (holding and recalled; inspecting and available); EU GMP Part IV 14.
"""

from collections.abc import Iterator

from automation.exchange.epcis.model import Event
from automation.exchange.epcis.writing import OBSERVED, Dated, Writer, at
from automation.gmp.marks import of_batch
from automation.gmp.product.containers import Purpose, State
from automation.gmp.product.recalls import Decision, Outcome
from automation.ledger.event import Event as Recorded

_THERE = frozenset({State.IN_PROCESS, State.STORED, State.HANDED_OVER})


def recalls(writer: Writer) -> Iterator[Dated]:
    """Give the events of the recalls of the lots whose containers are told of."""
    batches = dict.fromkeys(told.now.batch for told in writer.life.containers.values() if told.now.batch)
    for batch in batches:
        for name in sorted(one.id for one in writer.life.objects.marked("recall", of_batch(batch))):
            told = writer.life.told("recall", name)
            for event, fact in zip(told.events, told.facts, strict=True):
                if fact.kind == "open":
                    yield from _of(writer, batch, event, step="holding", disposition="recalled")
                elif isinstance(fact.body, Decision) and fact.body.outcome is Outcome.MAY_BE_GIVEN:
                    yield from _of(writer, batch, event, step="inspecting", disposition="available")


def _of(writer: Writer, batch: str, event: Recorded, *, step: str, disposition: str) -> Iterator[Dated]:
    """Tell of all that were there at the moment; of nothing where none was."""
    then = {name: told.at(event.seq) for name, told in writer.life.containers.items()}
    names = [
        name
        for name, one in then.items()
        if one is not None and (one.batch, one.purpose) == (batch, Purpose.PRODUCT) and one.state in _THERE
    ]
    if names:
        when = at(event)
        made = Event(
            type="ObjectEvent",
            action=OBSERVED,
            step=step,
            disposition=disposition,
            items=writer.items(names),
            transactions=writer.belongs(when, batch=batch),
        )
        yield writer.finish(made, when)

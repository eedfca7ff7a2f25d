"""Exceptions that objects tell: deviations, alarms, time limits, overrides, holds, interruptions."""

from collections.abc import Iterable, Iterator

from automation.gmp.amendments import Proposal
from automation.gmp.objects import Fact
from automation.gmp.plant.alarms import Alarm, Ending
from automation.gmp.product.batches import Continuation, Order
from automation.gmp.product.containers import Container
from automation.gmp.shifts import Takeover
from automation.gmp.words import Reason
from automation.kernel.clock import MICRO
from automation.ledger.event import Event
from automation.views.finding import Found, Item, Shown, step_of
from automation.views.story import Story, Told
from automation.views.wording import count, show, span

_ORDERS = ("hold", "pause", "stop", "abort", "restart", "unpause")
_QUIET = frozenset({"configuration", "genesis"})


def deviations(story: Story, _shown: Shown) -> Found:
    """Give every deviation of the batch."""
    items: list[Item] = []
    for told in story.deviations:
        now, said = told.now, told.now.opening
        if said is None:
            continue
        rule = f" (rule: {said.rule})" if said.rule else ""
        outcome = str(now.state)
        if now.conclusion is not None:
            outcome = f"{now.state}: {now.conclusion.cause}; impact: {now.conclusion.impact}"
        items.append(
            Item(
                at=told.events[0].at,
                step=step_of(said.subject),
                what=f"{told.id}: {said.title}{rule}",
                outcome=outcome,
                events=_seqs(told.events),
                is_open=now.state != "closed",
            )
        )
    return Found(count(len(story.deviations), "deviation"), tuple(items))


def alarms(story: Story, _shown: Shown) -> Found:
    """Give every raising of every alarm, with what became of it."""
    items: list[Item] = []
    for told in story.alarms:
        begins = [n for n, event in enumerate(told.events) if event.kind in {"raise", "again"}]
        for n, start in enumerate(begins):
            end = begins[n + 1] if n + 1 < len(begins) else len(told.events)
            items.append(_alarm(told, range(start, end)))
    return Found(count(len(items), "alarm raised", many="alarms raised"), tuple(items))


def _alarm(told: Told[Alarm], some_of: range) -> Item:
    raised, said = told.events[some_of.start], told.values[some_of.start].raising
    some = tuple((told.events[n], told.facts[n]) for n in some_of)
    cleared = next((event for event, _ in some if event.kind == "clear"), None)
    turned_out = next(
        (fact.body.finding for _, fact in some if isinstance(fact.body, Ending) and fact.body.finding), ""
    )
    known = next(((event, fact) for event, fact in some if event.kind == "acknowledge"), None)
    parts = [_acknowledged(*known) if known else "not acknowledged"]
    parts.append(f"cleared after {span((cleared.at - raised.at) / MICRO)}" if cleared else "not cleared")
    parts += [
        f"{event.kind} by {event.by}: {_reason(fact)}" for event, fact in some if event.kind in {"shelve", "remove"}
    ]
    parts += [turned_out] if turned_out else []
    message = said.message if said else told.id
    limit = f" (value {said.value}, limit {said.limit})" if said and said.limit else ""
    return Item(
        at=raised.at,
        step=said.step if said else "",
        what=f"{said.priority if said else ''} alarm: {message}{limit}".strip(),
        outcome="; ".join(parts),
        events=_seqs(event for event, _ in some),
        is_open=known is None,
    )


def _acknowledged(event: Event, fact: Fact) -> str:
    comment = getattr(fact.body, "comment", "")
    return f"acknowledged by {event.by}" + (f": {comment}" if comment else "")


def time_limits(story: Story, _shown: Shown) -> Found:
    """Give every timer that warned or was overrun."""
    items: list[Item] = []
    for told in story.timers:
        kinds = {event.kind: event for event in told.events}
        if not {"warn", "overrun"} & kinds.keys():
            continue
        now, late = told.now, kinds.get("overrun")
        first = late or kinds["warn"]
        what = f"{now.what}: {'overrun' if late else 'warned'}" + (f" ({now.rule})" if now.rule else "")
        met = kinds.get("meet")
        outcome = f"met {span(float(now.due) - met.at / MICRO)} before the limit" if met else str(now.state)
        items.append(
            Item(
                at=first.at, step=now.step, what=what, outcome=outcome, events=_seqs(told.events),
                is_open=late is None and met is None,
            )
        )  # fmt: skip
    return Found(count(len(story.timers), "time limit"), tuple(items))


def overrides(story: Story, _shown: Shown) -> Found:
    """Give parameters set otherwise, planned amendments, gates passed by signature or for safety, and broken claims."""
    items = [*_changed(story), *_amended(story), *_broken(story)]
    safe = "the act makes the product safe and went on"
    for name, events in story.steps.items():
        passed = (event for event in events if event.kind == "overridden")
        items += [Item(at=e.at, step=name, what=_fell(e), outcome=safe, events=(e.seq,)) for e in passed]
    for told in story.prompts:
        text = told.now.opening.text if told.now.opening else told.id
        for event, fact in told.of("override"):
            what, outcome = f"gate overridden: {text}", _signed(fact)
            items.append(Item(at=event.at, step=told.now.step, what=what, outcome=outcome, events=(event.seq,)))
    for event, fact in story.batch.of("continue"):
        said = fact.stated(Continuation)
        what = f"{said.asset} goes on although it is not ready: {said.reason}"
        items.append(Item(at=event.at, step=said.step, what=what, outcome=_signed(fact), events=(event.seq,)))
    given = sum(len(bound.parameters) for bound in story.bound.values())
    return Found(f"{count(given, 'parameter')}, {count(len(story.assets), 'asset')}", tuple(items))


def _changed(story: Story) -> Iterator[Item]:
    issued, issue = story.batch.events[0], story.batch.now.issue
    for one in issue.overrides if issue else ():
        what = f"parameter {one.step}.{one.parameter} set to {one.value}"
        outcome = f"by {issued.by}: {one.reason}"
        yield Item(at=issued.at, step=one.step, what=what, outcome=outcome, events=(issued.seq,))


def _amended(story: Story) -> Iterator[Item]:
    """Give every planned amendment; one that is not decided waits for somebody."""
    for event, fact in story.batch.of("propose"):
        number = fact.stated(Proposal).number
        one = story.batch.now.amendments[number - 1]
        what = f"amendment {number}: {'; '.join(one.proposal.differences)} ({one.proposal.reason})"
        by = f", approved by {one.approved_by}" if one.approved_by else ""
        outcome = f"{one.stage}{by}{f': {one.why}' if one.why else ''}"
        yield Item(at=event.at, what=what, outcome=outcome, events=(event.seq,), is_open=one.is_open)


def _broken(story: Story) -> Iterator[Item]:
    for told in story.assets:
        for event, fact in told.of("break_claim"):
            if story.first <= event.seq <= story.end:
                outcome = f"by {event.by}: {_reason(fact)}"
                yield Item(at=event.at, what=f"claim on {told.id} broken", outcome=outcome, events=(event.seq,))


def holds(story: Story, _shown: Shown) -> Found:
    """Give the orders that changed the course of the batch, steps that were taken over, and QA holds."""
    items: list[Item] = []
    for event, fact in story.batch.of(*_ORDERS):
        said = fact.body if isinstance(fact.body, Order) else None
        step, reason = (said.step, said.reason) if said else ("", "")
        what = f"{event.kind}{f' of step {step}' if step else ''} by {event.by}"
        items.append(Item(at=event.at, step=step, what=what, outcome=reason, events=(event.seq,)))
    items += [_shift(event, fact) for event, fact in story.batch.of("take_over", "relieve")]
    for told in story.containers:
        items += [_qa_hold(told, event, fact) for event, fact in told.of("qa_hold")]
    stages = sum(event.kind == "procedural" for events in story.steps.values() for event in events)
    return Found(f"{count(stages, 'change')} of the ISA-88 states", tuple(items))


def _shift(event: Event, fact: Fact) -> Item:
    said = fact.stated(Takeover)
    unready = f"; not ready: {', '.join(said.accepts)}" if said.accepts else ""
    what = f"{event.by} took step {said.step} over from {said.leaving}: {said.said}{unready}"
    return Item(at=event.at, step=said.step, what=what, outcome=_signed(fact), events=(event.seq,))


def _qa_hold(told: Told[Container], event: Event, fact: Fact) -> Item:
    lifted = next((one for one, _ in told.of("lift") if one.seq > event.seq), None)
    outcome = f"{_reason(fact)}; " + (f"lifted by {lifted.by}" if lifted else "not lifted")
    seqs = (event.seq, lifted.seq) if lifted else (event.seq,)
    what = f"container {told.id} on QA hold"
    return Item(at=event.at, what=what, outcome=outcome, events=seqs, is_open=lifted is None)


def interruptions(story: Story, _shown: Shown) -> Found:
    """Give restarts of the program, clock steps and changes of configuration while the batch was open."""
    items: list[Item] = []
    before = {event.seq: _before(story, event) for event in story.site}
    for event in story.site:
        if event.kind in _QUIET and event.seq == story.first:
            continue
        gap = (event.at - before[event.seq]) / MICRO
        what = (
            f"{event.stream}: {event.kind} ({show(event.fields)})" if event.fields else f"{event.stream}: {event.kind}"
        )
        if event.kind == "epoch taken":
            what = f"the program was started again (epoch {show(event.fields.get('epoch'))})"
        items.append(Item(at=event.at, what=what, outcome=f"{span(gap)} since the event before", events=(event.seq,)))
    return Found(count(len(story.trail), "event"), tuple(items))


def _before(story: Story, event: Event) -> int:
    earlier = [one.at for one in story.trail if one.seq < event.seq]
    return earlier[-1] if earlier else event.at


def _reason(fact: Fact) -> str:
    return fact.body.reason if isinstance(fact.body, Reason) else str(getattr(fact.body, "reason", ""))


def _signed(fact: Fact) -> str:
    signed = ", ".join(f"{one.name} ({one.meaning})" for one in fact.signed)
    return f"signed by {signed}" if signed else f"by {fact.by}"


def _fell(event: Event) -> str:
    said = event.fields
    return f"{said.get('asset', '')}.{said.get('method', '')}: {said.get('message', '')}"


def _seqs(events: Iterable[Event]) -> tuple[int, ...]:
    return tuple(event.seq for event in events)

"""Exceptions that the steps tell: results and criteria beyond limits, doubts, retries, gaps in data."""

from collections.abc import Iterator

from automation.engine.journal import Called, Fell, Replied, Resolved
from automation.kernel.clock import MICRO
from automation.ledger.event import Event
from automation.views import record, shapes
from automation.views.finding import Found, Item, Shown, asked_of
from automation.views.story import Story
from automation.views.wording import count, span

_WITHIN = frozenset({"within limits", "within", "pass", ""})


def limits(story: Story, shown: Shown) -> Found:
    """Give every result that is not within its limits."""
    at = _times(story)
    judged = [(step.id, one) for step in shown.steps for one in step.judged]
    items = tuple(
        Item(
            at=at[one.event], step=step, what=one.sentence or one.what, outcome=one.band, events=(one.event,),
            is_open=False,
        )
        for step, one in judged
        if one.band not in _WITHIN
    )  # fmt: skip
    return Found(f"{count(len(judged), 'result')} against limits", items)


def acceptance(story: Story, shown: Shown) -> Found:
    """Give every criterion that is not met."""
    at = _times(story)
    criteria = [(step.id, one) for step in shown.steps for test in step.acceptance for one in test.criteria]
    items = [
        Item(
            at=at[one.event], step=step, what=f"{one.name}: {one.sentence}", events=(one.event,),
            outcome="not met" if one.met is False else "not evaluable, so not accepted",
        )
        for step, one in criteria
        if one.met is not True
    ]  # fmt: skip
    items += [
        Item(
            at=at[test.event],
            step=step.id,
            what=f"acceptance: {test.verdict}",
            outcome="not accepted",
            events=(test.event,),
        )
        for step in shown.steps
        for test in step.acceptance
        if test.verdict not in _WITHIN and all(one.met is True for one in test.criteria)
    ]
    return Found(count(len(criteria), "criterion", many="criteria"), tuple(items))


def doubts(story: Story, shown: Shown) -> Found:
    """Give every doubt, and the decision on it."""
    items: list[Item] = []
    for name, events in story.steps.items():
        asked = asked_of(events)
        for event in events:
            if event.kind != "doubt":
                continue
            said = event.read(Fell)
            found = next((e for e in events if e.kind == "resolved" and e.seq > event.seq and _same(e, said)), None)
            items.append(
                Item(
                    at=event.at, step=name, what=f"{asked.get((said.visit, said.n), '')}: {said.message}",
                    outcome=_decision(found), events=(event.seq, found.seq) if found else (event.seq,),
                    is_open=found is None,
                )
            )  # fmt: skip
    acts = sum(act.kind == "act" for step in shown.steps for act in step.acts)
    return Found(count(acts, "act"), tuple(items))


def _same(event: Event, said: Fell) -> bool:
    resolved = event.read(Resolved)
    return (resolved.visit, resolved.n) == (said.visit, said.n)


def _decision(event: Event | None) -> str:
    if event is None:
        return "nobody has decided yet"
    said = event.read(Resolved)
    return f"{said.outcome}, decided by {said.by}: {said.reason}"


def retries(story: Story, shown: Shown) -> Found:
    """Give failed effects, later attempts, and acts that were found done by asking."""
    items: list[Item] = []
    for name, events in story.steps.items():
        asked = asked_of(events)
        for event in events:
            what, outcome = _retried(event, asked)
            if what:
                items.append(Item(at=event.at, step=name, what=what, outcome=outcome, events=(event.seq,)))
    every = sum(act.kind != "wait" for step in shown.steps for act in step.acts)
    return Found(f"{count(every, 'exchange')} with devices", tuple(items))


def _retried(event: Event, asked: dict[tuple[int, int], str]) -> tuple[str, str]:
    match event.kind:
        case "failed":
            said = event.read(Fell)
            return f"{asked.get((said.visit, said.n), '')} failed: {said.message}", "it is known that it failed"
        case "call":
            called = event.read(Called)
            return (
                (f"{called.asset}.{called.method} sent again", f"attempt {called.attempt}")
                if called.attempt > 1
                else ("", "")
            )
        case "reply":
            reply = event.read(Replied)
            what = f"{asked.get((reply.visit, reply.n), '')}: the link broke after it was sent"
            return (what, "the device was asked and showed it done") if reply.reconciled else ("", "")
        case "again":
            return "a person let a failed effect be tried anew", "tried again"
    return "", ""


def gaps(story: Story, shown: Shown) -> Found:
    """Give times without readings, samples without a value, and files that can't be shown."""
    at = _times(story)
    items = [item for name, events in story.steps.items() for item in _lost(name, events)]
    items += [item for step in shown.steps for trend in step.trends for item in _missing(step.id, trend, at)]
    items += _copy(story, shown.master)
    samples = sum(len(trend.values) for step in shown.steps for trend in step.trends)
    channels = sum(len(step.trends) for step in shown.steps)
    return Found(f"{count(samples, 'sample')} on {count(channels, 'channel')}", tuple(items))


def _copy(story: Story, master: record.Master) -> Iterator[Item]:
    """Give the copy of the recipe when it was kept and can't be shown."""
    if master.file and master.problem:
        issued = story.batch.events[0]
        what = f"copy of the recipe: {master.problem}"
        yield Item(at=issued.at, what=what, outcome="not shown", events=(issued.seq,), is_open=True)


def _missing(step: str, trend: record.Trend, at: dict[int, int]) -> Iterator[Item]:
    bad = [chunk for chunk in trend.chunks if chunk.problem]
    for chunk in bad:
        seq = chunk.event
        yield Item(at=at[seq], step=step, what=chunk.problem, outcome="not shown", events=(seq,), is_open=True)
    missing = len(trend.values) - trend.readings
    if missing and not bad:
        seqs = tuple(chunk.event for chunk in trend.chunks)
        what = f"{trend.channel}: {missing} of {count(len(trend.values), 'sample')} without a value"
        yield Item(at=at[seqs[0]], step=step, what=what, outcome="kept as gaps, never as numbers", events=seqs)


def _lost(step: str, events: tuple[Event, ...]) -> list[Item]:
    items: list[Item] = []
    told = [(event, event.read(shapes.Gap)) for event in events if event.kind == "gap"]
    for event, said in told:
        if said.over:
            continue
        back = next((e for e, other in told if e.seq > event.seq and other.over and other.what == said.what), None)
        outcome = (
            f"readings again after {span((back.at - event.at) / MICRO)}" if back else "no more readings in this step"
        )
        seqs = (event.seq, back.seq) if back else (event.seq,)
        items.append(
            Item(
                at=event.at, step=step, what=f"{said.what} could not be read: {said.why}", outcome=outcome, events=seqs
            )
        )
    return items


def _times(story: Story) -> dict[int, int]:
    return {event.seq: event.at for events in story.steps.values() for event in events}

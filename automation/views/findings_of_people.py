"""Exceptions that people made or met: wrong scans, refusals, corrections and late entries."""

from collections.abc import Iterator

from automation.engine.journal import Fell
from automation.gmp.people.prompts import SIGNING, Clearance, Mismatch, Prompt
from automation.gmp.quality.corrections import Correction
from automation.gmp.words import Reason
from automation.kernel.clock import MICRO
from automation.ledger.event import Event
from automation.views import shapes
from automation.views.finding import Found, Item, Shown, asked_of, step_of
from automation.views.story import Story, Told
from automation.views.wording import count, show, span, stamp

_ENTRIES = ("answer", "enter", *SIGNING)
_CORRECTIONS = frozenset({"correct", "late", "amend"})


def scans(story: Story, _shown: Shown) -> Found:
    """Give wrong codes, locks and clearances; the code itself is never in the record."""
    items: list[Item] = []
    for told in story.prompts:
        step = told.now.step
        for event, fact in told.of("mismatch", "lock", "clear"):
            match fact.body:
                case Mismatch() as said:
                    what, outcome = f"scanned: {said.scanned_kind}", said.hint or "refused"
                case Clearance() as said:
                    signed = " and ".join(one.name for one in fact.signed)
                    what, outcome = f"line cleared by {signed}", said.statement
                case Reason() as said:
                    what, outcome = f"step locked: {said.reason}", "until two persons clear the line"
                case _:
                    what, outcome = event.kind, ""
            locked = event.kind == "lock" and told.now.state == "locked"
            seqs = (event.seq,)
            items.append(Item(at=event.at, step=step, what=what, outcome=outcome, events=seqs, is_open=locked))
    asked = sum(told.now.opening is not None and told.now.opening.kind == "scan" for told in story.prompts)
    return Found(count(asked, "scan"), tuple(items))


def refusals(story: Story, shown: Shown) -> Found:
    """Give what the door, a gate or a device refused."""
    items = [_refusal(event) for event in story.refusals]
    for name, events in story.steps.items():
        asked = asked_of(events)
        for event in events:
            if event.kind == "refused":
                said = event.read(Fell)
                what = f"{asked.get((said.visit, said.n), 'an act')} refused"
                items.append(Item(at=event.at, step=name, what=what, outcome=said.message, events=(event.seq,)))
    moves = sum(event.stream.split("/")[0] != "refusals" for event in story.trail)
    acts = sum(len(step.acts) for step in shown.steps)
    return Found(f"{count(moves, 'event')}, {count(acts, 'act')}", tuple(items))


def _refusal(event: Event) -> Item:
    said = event.read(shapes.Refusal)
    what = f"{event.by or 'nobody'} could not {said.command} {said.stream}"
    return Item(at=event.at, step=step_of(said.stream), what=what, outcome=said.why, events=(event.seq,))


def corrections(story: Story, _shown: Shown) -> Found:
    """Give disputes, corrections, late entries, and answers after the deadline."""
    items = [item for told in story.prompts for item in _of_prompt(told)]
    items += [item for told in story.corrections for item in _of_correction(told, story)]
    known = {seq for item in items for seq in item.events}
    for event in story.trail:
        if event.kind in _CORRECTIONS and event.seq not in known:
            what = f"{event.kind} of {event.stream} by {event.by}"
            stated = show(event.fields.get("given", event.fields))
            items.append(Item(at=event.at, step=step_of(event.stream), what=what, outcome=stated, events=(event.seq,)))
    entries = sum(1 for told in story.prompts for _ in told.of(*_ENTRIES))
    return Found(count(entries, "entry", many="entries"), tuple(items))


def _of_prompt(told: Told[Prompt]) -> Iterator[Item]:
    now, said = told.now, told.now.opening
    text = said.text if said else told.id
    for event, fact in told.of("dispute"):
        reason = fact.body.reason if isinstance(fact.body, Reason) else ""
        what = f"entry disputed by {event.by}: {text}"
        yield Item(at=event.at, step=now.step, what=what, outcome=reason, events=(event.seq,))
    for event, _ in told.of("withdraw", "expire"):
        outcome = now.reason or str(now.state)
        yield Item(at=event.at, step=now.step, what=f"never answered: {text}", outcome=outcome, events=(event.seq,))
    if said is None or said.deadline is None:
        return
    for event, _ in told.of(*_ENTRIES):
        late = event.at / MICRO - said.deadline
        if late > 0:
            what = f"answered {span(late)} after its deadline: {text}"
            yield Item(at=event.at, step=now.step, what=what, outcome=f"by {event.by}", events=(event.seq,))


def _of_correction(told: Told[Correction], story: Story) -> Iterator[Item]:
    """Give what was corrected, stated late or excluded: as it was, as it is, by whom, why, and what came of it."""
    now = told.now
    prompt = next((one.now for one in story.prompts if one.id == now.entry), None)
    step = now.exclusion.step if now.exclusion else prompt.step if prompt else ""
    seqs, who = tuple(event.seq for event in told.events), f"{now.by} and {now.second}"
    waits = [name for name in now.outcome.unsigned if not _is_signed(story, name)] if now.outcome else []
    if now.setting is not None:
        said = now.setting
        what = f"{said.name} of {said.entry} corrected by {who}: {said.was} becomes {said.value}"
    elif now.late is not None:
        entered = stamp(prompt.answered_at, zone=story.zone) if prompt and prompt.answered_at else "later"
        what = f"late entry: {now.late.entry} was done {now.late.done} ({now.late.seen}), entered {entered}"
    else:
        number = now.exclusion.event if now.exclusion else 0
        what = f"reading of event {number} excluded by {who}"
    parts = [now.said.reason if now.said else "", *(now.outcome.changed if now.outcome else ())]
    parts += [f"unsigned: {name}" for name in waits] + [f"to be judged: {one}" for one in _left(now)]
    is_open = str(now.state) == "made" or bool(waits)
    yield Item(at=told.events[0].at, step=step, what=what, outcome="; ".join(parts), events=seqs, is_open=is_open)


def _left(correction: Correction) -> tuple[str, ...]:
    return correction.outcome.left if correction.outcome else ()


def _is_signed(story: Story, name: str) -> bool:
    return any(one.id == name and one.now.state == "answered" for one in story.prompts)

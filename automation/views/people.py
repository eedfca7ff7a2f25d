"""What people did in a batch: prompts with their answers, and signatures as they have to be shown.

Source: 21 CFR 11.50 (printed name, date and time, meaning), 211.188(b)(11) (persons performing and checking).
"""

from automation.gmp.people.prompts import SIGNING, Answer, Prompt, Verification
from automation.views import record
from automation.views.story import Story, Told
from automation.views.wording import NOTHING, show, stamp

_ANSWERS = ("answer", "enter", *SIGNING)


def prompts_of(story: Story, step: str) -> tuple[record.Prompt, ...]:
    """Give the prompts of a step in the order of asking."""
    return tuple(_prompt(told, story.zone) for told in story.prompts if told.now.step == step)


def _prompt(told: Told[Prompt], zone: str) -> record.Prompt:
    now, said = told.now, told.now.opening
    answered = now.answered_at or now.opened_at
    comments = [f.body.comment for _, f in told.of(*_ANSWERS, "verify") if isinstance(f.body, Answer | Verification)]
    return record.Prompt(
        id=told.id,
        kind=str(said.kind) if said else "",
        text=said.text if said else "",
        answer=_answer(now),
        at=stamp(answered, zone=zone),
        by=now.answered_by,
        verified_by=now.verified_by,
        state=now.state,
        events=tuple(event.seq for event in told.events),
        comment="; ".join(comment for comment in comments if comment),
    )


def _answer(prompt: Prompt) -> str:
    """Write the values as entered, each with its label and unit."""
    said = prompt.opening
    fields = {one.name: one for one in said.fields} if said else {}
    parts: list[str] = []
    for name, value in prompt.values:
        one = fields.get(name)
        text = f"{show(value)} {one.unit}".rstrip() if one else show(value)
        parts.append(f"{one.label or name}: {text}" if one else text)
    if not parts and prompt.state == "answered":
        return "confirmed" if said and said.kind in {"confirm", "timer"} else "signed"
    return "; ".join(parts) or NOTHING


def signatures_of(story: Story, step: str | None) -> tuple[record.Signature, ...]:
    """Give the signatures of one step, or with None those of the whole batch."""
    streams = {told.events[0].stream for told in story.prompts if told.now.step == step}
    fallen = _fallen(story)
    wanted = [(event, one) for event, one in story.signed() if step is None or event.stream in streams]
    return tuple(
        record.Signature(
            by=one.by,
            name=one.name,
            meaning=one.meaning,
            at=stamp(one.at, zone=one.zone or story.zone),
            zone=one.zone,
            signed=f"{event.kind} {event.stream}{fallen.get(event.stream, '')}",
            seq=event.seq,
            event_hash=event.hash.hex(),
            shown=one.shown,
            strength=one.strength,
        )
        for event, one in sorted(wanted, key=lambda pair: pair[0].seq)
    )


def _fallen(story: Story) -> dict[str, str]:
    """Give the streams whose signatures a later change shows as unsigned, and by which correction."""
    found: dict[str, str] = {}
    for told in story.corrections:
        for name in told.now.outcome.unsigned if told.now.outcome else ():
            first = name.removesuffix(f".{told.id}")
            made = [one.id for one in story.prompts if one.id == first or one.id.startswith(f"{first}.")]
            before = made[: made.index(name)] if name in made else made
            found |= {f"prompt/{one}": f"; unsigned since correction {told.id}" for one in before}
        reviewed = story.batch.now.reviewed_seq
        if 0 < reviewed < told.now.moved_seq:
            found[f"batch/{story.id}"] = f"; the record was corrected since ({told.id})"
    return found

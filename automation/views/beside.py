"""What stands beside an object: threads and hypotheses about it, and the safety notices that came of it."""

from collections.abc import Iterator
from typing import cast

from automation.gmp.marks import of_subject
from automation.gmp.quality.hypotheses import WORD, Hypothesis, Side
from automation.gmp.quality.safety_notices import NOTICE, Notice
from automation.gmp.quality.threads import Thread
from automation.views.objects import Objects


def beside(objects: Objects, stream: str) -> Iterator[str]:
    """Give a line for each thread (its last message) and hypothesis about an object, and each notice of it."""
    for one in (cast("Thread", found) for found in objects.marked("thread", of_subject(stream))):
        last = one.messages[-1]
        yield f"thread {one.id} ({one.state}), {one.topic}: {one.outcome or f'{last.by}: {last.text}'}"
    for guess in (cast("Hypothesis", found) for found in objects.marked(WORD, of_subject(stream))):
        counted = ", ".join(f"{len(guess.on(side))} {side}" for side in (Side.FOR, Side.AGAINST))
        yield f"hypothesis {guess.id} ({guess.state}), {counted}: {guess.said.statement if guess.said else ''}"
    for notice in (cast("Notice", found) for found in objects.marked(NOTICE, of_subject(stream))):
        title = notice.warning.title if notice.warning else ""
        yield f"safety notice {notice.id} ({notice.state}): {title}; not read by {len(notice.waiting)}"

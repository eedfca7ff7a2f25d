"""What a welder and a sealer share where a person works them: how a joint is looked at, and what was made in a step.

Wire:   none. Nothing is remembered: what was made follows from what was answered in the step.
Units:  none.
Source: 21 CFR 211.188(b)(11) (who performed, who checked); Annex 11 6 (second check of critical entries).
"""

from collections.abc import Sequence

from automation.engine.prompts import Answer, Heard, Question, ask_person
from instruments.interfaces.tube_joints import JoinerStatus, Joint

MADE, NOT_MADE = "it ended as it should", "the device refused or stopped: nothing was joined or closed"
TIGHT, NOT_TIGHT = "aligned, closed all around and tight", "not aligned, not closed or not tight"


async def made_and_seen(make: str, see: str) -> Joint:
    """Let a person make a joint, and two look at it; a joint that was not made is not looked at."""
    made = await ask_person(Question("choose", make, options=(MADE, NOT_MADE)), word="joint")
    if made.word("choice") != MADE:
        return _joint((made,))
    seen = await ask_person(Question("choose", see, options=(TIGHT, NOT_TIGHT), second=True), word="seen")
    return _joint((made, seen))


def status(heard: tuple[Heard, ...]) -> JoinerStatus:
    """Fold what was made in a step; the lot of a kit belongs to the joint that follows its scan."""
    joints, last, kit = 0, None, ""
    open_: Answer | None = None
    for one in heard:
        match one.word:
            case "kit":
                kit = one.answer.word("code")
            case "joint":
                made = one.answer.word("choice") == MADE
                joints, open_ = joints + made, one.answer
                last, kit = _joint((one.answer,), kit=kit), "" if not made else kit
            case "seen" if open_ is not None:
                last, kit = _joint((open_, one.answer), kit=kit), ""
    return JoinerStatus(joints, last)


def _joint(answers: Sequence[Answer], *, kit: str = "") -> Joint:
    made, *seen = answers
    tight = bool(seen) and seen[0].word("choice") == TIGHT
    who = f"made by {made.by}" + (f", seen by {seen[0].by}, verified by {seen[0].verified_by}" if seen else "")
    return Joint(made.word("choice") == MADE, tight, kit, who)

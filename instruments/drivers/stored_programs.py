"""Freezing programs that a device keeps and can't show: written for a person, compared by one, and told by a digest.

A person's word stands for as long as what the device shows of the program stays the same: the question says it, and
an answer to the very same question in the step is not asked for again. Where the device shows nothing that would
change with the program, a person is asked each time.
Units:  degC, K/min, min.
Source: 21 CFR 211.68(b) (input is checked), 211.188(b)(11) (who performed and who checked).
"""

from automation.engine.prompts import Question, ask_person, asker
from automation.kernel.ids import digest
from automation.kernel.quantity import KelvinPerMinute, Seconds
from instruments.interfaces.freezer import Program, Segment, SegmentType

APPROVED, DIFFERENT = "as approved", "different"
WORD = "content"


def written(program: Program) -> str:
    """Write a program as a person compares it, one numbered line a segment."""
    return "\n".join(f"{number}. {_line(segment)}" for number, segment in enumerate(program.segments, 1))


def program_digest(program: Program) -> str:
    """Give 16 hexadecimal digits that stand for the segments, whatever the program's name."""
    words = [f"{one.type} {float(one.target)} {_or_none(one.rate)} {_or_none(one.dwell)}" for one in program.segments]
    return digest(*words).hex()[:16]


async def confirmed(program: Program, *, at: str, shown: str) -> None:
    """Let a person compare the stored program with the approved one, and a second one verify."""
    text = (
        f"At {at}: look up the stored program {shown} and compare it with the approved {program.name!r}:\n"
        f"{written(program)}\nConfirm when every line in the device reads the same"
    )
    await ask_person(Question("confirm", text, second=True))


async def as_approved(program: Program, *, at: str, shown: str, stands: bool) -> bool:
    """Let a person say whether the stored program reads as approved; ``stands``: once, while it shows the same."""
    text = f"At {at}: does the stored program {shown} read as approved?\n{written(program)}"
    for one in reversed(asker().heard() if stands else ()):
        if one.word == WORD and one.text == text:
            return one.answer.word("choice") == APPROVED
    answer = await ask_person(Question("choose", text, options=(APPROVED, DIFFERENT)), word=WORD)
    return answer.word("choice") == APPROVED


def _line(segment: Segment) -> str:
    match segment.type:
        case SegmentType.RAMP:
            return f"ramp to {segment.target:g} degC at {segment.rate or 0.0:g} K/min"
        case SegmentType.HOLD:
            return f"hold at {segment.target:g} degC for {float(segment.dwell or 0.0) / 60:g} min"
        case SegmentType.STEP:
            return f"step to {segment.target:g} degC"


def _or_none(value: KelvinPerMinute | Seconds | None) -> float | None:
    return None if value is None else float(value)

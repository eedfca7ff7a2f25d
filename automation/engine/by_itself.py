"""What the engine does by itself at every site, as lines of the table that people read (``cellwright policies``).

Objects state what follows from their moves (``Kind.follows``), a site its policies for alarms; this is the rest.
Source: EU GMP Annex 11 (what the system does by itself is documented).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """After which event, which commands, by which clause."""

    id: str
    after: str
    then: str
    clause: str


LINES = (
    Line(
        "result-out-of-limits", "judged step, beyond action or reject", "open deviation", "21 CFR 211.100(b), 211.110"
    ),
    Line("time-limit-warned", "the warning time of a timer", "warn timer, raise alarm", "21 CFR 211.111"),
    Line(
        "time-limit-overrun",
        "the end of a timer",
        "overrun timer, raise alarm, open deviation",
        "21 CFR 211.111",
    ),
    Line("act-in-doubt", "doubt in a step", "raise alarm, hold batch", "21 CFR 211.100(b); ISA-88 HOLD"),
    Line("batch-ended-early", "stop or abort batch", "qa_hold container, each one", "21 CFR 211.110(c)"),
    Line(
        "correction-recalculated",
        "correct, add or exclude correction",
        "recalculate and judge what rests on it, open prompt for each signature that fell, work_out correction",
        "21 CFR 11.70, 211.192; Annex 11 draft 13.8",
    ),
    Line(
        "correction-left-to-people",
        "recalculated step that was done by the earlier value",
        "open deviation",
        "21 CFR 211.192",
    ),
    Line("subject-erased", "erase subject", "destroy its key and what was sealed under it", "GDPR art. 17"),
    Line(
        "notice",
        "a due that is near or overdue, a policy that left somebody something to do",
        "write notice to the outbox, for the owner, once it is overdue for whom it escalates to, then level by level",
        "ICH Q10 3.2; EU GMP Annex 11 13",
    ),
)

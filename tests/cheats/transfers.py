"""Transfers and process qualification: no gap is talked away, no bad batch left out, no number after the fact."""

from typing import Final

from tests.cheats.cheat import HOUR, Act, Body, Cheat, Tried, later
from tests.support.doors import SECOND, Doorway
from tests.unit.gmp.moves_of_quality import closed, lot
from tests.unit.gmp.moves_of_transfers import (
    CITED,
    DISPOSITION,
    EVALUATION,
    FEEDBACK,
    GAPS,
    PACKAGE,
    PPQ,
    REPORT,
    SETTLED,
    TRANSFER,
    completed,
)

TITLE = "Transfers, feedback and process qualification"
T, P, F = "transfer/T-1", "ppq/PPQ-1", "feedback/F-1"
WITH_GAP: Final[Body] = {**TRANSFER, "gaps": GAPS}
PLAN = Act(T, "plan", TRANSFER, "review")
GAPPED = Act(T, "plan", WITH_GAP, "review")
CLOSE_IT = Act(T, "dispose", {**DISPOSITION, "owner": "perform"}, "supervise")
TAME: Final = {**GAPS[0], "weighs": "changes the process"}
SMALL = Act(T, "plan", {**TRANSFER, "gaps": [TAME]}, "review")
ANOTHER = Act(T, "replan", {**TRANSFER, "gaps": [{**TAME, "sentence": "it is of a third maker"}]}, "review")
ACCEPT = CLOSE_IT.stating(decision="accept", owner="", due=None)
GAPPED_LATER = Act(T, "replan", WITH_GAP, "review")
SETTLE = Act(T, "settle", SETTLED)
READ = Act(T, "approve", {"package": PACKAGE}, "approve")
START = Act(T, "start", by="supervise")
COUNT = Act(T, "count", {"batch": "B1", "side": "receiving"}, "review")
SAME = Act(T, "evaluate", {**EVALUATION, "equivalent": True}, "review")
NOT_SAME = SAME.stating(equivalent=False)
END = Act(T, "close", {"report": REPORT}, "approve")
MARGINS: Final[Body] = {"margins": ["count.viability=5 %"], "runs": 3, "references": 3}
PLANNED = Act(P, "plan", PPQ, "review")
AGREED = Act(P, "approve", by="approve")
GOOD = Act(P, "count", {"batch": "B1", "conforms": True}, "review")
BAD = GOOD.stating(batch="B2", conforms=False, why="it was aborted")
MET = Act(P, "conclude", {**EVALUATION, "met": True}, "review")
NOT_MET = MET.stating(met=False)
DONE = Act(P, "close", {"report": REPORT}, "approve")
GIVE = Act(F, "give", {**FEEDBACK, "evidence": ["batch/B1"]})
PROPOSED: Final[Body] = {"title": "cold cassette", "what": "cool it", "reason": "as told"}
CHANGE = Act("change/CC-1", "propose", {**PROPOSED, "source": F}, "perform")
TAKE = Act(F, "take_up", {"change": "CC-1"}, "review")
ANSWERED = Act(F, "answer", {"outcome": "the cassette is cooled"}, "review")
REFUSE = Act(F, "refuse", {"reason": "the wait is validated"}, "review")
OPENED = Act("deviation/B1-D01", "open", {"subject": "batch/B1", "title": "lid open"}, "perform")
CONCLUDED = Act("deviation/B1-D01", "conclude", {"cause": "no switch", "impact": "none"}, "investigate")
CLOSED = Act("deviation/B1-D01", "close", by="approve")


def good(way: Doorway) -> None:
    """Make a batch that ends as it should."""
    completed(way, "B1")


def aborted(way: Doorway) -> None:
    """Make a batch that does not."""
    Act("batch/B2", "issue", lot(), "issue")(way)
    Act("batch/B2", "abort", {"reason": "the bag leaked"}, "perform")(way)


def held(way: Doorway) -> None:
    """Issue a batch that stands, and an hour later one that ends as it should."""
    Act("batch/B2", "issue", lot(), "issue")(way)
    later(HOUR)(way)
    good(way)


def another(way: Doorway) -> None:
    """Make a batch by another recipe."""
    completed(way, "B3", recipe_digest="e" * 64)


def _moved(
    name: str, says: str, plot: Tried, clause: str = "WHO TRS 1044 annex 4, 4 and 12; EU GMP Annex 15, 5"
) -> Cheat:
    return Cheat(name, clause, ("F090", "C09.2"), says, plot)


def _shown(
    name: str, says: str, plot: Tried, clause: str = "FDA Process Validation 2011, IV.C; Annex 15, 5.19"
) -> Cheat:
    return Cheat(name, clause, ("F094",), says, plot)


CHEATS: Final = (
    _moved(
        "Go on with a gap that blocks",
        "it blocks, so it has to be closed",
        Tried(CLOSE_IT.stating(decision="accept", owner="", due=None), CLOSE_IT, (GAPPED,)),
    ),
    _moved(
        "Accept a gap while it is small, and plan anew when it blocks",
        "nobody has said what becomes of",
        Tried(READ, READ, (SMALL, ACCEPT, GAPPED_LATER), (CLOSE_IT,)),
    ),
    _moved(
        "Approve a package with a gap that nobody judged",
        "nobody has said what becomes of",
        Tried(READ, READ, (GAPPED,), (CLOSE_IT,)),
    ),
    _moved(
        "Approve the package that one planned",
        "someone else has to approve it",
        Tried(READ.made_by(SECOND), READ, (PLAN.made_by(SECOND),)),
    ),
    _moved(
        "Approve a package with a gap that one disposed of",
        "disposed of; someone else",
        Tried(READ.made_by(SECOND), READ, (GAPPED, CLOSE_IT.made_by(SECOND))),
    ),
    _moved(
        "Approve a package with a gap that one closed",
        "closed; someone else",
        Tried(
            READ.made_by(SECOND),
            READ,
            (GAPPED, CLOSE_IT.stating(owner=SECOND), SETTLE.made_by(SECOND)),
        ),
    ),
    _moved(
        "Accept another device than the one that was judged",
        "nobody has said what becomes of",
        Tried(READ, READ, (SMALL, ACCEPT, ANOTHER), (ACCEPT,)),
    ),
    _moved(
        "Exchange the package before it is approved",
        "by another package",
        Tried(READ.stating(package="c" * 64), READ, (PLAN,)),
    ),
    _moved(
        "Begin while a gap is still to be closed",
        "to be closed before",
        Tried(START, START, (GAPPED, CLOSE_IT, READ), (SETTLE,)),
    ),
    _moved(
        "Close a gap of somebody else's",
        "is perform's to close",
        Tried(SETTLE.made_by("supervise"), SETTLE, (GAPPED, CLOSE_IT)),
    ),
    _moved(
        "Close a gap with evidence that is none",
        "is no evidence here",
        Tried(SETTLE.stating(evidence=["asset/nowhere"]), SETTLE, (GAPPED, CLOSE_IT)),
    ),
    _moved(
        "Declare equivalence with two batches",
        "3 of each unit at least",
        Tried(PLAN.stating(**{**MARGINS, "runs": 2}), PLAN.stating(**MARGINS)),
    ),
    _moved(
        "Count a batch of another recipe",
        "was issued by recipe",
        Tried(COUNT.stating(batch="B3"), COUNT, (PLAN, READ, START, another, good)),
    ),
    _moved(
        "Show a site equivalent to itself",
        "by its ledger and by the hash of a signed head",
        Tried(COUNT.stating(side="sending"), COUNT, (PLAN, READ, START, good)),
    ),
    _moved(
        "Choose the batches of a transfer after they are made",
        "was approved after batch B1 was issued",
        Tried(
            COUNT,
            COUNT.stating(batch="B4"),
            (good, later(HOUR), PLAN, READ, START),
            (lambda way: completed(way, "B4"),),
        ),
    ),
    _moved(
        "Let a bad batch stand until the others are evaluated",
        "batch B2 is left out",
        Tried(
            SAME,
            NOT_SAME,
            (PLAN, READ, START, held, COUNT),
            (Act("batch/B2", "abort", {"reason": "the bag leaked"}, "perform"), COUNT.stating(batch="B2")),
        ),
    ),
    _moved(
        "Take a bad batch out again as cited wrongly",
        "cites no batch B1 of the sending unit",
        Tried(
            Act(T, "uncite", {"batch": "B1", "reason": "a typing error"}, "review"),
            Act(T, "uncite", {"batch": "S1", "reason": "a typing error"}, "review"),
            (PLAN, READ, START, good, COUNT),
            (Act(T, "count", CITED, "review"),),
        ),
    ),
    _moved(
        "Cite a batch of another site without its signed head",
        "by the hash of a signed head",
        Tried(
            COUNT.stating(side="sending", ledger="0" * 32, head="none"),
            COUNT.stating(side="sending", ledger="0" * 32, head="f" * 64),
            (PLAN, READ, START),
        ),
    ),
    _moved(
        "Claim equivalence with fewer batches than planned",
        "0 of 1 batches of the receiving unit",
        Tried(SAME, SAME, (PLAN, READ, START), (good, COUNT)),
    ),
    _moved(
        "Leave the failed batch out of the evaluation",
        "leaves out B2",
        Tried(
            NOT_SAME,
            NOT_SAME,
            (PLAN, READ, START, good, aborted, COUNT),
            (COUNT.stating(batch="B2"),),
        ),
    ),
    _moved(
        "Claim equivalence over a batch that was aborted",
        "B2 did not complete",
        Tried(SAME, NOT_SAME, (PLAN, READ, START, good, aborted, COUNT, COUNT.stating(batch="B2"))),
    ),
    _moved(
        "Evaluate without a word on a deviation",
        "is not named in the conclusion",
        Tried(
            SAME,
            SAME.stating(deviations=["B1-D01"]),
            (PLAN, READ, START, good, COUNT, OPENED),
            (CONCLUDED, CLOSED),
        ),
        "21 CFR 211.192; EU GMP Annex 15, 2.8",
    ),
    _moved(
        "Close the transfer that one evaluated",
        "was evaluated by second",
        Tried(END.made_by(SECOND), END, (PLAN, READ, START, good, COUNT, SAME.made_by(SECOND))),
    ),
    _moved(
        "Approve another report than the one that was evaluated",
        "was evaluated by another report",
        Tried(END.stating(report="c" * 64), END, (PLAN, READ, START, good, COUNT, SAME)),
    ),
    _moved(
        "Close a transfer that was not found equivalent",
        "was not found equivalent",
        Tried(END, Act(T, "fail", {"reason": "the margin is not met"}, "approve"), (PLAN, READ, START, NOT_SAME)),
    ),
    _shown(
        "Qualify with the three batches of always",
        "takes 29",
        Tried(PLANNED.stating(confidence=95, share=90, number=3), PLANNED.stating(confidence=95, share=90, number=29)),
    ),
    _shown(
        "Claim a tolerance interval that the scatter never allows",
        "however many",
        Tried(
            PLANNED.stating(claim="tolerance interval", confidence=95, share=95, sd=1, margin=1.5, number=500),
            PLANNED.stating(claim="tolerance interval", confidence=95, share=95, sd=1, margin=4, number=10),
        ),
    ),
    _shown(
        "Choose the batches after they are made",
        "was approved after batch B1 was issued",
        Tried(
            GOOD, GOOD.stating(batch="B4"), (good, later(HOUR), PLANNED, AGREED), (lambda way: completed(way, "B4"),)
        ),
    ),
    _shown(
        "Leave the failed batch out of the qualification",
        "leaves out B2",
        Tried(NOT_MET, NOT_MET, (PLANNED, AGREED, good, aborted, GOOD), (BAD,)),
    ),
    _shown(
        "Count an aborted batch as good",
        "can't count batch B2 as good",
        Tried(BAD.stating(conforms=True, why=""), BAD, (PLANNED, AGREED, aborted)),
    ),
    _shown(
        "Meet a claim of no failure with one",
        "B2 did not conform",
        Tried(MET, NOT_MET, (PLANNED, AGREED, good, aborted, GOOD, BAD)),
    ),
    _shown(
        "Approve the qualification that one planned",
        "was planned by second",
        Tried(AGREED.made_by(SECOND), AGREED, (PLANNED.made_by(SECOND),)),
    ),
    _shown(
        "Close the qualification that one concluded",
        "was concluded by second",
        Tried(DONE.made_by(SECOND), DONE, (PLANNED, AGREED, good, GOOD, MET.made_by(SECOND))),
    ),
    _shown(
        "Approve another report than the one that was concluded from",
        "was concluded by another report",
        Tried(DONE.stating(report="c" * 64), DONE, (PLANNED, AGREED, good, GOOD, MET)),
    ),
    _shown(
        "Tell of a process that one has not carried out",
        "cites no batch of freeze-day",
        Tried(GIVE.stating(evidence=["person/perform"]), GIVE, (good,)),
        "ICH Q10 3.2.1",
    ),
    _shown(
        "Answer feedback by a change that has another reason",
        "is not the source of change CC-2",
        Tried(
            TAKE.stating(change="CC-2"),
            TAKE,
            (good, GIVE, Act("change/CC-2", "propose", PROPOSED, "perform"), CHANGE),
        ),
        "ICH Q10 3.2.3",
    ),
    _shown(
        "Answer feedback before the change is done",
        "is proposed, not closed",
        Tried(ANSWERED, ANSWERED, (good, GIVE, CHANGE, TAKE), (lambda way: closed(way, "change/CC-1"),)),
        "ICH Q10 3.2.3",
    ),
    _shown(
        "Refuse the own feedback",
        "was given by second",
        Tried(REFUSE.made_by(SECOND), REFUSE, (good, GIVE.made_by(SECOND))),
        "ICH Q10 3.2.1",
    ),
)

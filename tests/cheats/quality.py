"""Documents, changes, inspections and what people say: nobody judges the own work, nothing holds by itself."""

from tests.cheats.cheat import DAY, Act, Body, Cheat, Prepare, Tried, later
from tests.support.doors import SECOND, Doorway
from tests.unit.gmp.moves_of_quality import (
    AUDIT,
    COMPLAINT,
    FAILURE,
    GUESS,
    IDEA,
    INQUIRY,
    MINUTES,
    RATING,
    SCORES,
    SEEN,
    TASK,
    TESTED,
    TIDY,
    VISIT,
    WRITING,
    closed,
    effective,
    lot,
)

TITLE = "Documents, changes, inspections and improvement"
LATER = "2031-01-01T00:00"
SOP, NEXT = "document/SOP-12@1", "document/SOP-12@2"
WRITE = Act(SOP, "write", WRITING, "supervise")
SUBMIT, REVIEWED = Act(SOP, "submit", by="supervise"), Act(SOP, "review", by="review")
APPROVED, IN_FORCE = Act(SOP, "approve", by="approve"), Act(SOP, "make_effective", {}, "approve")
CHANGE: Body = {"title": "Lid switch", "what": "from none to one", "reason": "lids stood open"}
PROPOSE = Act("change/CC-1", "propose", CHANGE)
ASSESS = Act("change/CC-1", "assess", {"rationale": "nothing else", "owner": "maintain", "due": LATER}, "investigate")
AGREE, DO = (
    Act("change/CC-1", "approve", by="approve"),
    Act("change/CC-1", "implement", {"what": "mounted", "evidence": "person/perform"}, "maintain"),
)
END = Act("change/CC-1", "close", {"outcome": "no lid stood open"}, "approve")
LEAK = Act("nonconformance/NC-1", "report", {"subject": "container/B1", "found": "a leak", "requirement": "SPEC-BAG@1"})
SCRAP = Act("nonconformance/NC-1", "propose", {"disposition": "scrap", "reason": "it leaks"}, "investigate")
USE_IT = SCRAP.stating(disposition="use as is", reason="it is small")
DECIDE = Act("nonconformance/NC-1", "decide", by="approve")
GONE = Act("nonconformance/NC-1", "close", {"what": "destroyed", "evidence": "container/B1"})
DESTROY = Act("container/B1", "destroy", {"reason": "NC-1"})
VISITED, Q, SAID = "inspection/INS-1", "question/Q-1", "observation/O-1"
M, C, K = "meeting/M-1", "complaint/C-1", "risk/R-1"
ANNOUNCE, BEGIN = Act(VISITED, "announce", VISIT, "review"), Act(VISITED, "begin", by="review")
LOOK = Act(VISITED, "look", {"what": "list batch"}, "read")
ASK = Act(Q, "ask", {"inspection": "INS-1", "text": "who may open it?"}, "read")
ANSWER = Act(Q, "answer", {"text": "by SOP-12", "records": ["person/perform"]}, "review")
DELIVER = Act(Q, "deliver", by="approve")
FIND = Act(VISITED, "find", {"number": 1, "text": "a page was not signed", "grade": "other"}, "review")
STOP = Act(VISITED, "end", by="review")
RESPOND = Act(VISITED, "respond", {"number": 1, "text": "it is signed now"}, "investigate")
OVER = Act(VISITED, "close", {"outcome": "no objection"}, "approve")
SAY = Act(SAID, "report", SEEN)
JUDGE = Act(SAID, "assess", {"conclusion": "a gasket"}, "supervise")
TASKED, DONE = Act("action/A-1", "open", TASK, "supervise"), Act("action/A-1", "finish", {"what": "a mat"})
SEEN_DONE = Act("action/A-1", "close", by="supervise")
MINUTE, MINUTED = Act(M, "minute", MINUTES), Act(M, "approve", by="supervise")
RECEIVE = Act(C, "receive", {**COMPLAINT, "serious": True}, "order")
INQUIRE = Act(C, "investigate", {**INQUIRY, "deviation": "D-1"}, "review")
REPLY = Act(C, "close", {"reply": "we looked"}, "approve")
RATE, ACCEPT = (
    Act(K, "rate", FAILURE, "investigate"),
    Act(K, "accept", {"reason": "the controls are enough"}, "approve"),
)
HIGH: Body = {"severity": 9, "occurrence": 5, "detection": 8}
TREAT = Act(K, "treat", {"actions": ["change/CC-1"], "owner": "supervise", "due": LATER}, "investigate")
RATE_AGAIN = Act(K, "rate_again", RATING, "investigate")
OPEN = Act("deviation/D-1", "open", {"subject": "person/perform", "title": "torn"})
TORN, LEAKED = OPEN.stating(subject="complaint/C-1"), OPEN.stating(subject="nonconformance/NC-1")
OTHER = Act("deviation/D-2", "open", {"subject": "person/perform", "title": "torn"})
CONCLUDED = Act("deviation/D-1", "conclude", {"cause": "a worn seal", "impact": "none"}, "investigate")
CLOSED = Act("deviation/D-1", "close", by="approve")
THINK = Act("improvement/I-1", "propose", {**IDEA, "owner": "perform"}, "verify")
TRY = Act(
    "improvement/I-1", "try", {"ends": "2026-12-22T09:00", "no_change": "nothing validated is touched"}, "supervise"
)
TRY_BY_CHANGE = TRY.stating(no_change="", change="CC-1")
SEEN_BETTER = Act("improvement/I-1", "measure", {"conclusion": "less waiting"}, SECOND)
ADOPT = Act("improvement/I-1", "adopt", {"standard": ["document/SOP-12@1"]}, "approve")
AREA, TIDIED = Act("five-s/bench", "plan", TIDY, "supervise"), Act("five-s/bench", "audit", AUDIT, "review")
GUESSED = Act("hypothesis/H-1", "propose", GUESS)
EARLIER = Act("hypothesis/H-1", "test", TESTED)
HOLDS = Act("hypothesis/H-1", "support", {"conclusion": "as predicted"}, "review")
LOT = Act("batch/B1", "issue", lot(), "issue")


def instructed(way: Doorway) -> None:
    """Bring a procedure for an operation into force."""
    effective(way, "SOP-12@1", operations=["freeze"])


def in_force(name: str) -> Prepare:
    """Give a version that comes into force."""
    return lambda way: effective(way, name)


def afterwards(way: Doorway) -> None:
    """Look again after the prediction, and cite that."""
    EARLIER.stating(side="neither")(way)
    EARLIER.stating(evidence=[f"event {way.door.seq}"])(way)


def carried_out(way: Doorway) -> None:
    """Bring a proposed change to its end."""
    closed(way, "change/CC-1")


def bag(way: Doorway) -> None:
    """Take a bag in."""
    way.do("container/B1", "expect", {"identity": "COI-1"})
    way.do("container/B1", "receive")


def _written(
    name: str, says: str, plot: Tried, clause: str = "21 CFR 211.100(a), 211.160(a); EU GMP chapter 4"
) -> Cheat:
    return Cheat(name, clause, ("F115", "F116"), says, plot)


def _changed(name: str, says: str, plot: Tried, clause: str = "21 CFR 211.100(a); Annex 11, 10") -> Cheat:
    return Cheat(name, clause, ("F113", "F155"), says, plot)


def _nonconforming(name: str, says: str, plot: Tried, clause: str = "21 CFR 211.192, 211.165(f)") -> Cheat:
    return Cheat(name, clause, ("F074",), says, plot)


def _inspected(name: str, says: str, plot: Tried, clause: str = "21 CFR 211.180(c); Annex 11 draft 12.9") -> Cheat:
    return Cheat(name, clause, ("F107", "F110"), says, plot)


def _said(name: str, says: str, plot: Tried, clause: str = "ICH Q10 3.2.4; EU GMP chapter 1") -> Cheat:
    return Cheat(name, clause, ("F139", "F140"), says, plot)


def _complained(name: str, says: str, plot: Tried, clause: str = "21 CFR 211.198") -> Cheat:
    return Cheat(name, clause, ("F056", "F128"), says, plot)


def _improved(name: str, says: str, plot: Tried, clause: str = "ICH Q10 3.2.3; EU GMP chapter 1, 1.4(xi)") -> Cheat:
    return Cheat(name, clause, ("F154.2",), says, plot)


def _guessed(name: str, says: str, plot: Tried, clause: str = "21 CFR 211.192; ICH Q9(R1) 5") -> Cheat:
    return Cheat(name, clause, ("F180.2",), says, plot)


def _risky(name: str, says: str, plot: Tried, clause: str = "ICH Q9(R1)") -> Cheat:
    return Cheat(name, clause, ("F114", "F141"), says, plot)


VISITING = (ANNOUNCE, BEGIN)
AGREED = (PROPOSE, ASSESS, AGREE)

CHEATS = (
    _written(
        "Review the document that one wrote oneself",
        "someone else has to review it",
        Tried(REVIEWED.made_by(SECOND), REVIEWED, (WRITE.made_by(SECOND), SUBMIT)),
    ),
    _written(
        "Approve the document that one wrote oneself",
        "someone else has to approve it",
        Tried(APPROVED.made_by(SECOND), APPROVED, (WRITE.made_by(SECOND), SUBMIT, REVIEWED)),
    ),
    _written(
        "Approve a document that nobody has reviewed",
        "'approve' is not possible in state 'in review'",
        Tried(APPROVED, APPROVED, (WRITE, SUBMIT), (REVIEWED,)),
        "21 CFR 11.10(f), 211.100(a)",
    ),
    _written(
        "Backdate a document",
        "which is over",
        Tried(IN_FORCE.stating(begins="2026-01-01T00:00"), IN_FORCE, (WRITE, SUBMIT, REVIEWED, APPROVED)),
        "EU GMP chapter 4, 4.3; ALCOA contemporaneous",
    ),
    _written(
        "Skip a version of a document",
        "would leave a gap: version 2 comes next",
        Tried(WRITE.on("document/SOP-12@3"), WRITE.on(NEXT), (in_force("SOP-12@1"),)),
        "21 CFR 11.10(k)(2)",
    ),
    _written(
        "Change a document that is in force",
        "'revise' is not possible in state 'effective'",
        Tried(Act(SOP, "revise", WRITING, "supervise"), WRITE.on(NEXT), (in_force("SOP-12@1"),)),
        "21 CFR 11.10(k)(2), 211.100(a)",
    ),
    _written(
        "Write a document for a change that nobody has proposed",
        "comes from change CC-1, which is not known here",
        Tried(WRITE.stating(change="CC-1"), WRITE.stating(change="CC-1"), (), (PROPOSE,)),
        "21 CFR 11.10(k)(2); Annex 11, 10",
    ),
    _changed(
        "Approve the change that one has asked for oneself",
        "was proposed by second; someone else has to approve it",
        Tried(AGREE.made_by(SECOND), AGREE, (PROPOSE.made_by(SECOND), ASSESS)),
    ),
    _changed(
        "Approve the change whose impact one has judged oneself",
        "was assessed by second; someone else has to approve it",
        Tried(AGREE.made_by(SECOND), AGREE, (PROPOSE, ASSESS.made_by(SECOND))),
    ),
    _changed(
        "Approve one's own assessment after a colleague has touched it",
        "was assessed by second; someone else has to approve it",
        Tried(AGREE.made_by(SECOND), AGREE, (PROPOSE, ASSESS.made_by(SECOND), ASSESS)),
    ),
    _changed(
        "Carry out a change that nobody has approved",
        "'implement' is not possible in state 'assessed'",
        Tried(DO, DO, (PROPOSE, ASSESS), (AGREE,)),
        "21 CFR 211.100(a), 11.10(f)",
    ),
    _changed(
        "Show that a change was made by a photograph that nobody has kept",
        "'photograph 7' is no evidence here",
        Tried(DO.stating(evidence="photograph 7"), DO.stating(evidence="a" * 64), AGREED),
        "21 CFR 211.100(b), 211.188",
    ),
    _changed(
        "Cite an event that has not happened yet",
        "'event 9999' is no evidence here",
        Tried(DO.stating(evidence="person/perform, event 9999"), DO.stating(evidence="person/perform"), AGREED),
        "21 CFR 211.100(b), 211.188",
    ),
    _changed(
        "Show that a change was made by an event from before it was proposed",
        "event 1 is no evidence of what began after it",
        Tried(DO.stating(evidence="event 1"), DO.stating(evidence="person/perform"), AGREED),
        "21 CFR 211.100(b), 211.188",
    ),
    _changed(
        "Forget the procedure that a change touches",
        "touches SOP-12@1: name its new version",
        Tried(
            ASSESS,
            ASSESS.stating(untouched=["SOP-12: no lid in it"]),
            (instructed, PROPOSE.stating(operations=["freeze"])),
        ),
    ),
    _changed(
        "Close a change before its procedure holds",
        "document SOP-12@1 is absent",
        Tried(
            END,
            END,
            (PROPOSE, ASSESS.stating(documents=["SOP-12@1"]), AGREE, DO),
            (in_force("SOP-12@1"),),
        ),
    ),
    _changed(
        "Close the change that one has carried out oneself",
        "someone else has to close it",
        Tried(
            END.made_by(SECOND),
            END,
            (PROPOSE, ASSESS.stating(owner=SECOND), AGREE, DO.made_by(SECOND)),
        ),
    ),
    _nonconforming(
        "Decide on what one has found oneself",
        "was found by second; someone else has to decide it",
        Tried(DECIDE.made_by(SECOND), DECIDE, (bag, LEAK.made_by(SECOND), SCRAP)),
        "21 CFR 211.22(a)",
    ),
    _nonconforming(
        "Decide on one's own proposal after a colleague has made it once more",
        "was proposed by second; someone else has to decide it",
        Tried(
            DECIDE.made_by(SECOND),
            DECIDE,
            (
                bag,
                LEAK,
                SCRAP.made_by(SECOND),
                Act("nonconformance/NC-1", "return", {"reason": "why?"}, "approve"),
                SCRAP,
            ),
        ),
        "21 CFR 211.22(a)",
    ),
    _nonconforming(
        "Use what is not as it has to be, without a deviation",
        "can't be used as it is: its deviation is named nowhere",
        Tried(USE_IT, USE_IT.stating(deviation="D-1"), (bag, LEAK, OPEN.stating(subject="container/B1"))),
    ),
    _nonconforming(
        "Use what is not as it has to be with the deviation of something else",
        "is not what deviation D-2 is about; that is person/perform",
        Tried(USE_IT.stating(deviation="D-2"), USE_IT.stating(deviation="D-1"), (bag, LEAK, OTHER, LEAKED)),
    ),
    _nonconforming(
        "Call what is still here scrapped",
        "yet container B1 is in process",
        Tried(GONE, GONE, (bag, LEAK, SCRAP, DECIDE), (DESTROY,)),
        "21 CFR 211.192, 211.204",
    ),
    _inspected(
        "Give an inspector the rights of an operator",
        "can't have review as inspector",
        Tried(ANNOUNCE.stating(inspectors=["review"]), ANNOUNCE),
        "21 CFR 11.10(d); Annex 11 draft 11.10",
    ),
    _inspected(
        "Look in the inspector's name",
        "is not second's: read may look",
        Tried(LOOK.made_by(SECOND), LOOK, VISITING),
        "21 CFR 11.100(a)",
    ),
    _inspected(
        "Withdraw an inspector's question",
        "only an inspector can withdraw it",
        Tried(
            Act(Q, "withdraw", {"reason": "too hard"}, "review"),
            Act(Q, "withdraw", {"reason": "answered elsewhere"}, "read"),
            (*VISITING, ASK),
        ),
    ),
    _inspected(
        "Answer an inspector without a record",
        "is no evidence here",
        Tried(ANSWER.stating(records=["everybody knows"]), ANSWER, (*VISITING, ASK)),
    ),
    _inspected(
        "Let one's own answer out to an inspector",
        "someone else has to deliver it",
        Tried(DELIVER.made_by(SECOND), DELIVER, (*VISITING, ASK, ANSWER.made_by(SECOND))),
    ),
    _inspected(
        "Close an inspection over an open question",
        "question Q-1 is asked",
        Tried(OVER, OVER, (*VISITING, ASK, STOP), (ANSWER, DELIVER)),
    ),
    _inspected(
        "Close an inspection whose findings one has answered oneself",
        "someone else has to close it",
        Tried(OVER.made_by(SECOND), OVER, (*VISITING, FIND, STOP, RESPOND.made_by(SECOND))),
    ),
    _said(
        "Assess one's own report of a danger",
        "someone else has to assess it",
        Tried(JUDGE.made_by(SECOND), JUDGE, (SAY.made_by(SECOND),)),
    ),
    _said(
        "Put an injury away without doing anything",
        "an action is needed",
        Tried(JUDGE, JUDGE.stating(actions=["action/A-1"]), (SAY.stating(sort="exposure", harm=True),), (TASKED,)),
    ),
    _said(
        "Report what is still to happen",
        "which is still to come",
        Tried(SAY.stating(when=LATER), SAY),
        "ALCOA contemporaneous",
    ),
    _said(
        "Let an action come from a finding that nobody has made",
        "source is deviation/D-9, which is not known here",
        Tried(TASKED.stating(source="deviation/D-9"), TASKED.stating(source="deviation/D-1"), (OPEN,)),
    ),
    _said(
        "See that one's own action is done",
        "someone else has to see that it is done",
        Tried(SEEN_DONE.made_by(SECOND), SEEN_DONE, (TASKED, DONE.made_by(SECOND))),
    ),
    _said(
        "Approve the minutes that one wrote oneself",
        "someone else has to approve it",
        Tried(MINUTED.made_by(SECOND), MINUTED, (MINUTE.made_by(SECOND),)),
    ),
    _said(
        "Approve the minutes of a meeting that one was not at",
        "who was not there",
        Tried(MINUTED.made_by("review"), MINUTED, (MINUTE.stating(present=["supervise", "perform"]),)),
    ),
    _improved(
        "Let one's own idea be tried",
        "was proposed by second; someone else lets it be tried",
        Tried(TRY.made_by(SECOND), TRY, (THINK.made_by(SECOND),)),
    ),
    _improved(
        "Try something on the product without its change",
        "is tried by change CC-1, which is proposed, not approved",
        Tried(TRY_BY_CHANGE, TRY_BY_CHANGE, (THINK, PROPOSE), (ASSESS, AGREE)),
        "21 CFR 211.100(a); ICH Q10 3.2.3",
    ),
    _improved(
        "Adopt what one has measured oneself",
        "was measured by second; someone else makes it the way of work",
        Tried(
            ADOPT.made_by(SECOND), ADOPT, (THINK.stating(owner=SECOND), TRY, later(31 * DAY), SEEN_BETTER, instructed)
        ),
    ),
    _improved(
        "Measure a trial before it is over",
        "is on trial until 2026-12-22T09:00",
        Tried(SEEN_BETTER, SEEN_BETTER, (THINK.stating(owner=SECOND), TRY), (later(31 * DAY),)),
    ),
    _improved(
        "Give one's own bench full marks",
        "is kept by second; someone else audits it",
        Tried(TIDIED.made_by(SECOND), TIDIED, (AREA.stating(keeper=SECOND),)),
        "EU GMP chapter 9, 9.2 (independent)",
    ),
    _improved(
        "Score an area by impression",
        "'tidy enough' is no evidence here",
        Tried(TIDIED.stating(scores=[*SCORES[:4], {**SCORES[4], "evidence": "tidy enough"}]), TIDIED, (AREA,)),
        "ALCOA original, accurate",
    ),
    _guessed(
        "Support a hypothesis by what it was made from",
        "rests on what was known before it",
        Tried(HOLDS, HOLDS, (GUESSED, EARLIER), (afterwards,)),
    ),
    _guessed(
        "Pass over what speaks against one's hypothesis",
        "has 1 pieces that speak against it; answer each",
        Tried(
            HOLDS,
            HOLDS.stating(answers=["the sensor was out"]),
            (GUESSED, afterwards, EARLIER.stating(side="against")),
        ),
    ),
    _guessed(
        "Judge one's own hypothesis",
        "was proposed by second; someone else judges it",
        Tried(HOLDS.made_by(SECOND), HOLDS, (GUESSED.made_by(SECOND), afterwards)),
    ),
    _guessed(
        "Conclude a deviation over a hypothesis that nobody has tested",
        "hypothesis H-1 is proposed; support, refute or withdraw it",
        Tried(
            CONCLUDED,
            CONCLUDED,
            (OPEN, GUESSED.stating(about=["deviation/D-1"])),
            (Act("hypothesis/H-1", "withdraw", {"reason": "it can't be so"}),),
        ),
    ),
    _complained(
        "Answer a serious complaint without a deviation",
        "needs its deviation, which is named nowhere",
        Tried(INQUIRE.stating(deviation=""), INQUIRE, (LOT, RECEIVE, TORN)),
    ),
    _complained(
        "Answer a serious complaint with the deviation of something else",
        "is not what deviation D-2 is about; that is person/perform",
        Tried(INQUIRE.stating(deviation="D-2"), INQUIRE, (LOT, RECEIVE, TORN, OTHER)),
    ),
    _complained(
        "File a complaint under a lot that was never made",
        "lot is batch/B9, which is not known here (known: B1)",
        Tried(RECEIVE.stating(batch="B9"), RECEIVE, (LOT,)),
    ),
    _complained(
        "Close the complaint that one has investigated oneself",
        "someone else has to close it",
        Tried(REPLY.made_by(SECOND), REPLY, (LOT, RECEIVE, TORN, INQUIRE.made_by(SECOND), CONCLUDED, CLOSED)),
        "21 CFR 211.22(a), 211.198",
    ),
    _complained(
        "Close a complaint before its deviation",
        "waits for deviation D-1, which is concluded",
        Tried(REPLY, REPLY, (LOT, RECEIVE, TORN, INQUIRE, CONCLUDED), (CLOSED,)),
    ),
    Cheat(
        "Open a deviation about a batch whose number one has mistyped",
        "21 CFR 211.192; ALCOA attributable",
        ("F073",),
        "batch/B71, which is not known here (known: B1)",
        Tried(OPEN.stating(subject="batch/B71"), OPEN.stating(subject="batch/B1"), (LOT,)),
    ),
    _risky(
        "Accept the risk that one has rated oneself",
        "someone else has to accept it",
        Tried(ACCEPT.made_by(SECOND), ACCEPT, (RATE,)),
    ),
    _risky(
        "Accept a high risk and do nothing",
        "an action is needed before it is accepted",
        Tried(ACCEPT, ACCEPT, (RATE.stating(**HIGH),), (PROPOSE, TREAT, carried_out, RATE_AGAIN)),
    ),
    _risky(
        "Rate a risk down before anything was done",
        "can't be rated again: change/CC-1 is proposed",
        Tried(RATE_AGAIN, RATE_AGAIN, (RATE.stating(**HIGH), PROPOSE, TREAT), (carried_out,)),
    ),
    _risky(
        "Treat a risk by good advice",
        "is treated by be careful, which is no CAPA or change here",
        Tried(TREAT.stating(actions=["be careful"]), TREAT, (RATE, PROPOSE)),
    ),
)

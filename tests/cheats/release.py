"""Deviations, CAPA and the release of a lot: nothing open, nothing easier, nobody's own work."""

from typing import Final

from automation.gmp.certificates import certificate
from tests.cheats.cheat import Act, Body, Cheat, Told, Tried, two
from tests.support.doors import SECOND, proof
from tests.support.thread import Thread
from tests.unit.gmp.moves_of_product import RULES
from tests.unit.gmp.moves_of_quality import act, lot

TITLE = "Deviations, CAPA and release"
STERILITY: Body = {
    "test": "sterility",
    "method": "USP <71>",
    "passes": ["no growth"],
    "stage": "afterwards",
    "days": 14.0,
}
CONCLUDED: Body = {"cause": "a wrong dilution", "impact": "none"}
RELEASE: Final = ("release", "release_conditionally")
LOT = Act("batch/B1", "issue", lot(), "issue")
RULE = Act("profile/eu@2", "write", RULES, "review")
ENACT = Act("profile/eu@2", "approve", by="approve")
HOLD = Act("qa-hold/H-1", "place", {"batch": "B1", "reason": "the balance was out of tolerance"}, "review")
LIFT = Act("qa-hold/H-1", "lift", {"reason": "not touched by it", "evidence": "batch/B1"}, "approve")
OPEN = Act("deviation/D-1", "open", {"subject": "batch/B1", "title": "lid open"})
CONCLUDE, CLOSE = (
    Act("deviation/D-1", "conclude", CONCLUDED, "investigate"),
    Act("deviation/D-1", "close", by="approve"),
)


def out(thread: Thread) -> None:
    """Correct viability to a result out of specification, and review it."""
    thread.do("test", "correct", by="perform", value="61.2")
    thread.do("test", "review", by="review")


def fits(thread: Thread) -> None:
    """Correct it to one that is within, and review that."""
    thread.do("test", "correct", by="perform")
    thread.do("test", "review", by="review")


def closed(thread: Thread) -> None:
    """Close what was opened about the test."""
    for one in thread.way.door.marked("deviation", "subject test/X1"):
        if one.state == "open":
            act(thread.way, f"deviation/{one.id}", "conclude", CONCLUDED, by="investigate")
            act(thread.way, f"deviation/{one.id}", "close", by="approve")


def easier(thread: Thread) -> None:
    """Bring a specification into force that asks for less, and open the release by it."""
    act(thread.way, "specification/EASY", "write", {"product": "CAR-T cells", "criteria": [STERILITY]}, by="review")
    act(thread.way, "specification/EASY", "approve", by="approve")
    thread.do("release", "open", by="release", specification="EASY")


def by_it(thread: Thread) -> None:
    """Release the lot by that specification."""
    made = certificate(thread.way.door, "X1", specification="EASY").digest
    thread.do("release", "release_conditionally", by="release", certificate=made)


def handed_over(thread: Thread) -> None:
    """Open a deviation about a hand-over."""
    said: Body = {"subject": "handover/X1-2", "title": "the seal was broken"}
    act(thread.way, "deviation/H-D01", "open", said, by="perform")


def looked_into(thread: Thread) -> None:
    """Close it."""
    act(thread.way, "deviation/H-D01", "conclude", CONCLUDED, by="investigate")
    act(thread.way, "deviation/H-D01", "close", by="approve")


def repeated(thread: Thread) -> None:
    """Let one cause be found twice before."""
    for number in (1, 2):
        act(
            thread.way, f"deviation/E{number}", "open", {"subject": "person/perform", "title": "lid open"}, by="perform"
        )
        act(thread.way, f"deviation/E{number}", "conclude", {**CONCLUDED, "code": "LID"}, by="investigate")


def signed_again(thread: Thread) -> None:
    """Have the conclusion returned, and concluded once more by a colleague."""
    act(thread.way, "deviation/X1", "return", {"reason": "say more"}, by="approve")
    thread.do("deviation", "conclude", by="investigate")


def planned_again(thread: Thread) -> None:
    """Have the CAPA planned once more by a colleague."""
    thread.way.do(
        "capa/X1",
        "replan",
        thread.body("capa", "plan"),
        by="investigate",
        signs=(proof("investigate", "authored"),),
    )


def printed(thread: Thread) -> None:
    """Print a paper form of the batch."""
    act(thread.way, "form/X1-F01", "issue", {"batch": "X1", "title": "freeze", "sha256": "b" * 64}, by="perform")


def voided(thread: Thread) -> None:
    """Account for it."""
    act(thread.way, "form/X1-F01", "void", {"fate": "unused", "reason": "the program was back"}, by="perform")


def leaking(thread: Thread) -> None:
    """Report that a bag is not as it has to be."""
    leak: Body = {"subject": "container/X1-P", "found": "a scratch", "requirement": "SPEC-BAG@1"}
    act(thread.way, "nonconformance/NC-1", "report", leak, by="perform")


def judged(thread: Thread) -> None:
    """Bring that to its end."""
    used: Body = {"disposition": "use as is", "reason": "only the overwrap", "deviation": "X1"}
    act(thread.way, "nonconformance/NC-1", "propose", used, by="investigate")
    act(thread.way, "nonconformance/NC-1", "decide", by="approve")
    act(thread.way, "nonconformance/NC-1", "close", {"what": "looked at", "evidence": "deviation/X1"}, by="perform")


def held(thread: Thread) -> None:
    """Put the lot on QA hold."""
    said: Body = {"batch": "X1", "reason": "the balance was out of tolerance"}
    act(thread.way, "qa-hold/H-1", "place", said, by="review")


def lifted(thread: Thread) -> None:
    """Lift it."""
    act(thread.way, "qa-hold/H-1", "lift", {"reason": "not touched by it", "evidence": "deviation/X1"}, by="approve")


def other_product(thread: Thread) -> None:
    """Bring a specification of another product into force."""
    act(thread.way, "specification/X1-NK", "write", {"product": "NK cells", "criteria": [STERILITY]}, by="review")
    act(thread.way, "specification/X1-NK", "approve", by="approve")


def on_condition(thread: Thread) -> None:
    """Release it on the condition that the last result follows."""
    thread.do("release", "release_conditionally", by="release")


def _closing(name: str, says: str, plot: Told, clause: str = "21 CFR 211.192, 211.100(b)") -> Cheat:
    return Cheat(name, clause, ("F073", "F169"), says, plot)


def _capa(name: str, says: str, plot: Told, clause: str = "ICH Q10 3.2.2; EU GMP chapter 1, 1.4") -> Cheat:
    return Cheat(name, clause, ("F075", "F076"), says, plot)


def _released(name: str, says: str, plot: Told, clause: str = "21 CFR 211.192, 211.165(a)") -> Cheat:
    return Cheat(name, clause, ("F010", "F060"), says, plot)


CHEATS = (
    _closing(
        "Close the deviation that one has concluded oneself",
        "someone else has to close it",
        two("deviation", "conclude", "close"),
        "21 CFR 211.22(a), 211.192",
    ),
    _closing(
        "Close one's own deviation after a colleague has signed it once more",
        "wrote the conclusion; someone else has to close it",
        Told("deviation", "close", by=SECOND, second=(("deviation", "conclude"),), given=(signed_again,)),
        "21 CFR 211.22(a), 211.192",
    ),
    _closing(
        "Close a deviation whose CAPA nobody has approved",
        "which is planned; it has to be approved",
        Told("deviation", "close", skipped=(("capa", "approve"),)),
    ),
    _closing(
        "Close a deviation before its cause is known",
        "'close' is not possible in state 'open'",
        Told("deviation", "close", skipped=(("deviation", "conclude"),)),
        "21 CFR 11.10(f), 211.192",
    ),
    _closing(
        "Support an investigation with what nobody has recorded",
        "is no evidence here",
        Told("deviation", "investigate", states={"evidence": ["everybody knows"]}),
    ),
    _closing(
        "Conclude on the same cause for the third time and do nothing",
        "found before (E1, E2); a CAPA is needed",
        Told("deviation", "conclude", states={"code": "LID", "capa": []}, given=(repeated,)),
        "ICH Q10 3.2.2; 21 CFR 211.192",
    ),
    _capa(
        "Approve the CAPA that one has planned oneself",
        "someone else has to approve",
        two("capa", "plan", "approve"),
    ),
    _capa(
        "Approve one's own CAPA after a colleague has touched it",
        "was planned by second; someone else has to approve it",
        Told("capa", "approve", by=SECOND, second=(("capa", "plan"),), given=(planned_again,)),
    ),
    _capa(
        "Carry out the CAPA of somebody else",
        "is perform's to carry out",
        Told("capa", "implement", by="supervise"),
    ),
    _capa(
        "Carry out a CAPA and show nothing for it",
        "CAPA X1: 'seen by all' is no evidence here",
        Told("capa", "implement", states={"evidence": "seen by all"}),
    ),
    _capa(
        "Find a CAPA effective by hearsay",
        "CAPA X1: 'no complaints heard' is no evidence here",
        Told("capa", "find_effective", states={"evidence": "no complaints heard"}),
    ),
    _capa(
        "Find one's own CAPA effective",
        "someone else judges its effect",
        Told("capa", "find_effective", by=SECOND, second=(("capa", "implement"),), owner=SECOND),
    ),
    _capa(
        "Find a CAPA effective before its effect could show",
        "its effect has not had time to show",
        Told("capa", "find_effective"),
    ),
    _capa(
        "Plan a CAPA for nothing that is on record",
        "comes from gossip/G-1",
        Told("capa", "plan", states={"source": "gossip/G-1"}),
    ),
    _released(
        "Release a lot that one has made oneself",
        "had a hand in it; someone else has to release it",
        Told(*RELEASE, by=SECOND, second=(("batch", "start"),)),
        "21 CFR 211.22(a), (d); Annex 11, 15",
    ),
    _released(
        "Release a lot that one has tested oneself",
        "had a hand in it; someone else has to release it",
        Told(*RELEASE, by=SECOND, second=(("test", "report"),)),
        "21 CFR 211.22(a), 211.194(a)(8)",
    ),
    _released(
        "Release without the right to",
        "review may not release_conditionally",
        Told(*RELEASE, by="review"),
        "21 CFR 211.22(a); Annex 11, 15",
    ),
    _released(
        "Release with an open deviation",
        "deviation X1 is concluded",
        Told(*RELEASE, skipped=(("deviation", "close"),)),
    ),
    _released(
        "Release with an open deviation about a hand-over",
        "deviation H-D01 is open",
        Told(*RELEASE, given=(handed_over,), mended=(looked_into,)),
    ),
    _released(
        "Release a record that nobody has reviewed",
        "the record of batch X1 is not reviewed",
        Told(*RELEASE, skipped=(("batch", "review"),)),
        "21 CFR 211.192, 211.188",
    ),
    _released(
        "Release a bag without a verified label",
        "carries no verified label",
        Told(*RELEASE, skipped=(("label-P", "apply"),)),
        "21 CFR 211.130, 211.134",
    ),
    _released(
        "Release on a result that nobody has reviewed",
        "viability (X1) is reported",
        Told(*RELEASE, skipped=(("test", "review"),)),
        "21 CFR 211.194(a)(8), 211.165",
    ),
    _released(
        "Release a lot that is out of specification",
        "X1 is out of specification: viability: 61.2 %",
        Told(*RELEASE, given=(out,), mended=(fits, closed)),
        "21 CFR 211.165(f)",
    ),
    _released(
        "Correct a result into its limits and release on it at once",
        "is open",
        Told(*RELEASE, given=(out, fits), mended=(closed,)),
        "21 CFR 211.192; FDA OOS guidance",
    ),
    _released(
        "Release by an easier specification than was tested by",
        "X1 is out of specification: viability: 61.2 %",
        Told(
            *RELEASE, skipped=(("release", "open"),), given=(out, closed, easier), mended=(fits, closed), rightly=by_it
        ),
        "21 CFR 211.165(a), (f), 211.192",
    ),
    _released(
        "Release by the specification of another product",
        "X1-NK is of NK cells, the order of CAR-T cells",
        Told("release", "open", states={"specification": "X1-NK"}, given=(other_product,)),
        "21 CFR 211.165(a)",
    ),
    _released(
        "Sign another certificate than the records give",
        "is not what the records say now",
        Told(*RELEASE, states={"certificate": "0" * 64}),
        "21 CFR 11.70; EU GMP Annex 16",
    ),
    _released(
        "Release a container that is not of the lot",
        "X1-A is no container of its product",
        Told(*RELEASE, states={"containers": ["X1-P", "X1-A"]}),
        "21 CFR 211.165; EU GMP Part IV",
    ),
    _released(
        "Release with a paper form that is not accounted for",
        "form X1-F01 is issued, not accounted for",
        Told(*RELEASE, given=(printed,), mended=(voided,)),
        "21 CFR 211.188, 211.192",
    ),
    _released(
        "Release with a non-conformance that is open",
        "non-conformance NC-1 is reported",
        Told(*RELEASE, given=(leaking,), mended=(judged,)),
    ),
    _released(
        "Release a lot that is on QA hold",
        "the balance was out of tolerance",
        Told(*RELEASE, given=(held,), mended=(lifted,)),
        "21 CFR 211.142(a), 211.192",
    ),
    _released(
        "Release cells whose donor nobody has determined",
        "donor X1 is pending",
        Told(*RELEASE, skipped=(("donor", "find_not_required"),)),
        "21 CFR 1271.60, 1271.90",
    ),
    _released(
        "Complete a release before the last result",
        "in laboratory",
        Told("release", "complete", skipped=(("test-2", "report"), ("test-2", "review"))),
        "21 CFR 211.165(a), 610.12",
    ),
    _released(
        "Release in full what only a condition lets go",
        "sterility (X1-2) is in laboratory",
        Told("release", "release", by="release", rightly=on_condition),
        "EU GMP Part IV 11; 21 CFR 211.165(a)",
    ),
    Cheat(
        "Lift the QA hold on a lot that one has placed oneself",
        "21 CFR 211.22(a), 211.192",
        ("F010",),
        "someone else has to lift it",
        Tried(LIFT.made_by(SECOND), LIFT, (LOT, HOLD.made_by(SECOND))),
    ),
    Cheat(
        "Lift a QA hold whose deviation is open",
        "21 CFR 211.192",
        ("F010", "F073"),
        "waits for deviation D-1, which is open; it has to be closed",
        Tried(LIFT, LIFT, (LOT, OPEN, HOLD.stating(deviation="D-1")), (CONCLUDE, CLOSE)),
    ),
    Cheat(
        "Bring the rules into force that one wrote oneself",
        "21 CFR 211.22(c), 211.100(a); EU GMP 4.3",
        ("F060",),
        "was written by second; someone else has to approve it",
        Tried(ENACT.made_by(SECOND), ENACT, (RULE.made_by(SECOND),)),
    ),
    Cheat(
        "Change the rules under their old number",
        "21 CFR 211.180(e); Annex 11, 10",
        ("F060",),
        "is the packaged one, which nobody changes; write the next",
        Tried(RULE.on("profile/eu@1"), RULE),
    ),
    Cheat(
        "Order by rules that are not in force yet",
        "EU GMP Part IV 11; 21 CFR 211.100(b)",
        ("F060",),
        "can't go by rules eu@2: eu@1 is in force",
        Told("order", "place", states={"rules": "eu@2"}),
    ),
)

"""A batch from its issue to its review: what is executed, each step by whom it was asked, every answer once."""

from automation.gmp.door import Proof
from tests.cheats.cheat import DAY, Act, Body, Cheat, Told, Tried, later, two
from tests.support.doors import SECOND, START, Doorway, proof, register
from tests.unit.gmp import moves_of_materials as materials
from tests.unit.gmp.moves import DUE, ISSUE, PROPOSAL
from tests.unit.gmp.moves_of_quality import effective

TITLE = "Batches, steps and answers"
B, P = "batch/B-1", "prompt/B-1.freeze.1.1"
BILLED = Act("batch/B1", "issue", {**materials.BATCH, **materials.BILL}, "issue")
SALINE = Act("lot/SAL", "use", {"quantity": 1.0, "batch": "B1"})
WHY = Act("bill/B1", "explain", {"material": "saline", "reason": "a line was rinsed once more"}, "supervise")
SETTLE = Act("bill/B1", "reconcile", {"conclusion": "all is accounted for"}, "review")
LOT = Act(B, "issue", ISSUE, "issue")
CLINICAL = LOT.stating(lot_type="clinical", recipe_status="approved")
START_IT = Act(B, "start")
PROPOSE = Act(B, "propose", PROPOSAL, "issue")
AMEND = Act(B, "amend", {"number": 1, "recipe_digest": "a" * 64}, "approve")
REVIEW = Act(B, "review", {"conclusion": "in order"}, "review")
COMPLETE, ABORT = Act(B, "complete", by="system:test"), Act(B, "abort", {"reason": "the bag leaked"})
RESOLVE = Act(B, "resolve", {"outcome": "done", "reason": "the programmer shows run"})
GO_ON = Act(B, "continue", {"step": "freeze", "asset": "crf-01", "reason": "product inside"}, "supervise")
SHIFT: Body = {"step": "freeze", "leaving": "perform", "said": "the bag is inside"}
BOTH = (proof("ada", "received"), proof("perform", "handed over"))
TAKE_OVER = Act(B, "take_over", SHIFT, "ada", BOTH)
RELIEVE = Act(B, "relieve", SHIFT, "ada", (proof("ada", "received"), proof("supervise", "responsible")))
ANSWER = Act(P, "answer")
VIABILITY: Body = {"name": "viability", "unit": "%", "low": 0.0, "high": 100.0}
READING = Act(P, "answer", {"values": {"viability": "91"}})
CLAIM = Act(P, "claim", {"terminal": "bench-1"})
WITNESSED: tuple[Proof, ...] = (proof("perform", "performed"), proof("verify", "verified"))


def asks(**said: object) -> Act:
    """Give a question of the step."""
    return Act(
        P,
        "open",
        {"kind": "confirm", "text": "Is the bag in?", "batch": "B-1", "step": "freeze", **said},
        "system:test",
    )


COUNT = asks(kind="enter", fields=[VIABILITY])
SCAN = asks(kind="scan", accept=["=A99992600000100"], expects="container identifier")


def under_way(way: Doorway) -> None:
    """Begin a batch whose step asks something and has a freezer; ada comes for the next shift."""
    register(way, "ada", "perform", by=SECOND)
    LOT(way)
    START_IT(way)
    way.do("asset/crf-01", "register", {"asset_class": "freezer", "needs_cleaning": False, "needs_calibration": False})
    way.do("asset/crf-01", "install", DUE)
    way.do("asset/crf-01", "claim", {"batch": "B-1", "step": "freeze"})
    asks()(way)


def master(way: Doorway) -> None:
    """Bring a recipe under document control."""
    effective(way, "freeze-day@1", sort="recipe", digest="d" * 64)


OUT = Act("asset/crf-01", "take_out", {"reason": "the door sticks"}, "maintain")

CHEATS = (
    Cheat(
        "Make a lot for a patient by a draft recipe",
        "21 CFR 211.100(a), 211.186",
        ("F001", "F019", "F041"),
        "a clinical lot needs an approved recipe; freeze-day is draft",
        Tried(CLINICAL.stating(recipe_status="draft"), CLINICAL),
    ),
    Cheat(
        "Make a lot for a patient by another version than the effective one",
        "21 CFR 211.100(a); EU GMP chapter 4, 4.5",
        ("F019", "F117"),
        "is not approved: freeze-day@1 is effective",
        Tried(CLINICAL.stating(recipe_digest="c" * 64), CLINICAL, (master,)),
    ),
    Cheat(
        "Change a parameter of a lot for a patient",
        "21 CFR 211.100(a), (b)",
        ("F001", "F019"),
        "a clinical lot takes no overrides; only an engineering lot does",
        Tried(
            CLINICAL.stating(overrides=[{"step": "freeze", "parameter": "every", "value": "20 s", "reason": "faster"}]),
            CLINICAL,
        ),
    ),
    Cheat(
        "Make a lot for a patient whom nobody has ordered it for",
        "EU GMP Part IV (traceability); 21 CFR 1271.290",
        ("F009", "F041"),
        "a lot for a patient needs its order",
        Told("batch", "issue", states={"order": ""}),
    ),
    Cheat(
        "Make an engineering lot for a patient's order",
        "21 CFR 211.100; EU GMP Part IV 9",
        ("F001", "F092"),
        "an engineering lot has no order",
        Told("batch", "issue", states={"lot_type": "engineering"}),
    ),
    Cheat(
        "Make another product than the one that was ordered",
        "EU GMP Part IV; 21 CFR 211.130",
        ("F009", "F041"),
        "is for CAR-T cells",
        Told("batch", "issue", states={"product": "NK cells"}),
    ),
    Cheat(
        "Begin with cells that never came",
        "21 CFR 1271.290; EU GMP Part IV",
        ("F009", "F020"),
        "is of no collection of order X1 that was received",
        Told("batch", "issue", skipped=(("collection", "receive"),)),
    ),
    Cheat(
        "Begin a batch that nobody has issued",
        "21 CFR 11.10(f), 211.188",
        ("F041",),
        "'start' is not possible in state 'absent'",
        Tried(START_IT, START_IT, (), (LOT,)),
    ),
    Cheat(
        "Skip the steps that are left and call the batch complete",
        "21 CFR 11.10(f), 211.188(b)",
        ("F019", "F043"),
        "perform may not complete batch/B-1: needs the right system",
        Tried(COMPLETE.made_by("perform"), COMPLETE, (LOT, START_IT)),
    ),
    Cheat(
        "Decide what became of an act in doubt, without the right to",
        "21 CFR 11.10(g), 211.100(b)",
        ("F005", "F031"),
        "verify may not resolve",
        Tried(RESOLVE.made_by("verify"), RESOLVE, (LOT, START_IT)),
    ),
    Cheat(
        "Go on with a device that is not ready, without quality",
        "21 CFR 211.68(a), 211.22(a)",
        ("F151", "F166"),
        "needs the right approve",
        Tried(
            GO_ON.signed(proof("supervise", "responsible"), proof("perform", "approved")),
            GO_ON,
            (LOT, START_IT),
        ),
    ),
    Cheat(
        "Approve the amendment that one wrote oneself",
        "21 CFR 211.100(a), 211.22(c)",
        ("F002", "F155"),
        "someone else has to approve it",
        Tried(AMEND.made_by(SECOND), AMEND, (LOT, PROPOSE.made_by(SECOND))),
    ),
    Cheat(
        "Have one amendment approved and carry out another",
        "21 CFR 211.100(a), 11.70",
        ("F002",),
        "makes another recipe than was approved",
        Tried(AMEND.stating(recipe_digest="c" * 64), AMEND, (LOT, PROPOSE)),
    ),
    Cheat(
        "Amend a recipe that is not the one in force",
        "21 CFR 211.100(a)",
        ("F002",),
        "so compare with that one",
        Tried(PROPOSE.stating(based_on="c" * 64), PROPOSE, (LOT,)),
    ),
    Cheat(
        "Answer what others are asked",
        "21 CFR 11.10(g)",
        ("F004",),
        "is for review; perform has none of these rights",
        Tried(ANSWER, ANSWER.made_by("review"), (asks(asks=["review"]),)),
    ),
    Cheat(
        "Answer what somebody else is working on",
        "21 CFR 11.10(g); ALCOA attributable",
        ("F004",),
        "is claimed by perform at bench-1",
        Tried(ANSWER.made_by(SECOND), ANSWER, (asks(), CLAIM)),
    ),
    Cheat(
        "Take somebody's work away",
        "21 CFR 11.10(g)",
        ("F004",),
        "is claimed by perform",
        Tried(Act(P, "unclaim", by="verify"), Act(P, "unclaim", by="supervise"), (asks(), CLAIM)),
    ),
    Cheat(
        "Answer alone what a second person has to verify",
        "21 CFR 211.101(d), 11.10(f); Annex 11, 6",
        ("F004", "F047"),
        "wants 'enter', not 'answer'",
        Tried(READING, Act(P, "enter", READING.body), (asks(kind="enter", fields=[VIABILITY], second=True),)),
    ),
    Cheat(
        "Answer without the signature that is asked for",
        "21 CFR 11.10(f), (g)",
        ("F004", "F047"),
        "wants 'witness', not 'answer'",
        Tried(ANSWER, Act(P, "witness", signs=WITNESSED), (asks(kind="witness"),)),
    ),
    Cheat(
        "Edit an entry by answering once more",
        "21 CFR 11.10(e), 211.188",
        ("F047", "F106", "F179"),
        "'answer' is not possible in state 'answered'",
        Tried(
            READING.stating(values={"viability": "99"}),
            Act("prompt/B-1.freeze.1.2", "answer", READING.body),
            (COUNT, READING, Act("prompt/B-1.freeze.1.2", "open", COUNT.body, "system:test")),
        ),
    ),
    Cheat(
        "Enter what can't be",
        "Annex 11, 5, 6; Annex 11 draft 10.1",
        ("F047.1", "F173"),
        "plausible is 0 to 100 %",
        Tried(READING.stating(values={"viability": "935"}), READING, (COUNT,)),
    ),
    Cheat(
        "Scan a bag that is not asked for",
        "EU GMP Part IV 9; 21 CFR 211.130",
        ("F009", "F020.2"),
        "not one of those that are right here",
        Tried(
            Act(P, "answer", {"values": {"code": "=A99992600000299"}}),
            Act(P, "answer", {"values": {"code": "=A99992600000100"}}),
            (SCAN,),
        ),
    ),
    Cheat(
        "Go on after another patient's code without clearing the line",
        "21 CFR 211.130(e); EU GMP Part IV 9",
        ("F006", "F009", "F082"),
        "'answer' is not possible in state 'locked'",
        Tried(
            Act(P, "answer", {"values": {"code": "=A99992600000100"}}),
            Act(P, "answer", {"values": {"code": "=A99992600000100"}}),
            (SCAN, Act(P, "lock", {"reason": "identifier of another patient"}, "system:test")),
            (Act(P, "clear", {"statement": "the bench is empty"}, signs=WITNESSED),),
        ),
    ),
    Cheat(
        "Clear the line after another patient's code alone",
        "21 CFR 211.130(e); EU GMP Part IV 9",
        ("F006", "F082"),
        "needs a different person",
        Tried(
            Act(P, "clear", {"statement": "the bench is empty"}, signs=(WITNESSED[0], proof("perform", "verified"))),
            Act(P, "clear", {"statement": "the bench is empty"}, signs=WITNESSED),
            (SCAN, Act(P, "lock", {"reason": "identifier of another patient"}, "system:test")),
        ),
    ),
    Cheat(
        "Answer after the time for it is over",
        "21 CFR 211.111, 211.100(b)",
        ("F004", "F047"),
        "'answer' is not possible in state 'expired'",
        Tried(
            ANSWER,
            Act("prompt/B-1.freeze.1.2", "answer"),
            (asks(deadline=float(START) + 60), later(DAY), Act(P, "expire", by="system:test")),
            (Act("prompt/B-1.freeze.1.2", "open", asks().body, "system:test"),),
        ),
    ),
    Cheat(
        "Take a step over without who leaves it",
        "21 CFR 211.188(b)(11)",
        ("F047", "F179"),
        "is perform's to hand over",
        Tried(TAKE_OVER.signed(BOTH[0], proof("supervise", "handed over")), TAKE_OVER, (under_way,)),
    ),
    Cheat(
        "Relieve somebody without a supervisor",
        "21 CFR 211.188(b)(11), 211.25(b)",
        ("F047",),
        "perform is no supervisor of perform; a relief needs one",
        Tried(RELIEVE.signed(BOTH[0], proof("perform", "responsible")), RELIEVE, (under_way,)),
    ),
    Cheat(
        "Take a step over without looking at its devices",
        "21 CFR 211.68(a), 211.188(b)(2)",
        ("F151",),
        "whoever takes it over has to name it",
        Tried(TAKE_OVER, TAKE_OVER.stating(accepts=["crf-01"]), (under_way, OUT)),
    ),
    Cheat(
        "Go on answering for a step that one has handed over",
        "21 CFR 211.188(b)(11); ALCOA attributable",
        ("F047",),
        "which ada took over from perform",
        Tried(ANSWER, ANSWER.made_by("ada"), (under_way, TAKE_OVER)),
    ),
    Cheat(
        "Review the record of a batch that one made oneself",
        "21 CFR 211.192, 211.22(a)",
        ("F042",),
        "had a hand in it; someone else has to review it",
        Tried(REVIEW.made_by(SECOND), REVIEW, (LOT, START_IT.made_by(SECOND), COMPLETE)),
    ),
    Cheat(
        "Review a record before it is at its end",
        "21 CFR 211.192, 11.10(f)",
        ("F042", "F043"),
        "'review' is not possible in state 'running'",
        Tried(REVIEW, REVIEW, (LOT, START_IT), (COMPLETE,)),
    ),
    Cheat(
        "Change the record of a batch that is closed",
        "21 CFR 11.10(c), 211.188",
        ("F043", "F106"),
        "'abort' is not possible in state 'closed'",
        Tried(
            ABORT,
            REVIEW,
            (LOT, START_IT, COMPLETE, Act(B, "close", {"head": "a" * 64, "seq": 9}, "system:test")),
        ),
    ),
    Cheat(
        "Confirm the order that one has placed oneself",
        "21 CFR 211.22(a); EU GMP Part IV",
        ("F053", "F179"),
        "someone else has to confirm it",
        two("order", "place", "confirm"),
    ),
    Cheat(
        "Use for a batch what its bill does not have",
        "21 CFR 211.101(c), 211.188(b)(4)",
        ("F095", "F096"),
        "saline is not in the bill of batch B1",
        Tried(SALINE, SALINE, (lambda way: materials.released(way, "SAL", what="saline"), BILLED), (WHY,)),
    ),
    Cheat(
        "Close the bill over what nobody has explained",
        "21 CFR 211.184(d), 211.192",
        ("F095", "F096"),
        "+0.5 mL: nobody has said why",
        Tried(SETTLE, SETTLE, (lambda way: materials.billed(way, "B1", used=2.0),), (WHY.stating(material="DMSO"),)),
    ),
    Cheat(
        "Reconcile the bill that one explained oneself",
        "21 CFR 211.22(c), 211.192",
        ("F095", "F096"),
        "was explained by second; someone else has to reconcile it",
        Tried(
            SETTLE.made_by(SECOND),
            SETTLE,
            (lambda way: materials.billed(way, "B1", used=2.0), WHY.stating(material="DMSO").made_by(SECOND)),
        ),
    ),
)

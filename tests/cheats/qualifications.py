"""Qualification of equipment: by approved protocols, trained people and calibrated means, judged by somebody else."""

from typing import Final

from automation.gmp.bodies.protocols import Protocol
from tests.cheats.cheat import DAY, Act, Body, Cheat, Prepare, Tried, later
from tests.support.doors import SECOND, Doorway
from tests.unit.gmp import moves_of_qualifications as made
from tests.unit.gmp.moves_of_quality import following

TITLE = "Qualification of equipment"
Q, ASSET, DEVIATION = "qualification/Q", "asset/Q-bal", "Q-D01"
STRICT: Final[Body] = {
    **made.PROTOCOL,
    "training": ["qualification"],
    "equipment": [{"role": "weights", "asset_class": "reference weights"}],
}
DIGEST = Protocol.model_validate(STRICT).digest
OQ: Final[Body] = {**made.PROTOCOL, "id": "short-oq", "stages": ["OQ"]}
WEIGHTS: Body = {"role": "weights", "asset": "weights-1", "certificate": "W-1", "due": "2026-11-30"}
PLAN = Act(Q, "plan", {"asset": "Q-bal", "protocol": made.PROTOCOL}, "maintain")
APPROVE = Act(Q, "approve", {"digest": made.DIGEST}, "approve")
BEGIN = Act(Q, "begin", {"digest": made.DIGEST}, "maintain")
ENTER, PAN = Act(Q, "enter", made.FAILED, "maintain"), Act(Q, "enter", made.PAN, "maintain")
SEEN = Act(Q, "observe", made.SEEN, "system:test")
DISPOSE = Act(Q, "dispose", made.body("dispose", name="Q"), "review")
REPEAT = Act(Q, "repeat", {"step": "W.1", "reason": "the weight was warm"}, "supervise")
FINISH = Act(Q, "finish", by="maintain")
REVIEW = Act(Q, "review", {"conclusion": "all is there"}, "review")
RELEASE = Act(Q, "release", made.body("release", name="Q"), "approve")
TRAIN = Act("person/maintain", "train", {"operation": "qualification", "version": ""}, "system:test")
CALIBRATE = Act("asset/weights-1", "calibrate", {"due": "2026-11-30", "certificate": "W-1"}, "maintain")
RETURN = Act(ASSET, "return", {"reason": "it is needed"}, "maintain")
CERTIFICATE = Act(ASSET, "qualify", {"due": "2027-11-22", "certificate": "C-9"}, "approve")
CONCLUDE = Act(f"deviation/{DEVIATION}", "conclude", {"cause": "a warm weight", "impact": "none"}, "investigate")
CLOSE = Act(f"deviation/{DEVIATION}", "close", by="approve")
PAPER: Body = {"title": "Short IQ", "sort": "protocol", "text": "as the file", "digest": made.DIGEST}
EFFECTIVE = (
    Act("document/short-iq@1", "write", PAPER, "maintain"),
    Act("document/short-iq@1", "submit", by="maintain"),
    Act("document/short-iq@1", "review", by="review"),
    Act("document/short-iq@1", "approve", by="approve"),
    Act("document/short-iq@1", "make_effective", by="approve"),
)


def balance(way: Doorway) -> None:
    """Register the balance that is qualified."""
    made.asset(way, "Q-bal")


def weights(way: Doorway) -> None:
    """Register reference weights."""
    way.do("asset/weights-1", "register", {"asset_class": "reference weights"})


def upto(move: str) -> Prepare:
    """Give an execution told up to a move; its first weighing fails, and its deviation follows."""

    def make(way: Doorway) -> None:
        balance(way)
        made.executed(way, "Q", upto=move)
        following(way)

    return make


def _strict(act: Act) -> Act:
    return act.stating(digest=DIGEST)


STRICTLY = (balance, weights, PLAN.stating(protocol=STRICT), _strict(APPROVE))


def _cheat(name: str, says: str, plot: Tried, clause: str = "EU GMP Annex 15, 2.4 to 2.10") -> Cheat:
    return Cheat(name, clause, ("F150.2", "C10.2"), says, plot)


CHEATS = (
    _cheat(
        "Approve an execution that one has planned",
        "was planned by second; someone else has to approve it",
        Tried(APPROVE.made_by(SECOND), APPROVE, (balance, PLAN.made_by(SECOND))),
    ),
    _cheat(
        "Execute another protocol than the approved one",
        "this is another one",
        Tried(BEGIN.stating(digest=DIGEST), BEGIN, (balance, PLAN, APPROVE)),
    ),
    _cheat(
        "Approve a protocol at a live site that is in force nowhere",
        "of which no version is in force as a document",
        Tried(APPROVE, APPROVE, (balance, PLAN), EFFECTIVE, live=True),
        "21 CFR 211.100(a); EU GMP Annex 15, 2.4",
    ),
    _cheat(
        "Execute without training",
        "on which maintain is not trained",
        Tried(
            BEGIN.stating(digest=DIGEST, equipment=[WEIGHTS]),
            BEGIN.stating(digest=DIGEST, equipment=[WEIGHTS]),
            (*STRICTLY, CALIBRATE),
            (TRAIN,),
        ),
        "21 CFR 211.25(a), 11.10(i)",
    ),
    _cheat(
        "Judge a device by weights that were never calibrated",
        "goes by weights-1, which was never calibrated",
        Tried(
            BEGIN.stating(digest=DIGEST, equipment=[WEIGHTS]),
            BEGIN.stating(digest=DIGEST, equipment=[WEIGHTS]),
            (*STRICTLY, TRAIN),
            (CALIBRATE,),
        ),
        "21 CFR 211.160(b)(4); EU GMP Annex 15, 3.11",
    ),
    _cheat(
        "Go on with weights whose calibration has lapsed meanwhile",
        "goes by weights-1, which is out of calibration since",
        Tried(
            ENTER,
            ENTER,
            (*STRICTLY, TRAIN, CALIBRATE, BEGIN.stating(digest=DIGEST, equipment=[WEIGHTS]), later(9 * DAY)),
            (CALIBRATE.stating(due="2027-11-30", certificate="W-2"),),
        ),
        "21 CFR 211.160(b)(4); EU GMP Annex 15, 3.11",
    ),
    _cheat(
        "Begin the OQ of a device that has no IQ",
        "which has no released IQ",
        Tried(
            BEGIN.stating(digest=Protocol.model_validate(OQ).digest),
            BEGIN.stating(digest=Protocol.model_validate(OQ).digest),
            (balance, PLAN.stating(protocol=OQ), APPROVE.stating(digest=Protocol.model_validate(OQ).digest)),
            (Act(ASSET, "install", {"due": "2027-06-30"}, "system:test"),),
        ),
        "EU GMP Annex 15, 3.10",
    ),
    _cheat("Skip a step", "step W.1 comes before W.2", Tried(PAN, PAN, (upto("begin"),), (ENTER,))),
    _cheat(
        "Enter by hand what the program has to find",
        "has step R.1 done by the program",
        Tried(ENTER.stating(step="R.1", actual="it is intact", met=True), SEEN, (upto("begin"),)),
        "21 CFR 211.68(b); Annex 11, 5",
    ),
    _cheat(
        "Weigh again until it fits",
        "has a result of step W.1 (10.2, by maintain), which stays",
        Tried(ENTER.stating(actual="10.0"), ENTER.stating(actual="10.0"), (upto("enter"),), (REPEAT,)),
        "21 CFR 211.194(a)(4); EU GMP chapter 4",
    ),
    _cheat(
        "Let one's own failed step be repeated",
        "someone else has to let it be repeated",
        Tried(
            REPEAT.made_by(SECOND),
            REPEAT,
            (upto("begin"), ENTER.made_by(SECOND)),
        ),
    ),
    _cheat(
        "Call a failed step repeated that was not",
        "has no later result that is as expected",
        Tried(
            DISPOSE.stating(decision="corrected and repeated"),
            DISPOSE.stating(decision="corrected and repeated"),
            (upto("enter"),),
            (REPEAT, ENTER.stating(actual="10.0")),
        ),
        "EU GMP Annex 15, 2.8",
    ),
    _cheat(
        "Decide about the deviation of one's own execution",
        "someone else decides about Q-D01",
        Tried(DISPOSE.made_by(SECOND), DISPOSE, (upto("begin"), ENTER.made_by(SECOND))),
        "EU GMP Annex 15, 2.8",
    ),
    _cheat(
        "Finish with a failed step about which nobody has decided",
        "nobody has decided about Q-D01",
        Tried(FINISH, FINISH, (upto("enter W.2"),), (DISPOSE,)),
        "EU GMP Annex 15, 2.8",
    ),
    _cheat(
        "Review one's own execution",
        "was executed by second; someone else has to review it",
        Tried(REVIEW.made_by(SECOND), REVIEW, (upto("dispose"), FINISH.made_by(SECOND))),
        "EU GMP Annex 15, 2.9; 21 CFR 211.22",
    ),
    _cheat(
        "Release what one has reviewed",
        "was reviewed by second; someone else has to release it",
        Tried(RELEASE.made_by(SECOND), RELEASE, (upto("finish"), REVIEW.made_by(SECOND), CONCLUDE, CLOSE)),
        "21 CFR 211.22",
    ),
    _cheat(
        "Release a device with an open deviation of its qualification",
        "deviation Q-D01 is open, not closed",
        Tried(RELEASE, RELEASE, (upto("review"),), (CONCLUDE, CLOSE)),
        "EU GMP Annex 15, 2.8 and 2.10",
    ),
    _cheat(
        "Release a device without the restriction with which it was accepted",
        "has to state the restriction with which it was accepted",
        Tried(RELEASE.stating(restrictions=[]), RELEASE, (upto("review"), CONCLUDE, CLOSE)),
        "EU GMP Annex 15, 2.10",
    ),
    _cheat(
        "Put its requalification off for ever",
        "its protocol allows 365 d",
        Tried(RELEASE.stating(due="2031-01-01"), RELEASE, (upto("review"), CONCLUDE, CLOSE)),
        "EU GMP Annex 15, 4.1",
    ),
    _cheat(
        "Show a live device with evidence of a simulated one",
        "takes no evidence of a simulated site in step R.1",
        Tried(SEEN.stating(simulated=True), SEEN, (balance, PLAN, *EFFECTIVE, APPROVE, BEGIN), live=True),
        "21 CFR 11.10(h); Annex 11, 5",
    ),
    _cheat(
        "Put a device back to use in the middle of its qualification",
        "is not put back to use: qualification Q is executing, not over",
        Tried(
            RETURN,
            RETURN,
            (balance, Act(ASSET, "install", {"due": "2027-06-30"}, "system:test"), PLAN, APPROVE, BEGIN, following),
            (Act(Q, "cancel", {"reason": "it is needed today"}, "approve"),),
        ),
        "EU GMP Annex 15, 4.1",
    ),
    _cheat(
        "Put a device back to use that has failed its qualification",
        "was rejected; another has to be released",
        Tried(
            RETURN,
            Act("qualification/Q2", "plan", {"asset": "Q-bal", "protocol": made.PROTOCOL}, "maintain"),
            (
                balance,
                Act(ASSET, "install", {"due": "2027-06-30"}, "system:test"),
                upto("review"),
                Act(Q, "reject", {"reason": "it does not weigh"}, "approve"),
            ),
        ),
        "EU GMP Annex 15, 2.10",
    ),
    _cheat(
        "Break a failing qualification off and go on using the device",
        "left deviation Q-D01, which is open, not closed",
        Tried(
            RETURN,
            RETURN,
            (
                balance,
                Act(ASSET, "install", {"due": "2027-06-30"}, "system:test"),
                upto("enter"),
                Act(Q, "cancel", {"reason": "it is needed today"}, "approve"),
            ),
            (CONCLUDE, CLOSE),
        ),
        "EU GMP Annex 15, 2.8",
    ),
    _cheat(
        "Qualify by a certificate what is qualified by executed protocols",
        "is qualified by executed protocols (the last is Q)",
        Tried(
            CERTIFICATE,
            Act("qualification/Q2", "plan", {"asset": "Q-bal", "protocol": made.PROTOCOL}, "maintain"),
            (upto("review"), CONCLUDE, CLOSE, RELEASE, following),
        ),
        "EU GMP Annex 15, 4.1",
    ),
)

"""Equipment, rooms, environment and alarms: only what is fit, one patient's open product, nothing silenced."""

from tests.cheats.cheat import DAY, HOUR, Act, Body, Cheat, Prepare, Tried, later
from tests.support.doors import SECOND, START, Doorway, proof
from tests.unit.gmp.moves import RAISING, TRIAL
from tests.unit.gmp.moves_of_materials import RECEIPT, released
from tests.unit.gmp.moves_of_people import PLAN
from tests.unit.gmp.moves_of_plant import ISSUE, POINT, RECORD, SETTLE
from tests.unit.gmp.moves_of_quality import following

TITLE = "Equipment, rooms, environment and alarms"
BALANCE, R, S, F = "asset/balance-1", "room/Suite 1", "em-sample/EM-1", "fault/F-1"
WHY: Body = {"reason": "because the test says so"}
CALIBRATION = Act("calibration/C-1", "record", {**RECORD, "asset": "balance-1"}, "maintain")
ANOTHER = CALIBRATION.on("calibration/C-2").stating(certificate="K-2")
ACCEPT = Act("calibration/C-1", "accept", by="review")
CALIBRATE = Act(BALANCE, "calibrate", {"due": "2027-06-30", "certificate": "K-9"}, "maintain")
CLAIM = Act("asset/washer-1", "claim", {"batch": "B1", "step": "wash"}, "system:test")
RETURN = Act(BALANCE, "return", {"reason": "it is needed"}, "maintain")
REPORT = Act(F, "report", {"asset": "balance-1", "severity": "critical", "what": "it drifts"})
REPAIR = Act(F, "repair", {"what": "the cell was changed"}, "maintain")
CAUSE = Act(F, "diagnose", {"cause": "a worn cell", "evidence": "photo 3"}, "maintain")
WORKS = Act(F, "close", {"test": "ten weighings"}, "supervise")
PUT_OFF = Act("maintenance/M-1", "put_off", {"due": "2027-02-28", "reason": "the part is late"}, "approve")
PERFORM = Act("maintenance/M-1", "perform", {"performed": "2026-11-22T08:30", "findings": "clean inside"}, "maintain")
UPKEEP: Body = {
    "asset": "balance-1",
    "what": "clean the pan",
    "procedure": "SOP-M",
    "every_d": 90.0,
    "first": "2027-01-31",
}
CLEAR = Act(R, "clear_line", {"batch": "B1", "checked": ["benches", "bins"]})
BEGIN = Act(R, "begin", {"batch": "B1"})
CLEAN = Act(R, "begin_cleaning", {"agent": "quat", "procedure": "SOP-R"})
ENTER = Act(R, "enter", {"gown": "set 12"})
GOWNING: Body = {**PLAN, "title": "Gowning", "operations": []}
TAKE = Act(
    S, "take", {"point": "settle-1", "since": "2026-11-22T09:00", "until": "2026-11-22T09:00", "medium": "TSA-1"}
)
INCUBATE = Act(S, "incubate", {"asset": "inc-1", "until": "2026-11-27T09:00", "program": "25 degC, 5 d"})
LOOK, READ = Act(S, "look", {"count": 3}, "verify"), Act(S, "read", {"count": 3})
REVIEW = Act(S, "review", {"conclusion": "in order"}, "review")
LID = "alarm/lid"
SHELVE = Act(LID, "shelve", {"until": float(START) + 3600.0, **WHY}, "supervise")


def balance(way: Doorway) -> None:
    """Register a balance and use it."""
    way.do(BALANCE, "register", {"asset_class": "balance", "needs_cleaning": False})
    way.do(BALANCE, "install", {"due": "2027-06-30"})


def weights(way: Doorway) -> None:
    """Register reference weights that were never calibrated."""
    way.do("asset/weights-1", "register", {"asset_class": "reference weights"})


def fit_weights(way: Doorway) -> None:
    """Calibrate them, before they were used."""
    way.do("asset/weights-1", "calibrate", {"due": "2027-06-30", "certificate": "W-1"}, by="maintain")


def batches(way: Doorway) -> None:
    """Issue two batches."""
    for name in ("B1", "B2"):
        way.do(f"batch/{name}", "issue", ISSUE, by="issue")


def room(**said: object) -> Prepare:
    """Give a clean room with two batches to come."""
    layout: Body = {"grade": "C", "lowest_pa": 10.0, "agents": ["quat", "hydrogen peroxide"], "in_a_row": 1, **said}

    def make(way: Doorway) -> None:
        Act(R, "register", layout, "approve")(way)
        CLEAN(way)
        Act(R, "finish_cleaning")(way)
        batches(way)

    return make


def gowning(way: Doorway) -> None:
    """Bring the curriculum of the room into force."""
    Act("curriculum/GOWN", "write", GOWNING, "supervise")(way)
    Act("curriculum/GOWN", "approve", by="approve")(way)


def gowned(way: Doorway) -> None:
    """Qualify somebody for it."""
    Act("curriculum/GOWN", "assign", {"person": "perform"}, "supervise")(way)
    following(way)
    Act("training/GOWN.perform", "read", {"documents": []})(way)
    Act("training/GOWN.perform", "qualify", by="supervise")(way)


def washer(way: Doorway) -> None:
    """Put a washer into the room."""
    body = {"asset_class": "washer", "location": "Suite 1", "needs_cleaning": False, "needs_calibration": False}
    way.do("asset/washer-1", "register", body)
    way.do("asset/washer-1", "install", {"due": "2027-06-30"})


def monitored(way: Doorway) -> None:
    """Make a sampling point, an incubator and a released medium."""
    Act("room/EM 1", "register", {"grade": "B"}, "approve")(way)
    Act("sampling-point/settle-1", "plan", SETTLE, "approve")(way)
    way.do("asset/inc-1", "register", {"asset_class": "incubator"})
    way.do("asset/inc-1", "install", {"due": "2027-06-30"})
    released(way, "TSA-1")
    way.do("lot/TSA-0", "receive", RECEIPT)


def alarm(**said: object) -> Act:
    """Give the raising of an alarm."""
    return Act(LID, "raise", {**RAISING, **said}, "system:test")


def _calibrated(name: str, says: str, wrong: Act, clause: str = "21 CFR 211.68(a), 211.160(b)(4)") -> Cheat:
    given = (balance, weights)
    return Cheat(name, clause, ("F166", "F151"), says, Tried(wrong, CALIBRATION, given))


def _fault(name: str, says: str, plot: Tried) -> Cheat:
    return Cheat(name, "21 CFR 211.68(a), 211.192; EU GMP chapter 3", ("F031", "F032"), says, plot)


def _room(name: str, says: str, plot: Tried, clause: str = "EU GMP Part IV 9; 21 CFR 211.42(c), 211.130") -> Cheat:
    return Cheat(name, clause, ("F006", "F082"), says, plot)


def _plate(name: str, says: str, plot: Tried, clause: str = "EU GMP Annex 1, 9.22 to 9.33") -> Cheat:
    return Cheat(name, clause, ("F080",), says, plot)


def _alarm(name: str, says: str, plot: Tried, clause: str = "ISA-18.2; Annex 11 draft 8") -> Cheat:
    return Cheat(name, clause, ("F124", "F125"), says, plot)


TAKEN = (monitored, TAKE)
INCUBATED = (*TAKEN, INCUBATE)
GROWN = (*INCUBATED, later(5 * DAY))

CHEATS = (
    _calibrated(
        "Calibrate a balance against itself",
        "compares balance-1 with itself",
        CALIBRATION.stating(standard="balance-1", laboratory=""),
    ),
    _calibrated(
        "Calibrate against a standard that is out of calibration",
        "was not in calibration at",
        CALIBRATION.stating(standard="weights-1", laboratory=""),
    ),
    _calibrated(
        "Calibrate against nothing",
        "needs a reference standard of this site or a laboratory",
        CALIBRATION.stating(laboratory=""),
    ),
    _calibrated(
        "Date a calibration into the future",
        "still to come",
        CALIBRATION.stating(performed="2026-11-22T12:00:00"),
        "21 CFR 211.68(a); ALCOA contemporaneous",
    ),
    _calibrated(
        "Let a calibration lapse before it was made",
        "before it was performed",
        CALIBRATION.stating(due="2026-11-01"),
    ),
    _calibrated(
        "Calibrate with an uncertainty that shows nothing",
        "can show nothing",
        CALIBRATION.stating(points=[{**POINT, "uncertainty": "0.2"}]),
        "ILAC-G8:09/2019 4.2.2; 21 CFR 211.160(b)(4)",
    ),
    _calibrated("Calibrate without the right to", "needs the right maintain", CALIBRATION.made_by("perform")),
    Cheat(
        "Review the calibration that one has performed oneself",
        "21 CFR 211.22(a), 211.194(a)(8)",
        ("F166",),
        "someone else has to review it",
        Tried(ACCEPT.made_by(SECOND), ACCEPT, (balance, CALIBRATION.made_by(SECOND))),
    ),
    Cheat(
        "Accept a calibration that leaves the balance in doubt",
        "21 CFR 211.160(b)(4); ILAC-G8:09/2019 4.2.2",
        ("F166",),
        "in the guard band",
        Tried(
            ACCEPT,
            ACCEPT.on("calibration/C-2"),
            (balance, CALIBRATION.stating(points=[{**POINT, "left": "100.09"}]), ANOTHER),
        ),
    ),
    Cheat(
        "Hand in the certificate of years ago when the new one is due",
        "21 CFR 211.68(a), 211.160(b)(4)",
        ("F166",),
        "before C-1, of 2026-11-22T08:00:00, which holds",
        Tried(ANOTHER.stating(performed="2016-11-22T08:00:00"), ANOTHER, (balance, CALIBRATION, ACCEPT)),
    ),
    Cheat(
        "Hand in one certificate twice",
        "21 CFR 211.68(a); ALCOA original",
        ("F166",),
        "states certificate K-1, which C-1 states already",
        Tried(ANOTHER.stating(certificate="K-1"), ANOTHER, (balance, CALIBRATION)),
    ),
    Cheat(
        "Call a balance calibrated past the reviewed records",
        "21 CFR 211.68(a), 211.194(d)",
        ("F151", "F166"),
        "is calibrated by reviewed records (the last is C-1); name one",
        Tried(
            CALIBRATE,
            CALIBRATE.stating(record="C-2", certificate="K-1"),
            (balance, CALIBRATION, ACCEPT, following),
            (ANOTHER, ACCEPT.on("calibration/C-2")),
        ),
    ),
    Cheat(
        "Let the program alone calibrate at a live site",
        "21 CFR 211.68(a)",
        ("F151", "F166"),
        "can't calibrate by the program alone on a live site",
        Tried(
            CALIBRATE.made_by("system:test"),
            CALIBRATE,
            (Act(BALANCE, "register", {"asset_class": "balance"}, "maintain"),),
            live=True,
        ),
    ),
    Cheat(
        "Put maintenance off without quality",
        "21 CFR 211.67(a), (b)",
        ("F166",),
        "needs the right approve",
        Tried(PUT_OFF.made_by("maintain"), PUT_OFF, (balance, Act("maintenance/M-1", "plan", UPKEEP, "approve"))),
    ),
    Cheat(
        "Backdate maintenance to before the last one",
        "21 CFR 211.182 (log in time order)",
        ("F045", "F166"),
        "was done later, too",
        Tried(
            PERFORM.stating(performed="2026-11-01T08:00"),
            PERFORM.stating(performed="2026-11-22T08:45"),
            (balance, Act("maintenance/M-1", "plan", UPKEEP, "approve"), PERFORM),
        ),
    ),
    Cheat(
        "Take a device that another batch has claimed",
        "21 CFR 211.105; EU GMP Part IV 9",
        ("F151", "F006"),
        "is claimed by batch B1, step wash",
        Tried(
            CLAIM.stating(batch="B2"),
            CLAIM.stating(batch="B2"),
            (batches, washer, CLAIM),
            (Act("asset/washer-1", "free", WHY, "system:test"),),
        ),
    ),
    Cheat(
        "Take a device that is not qualified",
        "21 CFR 211.63; EU GMP Annex 15",
        ("F151",),
        "'claim' is not possible in state 'registered'",
        Tried(
            CLAIM,
            CLAIM,
            (
                batches,
                Act("asset/washer-1", "register", {"asset_class": "washer", "needs_calibration": False}, "maintain"),
            ),
            (Act("asset/washer-1", "qualify", {"due": "2027-06-30", "certificate": "Q-1"}, "approve"),),
        ),
    ),
    _fault(
        "Put a device back to use while its critical fault is open",
        "is not put back to use: its critical fault F-1 is reported",
        Tried(RETURN, RETURN, (balance, REPORT, following), (Act(F, "take", by="maintain"), CAUSE, REPAIR, WORKS)),
    ),
    _fault(
        "Play a fault down",
        "minor is no worse",
        Tried(
            Act(F, "escalate", {"severity": "minor", "reason": "let it be"}),
            Act(F, "escalate", {"severity": "critical", "reason": "it smokes"}),
            (balance, REPORT.stating(severity="major")),
        ),
    ),
    _fault(
        "Repair a fault whose cause nobody knows",
        "state its cause before its repair",
        Tried(REPAIR, REPAIR, (balance, REPORT, Act(F, "take", by="maintain")), (CAUSE,)),
    ),
    _fault(
        "Judge one's own repair",
        "someone else puts it back to use",
        Tried(
            WORKS.made_by(SECOND),
            WORKS,
            (balance, REPORT, Act(F, "take", by=SECOND), CAUSE.made_by(SECOND), REPAIR.made_by(SECOND)),
        ),
    ),
    _room(
        "Open a second patient's product in a room",
        "'begin' is not possible in state 'in operation'",
        Tried(
            BEGIN.stating(batch="B2"),
            BEGIN.stating(batch="B2"),
            (room(), CLEAR, BEGIN),
            (Act(R, "finish", {"batch": "B1"}), CLEAR.stating(batch="B2")),
        ),
    ),
    _room(
        "Open product where the line was cleared for another batch",
        "is not cleared for batch B2",
        Tried(BEGIN.stating(batch="B2"), BEGIN, (room(), CLEAR)),
        "21 CFR 211.130(e); EU GMP Part IV 9",
    ),
    _room(
        "Clear the line alone",
        "needs a different person",
        Tried(CLEAR.signed(proof("perform", "performed"), proof("perform", "verified")), CLEAR, (room(),)),
        "21 CFR 211.130(e)",
    ),
    _room(
        "Open product while the pressure of the room is too low",
        "at least 10 Pa are needed",
        Tried(
            BEGIN,
            BEGIN,
            (room(), CLEAR, Act(R, "measure", {"pascal": 8.0})),
            (Act(R, "measure", {"pascal": 12.0}),),
        ),
        "EU GMP Annex 1, 4.14",
    ),
    _room(
        "Take equipment in a room whose line is not clear",
        "asset washer-1 can't be taken: the line of room Suite 1 is not cleared",
        Tried(CLAIM, CLAIM, (room(), washer), (CLEAR,)),
        "21 CFR 211.105, 211.130(e)",
    ),
    Cheat(
        "Enter a cleanroom without being qualified for its gown",
        "EU GMP Annex 1, 7.4; 21 CFR 211.28",
        ("F081", "F158"),
        "is not open to perform",
        Tried(ENTER, ENTER, (gowning, room(gowning="GOWN")), (gowned,)),
    ),
    Cheat(
        "Leave the agent in turn out of the cleaning",
        "EU GMP Annex 1, 4.33",
        ("F083",),
        "was cleaned with quat 1 times in a row; another agent's turn",
        Tried(CLEAN, CLEAN.stating(agent="hydrogen peroxide"), (room(),)),
    ),
    _plate(
        "Expose a plate on a medium that is not released",
        "lot TSA-0 is quarantine, not released",
        Tried(TAKE.stating(medium="TSA-0"), TAKE, (monitored,)),
    ),
    _plate(
        "Expose a settle plate for longer than it lasts",
        "was exposed for more than 4 h",
        Tried(TAKE.stating(since="2026-11-22T04:00"), TAKE, (monitored,)),
    ),
    _plate(
        "Read a plate before anything could grow",
        "until then it can only be looked at",
        Tried(READ, READ, INCUBATED, (later(5 * DAY),)),
    ),
    _plate(
        "Make colonies disappear",
        "had 3 colonies before; they don't go away",
        Tried(READ.stating(count=0), READ, (*INCUBATED, LOOK, later(5 * DAY))),
        "21 CFR 211.194(a)(4)",
    ),
    _plate(
        "Review the plate that one has read oneself",
        "someone else has to review it",
        Tried(REVIEW.made_by(SECOND), REVIEW, (*GROWN, READ.made_by(SECOND))),
        "21 CFR 211.194(a)(8)",
    ),
    _plate(
        "Put a bad plate away without naming what grew",
        "identify what grew first",
        Tried(
            REVIEW,
            REVIEW,
            (*GROWN, READ.stating(count=9)),
            (Act(S, "identify", {"name": "Bacillus cereus", "method": "16S rRNA"}),),
        ),
        "EU GMP Annex 1, 9.31",
    ),
    _alarm(
        "Bring back the alarm that somebody else has shelved",
        "was shelved by supervise: that person, a supervisor or its time brings it back",
        Tried(Act(LID, "resume"), Act(LID, "resume", by="supervise"), (alarm(), SHELVE)),
    ),
    _alarm(
        "Shelve an alarm for good",
        "a moment after now and up to",
        Tried(SHELVE.stating(until=float(START) + 9 * HOUR), SHELVE, (alarm(),)),
    ),
    _alarm(
        "Shelve an alarm that may not be shelved",
        "is highly managed and may not be shelved",
        Tried(SHELVE, Act(LID, "acknowledge", {"comment": "on my way"}), (alarm(highly_managed=True),)),
    ),
    _alarm(
        "Say that the condition of an alarm is gone",
        "may not clear alarm/lid: needs the right system",
        Tried(Act(LID, "clear", {"finding": "nothing"}), Act(LID, "clear", {}, "system:test"), (alarm(),)),
    ),
    _alarm(
        "Take an alarm back to normal while its condition is there",
        "its condition is still there; 'resume' brings it back unacknowledged",
        Tried(Act(LID, "unshelve", by="supervise"), Act(LID, "resume", by="supervise"), (alarm(), SHELVE)),
    ),
    _alarm(
        "Silence an alarm by taking it out of service",
        "needs the right maintain or supervise",
        Tried(Act(LID, "remove", WHY), Act(LID, "remove", WHY, "maintain"), (alarm(),)),
    ),
    _alarm(
        "Reset a latching alarm that nobody has acknowledged",
        "'reset' is not possible in state 'latched unacknowledged'",
        Tried(
            Act(LID, "reset", WHY),
            Act(LID, "reset", WHY),
            (alarm(latching=True), Act(LID, "latch", {}, "system:test")),
            (Act(LID, "acknowledge", {"comment": "the lid is shut"}),),
        ),
    ),
    Cheat(
        "Say that a backup was tried",
        "21 CFR 211.68(b); Annex 11, 7.2",
        ("F106",),
        "perform may not prove backup/B-1",
        Tried(
            Act("backup/B-1", "prove", TRIAL),
            Act("backup/B-1", "prove", TRIAL, "maintain"),
        ),
    ),
)

"""Samples, tests and results: the patient's own sample, every result kept, nothing tested until it fits."""

from tests.cheats.cheat import DAY, Act, Body, Cheat, Prepare, Told, Tried, two
from tests.support.doors import SECOND, Doorway
from tests.support.thread import Thread
from tests.unit.gmp.moves_of_quality import act

TITLE = "Samples, tests and results"
FOUND: Body = {"value": "84.6", "method": "M-12@2", "analysed": "2026-11-22T09:00", "data": "a" * 64}
ASKED: Body = {"batch": "X1", "specification": "X1", "test": "viability", "due": "2026-11-30T08:00"}
AGAIN = Act("test/X1-3", "request", ASKED, "review")
CORRECT = Act("test/X1", "correct", {**FOUND, "reason": "read from the wrong well"})
INVALIDATE = Act("test/X1", "invalidate", {"deviation": "X1-D09", "reason": "a wrong dilution"}, "approve")
SAMPLE: Body = {"sample": "X1-Q", "at": "2026-11-22T11:00", "tests": ["viability"]}
KEPT: Body = {"batch": "X1", "sort": "stability", "pulls": [SAMPLE], "window_d": 1.0, "samples": ["X1-Q"]}
PLAN = Act("reserve/X1", "plan", {**KEPT, "condition": "vapour", "until": "2026-11-24T09:00"}, "review")
PULL = Act("reserve/X1", "pull", {"sample": "X1-Q", "to": "laboratory"})
DOSE: Body = {
    "test": "endotoxin dose",
    "method": "calculated",
    "limit": "at most 5.0 EU/kg",
    "formula": "endotoxin_dose",
}
MEASURED: Body = {"test": "endotoxin", "method": "USP <85>", "limit": "at most 5.0 EU/mL"}
WORKED_OUT: Body = {**FOUND, "value": "2.9", "inputs": ["concentration_eu_per_ml=4.0", "weight_kg=70", "volume=50 mL"]}
NEXT_DOSE = Act("test/X1-6", "report", WORKED_OUT)


def until(what: str, command: str, **otherwise: Body) -> Prepare:
    """Give the story up to a move; ``otherwise``: what moves of the specification state else."""
    changed = {("specification", name): said for name, said in otherwise.items()}
    return lambda way: Thread(way, "X1", otherwise=changed).until(what, command)


def out(way: Doorway) -> None:
    """Report a result out of specification, and review it."""
    thread = Thread(way, "X1", otherwise={("test", "report"): {"value": "61.2"}})
    thread.through("test", "review")


def dose(way: Doorway) -> None:
    """Take in a sample for a calculated result."""
    Thread(way, "X1", otherwise={("specification", "write"): {"criteria": [MEASURED, DOSE]}}).until("test", "request")
    AGAIN.on("test/X1-6").stating(test="endotoxin dose")(way)
    Act("test/X1-6", "take_in", {"sample": "X1-Q", "condition": "cold"})(way)


def investigated(way: Doorway) -> None:
    """Close a deviation about the test."""
    act(way, "deviation/X1-D09", "open", {"subject": "test/X1", "title": "dilution"}, by="perform")
    act(way, "deviation/X1-D09", "conclude", {"cause": "a wrong dilution", "impact": "none"}, by="investigate")
    act(way, "deviation/X1-D09", "close", by="approve")


def stranger(way: Doorway) -> None:
    """Take a sample of another patient in."""
    way.do("container/X9-Q", "expect", {"identity": "CHA999926ZZZZ99", "purpose": "aliquot"})


def kept(way: Doorway) -> None:
    """Keep a sample by an approved plan."""
    Thread(way, "X1").until("container-A", "empty")
    PLAN(way)
    Act("reserve/X1", "approve", by="approve")(way)


def _tested(name: str, says: str, plot: Told | Tried, clause: str = "21 CFR 211.165, 211.194(a)") -> Cheat:
    return Cheat(name, clause, ("F040", "F065", "F164"), says, plot)


def _until_it_fits(name: str, says: str, plot: Told | Tried, clause: str = "21 CFR 211.192; FDA OOS guidance") -> Cheat:
    return Cheat(name, clause, ("F073", "F179"), says, plot)


def _reserve(name: str, says: str, plot: Tried, clause: str = "21 CFR 211.166, 211.170") -> Cheat:
    return Cheat(name, clause, ("F121", "F145"), says, plot)


CHEATS = (
    _tested(
        "Approve the specification that one wrote oneself",
        "someone else has to approve it",
        two("specification", "write", "approve"),
        "21 CFR 211.160(a), 211.22(c)",
    ),
    _tested(
        "Test by a specification that nobody has approved",
        "which is draft, not effective",
        Told("test", "request", skipped=(("specification", "approve"),)),
        "21 CFR 211.160(a), 211.165(d)",
    ),
    _tested(
        "Test what the specification does not ask for",
        "is of 'potency'",
        Told("test", "request", states={"test": "potency"}),
        "21 CFR 211.160(b)",
    ),
    _tested(
        "Test a sample that nobody has drawn",
        "has no sample X9-Q",
        Told("test", "take_in", states={"sample": "X9-Q"}),
        "21 CFR 211.194(a)(1)",
    ),
    _tested(
        "Test the sample of another patient",
        "sample X9-Q is of another chain of identity than X1",
        Told("test", "take_in", states={"sample": "X9-Q"}, given=(lambda thread: stranger(thread.way),)),
        "21 CFR 211.194(a)(1); EU GMP Part IV",
    ),
    _tested(
        "Date a result into the future",
        "still to come",
        Told("test", "report", states={"analysed": "2031-01-01T00:00"}),
        "21 CFR 211.194(a)(4), (7); ALCOA contemporaneous",
    ),
    _tested(
        "Date a result to before its sample came",
        "more than a day before its sample X1-Q came",
        Told("test", "report", states={"analysed": "2026-11-01T08:00"}),
        "21 CFR 211.194(a)(1), (7); ALCOA contemporaneous",
    ),
    _tested(
        "Review the result that one has reported oneself",
        "someone else has to review it",
        two("test", "report", "review"),
        "21 CFR 211.194(a)(8)",
    ),
    _tested(
        "Report sterility before its day",
        "until then it is preliminary, and only growth is final",
        Told("test-2", "report", states={"analysed": "2026-11-22T09:00"}),
        "21 CFR 610.12; USP <71>",
    ),
    _tested(
        "Inoculate once more to begin the days anew",
        "is inoculated already; what went wrong is a new test",
        Tried(
            Act("test/X1-2", "inoculate", {"at": "2026-11-22T09:00", "media": "FTM and SCDM"}),
            Act("test/X1-2", "report_preliminary", {**FOUND, "value": "no growth to date"}),
            (until("test-2", "report_preliminary"),),
        ),
        "21 CFR 610.12; ALCOA original",
    ),
    _tested(
        "Report another number than the calculation gives",
        "endotoxin_dose gives 2.9, not 2.1",
        Tried(NEXT_DOSE.stating(value="2.1"), NEXT_DOSE, (dose,)),
        "21 CFR 211.194(a)(5)",
    ),
    _until_it_fits(
        "Test once more without saying that it is a retest",
        "name what it retests",
        Tried(AGAIN, AGAIN.stating(retest_of="X1"), (out,)),
    ),
    _until_it_fits(
        "Retest what nobody has investigated",
        "retests X1, of which there is no investigation",
        Tried(
            AGAIN.stating(retest_of="X1"),
            AGAIN.stating(retest_of="X1"),
            (until("release", "open"),),
            (investigated,),
        ),
    ),
    _until_it_fits(
        "Set a result aside without a closed investigation",
        "stands: X1-D09 is no closed investigation of test/X1",
        Tried(INVALIDATE, INVALIDATE, (out,), (investigated,)),
    ),
    _until_it_fits(
        "Set the result aside that one has reported oneself",
        "someone else has to set it aside",
        Tried(
            INVALIDATE.made_by(SECOND),
            INVALIDATE,
            (until("release", "open"), CORRECT.made_by(SECOND), Act("test/X1", "review", by="review"), investigated),
        ),
        "21 CFR 211.22(a), 211.192",
    ),
    _until_it_fits(
        "Report a second result over the first",
        "'report' is not possible in state 'reported'",
        Tried(Act("test/X1", "report", {**FOUND, "value": "99"}), CORRECT, (until("test", "review"),)),
        "21 CFR 211.194(a)(4); 11.10(e)",
    ),
    _reserve(
        "Keep the patient's product as a sample",
        "is product of the patient, no sample",
        Tried(PLAN.stating(samples=["X1-Q", "X1-P"]), PLAN, (until("container-A", "empty"),)),
        "21 CFR 211.170; EU GMP Part IV",
    ),
    _reserve(
        "Keep one sample by two plans",
        "it is kept by X1",
        Tried(
            PLAN.on("reserve/X2"),
            Act("reserve/X1", "approve", by="approve"),
            (until("container-A", "empty"), PLAN),
        ),
    ),
    _reserve(
        "Approve the stability plan that one wrote oneself",
        "someone else has to approve it",
        Tried(
            Act("reserve/X1", "approve", by=SECOND),
            Act("reserve/X1", "approve", by="approve"),
            (until("container-A", "empty"), PLAN.made_by(SECOND)),
        ),
        "21 CFR 211.166, 211.22(c)",
    ),
    _reserve(
        "Pull a sample days after its day, as if it were then",
        "at most 1 d before or after",
        Tried(
            PULL,
            Act("reserve/X1", "pull_unplanned", {"sample": "X1-Q", "to": "laboratory", "reason": "was forgotten"}),
            (kept, lambda way: way.clock.go(3 * DAY)),
        ),
        "21 CFR 211.166(a)(1)",
    ),
)

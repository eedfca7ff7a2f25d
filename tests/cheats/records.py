"""Corrections, late entries and paper: the old value stays, times are those of the act, and two people sign."""

from tests.cheats.cheat import Act, Cheat, Tried
from tests.support.doors import SECOND, Doorway
from tests.support.thread import Thread
from tests.unit.gmp.moves_of_corrections import closed, entered, entry, lateness, setting, two
from tests.unit.gmp.moves_of_quality import LINE, effective, following, lot

TITLE = "Corrections, late entries and paper"
C, FORM = "correction/C-1", "form/B1-F01"
CORRECT = Act(C, "correct", setting("X"), signs=two())
LATE = Act(C, "state_late", lateness("X"), signs=two())
PRINT = Act(FORM, "issue", {"batch": "B1", "title": "freeze", "sha256": "b" * 64})
HAND_IN = Act(FORM, "hand_in", {"sha256": "a" * 64, "pages": 1})
DOWN = Act("deviation/DT-1", "open", {"subject": "batch/B1", "title": "downtime"})
LOT = Act("batch/B1", "issue", lot(), "issue")
ON_PAPER = (LOT, PRINT, HAND_IN, DOWN)
VERIFY = Act(FORM, "verify", by="verify")
VOID = Act(FORM, "void", {"fate": "lost", "reason": "not in the binder", "deviation": "DT-1"})


def transcript(**changed: object) -> Act:
    """Give the transcription of a form."""
    return Act(FORM, "transcribe", {"entries": [{**LINE, **changed}], "deviation": "DT-1"})


def counted(way: Doorway) -> None:
    """Let a count be entered."""
    entered(way, "X")


def over(way: Doorway) -> None:
    """Close the record."""
    closed(way, "X")


def released(way: Doorway) -> None:
    """Release a lot."""
    Thread(way, "X1").through("release", "release_conditionally")


def forms(way: Doorway) -> None:
    """Bring two versions of a form into force, one after the other."""
    for version in (1, 2):
        effective(way, f"FORM-3@{version}", sort="form")
        following(way)


def corrected(
    name: str, says: str, wrong: Act, *, right: Act = CORRECT, clause: str = "21 CFR 11.10(e), 211.188"
) -> Cheat:
    """Give a row about an entry that a batch holds."""
    shows = ("F047.3", "F106.1") if right is LATE else ("F106.3", "F179")
    return Cheat(name, clause, shows, says, Tried(wrong, right, (counted,)))


def printed(name: str, clause: str, says: str, plot: Tried) -> Cheat:
    """Give a row about paper."""
    return Cheat(name, clause, ("F046",), says, plot)


CHEATS = (
    corrected("Edit a result alone", "needs a signature with the meaning 'verified'", CORRECT.signed(two()[0])),
    corrected("Verify one's own correction", "perform signed already", CORRECT.signed(*two(second="perform"))),
    corrected("Misstate what was entered before", "is 3000000.0, not 9e6", CORRECT.stating(was="9e6")),
    corrected("Correct an entry to what can't be", "plausible is 0 to 1000000000", CORRECT.stating(value="4e9")),
    corrected("Correct a field that was never asked for", "has no field date", CORRECT.stating(name="date")),
    corrected(
        "Edit the result of somebody else",
        "is of perform; its author",
        CORRECT.made_by("verify").signed(*two("verify")),
        clause="21 CFR 11.10(g), 211.188(b)(11)",
    ),
    corrected(
        "Add to a record that is still open, past its verifier",
        "what is not closed is corrected",
        Act(C, "add", setting("X"), signs=two(meaning="approved")),
    ),
    Cheat(
        "Edit a record that is closed",
        "21 CFR 11.10(c), (e)",
        ("F043", "F106.3"),
        "is closed; only an addendum (add) corrects it",
        Tried(CORRECT, Act(C, "add", setting("X"), signs=two(meaning="approved")), (counted, over)),
    ),
    Cheat(
        "Edit the record of a lot that is out",
        "21 CFR 211.192, 11.10(e)",
        ("F010", "F106.3"),
        "its release has to be revoked first",
        Tried(
            Act(C, "add", {**setting("X"), "batch": "X1"}, signs=two(meaning="approved")),
            CORRECT,
            (released, counted),
        ),
    ),
    corrected(
        "Backdate an entry to before the batch",
        "an entry is never backdated",
        LATE.stating(done="2026-11-21T09:00"),
        right=LATE,
        clause="21 CFR 211.188(b)(1); ALCOA contemporaneous",
    ),
    corrected(
        "Date an entry into the future",
        "it is not late",
        LATE.stating(done="2026-11-22T10:00"),
        right=LATE,
        clause="21 CFR 211.188(b)(1); ALCOA contemporaneous",
    ),
    corrected(
        "Say when somebody else did something",
        "who has to state it",
        LATE.made_by("verify").signed(*two("verify")),
        right=LATE,
        clause="21 CFR 211.188(b)(11); ALCOA attributable",
    ),
    corrected("Delete an entry", "'delete' is not possible", Act(C, "delete", entry("X"), signs=two())),
    printed(
        "Write a line on paper that was done before the paper was",
        "21 CFR 211.188(b)(1); Annex 11, 16",
        "is before it was issued",
        Tried(transcript(done="2026-11-22T08:00"), transcript(), ON_PAPER),
    ),
    printed(
        "Write a line on paper that is still to be done",
        "21 CFR 211.188(b)(1); Annex 11, 16",
        "is still to come",
        Tried(transcript(done="2026-11-22T12:00"), transcript(), ON_PAPER),
    ),
    printed(
        "Be one's own witness on paper",
        "21 CFR 211.188(b)(11)",
        "perform can't be seen by perform",
        Tried(transcript(seen_by="perform"), transcript(), ON_PAPER),
    ),
    printed(
        "Put a name on paper that nobody bears here",
        "21 CFR 211.188(b)(11)",
        "nobody is nobody here",
        Tried(transcript(seen_by="nobody"), transcript(), ON_PAPER),
    ),
    printed(
        "Compare one's own transcription with the paper",
        "21 CFR 211.68(b); Annex 11, 6",
        "someone else has to compare it with the paper",
        Tried(VERIFY.made_by(SECOND), VERIFY, (*ON_PAPER, transcript().made_by(SECOND))),
    ),
    printed(
        "Lose a paper form quietly",
        "21 CFR 211.180, 211.188",
        "needs its deviation, which is named nowhere",
        Tried(VOID.stating(deviation=""), VOID, (LOT, PRINT, DOWN)),
    ),
    printed(
        "Print a form from a version that is out of force",
        "EU GMP chapter 4, 4.3, 4.5",
        "is a print of FORM-3@1, which is not in force",
        Tried(PRINT.stating(document="FORM-3@1"), PRINT.stating(document="FORM-3@2"), (LOT, forms)),
    ),
)

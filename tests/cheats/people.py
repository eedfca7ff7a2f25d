"""People and accounts: one human, one account, the rights of that one, and nobody's own hand in it."""

from automation.gmp.courses.known import course
from tests.cheats.cheat import HOUR, Act, Body, Cheat, Tried, later
from tests.support.doors import SECOND, Doorway, proof, register
from tests.unit.gmp.moves_of_people import COURSE, PLAN, TASK

TITLE = "People, accounts and training"
ADA = "person/ada"
MORE: Body = {"roles": ["all"], "reason": "I could need it"}
WHY: Body = {"reason": "it was I"}
STAFFED: Body = {"name": "Ada Example", "roles": ["perform"], "staff": "S-17"}
GUEST: Body = {"roles": ["perform"], "reason": "a guest", "until": "2026-11-22T17:00"}
REGISTER = Act(ADA, "register", STAFFED, SECOND)
LEFT = Act(ADA, "retire", {"reason": "has left"}, SECOND)
BACK = Act(ADA, "reinstate", {"roles": ["verify"], "reason": "is back"}, SECOND)
GRANT = Act("person/administer", "grant", MORE, SECOND)
OPENING: Body = {"subject": "person/perform", "title": "lid open"}
OPEN = Act("deviation/D-1", "open", OPENING)
RESET = Act("person/perform", "reset_secret", {"reason": "forgotten"}, "administer")
LESSON = Act("curriculum/C", "write", PLAN, "supervise")
MINE = "training/C.perform"
READ = Act(MINE, "read", {"documents": ["SOP-12@3"]})
WATCH = Act(MINE, "observe", {"run": "batch/B1/step/freeze", "passed": True}, "supervise")
QUALIFY = Act(MINE, "qualify", {}, "supervise")
CONFIRM = Act("prompt/P-1", "answer")


def administrators(way: Doorway) -> None:
    """Lock one administrator and retire another."""
    for person in ("guard", "past"):
        register(way, person, "administer", by=SECOND)
    way.do("person/guard", "lock", {"reason": "five wrong secrets"})
    way.do("person/past", "retire", {"reason": "has left"}, by=SECOND)


def lesson(way: Doorway) -> None:
    """Bring a curriculum into force."""
    LESSON(way)
    Act("curriculum/C", "approve", by="approve")(way)


def task(person: str = "perform", **said: object) -> Act:
    """Give the assignment of a training."""
    return Act(f"training/C.{person}", "assign", {**TASK, "person": person, **said}, "system:test")


def asked(way: Doorway) -> None:
    """Ask something that only a trained person answers."""
    way.do("prompt/P-1", "open", {"kind": "confirm", "text": "Is the bag dry?", "operation": "freeze@2"})


def guessed(way: Doorway) -> None:
    """Try five secrets of a person."""
    for number in range(5):
        way.secrets.check("investigate", f"guess {number}")


def unlocked(way: Doorway) -> None:
    """Forget the wrong ones, as an administrator does."""
    way.secrets.unlock("investigate")


def set_by_another(way: Doorway) -> None:
    """Give a person a secret that an administrator knows."""
    way.secrets.set("investigate", "secret of investigate", provisional=True)


def set_by_oneself(way: Doorway) -> None:
    """Give a person a secret that nobody else knows."""
    way.secrets.set("investigate", "secret of investigate")


CONCLUDE = Act("deviation/D-1", "conclude", {"cause": "the lid was open", "impact": "none"}, "investigate")

TAUGHT: Body = {
    **TASK,
    **COURSE,
    "curriculum": "DI",
    "documents": [],
    "person": "perform",
}
DI = "training/DI.perform"
LEARN = Act(DI, "read")
RIGHT = course("data-integrity@1").paper("DI.perform", attempt=1)
ANSWERED = Act(DI, "examine", {"letters": "".join(one.right for one in RIGHT)})


def switched(way: Doorway) -> None:
    """Have a curriculum without which nobody records anything, and a person who is assigned to it."""
    plan: Body = {"title": "Data integrity", "valid_days": 365, **COURSE, "trainers": ["supervise"]}
    Act("curriculum/DI", "write", {**plan, "records_from": "2026-11-22T09:00"}, "supervise")(way)
    Act("curriculum/DI", "approve", by="approve")(way)
    way.do(DI, "assign", TAUGHT)


def taught(way: Doorway) -> None:
    """Let the person become qualified."""
    for act in (LEARN, ANSWERED, Act(DI, "qualify", {}, "supervise")):
        act(way)


CHEATS = (
    Cheat(
        "Record without the training that recording needs",
        "21 CFR 11.10(i), 211.25(a)",
        ("F165.3",),
        "perform may not record anything: DI: perform needs to be qualified",
        Tried(OPEN, OPEN, (switched,), (taught,)),
    ),
    Cheat(
        "Enter one's trainee a score for a quiz that the program grades",
        "21 CFR 11.10(i), 211.25(a)",
        ("F165.3",),
        "is graded by its answers to data-integrity@1; nobody enters its score",
        Tried(Act(DI, "assess", {"score": 100, "form": "by heart"}, "supervise"), ANSWERED, (switched, LEARN)),
    ),
    Cheat(
        "Answer the questions for a colleague",
        "21 CFR 11.100(a), 211.25(a)",
        ("F165.3",),
        "is perform's; nobody answers for another",
        Tried(ANSWERED.made_by("supervise"), ANSWERED, (switched, LEARN)),
    ),
    Cheat(
        "Go on guessing until the quiz is passed",
        "21 CFR 211.25(a); EU GMP chapter 2, 2.11",
        ("F165.3",),
        "had 3 attempts; it is assigned again",
        Tried(
            ANSWERED,
            ANSWERED,
            (switched, LEARN, *[ANSWERED.stating(letters="a" * 12)] * 3),
            (Act(DI, "renew", TAUGHT, "system:test"), LEARN),
        ),
    ),
    Cheat(
        "Raise one's own rights",
        "21 CFR 11.10(g); Annex 11 draft 11.10",
        ("F106.1", "F179"),
        "may not grant the own account",
        Tried(GRANT.made_by("administer"), GRANT),
    ),
    Cheat(
        "Raise somebody's rights without the right to",
        "21 CFR 11.10(d), (g)",
        ("F106.1", "F106"),
        "needs the right administer",
        Tried(GRANT.on("person/perform").made_by("perform"), GRANT.on("person/perform")),
    ),
    Cheat(
        "Unlock one's own account",
        "21 CFR 11.300(d); Annex 11 draft 11.7",
        ("F047",),
        "needs the right administer",
        Tried(
            Act("person/guard", "unlock", WHY, "guard"),
            Act("person/guard", "unlock", WHY, SECOND),
            (administrators,),
        ),
    ),
    Cheat(
        "Come back by oneself after having left",
        "21 CFR 11.10(d), 11.300(b)",
        ("F047",),
        "needs the right administer",
        Tried(
            Act("person/past", "reinstate", MORE, "past"),
            Act("person/past", "reinstate", MORE, SECOND),
            (administrators,),
        ),
    ),
    Cheat(
        "Open a second account for the same human, to be one's own witness",
        "21 CFR 11.100(a)",
        ("F047", "F106"),
        "one human has one account",
        Tried(
            REGISTER.on("person/eve"),
            REGISTER.on("person/eve").stating(staff="S-18"),
            (REGISTER,),
        ),
    ),
    Cheat(
        "Open a second account after the first one was ended",
        "21 CFR 11.100(a)",
        ("F047",),
        "which is retired; one human has one account",
        Tried(REGISTER.on("person/eve"), BACK, (REGISTER, LEFT)),
    ),
    Cheat(
        "Open an account without saying which human is behind it",
        "21 CFR 11.100(b)",
        ("F047",),
        "who is the human behind the account?",
        Tried(REGISTER.stating(staff=""), REGISTER, live=True),
    ),
    Cheat(
        "Give the account of one who left to somebody else",
        "21 CFR 11.100(a), 11.300(a)",
        ("F047",),
        "is not possible in state 'retired'",
        Tried(
            REGISTER.stating(name="Ben"), REGISTER.on("person/ben").stating(name="Ben", staff="S-2"), (REGISTER, LEFT)
        ),
    ),
    Cheat(
        "Put another human behind an account",
        "21 CFR 11.100(a), (b)",
        ("F047",),
        "has the staff number S-17 for ever",
        Tried(
            Act(ADA, "identify", {"staff": "S-2", "seen": "the badge"}, SECOND),
            Act(ADA, "identify", {"staff": "S-17", "seen": "the badge"}, SECOND),
            (REGISTER,),
        ),
    ),
    Cheat(
        "Open an account whose id looks like somebody else's",
        "21 CFR 11.100(a), 11.300(a)",
        ("F047", "F106"),
        "can't be told from person ada",
        Tried(
            REGISTER.on("person/Ada").stating(staff="S-2"), REGISTER.on("person/ida").stating(staff="S-2"), (REGISTER,)
        ),
    ),
    Cheat(
        "Open an account with a letter of another script in its id",
        "21 CFR 11.100(a), 11.300(a)",
        ("F047",),
        "has letters of CYRILLIC and LATIN in one id",
        Tried(REGISTER.on("person/\N{CYRILLIC SMALL LETTER A}da"), REGISTER),
    ),
    Cheat(
        "Let the program hire people at a live site",
        "21 CFR 11.10(d), 11.100(b)",
        ("F047",),
        "registers the first administrator and nobody else",
        Tried(REGISTER.made_by("system:test"), REGISTER, live=True),
    ),
    Cheat(
        "Go on working after one's permit has ended",
        "21 CFR 11.10(d), 11.300(b)",
        ("F047",),
        "the permit of perform has ended",
        Tried(
            OPEN,
            OPEN,
            (Act("person/perform", "grant", GUEST, SECOND), later(9 * HOUR)),
            (Act("person/perform", "grant", {**GUEST, "until": "2026-11-30T17:00"}, SECOND),),
        ),
    ),
    Cheat(
        "Give a permit that is over already",
        "21 CFR 11.10(d)",
        ("F047",),
        "can't have a permit that ended",
        Tried(
            Act("person/perform", "grant", {**GUEST, "until": "2026-11-22T08:00"}, SECOND),
            Act("person/perform", "grant", GUEST, SECOND),
        ),
    ),
    Cheat(
        "Set another's secret alone, to sign with it",
        "21 CFR 11.200(a)(3)",
        ("F047.4", "F179"),
        "needs a signature with the meaning 'verified'",
        Tried(RESET.signed(proof("administer", "responsible")), RESET),
    ),
    Cheat(
        "Sign with a secret that somebody else has set",
        "21 CFR 11.200(a)(2); Annex 11 draft 11.4",
        ("F047.4", "F179"),
        "has to set another secret before signing",
        Tried(CONCLUDE, CONCLUDE, (OPEN, set_by_another), (set_by_oneself,)),
    ),
    Cheat(
        "Guess until it fits: the right secret after five wrong ones",
        "21 CFR 11.300(d)",
        ("F047.4",),
        "could not be identified",
        Tried(CONCLUDE, CONCLUDE, (OPEN, guessed), (unlocked,)),
    ),
    Cheat(
        "Declare oneself trained",
        "21 CFR 211.25(a), 11.10(i)",
        ("F087", "F088"),
        "may not train the own account",
        Tried(
            Act("person/supervise", "train", {"operation": "freeze"}, "supervise"),
            Act("person/supervise", "train", {"operation": "freeze"}, SECOND),
        ),
    ),
    Cheat(
        "Let the program declare somebody trained at a live site",
        "21 CFR 211.25(a)",
        ("F087",),
        "a person has to confirm the training",
        Tried(
            Act("person/perform", "train", {"operation": "freeze"}, "system:test"),
            Act("person/perform", "train", {"operation": "freeze"}, "supervise"),
            live=True,
        ),
    ),
    Cheat(
        "Do a step that one is not trained for",
        "21 CFR 211.25(a), 11.10(i)",
        ("F087", "F158"),
        "on which perform is not trained",
        Tried(
            CONFIRM,
            CONFIRM,
            (asked,),
            (Act("person/perform", "train", {"operation": "freeze", "version": "2"}, "supervise"),),
        ),
    ),
    Cheat(
        "Do a step by the training on the version before",
        "21 CFR 211.25(a); EU GMP chapter 2, 2.10",
        ("F087", "F088"),
        "on which perform is not trained",
        Tried(
            CONFIRM,
            CONFIRM,
            (asked, Act("person/perform", "train", {"operation": "freeze", "version": "1"}, "supervise")),
            (Act("person/perform", "train", {"operation": "freeze", "version": "2"}, "supervise"),),
        ),
    ),
    Cheat(
        "Read and understand a procedure for somebody else",
        "21 CFR 211.25(a), 11.200(a)(2)",
        ("F085", "F088"),
        "nobody reads for another",
        Tried(READ.made_by("verify"), READ, (lesson, task())),
    ),
    Cheat(
        "Read one procedure and sign for all",
        "21 CFR 211.25(a)",
        ("F085", "F088"),
        "asks for SOP-13@1, too",
        Tried(
            READ, READ.stating(documents=["SOP-12@3", "SOP-13@1"]), (lesson, task(documents=["SOP-12@3", "SOP-13@1"]))
        ),
    ),
    Cheat(
        "Observe one's own training run",
        "21 CFR 211.25(a); EU GMP chapter 2, 2.11",
        ("F086", "F089"),
        "nobody trains the own person",
        Tried(WATCH.made_by("perform"), WATCH, (lesson, task(observed=1), READ)),
    ),
    Cheat(
        "Be observed by somebody who is not qualified either",
        "21 CFR 211.25(a); EU GMP chapter 2, 2.11",
        ("F086", "F089"),
        "is observed by a qualified trainer",
        Tried(
            WATCH.made_by("verify"),
            WATCH,
            (
                LESSON.stating(trainers=["supervise"]),
                Act("curriculum/C", "approve", by="approve"),
                task(observed=1),
                READ,
            ),
        ),
    ),
    Cheat(
        "Be qualified before the observed runs",
        "21 CFR 211.25(a); EU GMP Annex 1, 7.3",
        ("F087", "F089"),
        "has 0 of 1 observed runs passed in a row",
        Tried(QUALIFY, QUALIFY, (lesson, task(observed=1), READ), (WATCH,)),
    ),
    Cheat(
        "Be qualified with a failed quiz",
        "21 CFR 211.25(a)",
        ("F089",),
        "has no quiz with at least 80.0 % (last: 60.0)",
        Tried(
            QUALIFY,
            QUALIFY,
            (lesson, task(pass_mark=80), READ, Act(MINE, "assess", {"score": 60, "form": "QUIZ-12@1"}, "supervise")),
            (Act(MINE, "assess", {"score": 90, "form": "QUIZ-12@1"}, "supervise"),),
        ),
    ),
    Cheat(
        "Qualify oneself",
        "21 CFR 211.25(a)",
        ("F087",),
        "nobody qualifies the own person",
        Tried(
            QUALIFY.on("training/C.supervise"),
            QUALIFY.on("training/C.supervise").made_by("approve"),
            (lesson, task("supervise"), READ.on("training/C.supervise").made_by("supervise")),
        ),
    ),
    Cheat(
        "Approve one's own curriculum after a colleague has touched it",
        "21 CFR 211.22(c), 211.25(a)",
        ("F085",),
        "was written by second; someone else has to approve it",
        Tried(
            Act("curriculum/C", "approve", by=SECOND),
            Act("curriculum/C", "approve", by="approve"),
            (LESSON.made_by(SECOND), LESSON),
        ),
    ),
    Cheat(
        "Approve the curriculum that one wrote oneself",
        "21 CFR 211.22(c), 211.25(a)",
        ("F085",),
        "someone else has to approve it",
        Tried(
            Act("curriculum/C", "approve", by=SECOND),
            Act("curriculum/C", "approve", by="approve"),
            (LESSON.made_by(SECOND),),
        ),
    ),
)

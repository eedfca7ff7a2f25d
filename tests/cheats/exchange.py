"""What comes from outside: messages of partners' programs, and results that laboratories send."""

from typing import Final

from automation.formulas.isbt128 import check_character
from tests.cheats.cheat import DAY, Act, Body, Cheat, Told, Tried, later
from tests.support.doors import SYSTEM, Doorway, proof
from tests.support.partners import public, signature
from tests.support.thread import Thread
from tests.unit.gmp.moves_of_product import partnered, registered, sent_results

TITLE = "What comes from outside"
DIN: Final = "A999926001607"
REPORT: Final[Body] = {
    "identity": "CHA999926001607",
    "subject": "SUBJ-017",
    "din": DIN + check_character(DIN),
    "collected": "2026-11-22T09:00",
    "tnc": 4.1e9,
    "cd3": 1.7e9,
    "bags": [{"id": "X1-A", "volume_ml": 180.0}],
}
WHO: Final[Body] = {"performed_by": "nurse-7", "verified_by": "nurse-9"}
TAKE: Final = Act("message/P1.1", "take", sent_results("P1"), SYSTEM)
NEXT: Final = TAKE.on("message/P1.2").stating(number="2")
BRING: Final = TAKE.stating(about="collections", collection="X1", report=REPORT, **WHO)
ENTER: Final = Act("collection/X1", "report_by_program", {**REPORT, **WHO, "message": "P1.1"}, SYSTEM)
REGISTER: Final = Act("partner/P2", "register", registered("P2", "collections", party="centre-2"), "administer")
RENEW: Final = Act("partner/P1", "renew_key", {"key": public("P1, renewed"), "seen": "read out"}, "administer")
SUSPEND: Final = Act("partner/P1", "suspend", {"reason": "a laptop is lost"}, "administer")
RESUME: Final = Act("partner/P1", "resume", {"reason": "it is found"}, "administer")
RENEWED: Final[Body] = {"signature": signature("P1, renewed", "a" * 64)}


def laboratory(way: Doorway) -> None:
    """Register a laboratory with its key."""
    partnered(way, "P1", "results")


def centre(way: Doorway) -> None:
    """Schedule a collection at a centre that writes by its own program."""
    Thread(way, "X1").until("collection", "report")
    partnered(way, "P1", "collections", party="centre-1")


def other_centre(way: Doorway) -> None:
    """Schedule a collection at a centre, while another one writes."""
    Thread(way, "X1").until("collection", "report")
    partnered(way, "P2", "collections", party="centre-2")
    partnered(way, "P1", "collections", party="centre-1")


def _sent(name: str, says: str, plot: Tried, clause: str = "21 CFR 11.30, 11.10(h)") -> Cheat:
    return Cheat(name, clause, ("F054.2",), says, plot)


def _found(name: str, says: str, **states: object) -> Cheat:
    return Cheat(name, "21 CFR 211.194(a)(1); EU GMP Part IV", ("F101.2",), says, Told("test", "report", states=states))


CHEATS = (
    _sent(
        "Sign a message with another key",
        "is not signed with the key of P1",
        Tried(TAKE.stating(signature=signature("P2", "a" * 64)), TAKE, (laboratory,)),
    ),
    _sent(
        "Change a file after it was signed",
        "is not signed with the key of P1",
        Tried(TAKE.stating(sha256="b" * 64), TAKE, (laboratory,)),
        "21 CFR 11.70",
    ),
    _sent(
        "Bring a message a second time",
        "'take' is not possible in state 'taken'",
        Tried(TAKE, NEXT, (laboratory, TAKE)),
        "21 CFR 11.30; ALCOA original",
    ),
    _sent(
        "Bring a message under a number that is not its own",
        "is not the one that its sender numbered",
        Tried(TAKE.on("message/P1.7"), TAKE, (laboratory,)),
        "21 CFR 11.30; ALCOA original",
    ),
    _sent(
        "Keep a message for another day",
        "a message is taken within 24 h",
        Tried(TAKE, TAKE.stating(sent="2026-11-24T09:00"), (laboratory, later(2 * DAY))),
        "21 CFR 11.30; ALCOA contemporaneous",
    ),
    _sent(
        "Date a message into the future",
        "still to come",
        Tried(TAKE.stating(sent="2026-11-22T09:06"), TAKE, (laboratory,)),
        "21 CFR 11.30; ALCOA contemporaneous",
    ),
    _sent(
        "Send for a sender that is suspended",
        "is of P1, which is suspended (a laptop is lost)",
        Tried(TAKE, TAKE, (laboratory, SUSPEND), (RESUME,)),
        "21 CFR 11.300(b), (c)",
    ),
    _sent(
        "Go on with a key that was renewed",
        "is not signed with the key of P1",
        Tried(TAKE, TAKE.stating(**RENEWED), (laboratory, RENEW)),
        "21 CFR 11.300(b), (c)",
    ),
    _sent(
        "Send what one may not send",
        "brings collections; P1 may send results",
        Tried(BRING, TAKE, (laboratory,)),
        "21 CFR 11.10(d), (g)",
    ),
    _sent(
        "Report the collection of another centre",
        "is about collection X1, which is none of centre-2",
        Tried(
            BRING.on("message/P2.1").stating(partner="P2", signature=signature("P2", "a" * 64)), BRING, (other_centre,)
        ),
        "21 CFR 11.10(g); EU GMP Part IV 7.2",
    ),
    _sent(
        "Report a collection by a message that nobody sent",
        "is not what message P9.1 is about",
        Tried(ENTER.stating(message="P9.1"), ENTER, (centre, BRING)),
        "21 CFR 11.10(g); EU GMP Part IV 7.2",
    ),
    _sent(
        "Report by message a collection that one person did and verified",
        "performed and verified by nurse-7 alone; two people are needed",
        Tried(ENTER.stating(verified_by="nurse-7"), ENTER, (centre, BRING)),
        "21 CFR 211.101(d); EU GMP Part IV 7.2",
    ),
    _sent(
        "Report by message the cells of another patient",
        "the chain of identity that was scanned is not that of order X1",
        Tried(ENTER.stating(identity="CHA999926ZZZZ99"), ENTER, (centre, BRING)),
        "EU GMP Part IV 7.2; 21 CFR 1271.290",
    ),
    _sent(
        "Pass one's own entry off as a message",
        "needs the right system",
        Tried(ENTER.made_by("collect"), ENTER, (centre, BRING)),
        "21 CFR 11.10(g), (h)",
    ),
    _sent(
        "Register a partner that nobody else has confirmed",
        "needs a signature with the meaning 'verified'",
        Tried(REGISTER.signed(proof("administer", "responsible")), REGISTER),
        "21 CFR 11.100(b), 11.300(b)",
    ),
    _sent(
        "Give a partner the key of another",
        "it is, or was, that of P1",
        Tried(REGISTER.stating(key=public("P1")), REGISTER, (laboratory,)),
        "21 CFR 11.100(a), 11.300(a)",
    ),
    _found(
        "Take the result of another patient that a laboratory sends",
        "the result is of another chain of identity than X1",
        identity="CHA999926ZZZZ99",
    ),
    _found(
        "Take the result of another sample that a laboratory sends",
        "the result is of another sample than X1-Q",
        sample="X9-Q",
    ),
)

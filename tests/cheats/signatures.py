"""Signatures, command ids and clocks: whose hand it was, over what, and when."""

from automation.gmp.door import Proof
from tests.cheats.cheat import HOUR, Act, AtAWrongClock, Body, Cheat, Tried, later
from tests.support.doors import SECOND, Doorway, proof

TITLE = "Signatures, clocks and commands"
WITNESS = (proof("perform", "performed"), proof("verify", "verified"))
CLEAR = Act("prompt/P-1", "witness", signs=WITNESS)
MASS: Body = {"kind": "enter", "text": "What does it weigh?", "fields": [{"name": "mass", "unit": "g"}], "second": True}
WEIGH = Act("prompt/P-2", "enter", {"values": {"mass": "20.4"}})
SEEN = Act("prompt/P-2", "verify", by="verify")
OPEN = Act("deviation/D-1", "open", {"subject": "person/perform", "title": "lid open"})
CONCLUDE = Act("deviation/D-1", "conclude", {"cause": "the lid was open", "impact": "none"}, "investigate")
RETURN = Act("deviation/D-1", "return", {"reason": "say more"}, "approve")
DESTROY = Act("container/C-1", "destroy", {"reason": "it leaks"}, signs=WITNESS)
OVERRIDE = Act("prompt/P-3", "override", signs=(proof("perform", "responsible"), proof("approve", "approved")))


def asked(way: Doorway) -> None:
    """Ask for a witness, for an entry that a second person verifies, and for an override."""
    way.do("prompt/P-1", "open", {"kind": "witness", "text": "Is the line clear?"})
    way.do("prompt/P-2", "open", MASS)
    way.do("prompt/P-3", "open", {"kind": "sign", "text": "Go on?", "meanings": ["responsible", "approved"]})


def bag(way: Doorway) -> None:
    """Take a bag in."""
    way.do("container/C-1", "expect", {"identity": "COI-1"})
    way.do("container/C-1", "receive")


def leaves(way: Doorway) -> None:
    """Lock the account of the witness."""
    way.do("person/verify", "lock", {"reason": "five wrong secrets"})


def returns(way: Doorway) -> None:
    """Unlock it."""
    way.do("person/verify", "unlock", {"reason": "asked in person"}, by=SECOND)


CHEATS = (
    Cheat(
        "Sign for another with a guessed secret",
        "21 CFR 11.200(a)(2), (3)",
        ("F047.2", "F179"),
        "verify could not be identified",
        Tried(CLEAR.signed(WITNESS[0], Proof("verify", "guessed", "verified")), CLEAR, (asked,)),
    ),
    Cheat(
        "Sign for another with one's own secret",
        "21 CFR 11.100(a), 11.200(a)(2)",
        ("F047.2", "F179"),
        "verify could not be identified",
        Tried(CLEAR.signed(WITNESS[0], Proof("verify", "secret of perform", "verified")), CLEAR, (asked,)),
    ),
    Cheat(
        "Witness oneself",
        "21 CFR 211.101(d), 211.188(b)(11)",
        ("F047.2", "F179"),
        "needs a different person",
        Tried(
            CLEAR.made_by(SECOND).signed(proof(SECOND, "performed"), proof(SECOND, "verified")),
            CLEAR.made_by(SECOND).signed(proof(SECOND, "performed"), WITNESS[1]),
            (asked,),
        ),
    ),
    Cheat(
        "Leave the second signature out",
        "21 CFR 211.101(d), 11.10(f)",
        ("F047.2",),
        "needs a signature with the meaning 'verified'",
        Tried(CLEAR.signed(WITNESS[0]), CLEAR, (asked,)),
    ),
    Cheat(
        "Act on the signatures of others",
        "21 CFR 11.10(g), 11.50(a)",
        ("F047.2",),
        "perform gave the command but signed nothing of it",
        Tried(CLEAR.signed(proof(SECOND, "performed"), WITNESS[1]), CLEAR, (asked,)),
    ),
    Cheat(
        "Bring a witness who has no right to verify",
        "21 CFR 11.10(g)",
        ("F047.2",),
        "read may not sign as verified",
        Tried(CLEAR.signed(WITNESS[0], proof("read", "verified")), CLEAR, (asked,)),
    ),
    Cheat(
        "Bring a witness whose account is locked",
        "21 CFR 11.300(b), (c)",
        ("F047.2",),
        "verify may not sign: the account is locked",
        Tried(DESTROY, DESTROY, (bag, leaves), (returns,)),
    ),
    Cheat(
        "Destroy a patient's bag alone",
        "21 CFR 211.101(d); EU GMP Part IV 6",
        ("F047.2", "F024"),
        "needs a different person",
        Tried(DESTROY.signed(WITNESS[0], proof("perform", "verified")), DESTROY, (bag,)),
    ),
    Cheat(
        "Open a closed gate among operators, without quality",
        "21 CFR 211.22(a), 11.10(g)",
        ("F047.2",),
        "supervise may not sign as approved",
        Tried(
            OVERRIDE.signed(proof("perform", "responsible"), proof("supervise", "approved")),
            OVERRIDE,
            (asked,),
        ),
    ),
    Cheat(
        "Verify one's own entry",
        "21 CFR 211.101(d); Annex 11, 6",
        ("F047.2",),
        "a second person has to verify it",
        Tried(SEEN.made_by(SECOND), SEEN, (asked, WEIGH.made_by(SECOND))),
    ),
    Cheat(
        "Verify by a name alone, without the own secret",
        "21 CFR 11.200(a)(1)",
        ("F047.2",),
        "verify could not be identified",
        Tried(SEEN.signed(), SEEN, (asked, WEIGH)),
    ),
    Cheat(
        "Witness two hours later what one has not seen",
        "21 CFR 211.188(b)(11), 211.100(b)",
        ("F047.2", "F179"),
        "was entered more than 60 min ago",
        Tried(
            SEEN,
            SEEN,
            (asked, WEIGH, later(2 * HOUR)),
            (Act("prompt/P-2", "dispute", {"reason": "I was not there"}, "verify"), WEIGH),
        ),
    ),
    Cheat(
        "Sign while the clock of the machine is wrong",
        "21 CFR 11.50(a)(2), 11.10(e)",
        ("F047.2", "F106.1"),
        "signing is blocked: the clock of this machine was moved",
        Tried(AtAWrongClock(CONCLUDE), CONCLUDE, (OPEN,)),
    ),
    Cheat(
        "Sign what has changed since it was shown",
        "21 CFR 11.70",
        ("F047.2", "F106.1"),
        "has moved on since you looked",
        Tried(
            Act("deviation/D-1", "close", by="approve", seen=2),
            Act("deviation/D-1", "close", by="approve", seen=4),
            (OPEN, CONCLUDE, RETURN, CONCLUDE.stating(cause="nobody knows")),
        ),
    ),
    Cheat(
        "Replay a signed command on another record",
        "21 CFR 11.70 (not excised, copied or transferred)",
        ("F047.2", "F106.1"),
        "is that of another command",
        Tried(
            Act("deviation/D-2", "conclude", CONCLUDE.body, "investigate", id="7"),
            Act("deviation/D-2", "conclude", CONCLUDE.body, "investigate", id="8"),
            (OPEN, OPEN.on("deviation/D-2"), Act("deviation/D-1", "conclude", CONCLUDE.body, "investigate", id="7")),
        ),
    ),
    Cheat(
        "Replay a signed command with other words",
        "21 CFR 11.70, 11.10(a)",
        ("F047.2", "F106.1"),
        "which states something else; an id is used once",
        Tried(
            Act("deviation/D-1", "open", {**OPEN.body, "title": "nothing at all"}, id="7"),
            Act("deviation/D-2", "open", {**OPEN.body, "title": "nothing at all"}, id="8"),
            (Act("deviation/D-1", "open", OPEN.body, id="7"),),
        ),
    ),
    Cheat(
        "Use the command id of somebody else",
        "21 CFR 11.10(e), 11.100(a)",
        ("F106.1",),
        "is that of another command",
        Tried(
            Act("deviation/D-1", "open", OPEN.body, "verify", id="7"),
            Act("deviation/D-2", "open", OPEN.body, "verify", id="8"),
            (Act("deviation/D-1", "open", OPEN.body, id="7"),),
        ),
    ),
    Cheat(
        "Use the id of a record a second time",
        "21 CFR 11.10(e); ALCOA original",
        ("F106.1",),
        "'open' is not possible in state 'open'",
        Tried(OPEN.stating(title="nothing"), OPEN.on("deviation/D-2"), (OPEN,)),
    ),
    Cheat(
        "Delete a record",
        "21 CFR 11.10(c), (e)",
        ("F106.1", "F179"),
        "'delete' is not possible",
        Tried(Act("deviation/D-1", "delete", by=SECOND), CONCLUDE, (OPEN,)),
    ),
    Cheat(
        "Overwrite what was concluded",
        "21 CFR 11.10(e)",
        ("F106.1", "F179"),
        "'conclude' is not possible in state 'concluded'",
        Tried(
            CONCLUDE.stating(cause="nobody knows"), CONCLUDE.stating(cause="nobody knows"), (OPEN, CONCLUDE), (RETURN,)
        ),
    ),
)

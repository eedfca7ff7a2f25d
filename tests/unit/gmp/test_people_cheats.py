"""Cheats with identities and rights: each is refused and recorded, changes nothing, and the right act succeeds.

Others stand where their object is tested: training oneself (test_training), a second account and a late witness
(test_persons, test_prompts), a request that comes again (tests/plant/test_accounts).
"""

from dataclasses import dataclass, field

import pytest

from automation.gmp.door import Proof
from automation.kernel.errors import RefusedError
from tests.support.doors import SECOND, Doorway, proof, register
from tests.unit.gmp.moves_of_quality import act

Body = dict[str, object]
STOLEN = Proof("verify", "guessed", "verified")
WITNESS = (proof("perform", "performed"), proof("verify", "verified"))
MORE: Body = {"roles": ["all"], "reason": "I could need it"}
WHY: Body = {"reason": "it was I"}


@dataclass(frozen=True, slots=True)
class Cheat:
    """A move, who makes it how in vain, and who has the right to."""

    name: str
    stream: str
    command: str
    match: str
    body: Body = field(default_factory=dict)
    wrong: tuple[str, tuple[Proof, ...]] = ("", ())  # who, and what is shown at the door
    right: tuple[str, tuple[Proof, ...]] = ("", ())

    def __str__(self) -> str:
        """Name it in reports."""
        return self.name.replace(" ", "-")


CHEATS = (
    Cheat(
        "sign for another by a guess",
        "prompt/P-1",
        "witness",
        "verify could not be identified",
        wrong=("perform", (WITNESS[0], STOLEN)),
        right=("perform", WITNESS),
    ),
    Cheat(
        "sign for another by the own secret",
        "prompt/P-1",
        "witness",
        "verify could not be identified",
        wrong=("perform", (WITNESS[0], Proof("verify", "secret of perform", "verified"))),
        right=("perform", WITNESS),
    ),
    Cheat(
        "witness oneself",
        "prompt/P-1",
        "witness",
        "needs a different person",
        wrong=(SECOND, (proof(SECOND, "performed"), proof(SECOND, "verified"))),
        right=(SECOND, (proof(SECOND, "performed"), WITNESS[1])),
    ),
    Cheat(
        "let another sign what one commands",
        "prompt/P-1",
        "witness",
        "perform gave the command but signed nothing of it",
        wrong=("perform", (proof(SECOND, "performed"), WITNESS[1])),
        right=("perform", WITNESS),
    ),
    Cheat(
        "raise the own rights", "person/administer", "grant", "the own account", MORE, ("administer", ()), (SECOND, ())
    ),
    Cheat(
        "raise the rights without any",
        "person/perform",
        "grant",
        "right administer",
        MORE,
        ("perform", ()),
        (SECOND, ()),
    ),
    Cheat("unlock the own account", "person/guard", "unlock", "right administer", WHY, ("guard", ()), (SECOND, ())),
    Cheat("come back by oneself", "person/past", "reinstate", "right administer", MORE, ("past", ()), (SECOND, ())),
)


@pytest.fixture(autouse=True)
def _scene(way: Doorway) -> None:
    """Open a question that needs a witness; lock one administrator and retire another."""
    way.do("prompt/P-1", "open", {"kind": "witness", "text": "Is the line clear?"})
    for person in ("guard", "past"):
        register(way, person, "administer", by=SECOND)
    act(way, "person/guard", "lock", {"reason": "five wrong secrets"})
    act(way, "person/past", "retire", {"reason": "has left"}, by=SECOND)


@pytest.mark.requirement("F047", "F106", "F179")
@pytest.mark.requirement("F047", "F047.2", "F047.4", "F106", "F106.1", "F179", refuses=True)
@pytest.mark.parametrize("cheat", CHEATS, ids=str)
def test_a_cheat_with_identities_changes_nothing_and_the_right_act_succeeds(cheat: Cheat, way: Doorway) -> None:
    """What a known person tried is on record, also of one who is locked or has left."""
    before, (who, shown) = way.ledger.version(cheat.stream), cheat.wrong
    with pytest.raises(RefusedError, match=cheat.match):
        way.do(cheat.stream, cheat.command, cheat.body, by=who, signs=shown)
    assert (way.ledger.version(cheat.stream), len(way.refusals(cheat.stream))) == (before, 1)
    who, shown = cheat.right
    way.do(cheat.stream, cheat.command, cheat.body, by=who, signs=shown)
    assert way.ledger.version(cheat.stream) == before + 1

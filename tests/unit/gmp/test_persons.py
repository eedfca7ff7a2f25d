"""Persons: no favours to oneself, no id twice, no program as personnel office of a live site."""

import pytest

from automation.gmp.people.persons import Access, Person
from automation.gmp.words import Right
from automation.kernel.errors import InputError, RefusedError
from tests.support.doors import SECOND, START, Doorway

ADA = "person/ada"


@pytest.fixture(autouse=True)
def _ada(way: Doorway) -> None:
    way.do(ADA, "register", {"name": "Ada Example", "roles": ["perform"]}, by=SECOND)


@pytest.mark.requirement("F047", "F183.1")
def test_rights_follow_roles_and_end_with_the_lock(way: Doorway) -> None:
    """Roles give rights while the person is active and none afterwards."""
    assert way.door.rights("ada") == {Right.PERFORM}
    way.do(ADA, "lock", {"reason": "five wrong secrets"})
    assert way.door.rights("ada") == set()
    way.do(ADA, "unlock", {"reason": "identity checked in person"}, by=SECOND)
    assert way.door.rights("ada") == {Right.PERFORM}


@pytest.mark.requirement("F047", "F183.1", refuses=True)
@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("grant", {"roles": ["all", "approve"], "reason": "I want to"}),
        ("train", {"operation": "freeze", "version": "2"}),
        ("retire", {"reason": "enough"}),
    ],
)
def test_nobody_moves_the_own_account(way: Doorway, command: str, body: dict[str, object]) -> None:
    """Even who has every right needs somebody else for this."""
    with pytest.raises(RefusedError, match=f"may not {command} the own account"):
        way.do(f"person/{SECOND}", command, body, by=SECOND)


@pytest.mark.requirement("F047", "F183.1", refuses=True)
@pytest.mark.parametrize("written", ["S-17", "s17", " S 17", "S-\uff11\uff17"])
def test_a_staff_number_that_is_written_otherwise_is_the_same_human(way: Doorway, written: str) -> None:
    """Signs, spaces, case and leading zeros make no second human; another number does."""
    way.do("person/eve", "register", {"name": "Eve", "roles": ["read"], "staff": "S-17"}, by=SECOND)
    other = {"name": "Eve", "roles": ["verify"]}
    with pytest.raises(RefusedError, match="has the account eve, which is active; one human has one account"):
        way.do("person/evelyn", "register", {**other, "staff": written}, by=SECOND)
    way.do("person/old", "register", {**other, "staff": "0017"}, by=SECOND)
    with pytest.raises(RefusedError, match="has the account old"):
        way.do("person/evelyn", "register", {**other, "staff": "17"}, by=SECOND)
    way.do("person/evelyn", "register", {**other, "staff": "170"}, by=SECOND)


@pytest.mark.requirement("F047", "F183.1", refuses=True)
def test_nobody_gets_a_role_that_the_site_does_not_state(way: Doorway) -> None:
    """It would give no right, and nobody would be told why; the roles that there are are named."""
    with pytest.raises(RefusedError, match=r"eve can't be inspektor, no role of this site; known: administer, all, "):
        way.do("person/eve", "register", {"name": "Eve", "roles": ["inspektor", "read"]}, by=SECOND)
    with pytest.raises(RefusedError, match=r"ada can't be inspektor, no role of this site; known: administer, all, "):
        way.do(ADA, "grant", {"roles": ["inspektor"], "reason": "new work"}, by=SECOND)
    assert (way.state("person/eve"), way.get(Person, ADA).roles) == ("absent", ("perform",))


@pytest.mark.requirement("F087", "F088")
def test_training_counts_for_the_version_that_it_covered(way: Doorway) -> None:
    """A new version of the operation asks for new training."""
    way.do(ADA, "train", {"operation": "freeze", "version": "2"}, by="supervise")
    ada = way.get(Person, ADA)
    assert ada.trained == {"freeze@2"}
    assert [ada.is_trained(name) for name in ("freeze@2", "freeze", "freeze@3", "thaw")] == [True, True, False, False]


def test_an_id_is_never_given_to_a_second_person(way: Doorway) -> None:
    """Not even after the first one has left."""
    way.do(ADA, "retire", {"reason": "has left"}, by=SECOND)
    with pytest.raises(RefusedError, match="is not possible in state 'retired'"):
        way.do(ADA, "register", {"name": "Ben", "roles": []}, by=SECOND)


def test_on_a_live_site_the_program_registers_the_first_person_and_nobody_else(live: Doorway) -> None:
    """Who comes later is registered by an administrator."""
    with pytest.raises(RefusedError, match="first administrator"):
        live.do("person/eve", "register", {"name": "Eve", "roles": ["all"]})


@pytest.mark.requirement("F087", refuses=True)
def test_on_a_live_site_the_program_trains_nobody(live: Doorway) -> None:
    """Training that a program declared would be none."""
    with pytest.raises(RefusedError, match="a person has to confirm"):
        live.do("person/perform", "train", {"operation": "freeze"})


@pytest.mark.requirement("F106", refuses=True)
@pytest.mark.parametrize("name", ["system:runner", "", "a b", "-x", "x" * 65, "eve\n"])
def test_nobody_is_registered_under_a_name_of_the_program(way: Doorway, name: str) -> None:
    """Who could sign in as the program would have its rights."""
    with pytest.raises((InputError, RefusedError)):
        way.do(f"person/{name}", "register", {"name": "Eve", "roles": []}, by=SECOND)


@pytest.mark.requirement("F047", "F106", "F179", refuses=True)
def test_one_human_has_one_account(way: Doorway) -> None:
    """A second one, that could witness what the first did, is refused and recorded; who left gets the old one back."""
    eve = {"name": "Ada E.", "roles": ["verify"], "staff": "S-17"}
    way.do(ADA, "identify", {"staff": "S-17", "seen": "the badge"}, by=SECOND)
    way.do(ADA, "retire", {"reason": "has left"}, by=SECOND)
    with pytest.raises(RefusedError, match="S-17 has the account ada, which is retired; one human has one account"):
        way.do("person/eve", "register", eve, by=SECOND)
    assert (way.state("person/eve"), len(way.refusals("person/eve"))) == ("absent", 1)
    way.do(ADA, "reinstate", {"roles": ["verify"], "reason": "is back"}, by=SECOND)
    way.do("person/eve", "register", {**eve, "staff": "S-18"}, by=SECOND)
    assert way.door.rights("ada") == {Right.VERIFY}


@pytest.mark.requirement("F047", "F179", refuses=True)
def test_on_a_live_site_nobody_has_an_account_without_a_human(live: Doorway) -> None:
    """The staff number is what an account is refused for the second time by; it never changes."""
    with pytest.raises(RefusedError, match="who is the human behind the account"):
        live.do("person/eve", "register", {"name": "Eve", "roles": ["verify"]}, by=SECOND)
    live.do("person/eve", "register", {"name": "Eve", "roles": ["verify"], "staff": "S-1"}, by=SECOND)
    with pytest.raises(RefusedError, match="has the staff number S-1 for ever"):
        live.do("person/eve", "identify", {"staff": "S-2", "seen": "the badge"}, by=SECOND)


@pytest.mark.requirement("F047")
def test_a_permit_ends_by_itself_and_is_on_the_list_before(way: Doorway) -> None:
    """To the second of its end the guest has rights; then none, until somebody grants them anew."""
    guest = {"roles": ["perform"], "reason": "a guest", "until": "2026-11-22T17:00"}
    way.do(ADA, "grant", guest, by=SECOND)
    due = way.get(Person, ADA).dues[0]
    seen = [way.door.rights("ada")]
    way.clock.go(8 * 3600.0)
    seen.append(way.door.rights("ada"))
    way.clock.go(1.0)
    seen.append(way.door.rights("ada"))
    with pytest.raises(RefusedError, match=r"needs the right .*; the permit of ada has ended"):
        way.do("lot/L-1", "receive", {}, by="ada")
    with pytest.raises(RefusedError, match="can't have a permit that ended"):
        way.do(ADA, "grant", guest, by=SECOND)
    assert (seen, due.owner) == ([frozenset({Right.PERFORM})] * 2 + [frozenset()], str(Right.ADMINISTER))


@pytest.mark.requirement("F047", "F106", "F183.1")
def test_what_a_person_could_do_since_when_and_by_whom_stays_known(way: Doorway) -> None:
    """Each period ends with the next one, a lock or the end of the account; nothing is overwritten."""
    steps: tuple[tuple[str, dict[str, object]], ...] = (
        ("grant", {"roles": ["verify"], "reason": "is trained"}),
        ("lock", {"reason": "wrong secrets"}),
        ("unlock", {"reason": "it was she"}),
        ("retire", {"reason": "has left"}),
    )
    for command, body in steps:
        way.clock.go(60.0)
        way.do(ADA, command, body, by=SECOND)
    told = [
        (a.roles, float(a.since - START) / 60.0, a.ended and float(a.ended - START) / 60.0, a.by) for a in periods(way)
    ]
    assert told == [
        (("perform",), 0.0, 1.0, SECOND),
        (("verify",), 1.0, 2.0, SECOND),
        (("verify",), 3.0, 4.0, SECOND),
    ]


def periods(way: Doorway) -> tuple[Access, ...]:
    """Give the periods of access of the person of the tests."""
    return way.get(Person, ADA).access

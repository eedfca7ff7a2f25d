"""Persons: no favours to oneself, no id twice, no program as personnel office of a live site."""

import pytest

from automation.gmp.people.persons import Person
from automation.gmp.words import Right
from automation.kernel.errors import InputError, RefusedError
from tests.support.doors import SECOND, Doorway

ADA = "person/ada"


@pytest.fixture(autouse=True)
def _ada(way: Doorway) -> None:
    way.do(ADA, "register", {"name": "Ada Example", "roles": ["perform"]}, by=SECOND)


@pytest.mark.requirement("F047")
def test_rights_follow_roles_and_end_with_the_lock(way: Doorway) -> None:
    """Roles give rights while the person is active and none afterwards."""
    assert way.door.rights("ada") == {Right.PERFORM}
    way.do(ADA, "lock", {"reason": "five wrong secrets"})
    assert way.door.rights("ada") == set()
    way.do(ADA, "unlock", {"reason": "identity checked in person"}, by=SECOND)
    assert way.door.rights("ada") == {Right.PERFORM}


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
    with pytest.raises(RefusedError, match="final"):
        way.do(ADA, "register", {"name": "Ben", "roles": []}, by=SECOND)


def test_on_a_live_site_the_program_registers_the_first_person_and_nobody_else(live: Doorway) -> None:
    """Who comes later is registered by an administrator."""
    with pytest.raises(RefusedError, match="first administrator"):
        live.do("person/eve", "register", {"name": "Eve", "roles": ["all"]})


@pytest.mark.requirement("F087")
def test_on_a_live_site_the_program_trains_nobody(live: Doorway) -> None:
    """Training that a program declared would be none."""
    with pytest.raises(RefusedError, match="a person has to confirm"):
        live.do("person/perform", "train", {"operation": "freeze"})


@pytest.mark.requirement("F106")
@pytest.mark.parametrize("name", ["system:runner", "", "a b", "-x", "x" * 65, "eve\n"])
def test_nobody_is_registered_under_a_name_of_the_program(way: Doorway, name: str) -> None:
    """Who could sign in as the program would have its rights."""
    with pytest.raises((InputError, RefusedError)):
        way.do(f"person/{name}", "register", {"name": "Eve", "roles": []}, by=SECOND)

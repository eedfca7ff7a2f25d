"""Rule profiles as documents: an order goes by the version that was in force when it was placed, for ever."""

from pathlib import Path

import pytest

from automation.gmp.product.orders import Order
from automation.gmp.product.rule_profiles import PACKAGED, rules_at
from automation.kernel.errors import RefusedError
from tests.support.commands import cellwright
from tests.support.doors import Doorway
from tests.support.thread import Body, Thread
from tests.unit.gmp.moves_of_product import RULES
from tests.unit.gmp.moves_of_quality import act, check_refused

DAY = 86_400.0


def written(way: Doorway, name: str = "eu@2", **changed: object) -> None:
    """Write a version and approve it."""
    act(way, f"profile/{name}", "write", {**RULES, **changed}, by="review")
    act(way, f"profile/{name}", "approve", by="approve")


def ordered(way: Doorway, name: str = "X1", **said: object) -> Order:
    """Place an order by EU rules."""
    thread = Thread(way, name)
    thread.until("order", "place")
    thread.do("order", "place", by="order", **said)
    return way.get(Order, f"order/{name}")


@pytest.mark.requirement("F060")
def test_a_change_of_the_rules_touches_no_order_that_was_placed_before(way: Doorway) -> None:
    """The first goes by the packaged version, the second by the new one, the third by the packaged one again."""
    orders = [ordered(way)]
    written(way)  # in the very same moment
    orders.append(ordered(way, "X2"))
    act(way, "profile/eu@2", "withdraw", {"reason": "the letter was taken back"}, by="approve")
    orders.append(ordered(way, "X3"))
    assert [one.told(way.door)[0] for one in orders] == ["rules: eu@1", "rules: eu@2", "rules: eu@1"]
    early = "release before all results: only on a negative reading (local rule 4; eu@2)"
    assert early in orders[1].told(way.door)


@pytest.mark.requirement("F060")
@pytest.mark.requirement("F060", refuses=True)
def test_a_version_is_in_force_from_its_day_on_and_an_order_cites_no_other(way: Doorway) -> None:
    """Approved in November for March: it can't be cited before."""
    written(way, effective="2027-03-01T00:00")
    with pytest.raises(RefusedError, match=r"can't go by rules eu@2: eu@1 is in force"):
        ordered(way, rules="eu@2")
    assert rules_at(way.door, "eu", way.door.now) == PACKAGED["eu"]
    way.clock.go(120 * DAY)
    assert rules_at(way.door, "eu", way.door.now).cited == "eu@2"
    assert rules_at(way.door, "us", way.door.now) == PACKAGED["us"]
    assert ordered(way, rules="eu@2").told(way.door)[0] == "rules: eu@2"


@pytest.mark.requirement("F060")
@pytest.mark.requirement("F060", refuses=True)
@pytest.mark.parametrize(("own", "lacks"), [(False, "FOR CLINICAL TRIAL USE ONLY"), (True, "FOR STUDY 12 ONLY")])
def test_a_release_goes_by_the_version_of_its_order(way: Doorway, *, own: bool, lacks: str) -> None:
    """What labels have to say, and whether it may go early, are those of the version, with their clauses."""
    if own:
        written(way)
    marks: Body = {"marks": ["SIMULATED"]}
    thread = Thread(way, "X1", otherwise={("order", "place"): {"profile": "eu"}, ("label-P", "issue"): marks})
    thread.until("release", "release_conditionally")
    with pytest.raises(RefusedError, match=f"does not say '{lacks}'"):
        thread.do("release", "release_conditionally", by="release")


@pytest.mark.requirement("F060", refuses=True)
def test_a_packaged_version_is_changed_by_nobody_and_an_author_approves_nothing(way: Doorway) -> None:
    """Nor is there a profile that no order knows."""
    check_refused(way, "profile/eu@1", "write", RULES, by="review", match="is the packaged one")
    check_refused(way, "profile/mars@1", "write", RULES, by="review", match="orders know us, eu, study")
    act(way, "profile/eu@2", "write", RULES, by="second")
    act(way, "profile/eu@2", "revise", RULES, by="review")
    check_refused(way, "profile/eu@2", "approve", by="second", match="was written by second")


@pytest.mark.requirement("F060")
def test_policies_say_which_rule_comes_from_which_clause_of_which_version(tmp_path: Path) -> None:
    """Without a site: the packaged versions."""
    said = cellwright("policies", "--site", tmp_path)
    assert "order by us@1" in said.out
    assert "21 CFR 211.165(f)" in said.out

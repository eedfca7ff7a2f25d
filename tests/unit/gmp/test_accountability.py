"""That a signature binds: signed by each person before any other signature counts, where the site says so."""

import pytest

from automation.gmp.accountability import ACCEPT
from automation.gmp.people.persons import Person
from automation.kernel.errors import RefusedError
from tests.support.doors import Doorway, proof
from tests.unit.gmp.moves_of_people import BINDING, ESIG, stated
from tests.unit.gmp.moves_of_quality import act, check_refused

Body = dict[str, object]
CAPA: Body = {"title": "Lid switch", "what": "from none to one", "reason": "a lid stood open"}
YES: Body = {"document": ESIG, "binding": True}


def in_force(way: Doorway, begins: str = "") -> None:
    """Have a statement; from then on, or from a day on, nobody signs who has not accepted it."""
    stated(way)
    act(way, f"document/{ESIG}", "make_effective", {"begins": begins} if begins else {}, by="approve")


def accepted(way: Doorway, person: str, **changed: object) -> None:
    """Accept the statement as somebody."""
    signs = (proof(person, "responsible"),)
    way.do(f"person/{person}", ACCEPT, {**YES, **changed}, by=person, signs=signs)


@pytest.mark.requirement("F106.1")
@pytest.mark.requirement("F106.1", refuses=True)
def test_nobody_signs_before_having_signed_that_the_signature_binds(way: Doorway) -> None:
    """Refused and recorded, and how it is done is said; then the same act succeeds. Entries need no signature."""
    in_force(way)
    way.do(
        "observation/O-1",
        "report",
        {"sort": "quality", "what": "a stain", "where": "Suite 1", "when": "2026-11-22T08:00"},
        by="perform",
    )
    seen: Body = {"subject": "person/perform", "title": "a stain"}
    act(way, "deviation/D-1", "open", seen, by="perform")
    said: Body = {"cause": "a leak", "impact": "none"}
    why = r"investigate has not signed that the own signature binds \(ESIG@1\); first: do person investigate accept_sig"
    check_refused(way, "deviation/D-1", "conclude", said, by="investigate", match=why)
    accepted(way, "investigate")
    act(way, "deviation/D-1", "conclude", said, by="investigate")
    assert [one.document for one in way.get(Person, "person/investigate").accepted] == [ESIG]


@pytest.mark.requirement("F106.1")
@pytest.mark.requirement("F106.1", refuses=True)
def test_a_second_signature_of_somebody_who_is_not_bound_is_refused_too(way: Doorway) -> None:
    """One of the two has signed the statement: it needs both."""
    in_force(way)
    way.do("container/BAG", "expect", {"identity": "COI-1"})
    way.do("container/BAG", "receive", {}, by="perform")
    accepted(way, "perform")
    check_refused(way, "container/BAG", "destroy", {"reason": "expired"}, by="perform", match="second has not signed")
    accepted(way, "second")
    act(way, "container/BAG", "destroy", {"reason": "expired"}, by="perform")


@pytest.mark.requirement("F106.1")
@pytest.mark.requirement("F106.1", refuses=True)
def test_the_statement_is_signed_for_oneself_with_the_own_secret_and_a_clear_yes(way: Doorway) -> None:
    """Not by another, not for another, not with a no, not of another document, and once."""
    stated(way)
    act(way, "document/SOP-1@1", "write", {**BINDING, "sort": "sop"}, by="supervise")
    stream = "person/read"
    for by, changed, why in (
        ("perform", {}, "accepts the statement, nobody else: not perform"),
        ("read", {"binding": False}, "does not say that the signature binds"),
        ("read", {"document": "SOP-1@1"}, "no approved signature statement"),
        ("read", {"document": "ESIG@2"}, "no approved signature statement"),
    ):
        check_refused(way, stream, ACCEPT, {**YES, **changed}, by=by, match=why)
    with pytest.raises(RefusedError, match="needs a signature"):
        way.do(stream, ACCEPT, YES, by="read")
    accepted(way, "read")
    check_refused(way, stream, ACCEPT, YES, by="read", match="has accepted ESIG@1 before")


@pytest.mark.requirement("F106.1")
@pytest.mark.requirement("F106.1", refuses=True)
def test_a_new_version_is_accepted_anew_and_before_its_day_if_one_likes(way: Doorway) -> None:
    """The old acceptance holds until the new version does; a site without a statement asks nobody."""
    seen: Body = {"subject": "person/perform", "title": "a stain"}
    for number in (1, 2, 3):
        act(way, f"deviation/D-{number}", "open", seen, by="perform")
    said: Body = {"cause": "a leak", "impact": "none"}
    act(way, "deviation/D-1", "conclude", said, by="investigate")
    for person in ("investigate", "supervise", "review", "approve"):
        stated(way)
        accepted(way, person)
    in_force(way)
    act(way, "document/ESIG@2", "write", BINDING, by="supervise")
    act(way, "document/ESIG@2", "submit", by="supervise")
    act(way, "document/ESIG@2", "review", by="review")
    act(way, "document/ESIG@2", "approve", by="approve")
    act(way, "document/ESIG@2", "make_effective", {"begins": "2026-11-23T09:00"}, by="approve")
    act(way, "deviation/D-2", "conclude", said, by="investigate")
    way.clock.go(86_400.0)
    check_refused(way, "deviation/D-3", "conclude", said, by="investigate", match=r"\(ESIG@2\)")
    accepted(way, "investigate", document="ESIG@2")
    act(way, "deviation/D-3", "conclude", said, by="investigate")

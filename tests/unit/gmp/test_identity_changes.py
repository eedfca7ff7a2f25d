"""One recipient known by two codes, what a trial hides, and cells that stay with their own."""

import pytest

from automation.gmp.product.orders import Order
from automation.kernel.errors import IdentityError, InputError, RefusedError
from tests.support.doors import SECOND, SYSTEM, Doorway, proof
from tests.support.thread import ARM, KEY, Thread

TWO = (proof("order", "performed"), proof("verify", "verified"))
MERGED = {"was": "SUBJ-017", "now": "SUBJ-117", "cause": "merged record", "evidence": "file 3"}


@pytest.mark.requirement("F056")
def test_a_merged_record_is_an_update_with_both_codes_by_two_people(way: Doorway) -> None:
    """The collection is scanned by the new code; the old one is refused, and stands in the record all the same."""
    thread = Thread(way, "X1")
    thread.until("collection", "report")
    for wrong, why in (({"was": "SUBJ-018"}, "is not that of the recipient"), ({"now": "SUBJ-017"}, "gives another")):
        with pytest.raises(RefusedError, match=why):
            way.do("order/X1", "rename", {**MERGED, **wrong}, by="order", signs=TWO)
    one = (proof(SECOND, "performed"), proof(SECOND, "verified"))
    with pytest.raises(RefusedError, match="a different person"):
        way.do("order/X1", "rename", MERGED, by=SECOND, signs=one)
    way.do("order/X1", "rename", MERGED, by="order", signs=TWO)
    with pytest.raises(IdentityError, match="recipient code that was scanned is not"):
        thread.do("collection", "report", by="collect")
    thread.do("collection", "report", by="collect", subject="SUBJ-117")
    order = way.get(Order, "order/X1")
    assert (order.subject, order.placing.subject if order.placing else "") == ("SUBJ-117", "SUBJ-017")


@pytest.mark.requirement("F056")
def test_a_changed_name_keeps_its_code(way: Doorway) -> None:
    """Only what is behind the code changes; that somebody has seen the document is on the record."""
    Thread(way, "X1").until("collection", "report")
    changed = {**MERGED, "cause": "changed name"}
    with pytest.raises(RefusedError, match="keeps its code"):
        way.do("order/X1", "rename", changed, by="order", signs=TWO)
    way.do("order/X1", "rename", {**changed, "now": "SUBJ-017"}, by="order", signs=TWO)
    assert way.get(Order, "order/X1").subject == "SUBJ-017"


@pytest.mark.requirement("F056", refuses=True)
def test_nobody_is_renamed_between_identification_and_infusion(way: Doorway) -> None:
    """Two people have just read the old code from the wristband."""
    thread = Thread(way, "X1")
    thread.until("infusion", "begin")
    with pytest.raises(RefusedError, match="infusion X1 was identified by the code so far"):
        way.do("order/X1", "rename", MERGED, by="order", signs=TWO)
    thread.do("infusion", "begin", by="treat")


@pytest.mark.requirement("F056")
def test_a_blind_is_opened_by_two_with_what_was_sealed_and_early_it_is_a_deviation(way: Doorway) -> None:
    """Another word or key is refused; one person alone, too; nothing that is hidden stands in the ledger before."""
    thread = Thread(way, "X1")
    thread.until("order", "confirm")
    thread.do("blind", "seal", by="order")
    with pytest.raises(RefusedError, match="sealed already"):
        way.do("blind/X2", "seal", thread.body("blind", "seal"), by="order", signs=(proof("order", "authored"),))
    signs = (proof("treat", "responsible"), proof("verify", "verified"))
    opening = thread.body("blind", "open")
    for wrong in ({"word": "B"}, {"key": "f" * 16}):
        with pytest.raises(RefusedError, match="are not what was sealed"):
            way.do("blind/X1", "open", {**opening, **wrong}, by="treat", signs=signs)
    with pytest.raises(RefusedError, match="needs a signature"):
        way.do("blind/X1", "open", opening, by="treat", signs=signs[:1])
    told = b"".join(bytes(event.body) for event in way.ledger.events())
    assert KEY.encode() not in told
    way.do("blind/X1", "open", {**opening, "word": ARM}, by="treat", signs=signs)
    thread.follow()
    assert way.state("deviation/X1-D01") == "open"


@pytest.mark.requirement("F009", "F119")
@pytest.mark.requirement("F009", "F020", "F119", "F167", refuses=True)
def test_pools_splits_and_aliquots_never_join_two_patients(way: Doorway) -> None:
    """Neither out of another's container nor into it, whoever says so; one's own pool is filled."""
    for name, identity in (("P1", "COI-1"), ("P2", "COI-1"), ("S1", "COI-2")):
        way.do(f"container/{name}", "expect", {"identity": identity, "volume_ml": 20.0})
        way.do(f"container/{name}", "receive", {}, by="perform")
    for command, other in (("fill", {"source": "S1"}), ("draw", {"to": "S1"})):
        for by in ("perform", SYSTEM):
            with pytest.raises(IdentityError, match="S1 is of another chain of identity"):
                way.do("container/P1", command, {"volume_ml": 5.0, **other}, by=by)
    way.do("container/P2", "draw", {"volume_ml": 5.0, "to": "P1"}, by="perform")
    way.do("container/P1", "fill", {"volume_ml": 5.0, "source": "P2"}, by="perform")
    assert len(way.refusals("container/P1")) == 4


@pytest.mark.requirement("F020.1")
@pytest.mark.requirement("F020.1", refuses=True)
def test_a_number_whose_check_character_is_wrong_never_enters_the_record(way: Doorway) -> None:
    """Any other character in its place, and two digits exchanged; as printed it is taken, blanks and all."""
    thread = Thread(way, "X1")
    thread.until("collection", "report")
    good = thread.din
    exchanged = f"{good[:-3]}{good[-2]}{good[-3]}{good[-1]}"
    for wrong in (*(good[:-1] + sign for sign in "0AK*" if sign != good[-1]), *({exchanged} - {good})):
        with pytest.raises(InputError, match="check character"):
            thread.do("collection", "report", by="collect", din=wrong)
    thread.do("collection", "report", by="collect", din=f"{good[:5]} {good[5:7]} {good[7:13]} {good[13]}")
    assert way.state("collection/X1") == "reported"

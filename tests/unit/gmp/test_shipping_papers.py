"""The papers of a shipment say what the records say: parties, dangerous goods, containers, and no patient."""

import pytest

from automation.gmp.product.shipments import Shipment
from automation.surfaces.documents.shipping import WRITERS, document
from tests.support.doors import Doorway
from tests.support.thread import Thread

DATE = "2026-11-22T09:00:00.000+01:00"


@pytest.mark.requirement("F131", "F059")
def test_the_papers_of_a_shipment_are_read_off_the_records(way: Doorway) -> None:
    """Packed in dry ice as category B: both entries, the mass of ice, the seal; the recipient's code stands nowhere."""
    ice = {"content": "category b", "coolant": "dry ice", "ice_kg": 5.0}
    thread = Thread(way, "X1", otherwise={("shipment", "plan"): ice})
    thread.until("shipment", "pack")
    for number in ("UN3373", "UN1845"):
        way.do("person/perform", "train", {"operation": number}, by="supervise")
    thread.do("shipment", "pack", by="perform")
    made = document(way.door, way.get(Shipment, "shipment/X1"), sender="Site A", date=DATE)
    page = WRITERS[".html"](made).decode()
    told = ("UN3373", "UN1845", "5 kg", "ward-4", "carrier-1", "X1-P", thread.identity, "SL-9", "SIMULATED")
    assert [word for word in told if word not in page] == []
    assert "SUBJ-017" not in page


@pytest.mark.requirement("F131", refuses=True)
def test_a_shippers_declaration_is_asked_for_where_one_is_needed(way: Doorway) -> None:
    """Free liquid nitrogen is UN1977; a dry shipper is not restricted and needs none."""
    thread = Thread(way, "X1")
    thread.until("shipment", "plan")
    for coolant, needed in (("liquid nitrogen", True), ("dry shipper", False)):
        command = "replan" if needed is False else "plan"
        said = {"content": "not regulated", "coolant": coolant}
        thread.do("shipment", command, by="order", **said)
        made = document(way.door, way.get(Shipment, "shipment/X1"), sender="Site A", date=DATE)
        assert ("signed on its own form" in WRITERS[".html"](made).decode()) == needed

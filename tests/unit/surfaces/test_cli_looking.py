"""What an object shows of itself: its values in words, its moments in the zone of the site."""

from automation.gmp.plant.em_samples import Exposure, Incubation, Sample
from automation.gmp.plant.rooms import Room, Stay
from automation.gmp.product.orders import Order
from automation.gmp.quality.documents import Document
from automation.kernel.clock import instant
from automation.surfaces.cli.looking import plain

ZONE = "Europe/Berlin"
WHEN = instant("2026-12-20T08:00", zone=ZONE)
TEXT = "2026-12-20T08:00:00.000+01:00"


def test_every_moment_is_shown_as_one_whatever_its_field_is_called() -> None:
    """Nobody reads seconds since 1970; never stays never."""
    shown = plain(Document("SOP-1@1", begins=WHEN), zone=ZONE)
    assert (shown["begins"], shown["ends"]) == (TEXT, float("inf"))
    assert plain(Order("O-1", needed_by=WHEN), zone=ZONE)["needed_by"] == TEXT
    stays = plain(Room("Suite 1", stays=(Stay("B-1", WHEN),)), zone=ZONE)["stays"]
    assert stays == [{"batch": "B-1", "since": TEXT, "until": None}]


def test_two_values_of_one_name_are_both_shown() -> None:
    """A plate was exposed until ten and is incubated until Saturday; none of the two hides the other."""
    exposed = Exposure(point="S1", since="2026-01-05T09:00", until="2026-01-05T10:00", medium="TSA-1")
    grown = Incubation(asset="inc-1", until="2026-01-10T09:00", program="20 to 25 degC")
    shown = plain(Sample("EM-1", exposure=exposed, incubation=grown), zone=ZONE)
    assert (shown["until"], shown["incubation_until"]) == ("2026-01-05T10:00", "2026-01-10T09:00")

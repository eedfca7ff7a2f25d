"""Decks as data: what is refused before anything moves, and the hash; units uL."""

import json
import math
from dataclasses import replace

import pytest

from automation.kernel.errors import InputError, RefusedError
from automation.kernel.quantity import Microlitres
from instruments.interfaces.liquid_handler import Aspirate, Dispense
from instruments.labware.deck import load, read
from tests.support.handlers import deck_data, draw, give, small_deck

pytestmark = pytest.mark.requirement("F119", "C06")

DECK = small_deck()


def spoilt(move: Aspirate | Dispense, name: str, value: Microlitres) -> Aspirate | Dispense:
    """Give the move with another number in one field."""
    match name:
        case "volume":
            return replace(move, volume=value)
        case "in_well":
            return replace(move, in_well=value)
        case _:
            return replace(move, in_tip=value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0])
@pytest.mark.parametrize("name", ["volume", "in_well", "in_tip"])
@pytest.mark.parametrize("move", [draw(100.0), give(100.0)], ids=["aspirate", "dispense"])
def test_a_number_that_is_none_or_below_zero_is_refused(move: Aspirate | Dispense, name: str, value: float) -> None:
    """Whatever it says, the refusal names channel and field."""
    with pytest.raises(RefusedError, match=rf"channel 1, .*{name} is"):
        DECK.check((spoilt(move, name, Microlitres(value)),))


@pytest.mark.parametrize("value", [math.nan, -1.0])
def test_a_mixing_that_is_none_is_refused(value: float) -> None:
    """Volume and number of times alike."""
    with pytest.raises(RefusedError, match="mix_volume is"):
        DECK.check((replace(draw(100.0, mix=3), mix_volume=Microlitres(value)),))
    with pytest.raises(RefusedError, match="mix_cycles is -1"):
        DECK.check((replace(draw(100.0), mix_cycles=-1),))


@pytest.mark.parametrize("move", [draw(0.0), give(0.0)], ids=["aspirate", "dispense"])
def test_nothing_is_no_volume(move: Aspirate | Dispense) -> None:
    """A move of 0 uL is a mistake of whoever calculated it."""
    with pytest.raises(RefusedError, match="more than 0 uL"):
        DECK.check((move,))


def test_more_than_the_tip_takes_is_refused() -> None:
    """What is in it already counts."""
    DECK.check((draw(1000.0),))
    with pytest.raises(RefusedError, match=r"volume is 1000\.1 uL; the tip takes 1000 uL"):
        DECK.check((draw(1000.1),))
    with pytest.raises(RefusedError, match="volume is 500 uL; the tip takes 400 uL"):
        DECK.check((replace(draw(500.0), in_tip=Microlitres(600.0)),))
    with pytest.raises(RefusedError, match="mix_volume is 1500 uL"):
        DECK.check((replace(draw(100.0), mix_volume=Microlitres(1500.0)),))


def test_more_than_is_there_is_refused() -> None:
    """In the well, and in the tip."""
    with pytest.raises(RefusedError, match="volume is 500 uL; there are 300 uL"):
        DECK.check((replace(draw(500.0), in_well=Microlitres(300.0)),))
    with pytest.raises(RefusedError, match="volume is 500 uL; the tip holds 400 uL"):
        DECK.check((give(500.0, in_tip=400.0),))


def test_more_than_the_well_takes_is_refused() -> None:
    """What is in it already counts; a well that is said to hold more than it can is not believed."""
    with pytest.raises(RefusedError, match="volume is 500 uL; the well takes 200 uL"):
        DECK.check((replace(give(500.0), in_well=Microlitres(1800.0)),))
    with pytest.raises(RefusedError, match="in_well is 2001 uL; the well holds 2000 uL"):
        DECK.check((replace(draw(1.0, well="vials.A1"), in_well=Microlitres(2001.0)),))


@pytest.mark.parametrize("well", ["vials.H9", "vials", "moon.A1", "", "."])
def test_a_well_that_is_not_there_is_refused_with_those_that_are(well: str) -> None:
    """A typing error is found before anything moves."""
    with pytest.raises(RefusedError, match=r"the deck test-deck has tips, trough, vials, waste|vials has A1, B1"):
        DECK.check((draw(100.0, well=well),))


def test_a_channel_moves_once_and_somebody_has_to_move() -> None:
    """Twice the same channel, and none."""
    with pytest.raises(RefusedError, match=r"channels are \[1, 1\]"):
        DECK.check((give(10.0), give(10.0, well="vials.A2")))
    with pytest.raises(RefusedError, match=r"channels are \[\]"):
        DECK.check(())


def test_the_hash_is_that_of_the_content_whatever_its_white_space() -> None:
    """Nor does the order of its keys count; what changed does."""
    data = deck_data()
    wide = json.dumps(data, indent=4, sort_keys=True).encode()
    assert read(wide, where="wide").sha256 == DECK.sha256
    other = json.dumps({**data, "version": "2"}).encode()
    assert read(other, where="other").sha256 != DECK.sha256


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"name": NaN}', b"\xff"])
def test_what_is_no_deck_is_refused_with_its_name(data: bytes) -> None:
    """Empty, incomplete, another thing, no number, no text."""
    with pytest.raises(InputError, match="thing: this is no deck"):
        read(data, where="thing")


def test_a_deck_that_is_not_shipped_is_refused_with_those_that_are() -> None:
    """The final day's is."""
    assert load("final-day-star").name == "final-day-star"
    with pytest.raises(InputError, match=r"deck is 'mine'; shipped are .*final-day-star"):
        load("mine")

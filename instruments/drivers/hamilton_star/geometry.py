"""Where channels may go together: a row of channels keeps its order, and each its distance from the next.

Several channels enter a trough or drop into the waste side by side; each has its own slot there, 9 mm from the next,
with the middle between channels 4 and 5, where the wall of a trough may stand.
Units:  mm. Channel 1 is the rearmost, y grows to the rear.
Source: pylabrobot 0.2.2, hamilton/base.py: channels at one x need 9 mm between them; their order is not checked there.
"""

from itertools import pairwise

from automation.kernel.errors import RefusedError
from instruments.interfaces.liquid_handler import Aspirate, Dispense, TipMove
from instruments.labware.deck import Deck, Position

PITCH = 9.0  # mm between two channels
MIDDLE = 4.5  # between channels 4 and 5
SHARED = ("trough", "waste")  # kinds of labware that several channels enter at once

Move = TipMove | Aspirate | Dispense


def place_of(move: Move) -> str:
    """Name the position of a move."""
    return move.spot if isinstance(move, TipMove) else move.well


def kind_of(deck: Deck, place: str) -> str:
    """Give the kind of labware of a position; raises RefusedError for one that is not there."""
    deck.position(place)
    return deck.labware[place.partition(".")[0]].kind


def slot(deck: Deck, place: str, channel: int) -> float:
    """Give how far to the rear of the middle of a position a channel works (mm)."""
    return (MIDDLE - channel) * PITCH if kind_of(deck, place) in SHARED else 0.0


def area(position: Position) -> float:
    """Give the mean cross-section of a well (mm2): what it holds, over its depth."""
    return position.holds / position.depth


def spot_xy(deck: Deck, place: str, channel: int) -> tuple[float, float]:
    """Give where a channel works (mm, x and y of the deck)."""
    labware, position = deck.labware[place.partition(".")[0]], deck.position(place)
    return labware.x + position.x, labware.y + position.y + slot(deck, place, channel)


def check(deck: Deck, moves: tuple[Move, ...], *, channels: int) -> None:
    """Refuse channels that are not there, come twice, or would have to pass each other; raises RefusedError."""
    used = [move.channel for move in moves]
    if not used or len(set(used)) != len(used) or min(used) < 1 or max(used) > channels:
        raise RefusedError(f"channels are {used}; each once, from 1 to {channels}, and at least one")
    columns: dict[float, list[tuple[int, float, str]]] = {}
    for move in sorted(moves, key=lambda move: move.channel):
        place = place_of(move)
        x, y = spot_xy(deck, place, move.channel)
        columns.setdefault(round(x, 1), []).append((move.channel, y, place))
    for column in columns.values():
        for (rear, rear_y, behind), (front, front_y, before) in pairwise(column):
            needed = PITCH * (front - rear)
            if rear_y - front_y < needed - 0.01:
                raise RefusedError(
                    f"channel {rear} at {behind} and channel {front} at {before} are {rear_y - front_y:g} mm apart;"
                    f" channel {rear} has to be behind by at least {needed:g} mm"
                )

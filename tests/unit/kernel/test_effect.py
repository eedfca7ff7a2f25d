"""What an interface declares of its methods is what the engine finds."""

from typing import Protocol

import pytest

from automation.kernel.effect import Effect, Kind, effect, effects, in_doubt, shows_state
from automation.kernel.errors import CellwrightError
from automation.kernel.quantity import Seconds


class Valve(Protocol):
    """An interface with every kind of declaration."""

    @in_doubt(twice="it is open", never="it is shut")
    @effect(Kind.ACT, deadline=30.0, abort_within=2.0, touches=("bag",), making_safe=True)
    async def open(self, bag: str) -> None:
        """Open."""
        ...

    @shows_state
    @effect(Kind.QUERY)
    async def state(self) -> str:
        """Read."""
        ...


class WiderValve(Valve, Protocol):
    """An interface that declares a method of its base anew."""

    @effect(Kind.SET_ABSOLUTE, deadline=7.0)
    async def open(self, bag: str) -> None:
        """Open wider."""
        ...


def test_what_is_declared_is_found() -> None:
    """Word for word; times in s."""
    act = Effect(
        Kind.ACT, Seconds(30.0), Seconds(2.0), ("bag",), making_safe=True, twice="it is open", never="it is shut"
    )
    query = Effect(Kind.QUERY, Seconds(5.0), Seconds(5.0), shows_state=True)
    assert effects(Valve) == {"open": act, "state": query}


def test_what_is_declared_last_counts_and_what_was_inherited_stays() -> None:
    """The derived interface wins, its base fills in the rest."""
    found = effects(WiderValve)
    assert found["open"] == Effect(Kind.SET_ABSOLUTE, Seconds(7.0), Seconds(5.0))
    assert found["state"] == effects(Valve)["state"]


def test_a_method_without_a_declaration_is_refused_by_name() -> None:
    """What nobody declared can't be bound; what has an underscore or can't be called is no method."""

    class Tap:
        size = 3

        def _turn(self) -> None: ...

        def turn(self) -> None: ...

    with pytest.raises(CellwrightError) as refused:
        effects(Tap)
    assert str(refused.value) == "Tap.turn declares no effect, so it can't be bound"

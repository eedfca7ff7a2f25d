"""A simulated and a live site for the tests of single objects."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from automation.ledger.event import Mode
from tests.support.doors import Doorway, doorway


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Doorway]:
    """Open a simulated site."""
    with doorway(tmp_path) as made:
        yield made


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Doorway]:
    """Open a live site; its only persons were registered by one another."""
    folder = tmp_path / "live"
    folder.mkdir()
    with doorway(folder, mode=Mode.LIVE) as made:
        yield made

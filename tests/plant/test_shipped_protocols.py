"""A shipped qualification protocol from its plan to its release, by the command line alone; one of the six.

All of them: ``python -m tests.qualification.protocols``.
"""

from collections.abc import Iterator

import pytest

from tests.qualification.protocols import Bench, bench, execute
from tests.qualification.scripts import SCRIPTS


@pytest.fixture(scope="module")
def washer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Give a simulated site whose cell washer can be qualified."""
    made = bench(tmp_path_factory.mktemp("protocols"))
    yield made
    made.house.leave()


@pytest.mark.requirement("F150.2", "C10.2")
def test_a_cell_washer_is_qualified_by_its_shipped_protocol(washer: Bench) -> None:
    """Every result has who, when and its event; counts, coverage and marked limits agree; the asset says so."""
    assert list(execute(washer, SCRIPTS["cell-washer-oq"]).wrong()) == []
    assert "qualification record  washer-01-cell-washer-oq-1" in washer.say("show", "asset", "washer-01").out

"""The digest of an operation: what it is made of, in all its modules."""

import inspect

import pytest

from automation.engine.operation import digest
from protocols.operations import pipetting, weighing
from protocols.operations.fill import Fill
from protocols.operations.freeze import Freeze


@pytest.mark.requirement("F019")
@pytest.mark.parametrize("module", [pipetting, weighing])
def test_a_change_in_what_an_operation_builds_on_changes_its_digest(
    module: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Filling is written in several modules; freezing uses neither of these."""
    fill, freeze, read = digest(Fill), digest(Freeze), inspect.getsource

    def changed(thing: object) -> str:
        return read(thing) + ("\n# changed" if thing is module else "")  # type: ignore[arg-type]  # modules only

    monkeypatch.setattr(inspect, "getsource", changed)
    assert digest(Fill) != fill
    assert digest(Freeze) == freeze

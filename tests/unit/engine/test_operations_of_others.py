"""What is said of an operation of somebody's own that can't be read or is not whole."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from automation.bootstrap import loaded
from automation.engine.operation import MAKING_SAFE, check_operation
from automation.kernel.errors import CellwrightError, InputError
from protocols.operations.store import Store


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("own_await", "def f():\n    await f()\n", r"outside async function \(own_await\.py, line 2\)"),
        ("own_import", "from automation.kernel.quantity import Furlongs\n", "cannot import name 'Furlongs'"),
        ("own_name", "class Renamed: ...\n", "has no attribute 'Own'"),
    ],
)
def test_a_file_that_cannot_be_imported_is_named_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, source: str, said: str
) -> None:
    """It is a mistake in that file, and the entry point says which."""
    (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint(name="own", value=f"{name}:Own", group="cellwright.operations")
    with pytest.raises(InputError, match=rf"own = {name}:Own can't be imported: .*{said}"):
        loaded(point)


@pytest.mark.parametrize("side", MAKING_SAFE)
def test_an_operation_that_cannot_make_itself_safe_is_refused(side: str) -> None:
    """Before a batch runs on it, not when somebody holds the step."""
    whole = {name: getattr(Store, name) for name in dir(Store) if not name.startswith("__")}
    lacking = type("Lacking", (), {name: value for name, value in whole.items() if name != side})
    check_operation(type("Whole", (), whole))
    with pytest.raises(CellwrightError, match=f"Lacking has no method '{side}'"):
        check_operation(lacking)

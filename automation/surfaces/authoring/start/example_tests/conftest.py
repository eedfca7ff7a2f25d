"""What is declared in ``pyproject.toml`` has to be installed before anything can be found by its name."""

from pathlib import Path

import pytest
from automation.kernel.errors import InputError
from fakes.kit.installed import check_installed


def pytest_configure() -> None:
    """Say in one sentence what is not installed."""
    try:
        check_installed(Path(__file__).parents[1])
    except InputError as missing:
        pytest.exit(str(missing), returncode=2)

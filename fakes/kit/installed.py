"""Whether what a project declares is what is installed: entry points are read at the installation, not at the start."""

import tomllib
from importlib.metadata import entry_points
from pathlib import Path

from automation.kernel.errors import InputError

GROUPS = "cellwright."


def check_installed(folder: Path) -> None:
    """Raise InputError when a project's ``pyproject.toml`` declares what is not installed, or otherwise."""
    text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    declared: dict[str, dict[str, str]] = tomllib.loads(text).get("project", {}).get("entry-points", {})
    wanted = {(group, n, v) for group, ours in declared.items() if group.startswith(GROUPS) for n, v in ours.items()}
    there = {(group, point.name, point.value) for group in declared for point in entry_points(group=group)}
    missing = sorted(f"{group} {name}" for group, name, _ in wanted - there)
    if missing:
        raise InputError(
            f"declared and not installed: {', '.join(missing)}; run: "
            f"python -m pip install --no-deps --no-build-isolation --editable {folder}",
            where=str(folder / "pyproject.toml"),
        )

"""Runs the command ``cellwright`` in this process, as a person at a pipe would see it."""

import contextlib
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from automation.opener import House
from automation.surfaces.cli.main import run
from tests.support.runs import SITES


@dataclass(frozen=True, slots=True)
class Said:
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, object]:
        """Give what ``--json`` printed."""
        return cast("dict[str, object]", json.loads(self.out))


def cellwright(*words: object, house: Callable[[], House] = House) -> Said:
    """Run one command and catch what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run(house, [str(word) for word in words])
    return Said(status, out.getvalue(), err.getvalue())


def simulated_site(folder: Path, name: str = "a", *, edit: tuple[str, str] | None = None) -> Path:
    """Make a site folder with a packaged site file, perhaps edited; it has no ledger yet."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(SITES / name / "site.yaml", folder / "site.yaml")
    if edit is not None:
        text = (folder / "site.yaml").read_text(encoding="utf-8")
        if edit[0] not in text:
            msg = f"{edit[0]!r} is not in the site file"
            raise ValueError(msg)
        (folder / "site.yaml").write_text(text.replace(edit[0], edit[1], 1), encoding="utf-8")
    return folder

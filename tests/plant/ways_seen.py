"""A plug-in of pytest that keeps, for each test, which ways the ledgers it leaves show: ``-p tests.plant.ways_seen``.

It writes ``CELLWRIGHT_WAYS``, a file of JSON: the id of each test, and its ways. A ledger counts for the test after
which it was first there or had changed.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plant.ways import Shown, shown

FILE = "CELLWRIGHT_WAYS"
MOST = 12  # ledgers of one test; a test that kills everywhere leaves thousands of the same run


class Seeing:
    """What was seen so far."""

    def __init__(self, into: Path) -> None:
        """Write into one file in the end."""
        self.into = into
        self.known: dict[Path, int] = {}
        self.tests: dict[str, Shown] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Iterator[None]:
        """Look at what a test leaves before it is cleared away."""
        base = item.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # noqa: SLF001
        fresh = [file for file in sorted(base.rglob("ledger.sqlite")) if self._changed(file)]
        found = self.tests.setdefault(item.nodeid, Shown())
        for file in fresh[:MOST]:
            found.add(shown(file.parent))
        return (yield)

    def _changed(self, file: Path) -> bool:
        size, before = file.stat().st_mtime_ns, self.known.get(file)
        self.known[file] = size
        return size != before

    def pytest_sessionfinish(self) -> None:
        """Write it all down."""
        said = {
            name: {"taken": sorted(map(str, one.taken)), "offered": sorted(map(str, one.offered))}
            for name, one in self.tests.items()
        }
        self.into.write_text(json.dumps(said), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to look, where a file is named."""
    if into := os.environ.get(FILE):
        config.pluginmanager.register(Seeing(Path(into)))

"""Which modules are changed, and the tests that may notice it: those that answer in seconds.

A change of a group's modules is judged by the tests of the group that reach the changed function, and by no others.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
TRIVIAL: Final = ("__init__.py", "untrusted.py", "unit_types.py", "ledger/place.py", "errors.py")  # they do nothing


@dataclass(frozen=True, slots=True)
class Group:
    """Modules (a pattern below the root) and the tests that judge them."""

    pattern: str
    tests: tuple[str, ...]

    def modules(self, words: Collection[str]) -> list[str]:
        """Give the paths of the modules that have one of the words in it; all without a word."""
        found = sorted(
            path.relative_to(ROOT).as_posix() for path in ROOT.glob(self.pattern) if not str(path).endswith(TRIVIAL)
        )
        return [name for name in found if not words or any(word in name for word in words)]


GROUPS: Final = {
    "kernel": Group("automation/kernel/*.py", ("tests/unit/kernel", "tests/unit/gmp/test_tables.py")),
    "ledger": Group("automation/ledger/*.py", ("tests/unit/ledger", "tests/golden")),
    "postgresql": Group(
        "automation/ledger/postgresql/*.py",
        (
            *(f"tests/contract/test_ledger_store{part}.py" for part in ("", "_doubt", "_rights")),
            "tests/unit/ledger/test_pointer.py",
        ),
    ),
    "journal": Group("automation/engine/journal.py", ("tests/unit/engine",)),
}

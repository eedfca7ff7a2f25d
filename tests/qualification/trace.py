"""The traceability matrix from the command line; ``make trace`` is the short way.

Run: ``python -m tests.qualification.trace [-o FILE.csv|FILE.md]``
Collects all tests without running them and prints each requirement with its tests. Exit status 1 when a built
requirement has no test that shows it, one of high risk none that shows a refusal, or a mark names no requirement.
"""

import argparse
import contextlib
import io
import sys
import time
from pathlib import Path

import pytest

from automation.kernel.files import write_whole
from tests.house.source import ROOT
from tests.qualification.marks import Shown, of_item
from tests.qualification.matrix import as_csv, as_markdown, as_text, matrix, missing, summary
from tests.qualification.requirements import requirements

WRITERS = {".csv": as_csv, ".md": as_markdown}


class Collected:
    """Keeps what the collected tests show; the cases of a test are one unless each has marks of its own."""

    def __init__(self) -> None:
        self.shown: set[Shown] = set()
        self.cases = 0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Look at the marks of every test."""
        self.cases = len(session.items)
        cases: dict[str, dict[str, set[tuple[str, bool]]]] = {}
        for item in session.items:
            cases.setdefault(item.nodeid.partition("[")[0], {})[item.nodeid] = of_item(item)
        for test, marks in cases.items():
            alike = all(one == next(iter(marks.values())) for one in marks.values())
            for case, shows in marks.items():
                self.shown |= {Shown(name, test if alike else case, refuses) for name, refuses in shows}


def collected() -> Collected:
    """Collect all tests of the project in this process; exits with pytest's own words when that fails."""
    found, said = Collected(), io.StringIO()
    with contextlib.redirect_stdout(said):
        status = pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", str(ROOT / "tests")], plugins=[found])
    if status != pytest.ExitCode.OK:
        sys.exit(said.getvalue())
    return found


def main() -> None:
    """Print and write the matrix."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, help="write the matrix, by its ending: .csv or .md")
    asked = parser.parse_args()
    if asked.output and asked.output.suffix not in WRITERS:
        parser.error(f"-o is {asked.output}; a name that ends with {' or '.join(WRITERS)} is needed")
    began = time.monotonic()
    rows, found = requirements(), collected()
    lines, wrong = matrix(rows, sorted(found.shown)), missing(rows, found.shown)
    sys.stdout.write(as_text(lines))
    if asked.output:
        write_whole(asked.output, WRITERS[asked.output.suffix](lines).encode())
    sys.stdout.write("".join(f"missing: {problem}\n" for problem in wrong))
    took = time.monotonic() - began
    sys.stdout.write(f"{summary(lines)}; {found.cases} cases collected; {len(wrong)} missing; {took:.0f} s\n")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

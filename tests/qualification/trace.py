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
    """Keeps what the collected tests show."""

    def __init__(self) -> None:
        self.shown: set[Shown] = set()
        self.cases = 0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Look at the marks of every test; cases of one test are one."""
        self.cases = len(session.items)
        for item in session.items:
            test = item.nodeid.partition("[")[0]
            self.shown |= {Shown(name, test, refuses) for name, refuses in of_item(item)}


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

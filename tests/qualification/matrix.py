"""The traceability matrix: requirements beside the tests that show them, and what is missing.

Source: EU GMP Annex 11, 4.4 (requirements traceable through the life cycle); GAMP 5, 2nd ed., appendix M5.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.qualification.marks import Shown
from tests.qualification.requirements import Requirement, Risk, with_parts
from tests.qualification.surfaces import outside

HEAD = ("id", "shall", "risk", "status", "tests", "refusals", "for example", "and refused", "acceptance", "reason")


@dataclass(frozen=True, slots=True)
class Line:
    """One requirement with its tests, by name, each once however many cases it has."""

    requirement: Requirement
    positive: tuple[str, ...]
    negative: tuple[str, ...]

    def problems(self) -> Iterator[str]:
        """Say what is missing; a part counts for its row, and a row does not count for its parts."""
        one = self.requirement
        if not one.built and (self.positive or self.negative):
            yield f"{one.id} is not built, and {first(self.positive, self.negative)} says that it shows it"
        if one.built and not any(outside(test) for test in self.positive):
            inside = f" from outside: {self.positive[0]}" if self.positive else ""
            yield f"{one.id} is built, and no test shows it{inside}"
        if one.built and one.risk is Risk.HIGH and not self.negative:
            yield f"{one.id} is of high risk, and no test shows that it refuses"

    def cells(self) -> tuple[str, ...]:
        """Give its columns as text."""
        one, count = self.requirement, (str(len(self.positive)), str(len(self.negative)))
        examples = first(self.positive), first(self.negative)
        return (one.id, one.shall, one.risk, one.status, *count, *examples, one.acceptance, one.reason)


def first(*several: tuple[str, ...]) -> str:
    """Give the first test of the first that has any."""
    return next((tests[0] for tests in several if tests), "")


def matrix(rows: tuple[Requirement, ...], shown: Iterable[Shown]) -> tuple[Line, ...]:
    """Put every requirement and part beside its tests; those from outside come first, of these the most particular."""
    shown = tuple(shown)
    marks = Counter(one.test for one in shown)
    by_id: dict[tuple[str, bool], dict[str, None]] = {}
    for one in sorted(shown, key=lambda one: (not outside(one.test), marks[one.test], one)):
        for name in {one.id, one.id.partition(".")[0]}:
            by_id.setdefault((name, one.refuses), {})[one.test] = None
    return tuple(
        Line(row, tuple(by_id.get((row.id, False), ())), tuple(by_id.get((row.id, True), ())))
        for row in with_parts(rows)
    )


def missing(rows: tuple[Requirement, ...], shown: Iterable[Shown]) -> list[str]:
    """Say all that is wrong: what no test shows, what refuses nothing, and marks of requirements that are not there."""
    shown = tuple(shown)
    known = {row.id for row in with_parts(rows)}
    strange = sorted({f"{one.test} shows {one.id}, which is no requirement" for one in shown if one.id not in known})
    return [problem for line in matrix(rows, shown) for problem in line.problems()] + strange


def as_csv(lines: Iterable[Line]) -> str:
    """Write the matrix as comma-separated values."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows((HEAD, *(line.cells() for line in lines)))
    return out.getvalue()


def as_markdown(lines: Iterable[Line]) -> str:
    """Write the matrix as a table of Markdown."""
    rows = (HEAD, ("---",) * len(HEAD), *(line.cells() for line in lines))
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in rows)


def as_text(lines: Iterable[Line]) -> str:
    """Write the matrix for a terminal: below each requirement a test that shows it and one that shows a refusal."""
    out = []
    for line in lines:
        name, shall, risk, status, tests, refusals, example, refused, *_ = line.cells()
        out.append(f"{name:7} {risk:6} {status:12} {tests:>3} + {refusals:>3} -  {shall}")
        out += [f"{'':9}{sign} {test}" for sign, test in (("+", example), ("-", refused)) if test]
        out += [f"{'':9}! {line.requirement.reason}"] if line.requirement.reason else []
    return "\n".join(out) + "\n"


def summary(lines: Iterable[Line]) -> str:
    """Count rows by status, and tests."""
    lines = tuple(lines)
    rows = [line for line in lines if "." not in line.requirement.id]
    statuses = [line.requirement.status for line in rows]
    counted = ", ".join(f"{statuses.count(word)} {word}" for word in ("built", "partly built", "not built"))
    positive = {test for line in lines for test in line.positive}
    negative = {test for line in lines for test in line.negative}
    parts = len(lines) - len(rows)
    shown = f"{len(positive)} tests show them, {len(negative)} show refusals"
    return f"{len(rows)} rows with {parts} parts: {counted}; {shown}"

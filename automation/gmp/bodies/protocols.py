"""A qualification protocol as it is approved: what is shown of which asset, by which test cases, by what it is judged.

A step is done by a person or by the program (a named check). A person answers with a number that limits judge, with a
series of readings that a rule judges, or with what was seen and whether that is what was expected.
Source: EU GMP Annex 15, 2.4 to 3.14 (protocols, acceptance criteria, IQ, OQ, PQ); GAMP 5 2nd ed. (test cases, risk);
        FDA Computer Software Assurance 2025 (scripted and unscripted testing).
"""

import hashlib
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Self

from pydantic import model_validator

from automation.formulas import series
from automation.gmp.bodies.assets import Stage
from automation.gmp.codes import LimitText
from automation.gmp.words import Body, field
from automation.kernel.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,30}")
_FROM = re.compile(r"from (\S+)")


class Risk(StrEnum):
    """That of a requirement not being met unnoticed."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Manner(StrEnum):
    """How a case is tested."""

    SCRIPTED = "scripted"
    UNSCRIPTED = "unscripted"  # by a charter, exploring


class Requirement(Body):
    """What the user needs of the asset."""

    id: str = field(label="Requirement", length=1)
    text: str = field(label="What the asset shall do", length=3)
    risk: Risk = field(label="Risk")


class Need(Body):
    """Test equipment that has to be there, in calibration."""

    role: str = field(label="Role", help="Under which steps speak of it", length=1)
    asset_class: str = field(label="Class", length=1)


class Given(Body):
    """One thing that a check or a rule is told."""

    name: str = field(label="Name", length=1)
    value: str = field(label="Value", length=1)


class Step(Body):
    """One thing that is done and judged."""

    n: str = field(label="Number", length=1)
    action: str = field(label="Action", length=3)
    expected: str = field(label="Expected", length=3)
    limits: LimitText = field(label="Limits of the number", default="")
    source: str = field(label="Source of the limits", default="")
    series: str = field(label="Rule of a series", default="")
    count: int = field(label="Readings of the series", low=0, default=0)
    check: str = field(label="Check by the program", default="")
    given: tuple[Given, ...] = field(label="Told to the check or rule", default=())
    evidence: bool = field(label="Needs a file", default=False)
    provoked: bool = field(
        label="Provoked", help="By the program on a simulated site, by a person on a live one", default=False
    )

    @property
    def told(self) -> dict[str, str]:
        """Give what the check or rule is told, by name."""
        return {one.name: one.value for one in self.given}

    @property
    def earlier(self) -> dict[str, str]:
        """Give what is taken from an earlier step: name to step."""
        found = {name: _FROM.fullmatch(value) for name, value in self.told.items()}
        return {name: match[1] for name, match in found.items() if match is not None}

    def by_program(self, *, simulated: bool) -> bool:
        """Tell whether the program does it at such a site."""
        return bool(self.check) and (simulated or not self.provoked)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        """Refuse a step that is judged in two ways, or told what nobody asks for."""
        if bool(self.series) + bool(self.check) > 1 or (self.series and self.limits):
            raise ValueError(f"step {self.n} is judged in two ways; say one of: check, series, limits or none")
        if bool(self.series) != bool(self.count):
            raise ValueError(f"step {self.n} needs both: the rule of its series, and how many readings")
        if self.given and not (self.series or self.check):
            raise ValueError(f"step {self.n} is given values that nobody asks for")
        return self


class Case(Body):
    """One test case: which requirements it shows, and its steps in order."""

    id: str = field(label="Case", length=1)
    title: str = field(label="Title", length=3)
    requirements: tuple[str, ...] = field(label="Requirements", length=1)
    risk: Risk = field(label="Risk")
    manner: Manner = field(label="Scripted or unscripted", default=Manner.SCRIPTED)
    challenge: bool = field(label="Tries a limit or what has to be refused", default=False)
    preconditions: tuple[str, ...] = field(label="Preconditions", default=())
    steps: tuple[Step, ...] = field(label="Steps", length=1)

    @property
    def names(self) -> tuple[str, ...]:
        """Give the steps as they are called: ``OQ-1.2``."""
        return tuple(f"{self.id}.{step.n}" for step in self.steps)


class Protocol(Body):
    """A whole protocol."""

    id: str = field(label="Protocol", length=1)
    version: str = field(label="Version", length=1)
    title: str = field(label="Title", length=3)
    stages: tuple[Stage, ...] = field(label="IQ, OQ or PQ", help="IQ and OQ may be one", length=1)
    asset_class: str = field(label="Class of the asset", length=1)
    scope: str = field(label="Scope", length=3)
    acceptance: str = field(label="Acceptance", length=3)
    training: tuple[str, ...] = field(label="Training", help="Operations on which who executes is trained", default=())
    equipment: tuple[Need, ...] = field(label="Test equipment", default=())
    requirements: tuple[Requirement, ...] = field(label="Requirements", length=1)
    cases: tuple[Case, ...] = field(label="Test cases", length=1)
    requalify_d: int = field(label="Requalified after at most", unit="d", low=1)
    sources: tuple[str, ...] = field(label="Sources", default=())

    @property
    def digest(self) -> str:
        """Give the SHA-256 of what it says (hex), whatever its file looks like."""
        return hashlib.sha256(self.model_dump_json(exclude_defaults=True).encode()).hexdigest()

    def steps(self) -> Iterator[tuple[str, Case, Step]]:
        """Give every step with its name and its case, in order."""
        for case in self.cases:
            yield from ((name, case, step) for name, step in zip(case.names, case.steps, strict=True))

    def step(self, name: str) -> Step | None:
        """Give one step; None for a name that it does not have."""
        return next((step for other, _, step in self.steps() if other == name), None)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Refuse names that stand twice, requirements that nothing shows, and cases that show none."""
        for what, ids in self._ids().items():
            again = next((one for one in ids if ids.count(one) > 1), "")
            bad = next((one for one in ids if not _NAME.fullmatch(one)), "")
            if again or bad:
                raise ValueError(f"{what} {again or bad!r} {'stands twice' if again else 'is no name'}")
        known = {one.id: one for one in self.requirements}
        for case in self.cases:
            unknown = [one for one in case.requirements if one not in known]
            if unknown:
                raise ValueError(f"case {case.id} shows {unknown[0]}, which is no requirement of this protocol")
        for one in self.requirements:
            self._shown(one)
        self._prepared()
        self._judged()
        return self

    def _ids(self) -> dict[str, list[str]]:
        found = {
            "requirement": [one.id for one in self.requirements],
            "case": [one.id for one in self.cases],
        }
        return found | {f"step of case {case.id}": [step.n for step in case.steps] for case in self.cases}

    def _shown(self, one: Requirement) -> None:
        cases = [case for case in self.cases if one.id in case.requirements]
        if not cases:
            raise ValueError(f"requirement {one.id} is shown by no case")
        if one.risk is Risk.HIGH and not any(case.challenge for case in cases):
            raise ValueError(f"requirement {one.id} is of high risk; a case that challenges it is needed")

    def _prepared(self) -> None:
        """Refuse a case that the program begins by itself before a person has seen to its preconditions."""
        for case in self.cases:
            if case.preconditions and case.steps[0].check:
                raise ValueError(
                    f"case {case.id} has preconditions, and the program begins it: let a person see to them"
                )

    def _judged(self) -> None:
        """Refuse rules that are not known or not told what they want."""
        before: set[str] = set()
        for name, _, step in self.steps():
            missing = [other for other in step.earlier.values() if other not in before]
            if missing:
                raise ValueError(f"step {name} takes a value from {missing[0]}, which is no earlier step")
            before.add(name)
            if step.series:
                told = {key: value for key, value in step.told.items() if key not in step.earlier}
                _check_rule(step.series, told, tuple(step.earlier), where=name)


def _check_rule(rule: str, told: dict[str, str], later: tuple[str, ...], *, where: str) -> None:
    stand_in = {name: f"1 {series.RULES[rule].needs.get(name, '')}" for name in later if rule in series.RULES}
    try:
        series.check(rule, told | stand_in)
    except InputError as wrong:
        raise ValueError(f"step {where}: {wrong}") from None

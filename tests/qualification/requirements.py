"""What the system shall do: ``requirements.yaml``, one entry for each row of the mission, read and checked.

A row that holds several functions has parts (``F103.1``) with a sentence of their own; a part has the risk of its row
unless it states another. What is not built says so with its reason and is listed with everything else.
Source: GAMP 5, 2nd ed., appendix D1 (user requirements); ASTM E2500-20, 6.4 (risk); EU GMP Annex 11, 4.4 (traceable).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from automation.engine.recipe.yaml_source import Node, read_file
from tests.qualification.marks import FILE

MISSION: Final = (*(f"F{number:03}" for number in range(1, 184)), *(f"C{number:02}" for number in range(1, 11)))
"""The rows of the mission: 183 functions of the people who make cell therapies, 10 of the software itself."""


class Risk(StrEnum):
    """What a failure of the function could do; the rule stands at the top of the file."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One sentence that can be tested; ``reason`` says why it is not built, and is empty when it is."""

    id: str
    shall: str
    risk: Risk
    acceptance: str
    reason: str = ""
    parts: tuple["Requirement", ...] = ()

    @property
    def built(self) -> bool:
        """Tell whether any of it is there."""
        return any(part.built for part in self.parts) if self.parts else not self.reason

    @property
    def status(self) -> str:
        """Give one of built, partly built, not built."""
        if self.built:
            return "built" if all(part.built for part in self.parts) else "partly built"
        return "not built"


def requirements(file: Path = FILE) -> tuple[Requirement, ...]:
    """Read all requirements; raises InputError that names the line of what is wrong."""
    return tuple(_read(name, node) for name, node in read_file(file).mapping().items())


def with_parts(rows: tuple[Requirement, ...]) -> Iterator[Requirement]:
    """Give every row, and behind it its parts."""
    for row in rows:
        yield row
        yield from row.parts


def _read(name: str, node: Node, *, risk: str = "") -> Requirement:
    needs = ("shall", "acceptance") if risk else ("shall", "risk", "acceptance")
    said = node.fields(required=needs, optional=("risk", "status", "reason", "parts"))
    risk = said["risk"].choice(Risk) if "risk" in said else risk
    if ("status" in said) != ("reason" in said) or ("status" in said and "parts" in said):
        raise node.wrong("has a status where it is not built, with its reason; with parts, each part has its own")
    if "status" in said:
        said["status"].choice(["not built"])
    parts = said["parts"].mapping().items() if "parts" in said else ()
    if stray := [part for part, _ in parts if not part.startswith(f"{name}.")]:
        raise node.wrong(f"has the parts {', '.join(stray)}; a part is called {name}.1")
    return Requirement(
        id=name,
        shall=_sentence(said["shall"]),
        risk=Risk(risk),
        acceptance=_sentence(said["acceptance"]),
        reason=said["reason"].string() if "reason" in said else "",
        parts=tuple(_read(part, inner, risk=risk) for part, inner in parts),
    )


def _sentence(node: Node) -> str:
    text = node.string()
    if not text.endswith("."):
        raise node.wrong(f"is {text!r}; a sentence that ends with a full stop is needed")
    return text

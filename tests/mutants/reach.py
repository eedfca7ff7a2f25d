"""Which tests reach a change: measured once, unchanged, line by line.

Units: s.
"""

import ast
from dataclasses import dataclass, field

LONGEST = 6.0  # s, of the tests that judge one change, as they took unchanged


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: its name for mutmut's switch, the function that it changes, and the lines of it."""

    name: str
    module: str  # path below the root
    function: str  # as mutmut calls it
    lines: tuple[int, int]  # of the unchanged function in the written file: the last before its body, and the last
    diff: str


@dataclass(slots=True)
class Reach:
    """Which tests passed unchanged, how long each took, and which lines each of them ran."""

    took: dict[str, float] = field(default_factory=dict)
    ran: dict[str, dict[str, list[int]]] = field(default_factory=dict)  # module: test ("" while importing): lines

    def of(self, mutant: Mutant) -> list[str]:
        """Give the tests that reach a change, the shortest first, as many as fit.

        What is reached while modules are imported may show in any test.
        """
        reaching = [test for test in self.took if self._reached(mutant, test)]
        rest = [test for test in self.took if test not in reaching] if self.early(mutant) else []
        chosen, total = list[str](), 0.0
        for test in sorted(reaching, key=self.took.__getitem__) + sorted(rest, key=self.took.__getitem__):
            total += self.took[test]
            chosen += [test] if total <= LONGEST or not chosen else []
        return chosen

    def early(self, mutant: Mutant) -> bool:
        """Tell whether a change is reached while modules are imported."""
        return self._reached(mutant, "")

    def _reached(self, mutant: Mutant, test: str) -> bool:
        first, last = mutant.lines
        return any(first < line <= last for line in self.ran.get(mutant.module, {}).get(test, ()))


def heads_of(code: str) -> dict[str, int]:
    """Give the last line before the body of each function; what stands there runs while the module is imported."""
    found = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {node.name: node.body[0].lineno - 1 for node in found}

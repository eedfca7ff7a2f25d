"""Writes every small change of a module beside what it changes; which of them runs is chosen when it runs.

Source: mutmut 3.8, which makes the changes and the switch; decorated functions and what a module does while it is
imported stay as they are.
"""

import difflib
from pathlib import Path

from mutmut.mutation.file_mutation import MutatedFile, mutate_file_contents

from tests.mutants.reach import Mutant, heads_of


def write(module: str, folder: Path) -> list[Mutant]:
    """Put all changes of a module into a copy of the program, and give them in order; none of them is on."""
    path = folder / module
    made = mutate_file_contents(module, path.read_text(encoding="utf-8"))
    path.write_text(made.code, encoding="utf-8")
    lines, heads = made.code.splitlines(), heads_of(made.code)
    return [_mutant(module, name, made, lines, heads=heads) for name in made.mutant_names]


def _mutant(module: str, name: str, made: MutatedFile, lines: list[str], *, heads: dict[str, int]) -> Mutant:
    function = name.partition("__mutmut_")[0]
    original = f"{function}__mutmut_orig"
    old, new = made.line_span_by_function_name[original], made.line_span_by_function_name[name]
    before, after = lines[old.start : old.end], lines[new.start : new.end]
    diff = [line for line in difflib.unified_diff(before, after, lineterm="", n=1) if line[:3] not in ("---", "+++")]
    dotted = module.removesuffix(".py").replace("/", ".")
    return Mutant(f"{dotted}.{name}", module, function, (heads[original], old.end), "\n".join(diff[1:]))

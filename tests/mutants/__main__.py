"""Mutation testing from the command line; ``make mutants MODULE=ledger/chain`` is the short way.

Run: ``python -m tests.mutants [--module WORD] [--group kernel] [--every 3] [--seed 1] [--processes 2]``
A line for each module tells how many changes were tried and what became of them. Those that no test noticed stand in
``build/mutants``; which of them may is told in docs/mutants.md.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tests.mutants.generate import write
from tests.mutants.groups import GROUPS, ROOT
from tests.mutants.reach import Mutant
from tests.storms.planting import Planted, plant

KEPT = ROOT / "build" / "mutants"
CAUGHT = ("killed", "endless")


def judged(group: str, given: argparse.Namespace, folder: Path) -> Iterator[tuple[Mutant, str]]:
    """Judge the changes of a group's modules in a copy of the program; gives each with its outcome."""
    plant(Planted("", "", (), ()), folder)
    shutil.copy(ROOT / "pyproject.toml", folder)
    made = [write(module, folder) for module in GROUPS[group].modules(given.module.split())]
    tried = {one.name: one for module in made for one in module[given.seed % given.every :: given.every]}
    if given.again:
        kept = "".join(path.read_text(encoding="utf-8") for path in KEPT.glob("*.txt"))
        tried = {name: one for name, one in tried.items() if f"{name}: " in kept}
    (folder / "mutants.json").write_text(json.dumps([asdict(one) for one in tried.values()]), encoding="utf-8")
    words = [sys.executable, "-m", "tests.mutants.judge", "mutants.json", str(given.processes)]
    words += given.tests or GROUPS[group].tests
    place = {**os.environ, "PYTHONPATH": str(folder), "TMPDIR": str(folder)}
    with subprocess.Popen(
        words, cwd=folder, env=place, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        for line in process.stderr or ():
            if not line.startswith("{"):
                sys.stderr.write(line)
                continue
            said = json.loads(line)
            if "tests" in said:
                say(f"{group}: {said['tests']} tests pass unchanged in {said['seconds']:.0f} s")
            else:
                yield tried[said["name"]], said["outcome"]


def report(module: str, outcomes: dict[Mutant, str]) -> None:
    """Print the line of a module, and keep the changes that were not noticed."""
    counts = Counter(outcomes.values())
    caught = sum(counts[word] for word in CAUGHT)
    share = f"{100 * caught / len(outcomes):5.1f} %"
    missed = counts["survived"] + counts["unreached"]
    say(f"{module:40} {len(outcomes):6} {counts['killed']:6} {counts['endless']:7} {missed:8} {share}")
    KEPT.mkdir(parents=True, exist_ok=True)
    left = [f"{one.name}: {word}\n{one.diff}\n" for one, word in outcomes.items() if word not in CAUGHT]
    (KEPT / f"{module.replace('/', '.')}.txt").write_text("\n".join(left), encoding="utf-8")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Change, judge, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", default="", help="words, one of which is in the path of each module")
    parser.add_argument("--group", default="", choices=["", *GROUPS])
    parser.add_argument("--every", type=int, default=1, help="try every n-th change of each module")
    parser.add_argument("--seed", type=int, default=0, help="which of them is the first")
    parser.add_argument("--again", action="store_true", help="only those of build/mutants, which no test noticed")
    parser.add_argument("--tests", nargs="*", default=[], help="judge by these tests instead of the group's")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    say(f"{'module':40} {'tried':>6} {'killed':>6} {'endless':>7} {'survived':>8} {'share':>7}")
    for group in [given.group] if given.group else GROUPS:
        if not GROUPS[group].modules(given.module.split()):
            continue
        outcomes = defaultdict[str, dict[Mutant, str]](dict)
        with tempfile.TemporaryDirectory() as name:
            for mutant, outcome in judged(group, given, Path(name)):
                outcomes[mutant.module][mutant] = outcome
                if (done := sum(map(len, outcomes.values()))) % 100 == 0:
                    say(f"{group}: {done} judged")
        for module in sorted(outcomes):
            report(module, outcomes[module])


if __name__ == "__main__":
    main()

"""Plants a bug in a copy of the program, and lets the storm that is to notice it blow there.

A patch says in its first two lines which invariant it breaks and what shows it: words for ``python -m tests.storms``
after ``storm:``, for ``python -m tests.identity`` after ``identity:``. Then comes a unified diff without line numbers:
each hunk's old lines have to stand once in the file. Run ``python -m tests.storms.planting`` for all of them.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATCHES = Path(__file__).parent / "planted"
PACKAGES = ("automation", "instruments", "protocols", "fakes", "tests")
LONGEST = 120.0  # s, of one storm in a process of its own
COMMANDS = {"storm: ": "tests.storms", "identity: ": "tests.identity"}  # by the word of the second line


@dataclass(frozen=True, slots=True)
class Planted:
    """One bug: what it breaks, the storm that shows it, and its hunks (file, old text, new text)."""

    name: str
    breaks: str
    storm: tuple[str, ...]  # the module and its words
    hunks: tuple[tuple[str, str, str], ...]


def read(path: Path) -> Planted:
    """Read a patch; raises ValueError for one that is not in the agreed form."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    word = next((one for one in COMMANDS if len(lines) > 2 and lines[1].startswith(one)), "")
    if not word or not lines[0].startswith("breaks: "):
        msg = f"{path.name} has to begin with 'breaks: ' and one of: {', '.join(COMMANDS)}"
        raise ValueError(msg)
    storm = (COMMANDS[word], *shlex.split(lines[1].removeprefix(word)))
    return Planted(path.stem, lines[0].removeprefix("breaks: ").strip(), storm, tuple(_hunks(lines[2:])))


def _hunks(lines: list[str]) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    file = ""
    for line in lines:
        if line.startswith("+++ b/"):
            file = line.removeprefix("+++ b/").strip()
        elif line.startswith("@@"):
            found.append((file, "", ""))
        elif found and not line.startswith("---"):
            file, old, new = found[-1]
            old += line[1:] if line[0] in " -" else ""
            new += line[1:] if line[0] in " +" else ""
            found[-1] = (file, old, new)
    return found


def plant(bug: Planted, into: Path) -> None:
    """Copy the program and break it; raises ValueError when the patch no longer fits."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, into / package)  # what was compiled before goes with it
    ours = distribution("cellwright")
    named = into / f"cellwright-{ours.version}.dist-info"
    named.mkdir()
    for name in ("METADATA", "entry_points.txt"):
        (named / name).write_text(ours.read_text(name) or "", encoding="utf-8")
    source = {"url": into.resolve().as_uri(), "dir_info": {"editable": True}}
    (named / "direct_url.json").write_text(json.dumps(source), encoding="utf-8")
    for file, old, new in bug.hunks:
        text = (into / file).read_text(encoding="utf-8")
        if text.count(old) != 1:
            msg = f"{bug.name}: its old lines stand {text.count(old)} times in {file}; write the patch anew"
            raise ValueError(msg)
        (into / file).write_text(text.replace(old, new), encoding="utf-8")


def blow(bug: Planted, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Let the bug's storm blow over a program in a folder."""
    words = [sys.executable, "-m", *bug.storm, "--quick"]
    place = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(words, cwd=folder, env=place, capture_output=True, text=True, timeout=LONGEST, check=False)


def caught(bug: Planted) -> str:
    """Plant a bug, and give why it was not caught; empty when its invariant was broken by it."""
    with tempfile.TemporaryDirectory() as name:
        plant(bug, Path(name))
        done = blow(bug, Path(name))
    if done.returncode == 1 and f"{bug.breaks}: " in done.stdout:
        return ""
    return f"exit {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}"


def main() -> None:
    """Plant every bug and say which were caught."""
    missed = 0
    for path in sorted(PATCHES.glob("*.patch")):
        bug = read(path)
        why = caught(bug)
        missed += bool(why)
        sys.stdout.write(f"{bug.name:<28} breaks {bug.breaks!r}: {why or 'caught'}\n")
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()

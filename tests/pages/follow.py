"""Follows a page in an empty folder: ``new`` here, the last commands of the page in one process of their own.

There the project is found as an installed one is: by its metadata on Python's path.
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.pages.blocks import blocks, write
from tests.support.commands import cellwright

TYPIST = """
import json, sys
from automation.opener import House
from automation.surfaces.cli.main import run
import pytest

for words in json.loads(sys.argv[1]):
    print("$", *words, flush=True)
    status = int(pytest.main(words[1:])) if words[0] == "pytest" else run(House, words[1:])
    if status:
        sys.exit(f"{words} ended with {status}")
"""
QUICK = ("-q", "-p", "no:cacheprovider", "-k", "not killed")
KILLED = ("-q", "-p", "no:cacheprovider")


@dataclass(frozen=True, slots=True)
class Typed:
    """What came of the last commands of a page."""

    status: int
    out: str


def make(*words: str, folder: Path) -> Path:
    """Write a part of a project without installing it, and declare what there is then; gives the project."""
    said = cellwright("new", *words, "--no-install", "--in", folder, "--json")
    assert said.status == 0, said.err
    project = Path(str(said.data["folder"]))
    declare(project)
    return project


def declare(project: Path) -> None:
    """Write the metadata that an installation would write."""
    stated = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name = stated["name"].replace("-", "_")
    info = project / f"{name}-{stated['version']}.dist-info"
    info.mkdir(exist_ok=True)
    groups = stated["entry-points"].items()
    lines = [line for group, points in groups for line in (f"[{group}]", *(f"{n} = {v}" for n, v in points.items()))]
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {stated['name']}\nVersion: {stated['version']}\n")
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")


def typed(commands: list[list[str]], project: Path) -> Typed:
    """Type commands in the project's folder, all in one process; stops at the first that does not end well."""
    words = [sys.executable, "-c", TYPIST, json.dumps(commands)]
    environment = {**os.environ, "PYTHONPATH": str(project)}
    done = subprocess.run(words, cwd=project, env=environment, capture_output=True, text=True, check=False)
    return Typed(done.returncode, done.stdout + done.stderr)


def follow(page: Path, folder: Path, *, whole: bool) -> tuple[Path, Typed]:
    """Do what a page says: of what is typed, ``new`` and the last block; gives the project and what came out.

    Unless it is the ``whole`` block, it is its first two commands, and no kills.
    """
    here, begun, every = folder, set[str](), blocks(page)
    last = [block for block in every if block.commands][-1]
    for block in every:
        for command in block.commands if block is not last else ():
            if command[0] == "cd":
                here = here / command[1]
            elif command[:2] == ["cellwright", "new"]:
                make(*command[2:], folder=here)
        if block.path:
            write(block, here, begun=begun)
    shutil.rmtree(here / "__pycache__", ignore_errors=True)
    options, wanted = (KILLED, last.commands) if whole else (QUICK, last.commands[:2])
    return here, typed([[*one, *(options if one[0] == "pytest" else ())] for one in wanted], here)

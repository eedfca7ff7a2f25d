"""Follows a page in an empty folder: ``new`` here, the last commands of the page in one process of their own.

There the project is found as an installed one is: by its metadata on Python's path.
"""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
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
PYTEST = ("pytest", "-q", "-p", "no:cacheprovider")


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


def follow(pages: Sequence[Path], folder: Path) -> tuple[Path, list[list[str]]]:
    """Do what pages say, one after the other in one project; gives it, and what is typed at the end of each page.

    Of what is typed before, only ``new`` is done; a project that is there already is used.
    """
    begun, then, here = set[str](), list[list[str]](), folder
    for page in pages:
        here, every = folder, blocks(page)
        last = [block for block in every if block.commands][-1]
        for block in every:
            for command in block.commands if block is not last else ():
                if command[0] == "cd":
                    here = here / command[1]
                elif command[:2] == ["cellwright", "new"] and not (command[2] == "project" and any(folder.iterdir())):
                    make(*command[2:], folder=here)
            if block.path:
                write(block, here, begun=begun)
        then += last.commands
    return here, then

"""A project of an author's own: where it is, what it has, and what is written into it, all of it or nothing.

Nothing is overwritten: a file that is there already is an error before anything was written.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

from automation.engine.sitefile import FILE
from automation.kernel.errors import InputError
from automation.surfaces.authoring import declaring, pieces
from automation.surfaces.authoring.names import Name, read
from automation.surfaces.authoring.pieces import Part, Renaming

PYPROJECT = "pyproject.toml"
GROUPS = "cellwright."


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, by path from the folder."""

    folder: Path
    new: tuple[str, ...]
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a ``pyproject.toml`` that declares entry points of ours."""

    folder: Path
    name: Name

    @property
    def pyproject(self) -> str:
        """Give the text of ``pyproject.toml``."""
        return (self.folder / PYPROJECT).read_text(encoding="utf-8")

    @property
    def sites(self) -> list[str]:
        """Give the paths of the project's simulated sites."""
        found = (self.folder / self.name.snake / "sites").glob(f"*/{FILE}")
        return sorted(str(path.relative_to(self.folder)) for path in found)

    def text(self, path: str) -> str:
        """Give the text of one of its files."""
        return (self.folder / path).read_text(encoding="utf-8")


def find(folder: Path) -> Project:
    """Give the project in a folder; raises InputError for a folder without one."""
    path = folder / PYPROJECT
    hint = "make one with: cellwright new project NAME; then work in its folder, or name it with --in"
    if not path.exists():
        raise InputError(f"there is no {PYPROJECT} in {folder.resolve()}; {hint}")
    try:
        project = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise InputError(f"it can't be read: {wrong}", where=str(path)) from None
    name = str(project.get("name", ""))
    ours = any(group.startswith(GROUPS) for group in project.get("entry-points", {}))
    package = Name(name.replace("-", " ").replace("_", " "))
    if not ours or not (folder / package.snake / "__init__.py").exists():
        raise InputError(f"{folder.resolve()} is no project that 'cellwright new project' has made; {hint}")
    return Project(folder, package)


def write_project(name: Name, parent: Path) -> Written:
    """Write a new project into a folder of its own name; raises InputError when there is one already."""
    folder = parent / name.kebab
    if folder.exists():
        raise InputError(f"{folder} is there already; nothing was written")
    renaming = Renaming({pieces.PACKAGE: name})
    found = {path: text for path, text in pieces.files().items() if pieces.part_of(path) is Part.PROJECT}
    new = {renaming.path(path): renaming.text(_plain(path, text)) for path, text in found.items()}
    return _write(Project(folder, name), new, changed={})


def write_operation(project: Project, name: Name) -> Written:
    """Write an operation with its recipe, test and page, and train the people of the simulated sites."""
    renaming = Renaming({pieces.OPERATION: name, pieces.PACKAGE: project.name})
    changed = {path: declaring.trained(project.text(path), name.snake) for path in project.sites}
    return _write_part(project, Part.OPERATION, renaming, changed)


def write_driver(project: Project, name: Name, *, device: Name) -> Written:
    """Write a driver with its interface, fake, vectors, test and page, and put the device into the simulated sites.

    An interface that is there already, of an earlier driver, is used as it is.
    """
    renaming = Renaming({pieces.DRIVER: name, pieces.DEVICE: device, pieces.PACKAGE: project.name})
    sites = {path: text for path, text in pieces.files().items() if path.endswith(FILE)}
    block = renaming.text(declaring.asset_block("".join(sites.values())))
    changed = {
        path: declaring.with_asset(project.text(path), block, where=str(project.folder / path))
        for path in project.sites
    }
    return _write_part(project, Part.DRIVER, renaming, changed)


def write_recipe(project: Project, name: Name, text: str) -> Written:
    """Write a recipe and declare it."""
    entry = {"cellwright.recipes": [f'{name.kebab} = "{project.name.snake}.recipes"']}
    changed = {PYPROJECT: declaring.with_entries(project.pyproject, entry)}
    return _write(project, {recipe_path(project, name): text}, changed=changed)


def recipe_path(project: Project, name: Name) -> str:
    """Give where a recipe stands, from the project's folder."""
    return f"{project.name.snake}/recipes/{name.kebab}.yaml"


def installed(*groups: str) -> set[str]:
    """Give the names that are installed in groups of entry points."""
    return {point.name for group in groups for point in entry_points(group=f"{GROUPS}{group}")}


def read_name(text: str, what: str, *groups: str) -> Name:
    """Read a name that none of these groups has yet; raises InputError."""
    return read(text, what=what, taken=installed(*groups))


def _write_part(project: Project, part: Part, renaming: Renaming, changed: Mapping[str, str]) -> Written:
    start = pieces.files()
    found = {path: text for path, text in start.items() if pieces.part_of(path) is part}
    new = {renaming.path(path): renaming.text(text) for path, text in found.items()}
    kept = {path: text for path, text in new.items() if "/interfaces/" in path and (project.folder / path).exists()}
    lines = {
        group: [renaming.text(line) for line in declared]
        for group, declared in declaring.entries(start[PYPROJECT], part).items()
    }
    declared = {PYPROJECT: declaring.with_entries(project.pyproject, lines)}
    wanted = {path: text for path, text in new.items() if path not in kept}
    return _write(project, wanted, changed={**changed, **declared})


def _plain(path: str, text: str) -> str:
    """Give a file of the bare project: it declares neither operation nor driver."""
    return declaring.without(text, Part.OPERATION, Part.DRIVER) if path.endswith((PYPROJECT, FILE)) else text


def _write(project: Project, new: Mapping[str, str], *, changed: Mapping[str, str]) -> Written:
    _check_absent(project.folder, new)
    for path, text in {**new, **changed}.items():
        file = project.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return Written(project.folder, tuple(sorted(new)), tuple(sorted(changed)))


def _check_absent(folder: Path, paths: Iterable[str]) -> None:
    there = sorted(path for path in paths if (folder / path).exists())
    if there:
        raise InputError(f"{', '.join(there)} in {folder} is there already; nothing was written")

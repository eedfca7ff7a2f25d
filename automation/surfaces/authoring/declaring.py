"""Lines that declare a new part: entry points in ``pyproject.toml``, people and a device in the simulated sites.

Text is put in and nothing else is touched, so that comments and order of the author's files stay.
"""

import re
from collections.abc import Mapping

from automation.kernel.errors import InputError
from automation.surfaces.authoring.pieces import Part, part_of

_HEAD = re.compile(r"^\[project\.entry-points\.\"(cellwright\.\w+)\"\]$")
_TRAINED = re.compile(r"trained: \[([^\]]*)\]")
_ASSETS = "assets:"


def without(text: str, *parts: Part) -> str:
    """Give a file of ``start`` without what belongs to these parts: lines that name them, and blocks below such."""
    kept, inside = [], False
    for line in text.splitlines():
        inside = inside and line.startswith("    ")
        if inside:
            continue
        if part_of(line) in parts and not _TRAINED.search(line):
            inside = line.endswith(":")
        else:
            kept.append(_TRAINED.sub(lambda found: _untrained(found, parts), line))
    return "\n".join(kept) + "\n"


def entries(pyproject: str, part: Part) -> dict[str, list[str]]:
    """Give the lines by which ``start`` declares a part, by the group of entry points."""
    found: dict[str, list[str]] = {}
    group = ""
    for line in pyproject.splitlines():
        head = _HEAD.match(line)
        group = head[1] if head else "" if line.startswith("[") else group
        if group and not head and part_of(line) is part:
            found.setdefault(group, []).append(line)
    return found


def with_entries(pyproject: str, more: Mapping[str, list[str]]) -> str:
    """Give a ``pyproject.toml`` with more entry points, each below the head of its group."""
    lines = pyproject.splitlines()
    for group, new in more.items():
        head = f'[project.entry-points."{group}"]'
        if head not in lines:
            lines += ["", head]
        at = lines.index(head) + 1
        while at < len(lines) and "=" in lines[at] and not lines[at].startswith("["):
            at += 1
        lines[at:at] = new
    return "\n".join(lines) + "\n"


def trained(site: str, operation: str) -> str:
    """Give a site file whose people who are trained on anything are trained on this operation too."""

    def more(found: re.Match[str]) -> str:
        return f"trained: [{', '.join(filter(None, (found[1].strip(), operation)))}]"

    return _TRAINED.sub(more, site)


def asset_block(site: str) -> str:
    """Give the block of the site file of ``start`` that brings the driver's device."""
    lines, block = site.splitlines(), list[str]()
    for line in lines:
        starts = part_of(line) is Part.DRIVER and line.startswith("  ") and not line.startswith("   ")
        if starts or (block and line.startswith("    ")):
            block.append(line)
        elif block:
            break
    return "\n".join(block)


def with_asset(site: str, block: str, *, where: str) -> str:
    """Give a site file with one more asset at the end of the others; raises InputError when it has no such list."""
    lines = site.splitlines()
    if _ASSETS not in lines:
        raise InputError(f"there is no line {_ASSETS!r} to put the device below; add it by hand:\n{block}", where=where)
    at = lines.index(_ASSETS) + 1
    while at < len(lines) and (not lines[at] or lines[at][0] in " #"):
        at += 1
    while not lines[at - 1].strip():
        at -= 1
    lines[at:at] = block.splitlines()
    return "\n".join(lines) + "\n"


def _untrained(found: re.Match[str], parts: tuple[Part, ...]) -> str:
    kept = [one for one in found[1].split(", ") if part_of(one) not in parts]
    return f"trained: [{', '.join(kept)}]"

"""Reads ``notices`` of a site file: how often is looked, where they are put, whom they reach the longer they wait.

Units:  s; levels count from the moment at which a due was over.
Source: docs/command-line.md.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from automation.engine.alarmmodel import OnCall
from automation.engine.recipe.yaml_source import Node, nearest
from automation.gmp.escalation import Level
from automation.gmp.words import Right
from automation.kernel import quantity
from automation.kernel.quantity import Seconds

SECTION, ROSTER = "notices", "roster"
_SHORTEST = Seconds(10.0)  # between two looks
_RIGHTS = tuple(right.value for right in Right if right is not Right.SYSTEM)


@dataclass(frozen=True, slots=True)
class NoticePlan:
    """What the owner of a site does about notices by itself; ``spool`` is empty where a sender takes them."""

    every: Seconds = Seconds(300.0)
    spool: str = ""
    levels: tuple[Level, ...] = ()


def read_notices(pairs: Mapping[str, Node], *, people: Collection[str], roster: Sequence[OnCall]) -> NoticePlan | None:
    """Read what stands in the file, None when nothing does; ``people`` is empty where the file names none.

    Raises InputError for levels that do not rise, a roster that is not there, and people whom nobody knows.
    """
    if SECTION not in pairs:
        return None
    given = pairs[SECTION].fields(required=("every",), optional=("spool", "escalation"))
    levels: list[Level] = []
    for node in given["escalation"].sequence() if "escalation" in given else ():
        levels += _levels(node, people=people, roster=roster)
        if [one.after for one in levels] != sorted(one.after for one in levels):
            raise node.wrong("comes before a level above it has had its time; each level waits longer")
    spool = given["spool"].string() if "spool" in given else ""
    return NoticePlan(_time(given["every"], least=_SHORTEST), spool, tuple(levels))


def _levels(node: Node, *, people: Collection[str], roster: Sequence[OnCall]) -> list[Level]:
    """Read one level; ``roster`` stands for its people, one after the other, each with the time that it gives."""
    pairs = node.fields(required=("to", "after"))
    to, after = pairs["to"].string(), _time(pairs["after"])
    if to != ROSTER:
        known = (*_RIGHTS, *people)
        if people and to not in known:
            raise pairs["to"].wrong(f"is {to!r}; {nearest(to, known)}")
        return [Level(to, after)]
    if not roster:
        raise pairs["to"].wrong("names the roster, and the file has none")
    found = []
    for one in roster:
        found.append(Level(one.person, after))
        after = after + one.wait
    return found


def _time(node: Node, *, least: Seconds = Seconds(0.0)) -> Seconds:
    found = Seconds(quantity.read(node.string(), Seconds, what=node.name, where=node.where))
    if found < least:
        raise node.wrong(f"is {node.text!r}; at least {least:g} s is needed")
    return found

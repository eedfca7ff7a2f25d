"""Stories of a site, as data: sentences with the commands behind them, in parts, read from YAML.

A story names the recipe files that it takes along, the batch that it is about, and what happens: each act is one
sentence (``tell``) and the commands behind it (``do``, a line each, as at the command line without ``cellwright``).
``wait`` lets time pass before, ``at`` (step.result) says when what is told was recorded, ``refused`` is a part of how
the last command has to be refused, ``shown`` are patterns of what is shown of the answers, ``timed`` says how long
they took.
Units:  s.
"""

import re
import shlex
import warnings
from dataclasses import dataclass

from automation.engine.recipe.yaml_source import Node, read_bytes
from automation.kernel.quantity import Seconds, read

FILE = "story.yaml"
LONGEST_WAIT = Seconds(3650 * 86_400.0)  # s


@dataclass(frozen=True, slots=True)
class Act:
    """One sentence and what is done; ``where`` it stands in the file."""

    where: str
    tell: str
    do: tuple[str, ...] = ()
    wait: Seconds = Seconds(0.0)
    at: str = ""
    refused: str = ""
    shown: tuple[re.Pattern[str], ...] = ()
    timed: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Some acts under one heading."""

    title: str
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """A whole story, the batch it is about, and the recipe files beside it."""

    title: str
    batch: str
    recipes: tuple[str, ...]
    parts: tuple[Part, ...]


def story(raw: bytes, *, name: str) -> Story:
    """Read a story; raises InputError with line and column in the file ``name``."""
    pairs = read_bytes(raw, name=name).fields(required=("title", "batch", "recipes", "parts"))
    recipes = tuple(map(_file, pairs["recipes"].sequence()))
    parts = tuple(map(_part, pairs["parts"].sequence()))
    return Story(pairs["title"].string(), pairs["batch"].string(), recipes, parts)


def _part(node: Node) -> Part:
    pairs = node.fields(required=("part", "acts"))
    return Part(pairs["part"].string(), tuple(map(_act, pairs["acts"].sequence())))


def _act(node: Node) -> Act:
    pairs = node.fields(required=("tell",), optional=("do", "wait", "at", "refused", "shown", "timed"))
    return Act(
        where=node.where,
        tell=pairs["tell"].string(),
        do=_commands(pairs["do"]) if "do" in pairs else (),
        wait=_duration(pairs["wait"]) if "wait" in pairs else Seconds(0.0),
        at=pairs["at"].string() if "at" in pairs else "",
        refused=pairs["refused"].string() if "refused" in pairs else "",
        shown=tuple(map(_pattern, pairs["shown"].sequence())) if "shown" in pairs else (),
        timed="timed" in pairs and pairs["timed"].flag(),
    )


def _file(node: Node) -> str:
    name = node.string()
    if not re.fullmatch(r"[\w-][\w.-]*", name):
        raise node.wrong(f"is {name!r}; the name of a file beside the story is needed")
    return name


def _commands(node: Node) -> tuple[str, ...]:
    lines = tuple(node.string().strip().splitlines())
    for line in lines:
        try:
            shlex.split(line)
        except ValueError as error:
            raise node.wrong(f"has {line!r}, which is no command: {error}") from None
    return lines


def _duration(node: Node) -> Seconds:
    wait = Seconds(read(node.string(), Seconds, what="wait", where=node.where))
    if not Seconds(0.0) <= wait <= LONGEST_WAIT:
        raise node.wrong(f"is {node.text!r}; 0 s to {LONGEST_WAIT / 86_400.0:g} d are possible")
    return wait


def _pattern(node: Node) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return re.compile(node.string(), re.MULTILINE)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise node.wrong(f"is no pattern: {error}") from None

"""Reads the words by which parts of a recipe are divided, done again or left out.

``each: containers``, ``loads: {of: containers, at_most: 4}``, ``daily: {until: {...}, at_most: 5}``,
``repeat: {until: {...}, at_most: 3}`` and ``when: {from: step.result, is: below 80.0 %}``; there are no expressions.
Every error names file, line and column.
"""

from collections.abc import Callable, Mapping

from automation.engine.recipe.model import Condition, Part, Reference, Word
from automation.engine.recipe.yaml_source import Node, Shape
from automation.formulas import limits
from automation.kernel.errors import InputError

MOST = 100  # rounds, days, or containers of a load
WORDS = tuple(str(word) for word in Word)
_CONTAINERS = "containers"


def part(
    name: str, pairs: Mapping[str, Node], steps: tuple[str, ...], refer: Callable[[Node], Reference]
) -> Part | None:
    """Give the part that a step or several steps are; None when they are done once."""
    found = [word for word in WORDS if word in pairs]
    if not found:
        return None
    if len(found) > 1:
        raise InputError(f"{pairs[found[1]].name} stands beside {found[0]!r}; one of them", where=pairs[found[1]].where)
    word, node = Word(found[0]), pairs[found[0]]
    if word is Word.EACH:
        node.choice([_CONTAINERS])
        return Part(name, word, 1, None, steps, node.where)
    if word is Word.LOADS:
        inside = node.fields(required=("of", "at_most"))
        inside["of"].choice([_CONTAINERS])
        return Part(name, word, _most(inside["at_most"]), None, steps, node.where)
    needed, free = (("at_most",), ("until",)) if word is Word.DAILY else (("at_most", "until"), ())
    inside = node.fields(required=needed, optional=free)
    until = condition(inside["until"], refer) if "until" in inside else None
    return Part(name, word, _most(inside["at_most"]), until, steps, node.where)


def condition(node: Node, refer: Callable[[Node], Reference]) -> Condition:
    """Read ``{from: step.result, is: ...}``: limits of a number, or one or several words."""
    pairs = node.fields(required=("from", "is"))
    said = pairs["is"]
    each = said.sequence() if said.shape is Shape.LIST else (said,)
    texts = tuple(one.string() for one in each)
    if not texts:
        raise said.wrong("is empty; a limit or a word is needed")
    numbers: tuple[limits.Limit, ...] = ()
    if all(text.partition(" ")[0] in _OPERATORS for text in texts):
        numbers = tuple(one for part in each for one in limits.parse(part.text, what=part.name, where=part.where))
    return Condition(
        refer(pairs["from"]), numbers, () if numbers else texts, " and ".join(texts) if numbers else " or ".join(texts)
    )


def _most(node: Node) -> int:
    count = node.integer()
    if not 1 <= count <= MOST:
        raise node.wrong(f"is {count}; allowed: 1 to {MOST}")
    return count


_OPERATORS = frozenset({"at", "above", "below", "exactly", "between"})

"""Files are read quickly where two parsers agree, and by YAML 1.2 alone where they may not."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode
from ruamel.yaml.nodes import Node as Composed

from automation.engine.recipe.yaml_source import Node, read_text
from automation.kernel.errors import InputError

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "protocols").rglob("*.yaml"))

SAID = {
    "an anchor": ("a: &b 1", "f:1:4: a has an anchor; write the value out where it is needed"),
    "a tag": ("a: !b 1", "f:1:4: a has the tag !b; tags are not used here"),
    "a tab": ("a: b\tc", "f:1:5: not YAML: found character '\\t' that cannot start any token"),
    "a value without a blank": ('{"a":1b, "c"d}', "f:1:13: not YAML: expected ',' or '}', but got '<scalar>'"),
    "another version": ("%YAML 1.1\n---\na: &b 1", "f:3:4: a has an anchor"),
    "an open bracket": ("a: [1", "f:1:6: not YAML: expected ',' or ']', but got '<stream end>'"),
    "deep": ("".join(f"{' ' * deep}a:\n" for deep in range(1000)), "f: lists and mappings are nested too deeply"),
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_quick_reading_sees_what_yaml_1_2_says(path: Path) -> None:
    """Texts, quotes and places of every value are those of the parser that is slow and sure."""
    text = path.read_text(encoding="utf-8")
    sure = YAML(typ="safe", pure=True).compose(text)
    assert [*_seen(read_text(text, name="f"))] == [*_said(sure)]


@pytest.mark.parametrize("case", SAID)
def test_complaints_are_in_the_words_of_the_sure_parser(case: str) -> None:
    """What the quick one can't read, or reads otherwise, is left to the sure one, with line and column."""
    text, said = SAID[case]
    with pytest.raises(InputError) as refused:
        read_text(text, name="f")
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(("text", "where"), [("a:\n", "f:2:1"), ("a: x\nb:\nc: y", "f:3:1")])
def test_a_value_left_out_stands_where_the_file_goes_on(text: str, where: str) -> None:
    """Its place is that of what comes next, as the sure parser has it."""
    [empty] = [node for node in read_text(text, name="f").pairs.values() if node.empty]
    assert empty.where == where


def _seen(node: Node) -> Iterator[tuple[str, str, bool]]:
    yield node.where, node.text, node.quoted
    for inner in (*node.items, *node.pairs.values()):
        yield from _seen(inner)


def _said(node: Composed) -> Iterator[tuple[str, str, bool]]:
    place = f"f:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
    scalar = isinstance(node, ScalarNode)
    yield place, node.value if scalar else "", isinstance(node, ScalarNode) and bool(node.style)
    if not scalar:
        values = (value for _, value in node.value) if isinstance(node, MappingNode) else node.value
        yield from chain.from_iterable(map(_said, values))

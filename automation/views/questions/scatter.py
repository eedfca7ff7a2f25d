"""What part of the scatter lies between which groups: components of variance of the rows of a question.

Units:  those of the rows; values of different units are refused. Variances are in their square.
Source: automation.formulas.components.
"""

import re
from dataclasses import dataclass

from automation.engine.recipe.yaml_source import nearest
from automation.formulas.components import Component, Observation, components
from automation.kernel.errors import InputError
from automation.views.questions.asking import UNIT, Answer

_WORDS = re.compile(r"(\w+) +by +(\w+(?: *, *\w+)*)")


@dataclass(frozen=True, slots=True)
class Split:
    """The components, the unit of the values, how many there are, and the events that they rest on."""

    components: tuple[Component, ...]
    unit: str
    number: int
    events: tuple[int, ...]


def split_by(answer: Answer, text: str) -> Split:
    """Split what was asked by ``VALUE by FIELD,FIELD``, outermost first; raises InputError where data carry none.

    Rows without a value are left out; one without its group is refused, because nobody knows where it belongs.
    """
    found = _WORDS.fullmatch(text.strip())
    if found is None:
        raise InputError(f"--components is {text!r}; write VALUE by FIELD,FIELD, for example: value by recipe,batch")
    levels = tuple(part.strip() for part in found[2].split(","))
    for name in (found[1], *levels):
        if name not in answer.fields:
            raise InputError(f"the rows have no field {name!r}; {nearest(name, answer.fields)}")
    rows = [(row, value) for row in answer.rows if (value := row.number(found[1])) is not None]
    units = {row.text(UNIT) for row, _ in rows} if UNIT in answer.fields else {""}
    if len(units) > 1:
        raise InputError(f"values of several units ({', '.join(sorted(units))}) have no scatter in common; ask for one")
    missing = [row for row, _ in rows if not all(row.text(name) for name in levels)]
    if missing:
        raise InputError(f"{len(missing)} of {len(rows)} rows name no {' or '.join(levels)}; leave them out by --where")
    seen = [Observation(tuple(row.text(name) for name in levels), value) for row, value in rows]
    events = tuple(sorted({seq for row, _ in rows for seq in row.events}))
    return Split(components(seen, levels), next(iter(units), ""), len(seen), events)

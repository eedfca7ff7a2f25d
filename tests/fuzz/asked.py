"""Targets: questions that people write, and data sets that were frozen."""

import msgspec

from automation.views.questions import frozen
from automation.views.questions.asking import Question, ask, condition, measure
from automation.views.questions.rows import Row, Rows
from tests.fuzz.target import Target, pure

_ROWS = Rows(
    ("batch", "value", "unit"),
    tuple(Row({"batch": f"B-{at}", "value": float(at), "unit": "%"}, (at,)) for at in range(1, 6)),
)


def _question(data: bytes) -> object:
    """Ask with three lines: a condition, a measure, fields to group by."""
    lines = data.decode("utf-8", "replace").split("\n")
    if len(lines) != 3:
        return None
    where, of, group = lines
    asked = Question("rows", where=(condition(where),), of=(measure(of),), group=tuple(group.split(",")))
    return [row.values for row in ask(asked, _ROWS).rows]


def _data_set(data: bytes) -> object:
    kept = frozen.read(data, where="the data set")
    return [row.values for row in kept.answer.rows]


def _frozen() -> bytes:
    made = frozen.Kept(
        name="low",
        ledger="0" * 32,
        site="test",
        simulated=True,
        seq=7,
        head="ab" * 32,
        question=Question("rows", where=(condition("value < 3 %"),)),
        fields=("batch", "value"),
        rows=(("B-1", 1.5), ("B-2", None)),
        events=((1, 2), (3,)),
    )
    return msgspec.json.encode(msgspec.structs.replace(made, sha256=made.digest))


def _sealed(data: bytes) -> bytes:
    """Give a damaged data set its right digest, so that what stands behind it is reached; others as they are."""
    try:
        made = msgspec.json.decode(data, type=frozen.Kept)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return data
    return msgspec.json.encode(msgspec.structs.replace(made, sha256=made.digest))


ASKED: tuple[Target, ...] = (
    Target(
        name="question",
        covers=("automation.views.questions.asking",),
        corpus=lambda: [
            b"value < 3 %\nmean(value)\nunit",
            b"batch ~ B-*\nmax(value)\nbatch,unit",
            b"batch != B-1\nsd(value)\nunit",
        ],
        fresh=pure(_question),
        harmless="a person writes it, and the answer shows what was asked of which rows",
    ),
    Target(
        name="data set",
        covers=("automation.views.questions.frozen",),
        corpus=lambda: [_frozen()],
        fresh=pure(_data_set),
        seal=_sealed,
        harmless="its question is asked again of the ledger, and other rows are refused",
    ),
)

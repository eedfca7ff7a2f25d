"""Data sets that were frozen: a question, its answer, and the head of the ledger that it was asked of.

A frozen data set is read again by asking its question once more of the ledger as it stood then: what comes out has to
be what was kept. So neither a changed file nor a changed ledger passes, and the file alone is trusted for nothing.
Units: those of the rows.
"""

import re
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec

from automation.kernel.errors import DamagedError, InputError
from automation.kernel.files import write_whole
from automation.kernel.untrusted import UNREADABLE
from automation.ledger.read import Reader
from automation.views.objects import Objects
from automation.views.questions.asking import Answer, Question, ask
from automation.views.questions.rows import Row, Value
from automation.views.questions.tables import Tables

FOLDER = "frozen"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A data set as it is written; ``sha256`` is that of all the rest."""

    format: int = 1
    name: str
    ledger: str  # id, hex
    site: str
    simulated: bool
    seq: Annotated[int, msgspec.Meta(ge=1, lt=1 << 62)]  # of the ledger's last event then
    head: str  # hash of that event, hex
    question: Question
    fields: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    events: tuple[tuple[int, ...], ...]  # of each row
    sha256: str = ""

    @property
    def digest(self) -> str:
        """Give the SHA-256 of all but itself, hex."""
        return sha256(msgspec.json.encode(msgspec.structs.replace(self, sha256=""))).hexdigest()

    @property
    def answer(self) -> Answer:
        """Give its rows as an answer."""
        pairs = zip(self.rows, self.events, strict=True)
        rows = (Row(dict(zip(self.fields, values, strict=True)), events) for values, events in pairs)
        return Answer(self.fields, tuple(rows))


def place(folder: Path, name: str) -> Path:
    """Give the file of a data set in a site's folder; raises InputError for a name that none may have."""
    if not _NAME.fullmatch(name):
        raise InputError(f"the data set is {name!r}; 1 to 64 letters, digits, '.', '_' and '-' are allowed")
    return folder / FOLDER / f"{name}.json"


def freeze(folder: Path, name: str, *, reader: Reader, question: Question) -> Kept:
    """Answer a question and keep it under a name; raises InputError for a name that is taken."""
    path = place(folder, name)
    if path.exists():
        raise InputError(f"{name} is frozen already, and stays what it is; take another name", where=str(path))
    reader.pin()
    made = _kept(name, reader, question)
    path.parent.mkdir(exist_ok=True)
    write_whole(path, msgspec.json.encode(made))
    return made


def read_again(folder: Path, name: str) -> Kept:
    """Read a data set and ask its question again of the ledger as it stood; raises InputError, or DamagedError."""
    path = place(folder, name)
    if not path.exists():
        known = ", ".join(sorted(one.stem for one in path.parent.glob("*.json"))) or "none"
        raise InputError(f"there is no data set {name!r}; frozen are: {known}", where=str(folder))
    kept = read(path.read_bytes(), where=str(path))
    with Reader(folder) as reader:
        if reader.genesis.ledger != kept.ledger:
            raise DamagedError(f"it was frozen of another ledger ({kept.ledger})", where=str(path))
        found = reader.hash_at(kept.seq)
        if found is None or found.hex() != kept.head:
            raise DamagedError(f"event {kept.seq} of the ledger is not the one that it was frozen at", where=str(path))
        reader.pin(kept.seq)
        again = _kept(name, reader, kept.question)
    if again.digest != kept.sha256:
        raise DamagedError("the ledger as it stood then gives other rows today", where=str(path))
    return kept


def read(data: bytes, *, where: str) -> Kept:
    """Read a data set as it was written; raises DamagedError for what is none, or not what was frozen."""
    try:
        kept = msgspec.json.decode(data, type=Kept)
    except UNREADABLE as error:
        raise DamagedError(f"it can't be read as a data set ({error})", where=where) from error
    if kept.digest != kept.sha256:
        raise DamagedError("its rows are not those that it was frozen with", where=where)
    return kept


def _kept(name: str, reader: Reader, question: Question) -> Kept:
    objects = Objects(reader)
    answer = ask(question, Tables(objects)[question.table])
    last = reader.last
    made = Kept(
        name=name,
        ledger=reader.genesis.ledger,
        site=reader.genesis.site,
        simulated=objects.simulated,
        seq=last.seq,
        head=last.hash.hex(),
        question=question,
        fields=answer.fields,
        rows=tuple(answer.lines()),
        events=tuple(row.events for row in answer.rows),
    )
    return msgspec.structs.replace(made, sha256=made.digest)

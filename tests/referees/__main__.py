"""Ask the schema of GS1 or MESA about files that were written: ``python -m tests.referees epcis SCHEMA FILE...``.

``epcis`` takes GS1's JSON Schema, ``batchml`` the XSD of MESA's BatchProductionRecord with the files beside it.
``agree`` changes a document in one place at a time and tells where our reader and GS1's schema differ.
Neither schema is part of this project; docs/exchange.md says which files were used, with their SHA-256.
"""

import sys
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import msgspec
from lxml import etree

from automation.exchange.epcis.reading import document
from automation.kernel.errors import InputError
from tests.referees.changes import changed

_SHOWN = 5
_FORMATS = jsonschema.FormatChecker(formats=())


def _is_uri(text: object) -> bool:
    """Tell whether a text has a scheme and something behind it; the schema leaves formats to its reader."""
    found = urlsplit(text) if isinstance(text, str) else None
    return found is None or bool(found.scheme and (found.netloc or found.path) and " " not in found.geturl())


def _is_time(text: object) -> bool:
    """Tell whether a text is a moment with its offset."""
    return not isinstance(text, str) or datetime.fromisoformat(text).utcoffset() is not None


_FORMATS.checks("uri")(_is_uri)
_FORMATS.checks("date-time", raises=ValueError)(_is_time)


def _judge(schema: Path) -> jsonschema.Draft7Validator:
    said = msgspec.json.decode(schema.read_bytes())
    return jsonschema.Draft7Validator(said, format_checker=_FORMATS)


def epcis(schema: Path, files: list[Path]) -> list[str]:
    """Give what GS1's schema says against EPCIS documents."""
    judge = _judge(schema)
    found = []
    for path in files:
        wrong = list(judge.iter_errors(msgspec.json.decode(path.read_bytes())))
        found += [f"{path.name}: {'/'.join(map(str, one.path))}: {one.message[:200]}" for one in wrong[:_SHOWN]]
    return found


def batchml(schema: Path, files: list[Path]) -> list[str]:
    """Give what MESA's schema says against BatchML documents."""
    judge = etree.XMLSchema(etree.parse(schema))
    found = []
    for path in files:
        judge.validate(etree.parse(path))
        found += [f"{path.name}:{one.line}: {one.message[:200]}" for one in list(judge.error_log)[:_SHOWN]]
    return found


def agree(schema: Path, files: list[Path], *, changes: int = 2_000) -> list[str]:
    """Give the changes of documents on which our reader and GS1's schema differ."""
    judge = _judge(schema)
    found = []
    for path in files:
        said = msgspec.json.decode(path.read_bytes())
        for number in range(changes):
            what, made = changed(said, number)
            ours, theirs = _ours(made), judge.is_valid(made)
            if bool(ours) == theirs:
                found.append(f"{path.name} {number}: {what}: the schema {'takes' if theirs else 'refuses'} it; {ours}")
    return found


def _ours(made: object) -> str:
    try:
        document(msgspec.json.encode(made), name="changed")
    except InputError as error:
        return str(error)
    return ""


def main(words: list[str]) -> int:
    """Ask, say what is wrong; exit status 1 when anything is."""
    asked = {"epcis": epcis, "batchml": batchml, "agree": agree}
    if len(words) < 3 or words[0] not in asked:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    wrong = asked[words[0]](Path(words[1]), [Path(one) for one in words[2:]])
    sys.stdout.write("".join(f"{one}\n" for one in wrong) or f"{len(words) - 2} files are as the schema says\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

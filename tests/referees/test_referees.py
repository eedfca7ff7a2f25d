"""The command that asks others' schemas: what they refuse is named with its place; what they take is said."""

from pathlib import Path

import pytest

from tests.referees.__main__ import main

COURIER = Path(__file__).parents[1] / "data" / "epcis" / "courier.jsonld"
XSD = """<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<xsd:element name="a" type="xsd:dateTime"/></xsd:schema>"""


def test_a_json_schema_is_asked_with_its_formats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A moment without offset is none, although the schema leaves that to whoever reads it."""
    schema = tmp_path / "schema.json"
    schema.write_text('{"properties": {"creationDate": {"format": "date-time"}, "sender": {"format": "uri"}}}')
    assert main(["epcis", str(schema), str(COURIER)]) == 0
    other = tmp_path / "other.jsonld"
    other.write_text('{"creationDate": "2026-01-05T20:10:00", "sender": "nobody"}')
    assert main(["epcis", str(schema), str(other)]) == 1
    said = capsys.readouterr().out
    assert said.count("other.jsonld: ") == 2
    assert "creationDate: '2026-01-05T20:10:00' is not a 'date-time'" in said


def test_our_reader_is_compared_with_a_schema_change_by_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A schema that takes everything differs wherever our reader refuses."""
    schema, small = tmp_path / "schema.json", tmp_path / "small.jsonld"
    schema.write_text("{}")
    small.write_text('{"@context": "https://x.example/c", "type": "EPCISDocument", "schemaVersion": "2.0"}')
    assert main(["agree", str(schema), str(small)]) == 1
    assert "the schema takes it; changed: document" in capsys.readouterr().out


def test_an_xsd_is_asked_and_no_words_are_answered_with_what_is_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line of what is wrong; exit status 2 for a question that is none."""
    schema, good, bad = (tmp_path / name for name in ("s.xsd", "good.xml", "bad.xml"))
    schema.write_text(XSD)
    good.write_text("<a>2026-01-05T20:10:00Z</a>")
    bad.write_text("<a>today</a>")
    assert main(["batchml", str(schema), str(good)]) == 0
    assert main(["batchml", str(schema), str(bad)]) == 1
    assert "bad.xml:1: Element 'a'" in capsys.readouterr().out
    assert main(["batchml"]) == 2

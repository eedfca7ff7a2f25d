"""Which database keeps the ledger of a site: found by its folder or by the file that names it."""

from pathlib import Path

import pytest

from automation.kernel.errors import InputError
from automation.ledger import file, where
from automation.ledger.file_place import File
from tests.unit.ledger.ledgers import filled

WORDS = '[postgresql]\nschema = "site_a"\n'


def test_a_site_without_a_pointer_has_its_ledger_in_a_file(tmp_path: Path) -> None:
    """Whether it is there or not; the file itself is found as well."""
    for found in (where.of_site(tmp_path), where.find(tmp_path), where.find(tmp_path / file.NAME)):
        assert isinstance(found, File)
        assert found.path == tmp_path / file.NAME


def test_a_site_with_a_pointer_has_its_ledger_where_that_says(tmp_path: Path) -> None:
    """Nobody connects to find out."""
    pointer = tmp_path / where.POINTER
    pointer.write_text(WORDS, encoding="utf-8")
    for found in (where.of_site(tmp_path), where.find(tmp_path), where.find(pointer)):
        assert not isinstance(found, File)
        assert found.path == pointer


def test_a_site_with_two_ledgers_is_refused_in_one_sentence(tmp_path: Path) -> None:
    """Nobody can tell which of them is meant."""
    (filled(tmp_path) / where.POINTER).write_text(WORDS, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        where.of_site(tmp_path)
    said = "ledger.sqlite is there as well; a site has one ledger: put one of them away"
    assert str(refused.value) == f"{tmp_path}/ledger.toml: {said}"

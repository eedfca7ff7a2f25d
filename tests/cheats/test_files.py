"""Ways to cheat with the files of the ledger: nobody is there to refuse them, and each is found."""

import sqlite3
from pathlib import Path

import pytest

from tests.cheats.files import TAMPERINGS, Kept, Tampering, made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Keep one site for all."""
    return made(tmp_path_factory.mktemp("files"))


@pytest.mark.requirement("F021", "F106.2", "F179")
@pytest.mark.requirement("F021", "F106.2", "F179", refuses=True)
@pytest.mark.parametrize("tampering", TAMPERINGS, ids=str)
def test_whatever_is_done_to_the_files_is_found_with_the_first_bad_event(
    tampering: Tampering, site: Kept, tmp_path: Path
) -> None:
    """Untouched they are intact, by the same look."""
    kept = site.copied(tmp_path / "copy")
    assert tampering.verdict(kept).intact
    tampering.harm(kept)
    verdict = tampering.verdict(kept)
    assert not verdict.intact
    assert verdict.first_bad is not None
    assert (verdict.first_bad.seq, tampering.says in verdict.first_bad.what) == (tampering.first(kept), True)


@pytest.mark.requirement("F106.2", refuses=True)
@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE event SET body = x'7b7d' WHERE seq = 5", "events never change"),
        ("DELETE FROM event WHERE seq = 5", "events never go"),
        ("UPDATE head SET at = 0", "heads never change"),
        ("DELETE FROM head", "heads never go"),
    ],
)
def test_the_database_itself_refuses_to_change_what_was_recorded(
    statement: str, says: str, site: Kept, tmp_path: Path
) -> None:
    """Until somebody takes its triggers away, which changes no event."""
    kept = site.copied(tmp_path / "copy")
    with (
        sqlite3.connect(kept.folder / "ledger.sqlite") as connection,
        pytest.raises(sqlite3.IntegrityError, match=says),
    ):
        connection.execute(statement)
    connection.close()
    assert TAMPERINGS[0].verdict(kept).intact

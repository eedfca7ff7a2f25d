"""Check an exported record by itself."""

from pathlib import Path

from automation.ledger.verdict import Verdict

_MARK = b'{"cellwright_record":'


def is_record(path: Path) -> bool:
    """Tell whether a file claims to be an exported record."""
    with path.open("rb") as stream:
        return stream.read(len(_MARK)) == _MARK


def verify_record(path: Path, *, key: bytes | None, head: bytes | None) -> Verdict:
    """Check an exported record."""
    raise NotImplementedError

"""The file that a result comes from, as it was read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file as it was read, kept as the record; ``names`` are all under which the same bytes were found.

    ``data`` is empty for a file that is long or holds other samples too; it is kept apart under ``sha256``.
    """

    names: tuple[str, ...]
    sha256: str
    data: bytes

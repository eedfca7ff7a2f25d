"""The file that a result comes from, as it was read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file as it was read, kept as the record; ``names`` are all under which the same bytes were found."""

    names: tuple[str, ...]
    sha256: str
    data: bytes

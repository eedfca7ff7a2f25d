"""Reads ``seal`` of a site file: whose certificate seals what is exported as PDF, and where its secret stands.

The file never holds a secret itself: ``env:NAME`` names a variable, ``file:PATH`` a file that only the owner reads.
Source: docs/life-of-keys.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from automation.engine.recipe.yaml_source import Node
from automation.kernel.errors import InputError

SECTION = "seal"
_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+")


@dataclass(frozen=True, slots=True)
class SealPlan:
    """Where the key is that a site seals with; ``secret`` is a reference, empty for a key that has none."""

    file: str  # PKCS#12, or PEM with key and certificates; a relative path begins at the site's folder
    secret: str = ""


def read_seal(pairs: Mapping[str, Node]) -> SealPlan | None:
    """Read what stands in the file, None when nothing does; raises InputError for a secret that is no reference."""
    if SECTION not in pairs:
        return None
    given = pairs[SECTION].fields(required=("file",), optional=("secret",))
    secret = given["secret"].string() if "secret" in given else ""
    if secret and _REFERENCE.fullmatch(secret) is None:
        where = given["secret"].where
        raise InputError(f"{given['secret'].name} is no reference; env:NAME or file:PATH is needed", where=where)
    return SealPlan(given["file"].string(), secret)

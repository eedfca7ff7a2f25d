"""Reads ``lims`` of a site file: where the laboratory's system is, for which laboratory, and where its secret stands.

The secret itself is never in the site file: a file that only its owner can read, or a variable of the environment.
Units:  s.
Source: docs/exchange.md.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from automation.engine.recipe.yaml_source import Node
from automation.kernel import quantity
from automation.kernel.errors import InputError
from automation.kernel.quantity import Seconds

SECTION = "lims"
_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_LONGEST = Seconds(600.0)
_OTHERS = 0o077  # permissions of everybody but the owner


@dataclass(frozen=True, slots=True, kw_only=True)
class LimsPlan:
    """How a laboratory's system is reached; ``secret`` is ``env:NAME`` or ``file:PATH``, empty where it wants none."""

    url: str
    laboratory: str  # the party, as manifests name it
    secret: str = ""
    ca: str = ""  # certificates that are trusted beside those of the machine
    patience: Seconds = Seconds(30.0)  # s; for one question and its whole answer

    def token(self, folder: Path) -> str:
        """Give the secret; raises InputError where it is not, or where others can read it."""
        kind, _, name = self.secret.partition(":")
        found = _first_line(folder / name) if kind == "file" else os.environ.get(name, "") if kind == "env" else ""
        if kind == "env" and not found:
            raise InputError(f"the variable {name} is empty; it has to hold the secret of {self.laboratory}")
        if not (found.isascii() and found.isprintable()):
            raise InputError(
                f"the secret of {self.laboratory} holds what no header can carry; write letters and digits"
            )
        return found


def read_lims(pairs: Mapping[str, Node]) -> LimsPlan | None:
    """Read what stands in the file, None when nothing does; raises InputError for a way that others could listen to."""
    if SECTION not in pairs:
        return None
    given = pairs[SECTION].fields(required=("url", "laboratory"), optional=("secret", "ca", "patience"))
    secret = given["secret"].string() if "secret" in given else ""
    if secret and _REFERENCE.fullmatch(secret) is None:
        raise InputError(
            f"{given['secret'].name} is no reference; env:NAME or file:PATH is needed", where=given["secret"].where
        )
    return LimsPlan(
        url=_url(given["url"]),
        laboratory=given["laboratory"].string(),
        secret=secret,
        ca=given["ca"].string() if "ca" in given else "",
        patience=_time(given["patience"]) if "patience" in given else Seconds(30.0),
    )


def _url(node: Node) -> str:
    """Refuse what is no address, holds a secret, or would leave this machine without TLS."""
    text = node.string().rstrip("/")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise node.wrong(f"is {text!r}, which is no address") from None
    if parts.username or parts.password:
        raise node.wrong("holds a name or secret; write it under secret")
    if not host or parts.query or parts.fragment or parts.scheme not in {"http", "https"}:
        raise node.wrong(f"is {text!r}; write https://HOST[:PORT]/PATH")
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise node.wrong(f"is {text!r}: what leaves this machine goes by https")
    return text


def _time(node: Node) -> Seconds:
    found = Seconds(quantity.read(node.string(), Seconds, what=node.name, where=node.where))
    if not 0.0 < float(found) <= float(_LONGEST):
        raise node.wrong(f"is {node.text!r}; more than 0 s and at most {_LONGEST:g} s are needed")
    return found


def _first_line(path: Path) -> str:
    try:
        if path.stat().st_mode & _OTHERS:
            raise InputError("can be read by others; make it the owner's alone (chmod 600)", where=str(path))
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no text"
        raise InputError(f"the secret can't be read: {why}", where=str(path)) from None
    if not found or len(found.splitlines()) != 1:
        raise InputError("holds no secret; one line is needed", where=str(path))
    return found

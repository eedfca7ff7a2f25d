"""``ledger.toml``: which server, database and schema keep the ledger of a site. It holds no secret.

A password comes from where libpq looks for one: PGPASSWORD, PGPASSFILE, ``~/.pgpass``, or a service file.
Source: https://www.postgresql.org/docs/current/libpq-connect.html (keywords, defaults, service and password files).
"""

import re
import shlex
from pathlib import Path

import msgspec

from automation.kernel.errors import InputError

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
PAUSE = 0.2  # s, between attempts to reach a server that was lost
LONGEST = 60  # s; beyond it nobody waits, an alarm is due
_SECONDS = re.compile(r"\d{1,2}(\.\d)?")
_SAID = re.compile(r"[ -~]*")
_OURS = {"schema", "patience"}  # the rest are words of libpq
_SECRET = {"password", "passfile", "sslpassword", "sslkey"}


class Server(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is said of a ledger's database; what is left empty is libpq's own default, or that of the service."""

    schema: str
    service: str = ""
    host: str = ""  # name, address, or folder of a Unix socket
    port: str = ""
    dbname: str = ""
    user: str = ""
    sslmode: str = ""
    sslrootcert: str = ""
    patience: str = "5"  # s; how long a server that was lost is waited for

    @property
    def keywords(self) -> dict[str, str]:
        """Give what libpq is told."""
        said = {name: getattr(self, name) for name in self.__struct_fields__ if name not in _OURS}
        return {name: value for name, value in said.items() if value}

    @property
    def name(self) -> str:
        """Give it in words, for people."""
        return " ".join(f"{key}={value}" for key, value in {**self.keywords, "schema": self.schema}.items())

    @property
    def attempts(self) -> int:
        """Give how often a server that was lost is tried again, ``PAUSE`` apart."""
        return 1 + round(float(self.patience) / PAUSE)


def parse(text: str, *, where: str) -> Server:
    """Read ``service=... schema=...``; raises InputError, also for a secret, which is not repeated."""
    try:
        parts = [part.partition("=") for part in shlex.split(text)]
    except ValueError as error:
        what = f"it can't be read ({error}); for example: service=site-a schema=site_a"
        raise InputError(what, where=where) from None
    return _checked({key: value for key, _, value in parts}, where)


def read(path: Path) -> Server:
    """Read a site's ``ledger.toml``; raises InputError, also for a secret, which is not repeated."""
    try:
        found = msgspec.toml.decode(path.read_bytes(), type=dict[str, dict[str, str]])
    except OSError as error:
        raise InputError(f"it can't be read ({error.strerror})", where=str(path)) from error
    except msgspec.MsgspecError as error:
        raise InputError(f"this is not what names a database ({error})", where=str(path)) from None
    if set(found) != {"postgresql"}:
        raise InputError(f"its tables are {sorted(found)}; [postgresql] is allowed", where=str(path))
    return _checked(found["postgresql"], str(path))


def write(path: Path, server: Server) -> None:
    """Write a site's ``ledger.toml``; raises InputError when the folder takes none."""
    rows = {"schema": server.schema, **server.keywords, "patience": server.patience}
    lines = [f'{key} = "{value}"' for key, value in rows.items()]
    text = "# Where the ledger of this site is (docs/postgresql.md). No password stands here.\n[postgresql]\n"
    try:
        path.write_text(text + "\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"it can't be written ({error.strerror})", where=str(path)) from error


def _checked(said: dict[str, str], where: str) -> Server:
    secret = sorted(_SECRET & set(said))
    if secret:
        what = f"{secret[0]} stands there; secrets come from PGPASSWORD, ~/.pgpass or a service file alone"
        raise InputError(what, where=where)
    try:
        server = msgspec.convert(said, Server)
    except msgspec.ValidationError as error:
        allowed = ", ".join(Server.__struct_fields__)
        raise InputError(f"{error}; {allowed} are allowed, and schema is needed", where=where) from None
    if _NAME.fullmatch(server.schema) is None:
        raise InputError(f"schema is {server.schema!r}; lower-case letters, digits and _ are allowed", where=where)
    if _SECONDS.fullmatch(server.patience) is None or float(server.patience) > LONGEST:
        raise InputError(f"patience is {server.patience!r}; 0 to {LONGEST} s is allowed", where=where)
    for key, value in server.keywords.items():
        if _SAID.fullmatch(value) is None or set(value) & set("\"'\\"):
            raise InputError(f"{key} is {value!r}; printable ASCII without quotes is allowed", where=where)
    return server

"""Who subjects are: names and birth dates, sealed under one key for each subject, in one file beside the ledger.

``subjects.sqlite`` holds for each code its own key, wrapped under that of ``subjects.key`` (0600), and the sealed
identifiers. Erasing overwrites both; nothing is left in the file. Nothing of it is ever logged or put into an error.
Source: NIST SP 800-38D (AES-GCM), RFC 3394 (key wrap), NIST SP 800-88r1 2.5 (cryptographic erase).
"""

import hashlib
import hmac
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from automation.kernel import ids
from automation.kernel.errors import DamagedError, InputError, RefusedError
from automation.kernel.files import write_whole
from automation.kernel.untrusted import UNREADABLE

NAME, KEY = "subjects.sqlite", "subjects.key"
_NONCE = 12  # bytes
_PADDED = 256  # bytes; the length says nothing about the name
_MADE = "CREATE TABLE IF NOT EXISTS subject (code TEXT PRIMARY KEY, wrapped BLOB NOT NULL, sealed BLOB NOT NULL) STRICT"


class Identifiers(msgspec.Struct, frozen=True):
    """Who somebody is."""

    name: str
    born: str  # ISO 8601 date

    def __repr__(self) -> str:
        """Show nothing."""
        return "Identifiers(...)"


class Sealed:
    """The identifiers of a site's subjects; ``seed`` makes those of a simulated site the same again."""

    def __init__(self, folder: Path, *, seed: int | None = None) -> None:
        """Work in a site folder; files are made at the first entry."""
        self._path = folder / NAME
        self._key = folder / KEY
        self._seed = seed

    def put(self, code: str, who: Identifiers) -> str:
        """Seal who a new subject is and give the commitment (hex); raises RefusedError for one that is kept."""
        key = self._random("key", code, length=32)
        plain = msgspec.json.encode(who)
        nonce = self._random("nonce", code, length=_NONCE)
        sealed = nonce + AESGCM(key).encrypt(nonce, plain.ljust(-(-len(plain) // _PADDED) * _PADDED), code.encode())
        with self._open() as store:
            wrapped = aes_key_wrap(self._master(new=True), key)
            try:
                store.execute("INSERT INTO subject VALUES (?, ?, ?)", (code, wrapped, sealed))
            except sqlite3.IntegrityError:
                raise RefusedError(f"subject {code} is kept already") from None
        return hmac.digest(key, b"cellwright subject 1\0" + plain, hashlib.sha256).hex()

    def get(self, code: str) -> Identifiers:
        """Give who a subject is; raises InputError for one that is not kept, DamagedError when it can't be opened."""
        with self._open() as store:
            row = store.execute("SELECT wrapped, sealed FROM subject WHERE code = ?", (code,)).fetchone()
        if row is None:
            raise InputError(f"who subject {code} is, is not kept here")
        wrapped, sealed = row
        try:
            key = aes_key_unwrap(self._master(), wrapped)
            plain = AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], code.encode())
            return msgspec.json.decode(plain, type=Identifiers)
        except (InvalidTag, InvalidUnwrap, ValueError, *UNREADABLE):
            raise DamagedError(f"who subject {code} is, can't be opened: the file or its key was changed") from None

    def erase(self, code: str) -> None:
        """Destroy a subject's key and what was sealed under it; twice is once."""
        if not self._path.exists():
            return
        with self._open() as store:
            store.execute("UPDATE subject SET wrapped = zeroblob(40), sealed = zeroblob(300) WHERE code = ?", (code,))
            store.execute("DELETE FROM subject WHERE code = ?", (code,))
        with closing(sqlite3.connect(self._path)) as store:
            store.execute("VACUUM")

    def codes(self) -> tuple[str, ...]:
        """Give the codes that something is kept of."""
        if not self._path.exists():
            return ()
        with self._open() as store:
            return tuple(code for (code,) in store.execute("SELECT code FROM subject ORDER BY code"))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if not self._path.exists():
            self._path.touch(mode=0o600)
        with closing(sqlite3.connect(self._path)) as store:
            for pragma in ("journal_mode = DELETE", "secure_delete = ON", "synchronous = FULL"):
                store.execute(f"PRAGMA {pragma}")
            try:
                with store:
                    store.execute(_MADE)
                    yield store
            except sqlite3.DatabaseError as wrong:
                if isinstance(wrong, sqlite3.IntegrityError):
                    raise
                raise DamagedError("the file of subjects can't be read", where=str(self._path)) from None

    def _master(self, *, new: bool = False) -> bytes:
        """Give the key that wraps the others; made at the first entry."""
        if not self._key.exists():
            if not new or self.codes():
                raise DamagedError("the key of the subjects is missing; restore the file", where=str(self._key))
            write_whole(self._key, f"{self._random('master', '', length=32).hex()}\n".encode("ascii"), mode=0o600)
        try:
            return bytes.fromhex(self._key.read_text(encoding="ascii").strip())
        except ValueError:
            raise DamagedError("this is no key of subjects; restore the file", where=str(self._key)) from None

    def _random(self, what: str, code: str, *, length: int) -> bytes:
        """Give bytes that nobody can guess; on a simulated site, where nothing is protected, the same ones again."""
        return ids.secret(length) if self._seed is None else ids.digest("subject", self._seed, what, code)[:length]

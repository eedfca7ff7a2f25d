"""Secrets of persons: argon2 hashes in one file of the site folder, and the lock after wrong attempts.

Secrets go in here and nowhere else; what comes out is yes or no. An unknown person takes as long as a known one.
A secret that somebody else has set, or that is too old, opens nothing until its owner has set another.
Units:  KiB of memory, passes; five wrong attempts in a row lock the person until somebody unlocks.
Source: 21 CFR 11.300(a), (b) recall and revision, (d); Annex 11 draft 11.4 (change at first use); RFC 9106 (argon2id).
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from automation.kernel.clock import MICRO, Clock, SystemClock
from automation.kernel.errors import DamagedError, InputError
from automation.kernel.quantity import Seconds
from automation.kernel.untrusted import UNREADABLE

NAME = "credentials.json"
WRONG_IN_A_ROW = 5
AT_ONCE = 1  # secrets that are compared in a thread of their own; each takes the memory that its cost says


@dataclass(frozen=True, slots=True)
class Cost:
    """What one check costs whoever guesses."""

    passes: int
    memory: int  # KiB
    shortest: int  # characters of a secret
    lasts: Seconds = Seconds(0.0)  # s; after that its owner has to set another; 0: never
    remembers: int = 0  # former secrets of a person that don't come back


LIVE = Cost(passes=3, memory=65536, shortest=8, lasts=Seconds(180 * 86_400.0), remembers=5)
SIMULATED = Cost(passes=1, memory=8, shortest=1)


class Credential(msgspec.Struct, frozen=True):
    """What is kept of one person's secret."""

    hash: str
    wrong: int = 0  # attempts in a row
    set_at: int = 0  # us, UTC; 0: before this was kept
    provisional: bool = False  # set by somebody else than its owner
    former: tuple[str, ...] = ()  # hashes, the last one first


class Credentials:
    """The door's ``Secrets`` over the file ``credentials.json`` (0600) of a site folder."""

    def __init__(self, folder: Path, clock: Clock, *, cost: Cost = LIVE) -> None:
        """Read the file when there is one; raises DamagedError when it can't be read."""
        self._path = folder / NAME
        self._clock = clock
        self._cost = cost
        self._hasher = PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory, parallelism=1)
        self._kept = self._read()
        self._compared: dict[tuple[str, str], bool] = {}  # hash and secret, while somebody's command is carried out

    @cached_property
    def _nobody(self) -> str:
        """Give the hash that an unknown person's secret is compared with; made at the first look."""
        return self._hasher.hash("nobody")

    @cached_property
    def _comparer(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(AT_ONCE, "secrets")

    def set(self, person: str, secret: str, *, provisional: bool = False) -> None:
        """Keep a person's new secret and forget wrong attempts; raises InputError when it is too short.

        A provisional one, that somebody else knows, lets its owner set another and opens nothing else.
        """
        self.check_new(person, secret)
        kept = self._kept.get(person)
        former = (kept.hash, *kept.former)[: self._cost.remembers] if kept else ()
        self._keep(person, Credential(self._hasher.hash(secret), 0, self._clock.micros(), provisional, former))

    def check_new(self, person: str, secret: str) -> None:
        """Raise InputError when a new secret is too short."""
        if len(secret) < self._cost.shortest:
            msg = f"the secret of {person} is too short; at least {self._cost.shortest} characters are needed"
            raise InputError(msg)

    async def check_unused(self, person: str, secret: str) -> None:
        """Raise InputError when a new secret is the person's present one or one of the last before it."""
        kept = self._kept.get(person)
        hashes = (kept.hash, *kept.former)[: self._cost.remembers] if kept else ()
        async with self._in_a_thread({(one, secret) for one in hashes}):
            if any(self._matches(one, secret) for one in hashes):
                last = self._cost.remembers
                raise InputError(f"the new secret of {person} is one of the last {last}; another is needed")

    def stale(self, person: str) -> str:
        """Say why the person has to set another secret before anything else; empty when it is good."""
        kept = self._kept.get(person)
        if kept is None:
            return ""
        if kept.provisional:
            return "it was set by somebody else"
        days = round(float(self._cost.lasts) / 86_400.0)
        old = days and self._clock.micros() > kept.set_at + round(float(self._cost.lasts) * MICRO)
        return f"it is older than {days} days" if old else ""

    def check(self, person: str, secret: str) -> bool:
        """Tell whether this is the person's secret; never after five wrong attempts in a row."""
        kept = self._kept.get(person)
        right = self._matches(self._hash(person), secret)
        if kept is None or kept.wrong >= WRONG_IN_A_ROW:
            return False
        if not right:
            self._keep(person, msgspec.structs.replace(kept, wrong=kept.wrong + 1))
        elif kept.wrong:
            self._keep(person, msgspec.structs.replace(kept, wrong=0))
        return right

    @contextlib.asynccontextmanager
    async def compared(self, shown: Iterable[tuple[str, str]]) -> AsyncIterator[None]:
        """Compare secrets (person, secret) in a thread, so that a batch goes on; ``check`` is then quick inside."""
        async with self._in_a_thread({(self._hash(person), secret) for person, secret in shown}):
            yield

    @contextlib.asynccontextmanager
    async def _in_a_thread(self, shown: Iterable[tuple[str, str]]) -> AsyncIterator[None]:
        """Compare hashes and secrets beside the loop; in simulated time they are compared when they are asked for."""
        pairs = () if self._clock.simulated else sorted(shown)
        for kept, secret in pairs:
            work = asyncio.get_running_loop().run_in_executor(self._comparer, self._compare, kept, secret)
            self._compared[kept, secret] = await work
        try:
            yield
        finally:
            for pair in pairs:
                self._compared.pop(pair, None)

    def known(self, person: str) -> bool:
        """Tell whether the person has a secret."""
        return person in self._kept

    def locked(self, person: str) -> bool:
        """Tell whether wrong attempts have locked the person."""
        return person in self._kept and self._kept[person].wrong >= WRONG_IN_A_ROW

    def unlock(self, person: str) -> None:
        """Forget the wrong attempts; raises InputError for a person without a secret."""
        if person not in self._kept:
            msg = f"{person} has no secret here"
            raise InputError(msg)
        self._keep(person, msgspec.structs.replace(self._kept[person], wrong=0))

    def clock_step(self) -> Seconds:
        """Tell how far the wall clock stands from ledger time (s); simulated time never steps."""
        return self._clock.step() if isinstance(self._clock, SystemClock) else Seconds(0.0)

    def _hash(self, person: str) -> str:
        return self._kept[person].hash if person in self._kept else self._nobody

    def _matches(self, kept: str, secret: str) -> bool:
        found = self._compared.get((kept, secret))
        return self._compare(kept, secret) if found is None else found

    def _compare(self, kept: str, secret: str) -> bool:
        try:
            return self._hasher.verify(kept, secret)
        except VerificationError:
            return False
        except (InvalidHashError, UnicodeEncodeError):
            raise DamagedError("a hash is not one of argon2", where=str(self._path)) from None

    def _read(self) -> dict[str, Credential]:
        if not self._path.exists():
            return {}
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Credential])
        except UNREADABLE as wrong:
            raise DamagedError(f"the file of secrets can't be read: {wrong}", where=str(self._path)) from None

    def _keep(self, person: str, credential: Credential) -> None:
        """Write the whole file beside the old one, then put it in its place."""
        kept = {**self._kept, person: credential}
        fresh = self._path.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(kept)))
            file.flush()
            if not self._clock.simulated:
                os.fsync(file.fileno())
        fresh.replace(self._path)
        self._kept = kept

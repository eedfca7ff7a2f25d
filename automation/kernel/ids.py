"""The only source of identifiers and randomness.

Simulated: everything follows from a seed and words that name the use, so that one more draw
in one place moves no draw in another. Live: the operating system's randomness.
"""

import hashlib
import math
import random
import secrets


def digest(*parts: bytes | str | int) -> bytes:
    """Give the SHA-256 of length-prefixed parts (32 bytes)."""
    raw = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return hashlib.sha256(b"".join([piece for one in raw for piece in (len(one).to_bytes(4, "big"), one)])).digest()


def keyed(seed: int, *names: str | int) -> random.Random:
    """Give a random generator of its own for (seed, names)."""
    return random.Random(digest("random", seed, *names))  # noqa: S311  simulation, not secrecy


def uniform(seed: int, *names: str | int) -> float:
    """Give one number in [0, 1) that depends on (seed, names) alone."""
    return int.from_bytes(digest("uniform", seed, *names)[:7], "big") / (1 << 56)


def normal(seed: int, *names: str | int) -> float:
    """Give one standard normal number that depends on (seed, names) alone."""
    first, second = uniform(seed, *names, "a"), uniform(seed, *names, "b")
    return math.sqrt(-2.0 * math.log(1.0 - first)) * math.cos(2.0 * math.pi * second)


def ledger_id(*, seed: int | None, site: str) -> bytes:
    """Give the 16 bytes that name a ledger: random when live, from the seed when simulated."""
    return secrets.token_bytes(16) if seed is None else digest("ledger", site, seed)[:16]


def secret(length: int = 32) -> bytes:
    """Give unguessable bytes from the operating system."""
    return secrets.token_bytes(length)


def command() -> str:
    """Give an id for one command of a person, by which it is known again when it is sent twice."""
    return secrets.token_hex(16)

"""Damage: what happens to bytes on a cable or on a disk, and what a hostile or careless hand writes.

All of it is drawn from a generator that is handed in, so that a seed gives the same inputs again.
"""

from collections.abc import Callable, Sequence
from random import Random

_TEXTS = (
    *("0", "-0", "-1", "1e308", "1e999", "-1e999", "nan", "inf", "-inf", "Infinity", "1_0", "0x10", "+5", "1,5"),
    *("9" * 20, "9" * 330, "9" * 5000, "0." + "0" * 400 + "1", str(2**31), str(2**32), str(2**63), str(2**64)),
    *("\u0663", "\uff11", "\u00b2", "\u2028", "\u0085", "\ufeff", "\U0001f9ec", "e\u0301", "\u202e", "\u00b5"),
    *("\0", "\x1d", "\x7f", "\r", "\n", "\r\n", "\t", " ", ",", ";", '"', "'", "\\", "/", "..", "%s", "{}", "[]"),
    *("true", "null", '""', "[" * 100, "{" * 100, "- " * 60, "&a", "*a", "!!python/object:x", "<<", "?", "|", ">"),
    *("0000-00-00", "9999-12-31T23:59:60", "24:61", "00/00/0000", "3^3^33", "(", "1e-400"),
)
_BYTES = (
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\x80" * 4,
    b"\xff\xfe",
    b"\xff" * 8,
    b"\x00" * 8,
    b"\x7f\xff",
    b"\x80\x00",
)
WORDS = (*(text.encode() for text in _TEXTS), *_BYTES)
"""Pieces that parsers trip over: extreme numbers, signs of other scripts, control characters, broken UTF-8."""

LONG = 70_000  # bytes, of a line that never seems to end
MOST = 5  # changes to one input


def mutated(chance: Random, corpus: Sequence[bytes]) -> bytes:
    """Give a damaged example, or (seldom) noise."""
    if chance.random() < 0.01:
        return chance.randbytes(int(chance.random() * 64))
    data = corpus[int(chance.random() * len(corpus))]
    for _ in range(1 + int(chance.random() * chance.random() * MOST)):
        data = _HARMS[int(chance.random() * len(_HARMS))](chance, data, corpus)
    return data


def _place(chance: Random, data: bytes) -> int:
    return int(chance.random() * (len(data) + 1))


def _span(chance: Random, data: bytes) -> tuple[int, int]:
    start = _place(chance, data)
    return start, min(len(data), start + 1 + int(chance.random() ** 3 * 64))


def _bit(chance: Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    if not data:
        return data
    at = int(chance.random() * len(data))
    return b"%b%c%b" % (data[:at], data[at] ^ 1 << int(chance.random() * 8), data[at + 1 :])


def _byte(chance: Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    at = _place(chance, data)
    return b"%b%c%b" % (data[:at], int(chance.random() * 256), data[at + 1 :])


def _insert(chance: Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    at = _place(chance, data)
    return data[:at] + chance.randbytes(1 + int(chance.random() ** 2 * 8)) + data[at:]


def _word(chance: Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    at = _place(chance, data)
    word = WORDS[int(chance.random() * len(WORDS))]
    return data[:at] + word + data[at + (len(word) if chance.random() < 0.5 else 0) :]


def _number(chance: Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    """Put a piece in the place of a run of digits, when there is one."""
    at = next((n for n in range(_place(chance, data), len(data)) if data[n : n + 1].isdigit()), -1)
    if at < 0:
        return data
    end = at
    while data[end : end + 1].isdigit():
        end += 1
    return data[:at] + WORDS[int(chance.random() * len(WORDS))] + data[end:]


def _drop(chance: Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    start, end = _span(chance, data)
    return data[:start] + data[end:]


def _twice(chance: Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    start, end = _span(chance, data)
    return data[:end] + data[start:end] * (1 + int(chance.random() ** 4 * 8)) + data[end:]


def _cut(chance: Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    at = _place(chance, data)
    return data[:at] if chance.random() < 0.8 else data[at:]


def _swap(chance: Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    a, b, c, d = sorted(_place(chance, data) for _ in range(4))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def _splice(chance: Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    other = corpus[int(chance.random() * len(corpus))]
    return data[: _place(chance, data)] + other[_place(chance, other) :]


def _after(chance: Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    return data + corpus[int(chance.random() * len(corpus))]


def _long(chance: Random, data: bytes, _corpus: Sequence[bytes]) -> bytes:
    """Make a line long; seldom, because it costs much."""
    if chance.random() > 0.01:
        return _bit(chance, data, _corpus)
    at = _place(chance, data)
    return data[:at] + (data[at : at + 1] or b"0") * int(chance.random() * LONG) + data[at:]


_HARMS: tuple[Callable[[Random, bytes, Sequence[bytes]], bytes], ...] = (
    *(_bit, _byte, _byte, _insert, _word, _word, _number, _drop, _twice, _cut, _swap, _splice, _after, _long),
)

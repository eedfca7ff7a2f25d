"""Faults of the operating system, real ones: calls that the kernel refuses from now on, and files that may not grow.

``refuse`` can't be taken back, so it belongs into a process of its own. Linux on x86-64.
Source: seccomp(2), prctl(2), linux/filter.h (classic BPF), getrlimit(2).
"""

import ctypes
import resource
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

CALLS: Mapping[str, int] = {"write": 1, "pwrite64": 18, "fsync": 74, "fdatasync": 75, "openat": 257}
_PR_SET_NO_NEW_PRIVS, _SECCOMP, _SET_MODE_FILTER, _ALL_THREADS = 38, 317, 1, 1
_X86_64 = 0xC000003E
_LOAD, _EQUAL, _ABOVE, _RETURN = 0x20, 0x15, 0x25, 0x06
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_STANDARD = 2  # the highest of the standard descriptors, by which a test still speaks


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def refuse(calls: tuple[str, ...], *, errno: int) -> None:
    """Let the kernel fail these calls of this process with ``errno``, except on standard input, output and error."""
    lines = [(_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, _X86_64), (_RETURN, 0, 0, _ALLOW)]
    for call in calls:
        lines += [
            (_LOAD, 0, 0, _NUMBER),
            (_EQUAL, 0, 3, CALLS[call]),
            (_LOAD, 0, 0, _FIRST_ARGUMENT),
            (_ABOVE, 0, 1, _STANDARD),
            (_RETURN, 0, 0, _FAIL | errno),
        ]
    code = b"".join(struct.pack("HBBI", *line) for line in [*lines, (_RETURN, 0, 0, _ALLOW)])
    buffer = ctypes.create_string_buffer(code)
    program = _Program(len(lines) + 1, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.syscall(
        _SECCOMP, _SET_MODE_FILTER, _ALL_THREADS, ctypes.byref(program)
    ):
        raise OSError(ctypes.get_errno(), "the kernel takes no filter")


@contextmanager
def no_file_grows_beyond(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond ``size`` (bytes) while the block runs: what crosses it is torn."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

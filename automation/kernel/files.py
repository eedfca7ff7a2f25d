"""Files that stand under their name only when they are whole: written aside, brought to the disk, renamed."""

import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from automation.kernel.errors import InputError


def write_whole(path: Path, data: bytes, *, lasting: bool = True, mode: int = 0o666) -> int:
    """Put bytes in the place of what stands under a name, if anything does; gives their number.

    A process that is killed meanwhile leaves what stood there before, and perhaps ``.NAME.PID.tmp`` beside it.
    ``lasting`` waits for the disk. What is no file (a pipe, a terminal) just gets the bytes. Raises OSError.
    """
    place = path.resolve()  # a link stays one
    if place.exists() and not place.is_file():
        return place.write_bytes(data)
    aside = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as out:
            out.write(data)
            out.flush()
            if lasting:
                os.fsync(out.fileno())
        aside.replace(place)
    except OSError as error:
        aside.unlink(missing_ok=True)
        error.filename, error.filename2 = str(path), None  # what was asked for
        raise
    if lasting:
        sync_folder(place.parent)
    return len(data)


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Put a new folder of files under a name, all of them or none.

    A process that is killed meanwhile leaves nothing under the name, and perhaps ``.NAME.PID.tmp`` beside it. Raises
    InputError where something stands already (an empty folder does not count), OSError.
    """
    place = path.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    shutil.rmtree(aside, ignore_errors=True)  # of a killed process that had this number
    aside.mkdir()
    try:
        for name, data in files.items():
            write_whole(aside / name, data)
        aside.rename(place)
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
            raise InputError(f"{path} is there, with something in it; a new folder is needed") from None
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    sync_folder(place.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk; raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

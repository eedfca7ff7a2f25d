"""What is killed: a batch, the process that goes on with it, a take-over, a command, the founding of a site.

Each scene kills one real process at one point, or two one after the other, lets people do what they would do then,
and gives what is not as it should be; None when the process had ended before it came to the point.
"""

import os
import shutil
import signal
from pathlib import Path

from automation.ledger.read import Reader
from tests.plant.real_looks import halves, read_back, step_of, unsound
from tests.plant.real_points import Fuse
from tests.plant.real_stage import Stage, Tried

SUPERVISOR = "carla"
Point = tuple[str, int]  # its name, and the how manieth time


def batch(stage: Stage, kind: str, at: Point) -> Tried | None:
    """Kill a batch that runs."""
    folder = _site(stage)
    if not stage.children.done(*stage.run(folder), fuse=Fuse(*at)).killed:
        return None
    return Tried(kind, step_of(folder), f"{at[1]}. {at[0]}", 1, stage.go_on(folder))


def from_outside(stage: Stage, kind: str, share: float) -> Tried | None:
    """Kill a batch that runs, by another process, after a share of the time that an undisturbed one takes."""
    folder = _site(stage)
    delay = share * stage.lasts
    if not stage.children.killed_after(delay, *stage.run(folder)).killed:
        return None
    return Tried(kind, step_of(folder), f"after {delay:.3f} s", 1, stage.go_on(folder))


def twice(stage: Stage, kind: str, *, first: Point, second: Point) -> Tried | None:
    """Kill a batch that runs, and the process that goes on with it."""
    folder = _site(stage)
    if not stage.children.done(*stage.run(folder), fuse=Fuse(*first)).killed:
        return None
    step = step_of(folder)
    if not stage.children.done(*stage.resume(folder), fuse=Fuse(*second)).killed:
        return None
    moment = f"{first[1]}. {first[0]}, then {second[1]}. {second[0]}"
    return Tried(kind, step, moment, 2, stage.go_on(folder))


def taken_over(stage: Stage, kind: str, *, frozen: Point, at: Point) -> Tried | None:
    """Freeze the owner of a batch, and kill the process that takes the site over; another one takes it then.

    When the frozen one wakes up it appends nothing and says so.
    """
    folder = _site(stage)
    former = stage.children.command(*stage.run(folder), fuse=Fuse(*frozen, end=signal.SIGSTOP))
    if not stage.children.frozen(former):
        return None
    step = step_of(folder)
    killed = stage.children.done(*stage.resume(folder, "--take-over"), fuse=Fuse(*at)).killed
    wrong = stage.judged(folder, stage.children.done(*stage.resume(folder, "--take-over")))
    last = _last(folder)
    os.kill(former, signal.SIGCONT)
    ended = stage.children.end(former)
    if ended.status != 1 or "stale" not in ended.said:
        wrong.append(f"the former owner ends with {ended}")
    if _last(folder) != last:
        wrong.append("the former owner has written to the ledger")
    wrong += unsound(folder)
    return (
        Tried(kind, step, f"owner frozen at the {frozen[1]}. {frozen[0]}; {at[1]}. {at[0]}", 1, wrong)
        if killed
        else None
    )


def backup(stage: Stage, kind: str, at: Point, *, one_file: bool) -> Tried | None:
    """Kill a backup of a batch that was killed; the next backup is restored elsewhere, and the batch goes on there."""
    folder = _site(stage)
    if not stage.children.done(*stage.run(folder), fuse=Fuse("commit +", stage.counts["commit +"] // 2)).killed:
        return None
    made = folder.parent / ("copy.tar" if one_file else "copy")
    words = ("backup", made, "--with-key", "--site", folder)
    if not stage.children.done(*words, fuse=Fuse(*at)).killed:
        return None
    wrong = []
    if not made.exists():
        again = stage.children.done(*words)
        wrong += [f"the next backup: {again}"] if again.status != 0 else []
    restored = folder.parent / "restored"
    said = stage.children.done("restore", made, "--to", restored)
    if said.status != 0:
        return Tried(kind, "backup", f"{at[1]}. {at[0]}", 1, [*wrong, f"not restored: {said}"])
    return Tried(kind, "backup", f"{at[1]}. {at[0]}", 1, wrong + stage.go_on(restored) + stage.go_on(folder))


def restore(stage: Stage, kind: str, at: Point) -> Tried | None:
    """Kill a restore; what stands under the name is whole or not there."""
    made, place = stage.backup_of_the_end, stage.room() / "site"
    if not stage.children.done("restore", made, "--to", place, fuse=Fuse(*at)).killed:
        return None
    if not place.exists():
        said = stage.children.done("restore", made, "--to", place)
        if said.status != 0:
            return Tried(kind, "restore", f"{at[1]}. {at[0]}", 1, [f"not restored: {said}"])
    return Tried(kind, "restore", f"{at[1]}. {at[0]}", 1, stage.go_on(place))


def trial(stage: Stage, kind: str, at: Point) -> Tried | None:
    """Kill a trial of a backup whose outcome is recorded; the next one is recorded too."""
    folder = shutil.copytree(stage.undisturbed, stage.room() / "site")
    words = ("restore", "--verify", stage.backup_of_the_end, "--site", folder, "--as", SUPERVISOR)
    if not stage.children.done(*words, fuse=Fuse(*at)).killed:
        return None
    said = stage.children.done(*words)
    wrong = [f"the next trial: {said}"] if said.status != 0 else []
    wrong += unsound(folder)
    proven = [thing for name, thing in read_back(folder).things.items() if name.startswith("backup/")]
    wrong += [] if [thing.state for thing in proven] == ["restorable"] else [f"the record says {proven}"]
    return Tried(kind, "restore", f"{at[1]}. {at[0]}", 1, wrong)


def record(stage: Stage, kind: str, at: Point, *, form: str) -> Tried | None:
    """Kill the writing of a record over an older one: the older stands there or the new one, and nothing between."""
    target = stage.room() / f"record.{form}"
    old = b"an older record"
    target.write_bytes(old)
    words = stage.record(form, target)
    if not stage.children.done(*words, fuse=Fuse(*at)).killed:
        return None
    new = stage.record_of_the_end(form)
    wrong = [] if target.read_bytes() in {old, new} else ["half a record stands under its name"]
    said = stage.children.done(*words)
    wrong += [] if said.status == 0 and target.read_bytes() == new else [f"the next record is another one: {said}"]
    return Tried(kind, "record", f"{form}: {at[1]}. {at[0]}", 1, wrong)


def founding(stage: Stage, kind: str, at: Point) -> Tried | None:
    """Kill the founding of a site; it is founded then, or its first batch founds it."""
    folder = stage.room() / "site"
    words = ("init", folder, "--simulated", "--site", stage.site)
    if not stage.children.done(*words, fuse=Fuse(*at)).killed:
        return None
    wrong = halves(folder)
    if not (folder / "site.yaml").exists():
        again = stage.children.done(*words)
        wrong += [f"the next founding: {again}"] if again.status != 0 else []
    ended = stage.children.done(*stage.run(folder))
    return Tried(kind, "init", f"{at[1]}. {at[0]}", 1, wrong + stage.judged(folder, ended))


def _site(stage: Stage) -> Path:
    return shutil.copytree(stage.fresh, stage.room() / "site")


def _last(folder: Path) -> bytes:
    with Reader(folder) as reader:
        return reader.last.hash

"""A wash by hand as lines that a person reads, and as the steps that are asked for one by one; no I/O.

Steps: transfer and first spin, then as many cycles of buffer, spin and taking off as the program says, then making up
       and transfer into the product bag. What is left of the old medium: (left / (left + buffer per cycle)) ^ cycles.
Units: mL, g (times gravity), min; whole numbers, as in a recipe.
"""

import re
from dataclasses import dataclass

from automation.engine.prompts import Entry, Question
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Seconds
from instruments.interfaces.cell_washer import WashParameter, WashProgram

CYCLES, BUFFER, LEFT, OUTPUT = "Cycles", "Buffer per cycle", "Volume left", "Output volume"
FORCE, SPIN = "Force", "Spin time"
RANGES = {
    CYCLES: (1, 10, ""),
    BUFFER: (1, 2000, "mL"),
    LEFT: (1, 500, "mL"),
    OUTPUT: (1, 1000, "mL"),
    FORCE: (10, 3000, "g"),
    SPIN: (1, 120, "min"),
}
"""What a program has to state: lowest, highest, unit."""
DONE, STOPPED = "done", "stopped before its end"
MOST = 5000.0  # mL; what is plausible for one entry
STEP_WITHIN = Seconds(7200.0)  # s; longer than any step, so that work at the bench is never an unanswered prompt
_NAME = re.compile(r"program '(.+)':$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Bags:
    """From where and into what is washed."""

    source: str = ""
    product: str = ""


def written(program: WashProgram) -> str:
    """Write a program as a person reads it, one line a parameter."""
    lines = (f"{p.name}: {p.value} {RANGES[p.name][2]}".rstrip() for p in program.parameters)
    return "\n".join((f"program {program.name!r}:", *lines))


def read(text: str) -> WashProgram:
    """Read the program out of a question that was asked with ``written``."""
    name = _NAME.search(text)
    found = [(one, re.search(rf"^{one}: (\d+)", text, re.MULTILINE)) for one in RANGES]
    values = [WashParameter(one, int(said[1]), RANGES[one][2]) for one, said in found if said]
    return WashProgram(name[1] if name else "", "", tuple(values))


def check(program: WashProgram) -> None:
    """Refuse what can't be done by hand as written; RefusedError names the parameter and what is allowed."""
    if program.checksum:
        raise RefusedError(f"program {program.name!r} has a check sum; a wash by hand has none")
    asked = [p.name for p in program.parameters]
    if sorted(asked) != sorted(RANGES):
        raise RefusedError(f"program {program.name!r} states {asked}; needed, each once: {', '.join(RANGES)}")
    for parameter in program.parameters:
        lowest, highest, unit = RANGES[parameter.name]
        if not lowest <= parameter.value <= highest:
            allowed = f"{lowest} to {highest} {unit}".rstrip()
            raise RefusedError(f"parameter {parameter.name!r} is {parameter.value}; allowed: {allowed}")


def steps(program: WashProgram) -> int:
    """Give how many steps a program has."""
    return _value(program, CYCLES) + 2


def question(program: WashProgram, step: int, bags: Bags, *, at: str) -> Question:
    """Ask for one step (1..): what to do, and which volumes to enter."""
    last = steps(program)
    spin = (
        f"spin at {_value(program, FORCE)} g for {_value(program, SPIN)} min, "
        f"take off the supernatant down to {_value(program, LEFT)} mL"
    )
    if step == 1:
        work, names = f"transfer {bags.source} into centrifuge containers, {spin}", ("processed", "wasted")
    elif step < last:
        work = f"add {_value(program, BUFFER)} mL of buffer and resuspend, {spin}"
        names = ("washed", "wasted")
    else:
        work = f"make up with buffer to {_value(program, OUTPUT)} mL and transfer into {bags.product}"
        names = ("washed", "collected")
    text = f"{at}: step {step} of {last}: {work}. Enter the volumes and how it went"
    went = Entry("went", "How it went", options=(DONE, STOPPED))
    fields = (*(_volume(name) for name in names), went)
    return Question("enter", text, fields=fields, second=True, within=STEP_WITHIN)


LABELS = {
    "processed": "Volume transferred from the source",
    "washed": "Buffer added",
    "wasted": "Supernatant taken off",
    "collected": "Volume in the product bag",
}


def _volume(name: str) -> Entry:
    return Entry(name, LABELS[name], unit="mL", low=0.0, high=MOST, decimals=1)


def _value(program: WashProgram, name: str) -> int:
    return next((p.value for p in program.parameters if p.name == name), 0)

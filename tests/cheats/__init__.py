"""Ways to cheat: each is refused in one sentence and recorded, changes nothing, and has its control.

One module for each part of the work; ``catalogue`` puts them in order, ``docs/cheats.md`` is written from it by
``python -m tests.cheats``. A row reads: what somebody tries, against which clause, what the system says, and how the
same act is done rightly.
"""

"""A course: its text, its questions, the paper of one attempt, and how answers are graded.

The order of the questions is another for each training and attempt, so that letters can't be passed on. Grading is a
pure function of the version of the course and the letters: what is recorded are the letters, and the score follows.
Units:  scores in percent.
Source: 21 CFR 11.10(i), 211.25(a); PIC/S PI 041-1, chapter 6.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from automation.kernel import ids
from automation.kernel.errors import InputError

LETTERS = "abcd"


@dataclass(frozen=True, slots=True)
class Question:
    """One question: what it is on, four answers of which one is right, why, and where that stands."""

    topic: str
    text: str
    options: tuple[str, str, str, str]
    right: str  # its letter
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class Course:
    """One version of a course."""

    id: str  # NAME@VERSION
    title: str
    file: str  # of its text, beside this module
    questions: tuple[Question, ...]

    @property
    def text(self) -> str:
        """Give the text."""
        return resources.files(__package__).joinpath(self.file).read_text(encoding="utf-8")

    def paper(self, training: str, *, attempt: int) -> tuple[Question, ...]:
        """Give the questions in the order of one attempt of one training; the first attempt is 1."""
        places = range(len(self.questions))
        order = sorted(places, key=lambda at: ids.uniform(at, self.id, training, attempt))
        return tuple(self.questions[at] for at in order)

    def grade(self, letters: str, training: str, *, attempt: int) -> "Graded":
        """Grade the letters of an attempt; raises InputError for another number of them, and for other letters."""
        paper = self.paper(training, attempt=attempt)
        if len(letters) != len(paper) or set(letters) - set(LETTERS):
            raise InputError(f"answers are {letters!r}; {len(paper)} letters of {LETTERS!r} are needed, one a question")
        wrong = tuple(one for one, letter in zip(paper, letters, strict=True) if letter != one.right)
        return Graded(100.0 * (len(paper) - len(wrong)) / len(paper), wrong)


@dataclass(frozen=True, slots=True)
class Graded:
    """What an attempt came to: the score (%), and the questions that were answered wrongly."""

    score: float
    wrong: Sequence[Question]

"""The courses that there are, by name and version."""

from automation.gmp.courses.course import Course
from automation.gmp.courses.data_integrity import DATA_INTEGRITY_1
from automation.kernel.errors import InputError

COURSES: dict[str, Course] = {one.id: one for one in (DATA_INTEGRITY_1,)}


def course(name: str) -> Course:
    """Give a version of a course; raises InputError that names those that there are."""
    found = COURSES.get(name)
    if found is None:
        raise InputError(f"there is no course {name!r}; there are {', '.join(COURSES)}")
    return found

"""Follows each page for authors, kills at every moment included: ``make pages``; 0 when all end well."""

import sys
import tempfile
import time
from pathlib import Path

from tests.pages.follow import PYTEST, follow, typed
from tests.pages.test_pages import PAGES

for page in PAGES:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        project, commands = follow([page], Path(folder))
        came = typed([list(PYTEST) if one == ["pytest"] else one for one in commands], project)
    sys.stdout.write(f"{came.out}{page.stem}: {'wrong' if came.status else 'good'}; {time.monotonic() - began:.0f} s\n")
    if came.status:
        sys.exit(1)

"""Follows the pages for authors, kills at every moment included: ``python -m tests.pages``; 0 when all end well."""

import sys
import tempfile
import time
from pathlib import Path

from tests.pages.follow import follow
from tests.pages.test_pages import DOCS, PAGES

for page in PAGES:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        _, came = follow(DOCS / f"{page}.md", Path(folder), whole=True)
    sys.stdout.write(f"{came.out}{page}: {'good' if came.status == 0 else 'wrong'}; {time.monotonic() - began:.0f} s\n")
    if came.status:
        sys.exit(1)

"""Asking a site's instruments who they are, from the command line: one that is silent is not passed over."""

import json
from pathlib import Path

import pytest

from tests.support.commands import cellwright

SITE = """\
site: {name: Suite 9, mode: live, zone: UTC}
roles: {administrator: [administer]}
assets:
  crf-01: {class: controlled rate freezer, driver: eurotherm_modbus, port: "tcp:127.0.0.1:1", serial: S-1}
"""


@pytest.mark.requirement("C06")
def test_an_instrument_that_does_not_answer_is_told_and_the_status_says_no(tmp_path: Path) -> None:
    """A list of those that answered would look like a list of all."""
    (tmp_path / "site.yaml").write_text(SITE, encoding="utf-8")
    said = cellwright("instruments", "identify", "--site", tmp_path)
    assert said.status == 1
    assert "NO: does not answer: 127.0.0.1:1 can't be reached" in said.out
    (line,) = json.loads(cellwright("instruments", "identify", "--site", tmp_path, "--json").out)["items"]
    assert (line["asset"], line["as_registered"], line["serial"]) == ("crf-01", False, "")
    assert "can't be reached" in line["lost"]

"""Metabolite analysers that export their results into a folder; nothing is commanded, a person measures.

Wire:   result files (the ``wire`` of each model), listed and read by the words of ``instruments.transport.folder``.
Units:  as the file states them. Where it states none, a figure counts only when the site states its unit: an
        instrument may be set to another one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from automation.kernel.errors import InputError
from instruments.drivers.factory import Factory
from instruments.drivers.folder_counter import OBSERVED, TRANSPORTS
from instruments.drivers.readers import Reader
from instruments.drivers.result_folder import SETTINGS, InFolder, Watched, watched
from instruments.interfaces.analyser import Measured, MeasurementReport, MetaboliteAnalyser
from instruments.interfaces.results import MeasurementRow
from instruments.transport import Link

UNITS = "units"


class FolderAnalyser(InFolder):
    """A ``MetaboliteAnalyser`` whose results stand in a folder; LinkError when the folder is gone."""

    def __init__(self, link: Link, watching: Watched, *, units: Mapping[str, str]) -> None:
        """Use a link to a folder, what the site states of the instrument, and units by the name of the test."""
        super().__init__(link, watching)
        self._units = units

    async def result(self, *, sample: str) -> MeasurementReport:
        """Look for the results of a sample in every complete file of the folder."""
        found = await self._folder.find(sample)
        return MeasurementReport(
            sample=sample,
            results=tuple(self._measured(row, sha256) for row, sha256 in found.rows if isinstance(row, MeasurementRow)),
            files=found.files,
            conflict=found.conflict,
            unread=found.unread,
        )

    def _measured(self, row: MeasurementRow, sha256: str) -> Measured:
        """Give a row as a result; a row with an error has neither value nor bound."""
        error = row.error or self._unit_error(row)
        return Measured(
            sample=row.sample,
            quantity=row.quantity,
            value=None if error else row.value,
            unit=row.unit,
            bound="" if error else row.bound,
            limit=None if error else row.limit,
            method=row.method,
            analysed_at=row.analysed,
            analysed=self._folder.moment(row),
            file_sha256=sha256,
            row=row.line,
            flags=row.flags,
            error=error,
        )

    def _unit_error(self, row: MeasurementRow) -> str:
        stated = row.unit if row.unit_stated else self._units.get(row.method, "")
        if not stated:
            return f"neither the file nor the site states the unit of {row.method}"
        return "" if stated == row.unit else f"the site states {stated} for {row.method}; only {row.unit} is read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of analyser: who makes it, and how its files are named and read."""

    maker: str
    model: str
    reader: Reader
    suffixes: tuple[str, ...]
    unstated: Mapping[str, str]  # units that the files do not state, by the name of the test

    def build(self, link: Link, settings: Mapping[str, str], *, control: bool) -> FolderAnalyser:  # noqa: ARG002  reads
        """Make the driver from the settings of a site; raises InputError for one that is not allowed."""
        given = {"maker": self.maker, "model": self.model}
        watching = watched(settings, **given, reader=self.reader, suffixes=self.suffixes)
        return FolderAnalyser(link, watching, units=self._stated(settings.get(UNITS, "")))

    def _stated(self, text: str) -> dict[str, str]:
        """Read ``Gluc=g/L Lac=g/L``; raises InputError for a test that the instrument has not."""
        found = {}
        for word in text.split():
            test, equals, unit = word.partition("=")
            if not equals or test not in self.unstated:
                example = " ".join(f"{name}={one}" for name, one in list(self.unstated.items())[:3])
                raise InputError(f"{UNITS} is {text!r}; write for example {example!r}", where=UNITS)
            found[test] = unit
        return found

    def factory(self) -> Factory:
        """Give what the entry point of the model names."""
        more = {UNITS: "units as set on the instrument, which its files do not state: 'Gluc=g/L Lac=g/L'"}
        return Factory(
            build=self.build,
            interface=MetaboliteAnalyser,
            support=OBSERVED,
            transports=TRANSPORTS,
            settings={**SETTINGS, **(more if self.unstated else {})},
        )

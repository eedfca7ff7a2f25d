"""What has to be in order before and while an asset is qualified: protocol, people, test equipment. Reasons, or none.

Units:  due dates are moments (s, UTC).
Source: EU GMP Annex 15, 2.4 (approved protocols), 3.11 (calibrated instruments); 21 CFR 211.25(a), 211.160(b)(4).
"""

from typing import Protocol as Port
from typing import cast

from automation.gmp.bodies.assets import Result as Outcome
from automation.gmp.bodies.assets import moment
from automation.gmp.bodies.protocols import Protocol
from automation.gmp.bodies.qualifications import Equipped
from automation.gmp.objects import Site
from automation.gmp.qualified import Work, unqualified
from automation.gmp.quality.documents import Sort, in_force, versions
from automation.kernel.clock import iso
from automation.kernel.quantity import Instant, Seconds

_SOON = Seconds(60.0)  # s; how far a stated due date may lie from that of the register


class Equipment(Port):
    """What is asked of test equipment."""

    @property
    def asset_class(self) -> str:
        """Give what it is."""
        ...

    @property
    def calibration(self) -> str:
        """Give the certificate."""
        ...

    @property
    def calibration_due(self) -> Instant | None:
        """Give until when it holds."""
        ...

    @property
    def calibration_result(self) -> str:
        """Give how it came out."""
        ...


def not_in_force(protocol: Protocol, site: Site) -> str:
    """Say why a protocol may not be executed: on a live site, and where it is under document control, it is a document.

    A protocol is under document control as soon as a document of its name and of the sort *protocol* exists.
    """
    known = [one for one in versions(site, protocol.id) if one.writing and one.writing.sort is Sort.PROTOCOL]
    if not known and site.simulated:
        return ""
    held = in_force(site, protocol.id, site.now)
    if held is None or held.writing is None:
        return f"goes by protocol {protocol.id}, of which no version is in force as a document"
    if held.writing.digest == protocol.digest:
        return ""
    ours, theirs = protocol.digest[:12], held.writing.digest[:12] or "none"
    return f"goes by protocol {protocol.id} with digest {ours}; {held.id} is in force with digest {theirs}"


def untrained(protocol: Protocol, person: str, site: Site) -> str:
    """Say why a person may not execute it."""
    for code in protocol.training:
        why = unqualified(site, person, Work(code), at=site.now)
        if why:
            return f"is part of {code}, {why}"
    return ""


def uncalibrated(name: str, site: Site) -> str:
    """Say why nothing can be judged by test equipment now."""
    asset = cast("Equipment", site.find("asset", name))
    if asset.calibration_due is None:
        return f"goes by {name}, which was never calibrated"
    if asset.calibration_result == Outcome.FAIL:
        return f"goes by {name}, which failed its last calibration"
    if site.now >= asset.calibration_due:
        return f"goes by {name}, which is out of calibration since {iso(asset.calibration_due, zone=site.zone)}"
    return ""


def unfit(one: Equipped, asset_class: str, site: Site) -> str:
    """Say why test equipment may not be used: of another class, not calibrated, or not as the register says."""
    asset = cast("Equipment", site.find("asset", one.asset))
    if asset.asset_class != asset_class:
        return f"needs a {asset_class} as {one.role}; {one.asset} is {asset.asset_class or 'no asset here'}"
    lapsed = uncalibrated(one.asset, site)
    if lapsed or asset.calibration_due is None:
        return lapsed
    same_day = abs(moment(one.due, zone=site.zone) - asset.calibration_due) < _SOON
    if one.certificate != asset.calibration or not same_day:
        return f"states certificate {one.certificate} until {one.due} for {one.asset}; the register says otherwise"
    return ""

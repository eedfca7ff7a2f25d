"""Places, labels and warming: what stands where, who takes it out, what a label comes from, how long it was warm."""

import pytest

from automation.gmp.product.locations import Location
from automation.kernel.errors import IdentityError, RefusedError
from tests.support.doors import SECOND, SYSTEM, Doorway, proof
from tests.support.thread import Body, Thread

TWO = (proof("perform", "performed"), proof("verify", "verified"))
MAP: Body = {"asset": "store-01", "condition": "vapour, at most -150 degC", "highest_c": -150.0}
PLACES = ("R1/01", "R1/02")


def opened(way: Doorway, name: str = "store-01", **changed: object) -> None:
    """Define a location and approve it."""
    said = {**MAP, "places": list(PLACES), **changed}
    way.do(f"location/{name}", "define", said, by="supervise", signs=(proof("supervise", "authored"),))
    way.do(f"location/{name}", "approve", by="approve", signs=(proof("approve", "approved"),))


def bag(way: Doorway, name: str = "B1", **said: object) -> None:
    """Take a bag in."""
    way.do(f"container/{name}", "expect", {"identity": "COI-1", "kind": "bag50", **said})
    way.do(f"container/{name}", "receive", {}, by="perform")


def stored(way: Doorway, name: str, position: str) -> None:
    """Put a bag somewhere."""
    way.do(f"container/{name}", "store", {"position": position}, by="perform")


@pytest.mark.requirement("F050")
@pytest.mark.requirement("F050", refuses=True)
def test_what_stands_in_a_location_is_taken_out_by_two_who_scan_bag_and_place(way: Doorway) -> None:
    """One alone is refused, a second who is the first, too; another bag, or another place, stays where it is."""
    opened(way)
    bag(way)
    stored(way, "B1", "store-01/R1/01")
    good = {"container": "B1", "position": "store-01/R1/01"}
    with pytest.raises(RefusedError, match="by two people: retrieve_by_two"):
        way.do("container/B1", "retrieve", {"reason": "shipment"}, by="perform")
    for signs in (TWO[:1], (proof(SECOND, "performed"), proof(SECOND, "verified"))):
        with pytest.raises(RefusedError, match=r"needs a signature|a different person"):
            way.do("container/B1", "retrieve_by_two", good, by=signs[0].person, signs=signs)
    with pytest.raises(IdentityError, match="another container was scanned"):
        way.do("container/B1", "retrieve_by_two", {**good, "container": "B2"}, by="perform", signs=TWO)
    with pytest.raises(RefusedError, match="stands at store-01/R1/01 by the record"):
        way.do("container/B1", "retrieve_by_two", {**good, "position": "store-01/R1/02"}, by="perform", signs=TWO)
    way.do("container/B1", "retrieve_by_two", good, by="perform", signs=TWO)
    assert (way.state("container/B1"), len(way.refusals("container/B1"))) == ("in process", 5)


@pytest.mark.requirement("F161.2")
@pytest.mark.requirement("F161.2", refuses=True)
def test_only_what_stays_tight_goes_into_liquid_nitrogen(way: Doorway) -> None:
    """A place in the liquid phase says so, and takes the kinds alone that were qualified for it, also when reserved."""
    with pytest.raises(RefusedError, match="say liquid, and which kinds stay tight"):
        opened(way, condition="Liquid phase of nitrogen")
    opened(way, condition="Liquid phase of nitrogen", liquid=True, tight=["cryobag50"])
    bag(way)
    bag(way, "B2", kind="cryobag50")
    until = {"until": "2026-12-31T00:00"}
    with pytest.raises(RefusedError, match="bag50 is not known to stay tight in liquid nitrogen; cryobag50 is"):
        stored(way, "B1", "store-01/R1/01")
    with pytest.raises(RefusedError, match="not known to stay tight"):
        way.do("location/store-01", "reserve", {"place": "R1/02", "container": "B1", **until}, by="perform")
    stored(way, "B2", "store-01/R1/01")
    assert (way.state("container/B1"), way.state("container/B2")) == ("in process", "stored")


@pytest.mark.requirement("F050", "F063", "F161.1")
@pytest.mark.requirement("F050", "F063", "F161.1", refuses=True)
def test_a_container_goes_only_to_a_place_that_is_on_the_map_free_and_fit(way: Doorway) -> None:
    """No such place, a place for others, another kind of container; then it stands, and the map says so."""
    opened(way, kinds=["bag50"])
    bag(way)
    bag(way, "B2", kind="vial2")
    until = {"until": "2026-12-31T00:00"}
    way.do("location/store-01", "reserve", {"place": "R1/02", "container": "B1", **until}, by="perform")
    for name, place, why in (("B1", "R9/01", "no such place"), ("B2", "R1/01", "takes bag50, not vial2")):
        with pytest.raises(RefusedError, match=why):
            stored(way, name, f"store-01/{place}")
    bag(way, "B3")
    with pytest.raises(RefusedError, match="is reserved for B1"):
        stored(way, "B3", "store-01/R1/02")
    stored(way, "B1", "store-01/R1/02")
    told = way.get(Location, "location/store-01").told(way.door)
    assert told == ("R1/02: B1", "1 of 2 places are free")
    reason, sign = {"reason": "defrosting"}, (proof("approve", "responsible"),)
    with pytest.raises(RefusedError, match="can't be closed: B1 is there"):
        way.do("location/store-01", "close", reason, by="approve", signs=sign)


@pytest.mark.requirement("F063")
@pytest.mark.requirement("F063", refuses=True)
def test_what_carries_the_biohazard_legend_is_kept_apart_both_ways(way: Doorway) -> None:
    """A reactive donor's bag goes to the location for such, and nothing else does."""
    thread = Thread(way, "X1")
    thread.until("container-A", "empty")
    thread.do("donor", "reopen", by="release")
    opened(way)
    opened(way, "store-02", biohazard=True)
    with pytest.raises(RefusedError, match="does not carry the biohazard legend"):
        stored(way, "X1-P", "store-02/R1/01")
    thread.do("donor", "test", by="collect", outcome="reactive")
    with pytest.raises(RefusedError, match="carries the biohazard legend and is kept apart"):
        stored(way, "X1-P", "store-01/R1/01")
    stored(way, "X1-P", "store-02/R1/01")


@pytest.mark.requirement("F058", "F061")
@pytest.mark.requirement("F058", refuses=True)
def test_labels_come_from_the_effective_version_of_their_template_and_say_what_it_says(way: Doorway) -> None:
    """A draft and an old version are refused, a line that is left out is named; its author does not approve it."""
    bag(way)
    said: Body = {"container": "B1", "code": "CONTAINER:B1", "marks": ["SIMULATED"], "template": "bag"}
    said |= {"lines": ["T cells", "Do not irradiate"], "template_version": "2"}
    written = {"title": "bag of 50 mL", "fixed": ["DO NOT IRRADIATE"], "stock": "LN2 stock 4"}
    way.do("template/bag@2", "write", written, by=SECOND, signs=(proof(SECOND, "authored"),))
    with pytest.raises(RefusedError, match="bag@2 is draft, not effective"):
        way.do("label/B1-L1", "issue", said)
    with pytest.raises(RefusedError, match="someone else has to approve it"):
        way.do("template/bag@2", "approve", by=SECOND, signs=(proof(SECOND, "approved"),))
    way.do("template/bag@2", "approve", by="approve", signs=(proof("approve", "approved"),))
    for wrong, why in (({"template_version": "1"}, "bag@1 is absent"), ({"lines": ["T cells"]}, "DO NOT IRRADIATE")):
        with pytest.raises(RefusedError, match=why):
            way.do("label/B1-L1", "issue", {**said, **wrong})
    way.do("label/B1-L1", "issue", said)


@pytest.mark.requirement("F061", refuses=True)
def test_the_wrong_label_on_the_right_bag_and_the_reverse_are_refused(way: Doorway) -> None:
    """Each is of another container; read, it says so; the right one goes on the right bag."""
    for name in ("B1", "B2"):
        bag(way, name)
        said: Body = {"container": name, "code": f"CONTAINER:{name}", "lines": [name], "marks": ["SIMULATED"]}
        way.do(f"label/{name}-L1", "issue", {**said, "template": "bag", "template_version": "1"})
        way.do(f"label/{name}-L1", "print", {"sha256": "a" * 64})
    with pytest.raises(IdentityError, match="was not read as 'CONTAINER:B1'"):
        way.do("label/B1-L1", "verify", {"code": "CONTAINER:B2"}, by="perform")
    for name, other in (("B1", "B2"), ("B2", "B1")):
        way.do(f"label/{name}-L1", "verify", {"code": f"CONTAINER:{name}"}, by="perform")
        with pytest.raises(IdentityError, match=f"can't go on {other}"):
            way.do(f"label/{name}-L1", "apply", {"container": other}, by="perform")
        way.do(f"label/{name}-L1", "apply", {"container": name}, by="perform")


@pytest.mark.requirement("F023", "F050", "F123", refuses=True)
def test_a_bag_that_was_warm_for_longer_than_its_life_allows_is_not_released(way: Doorway) -> None:
    """Two warmings of 200 s are one sum; the limit is the specification's own."""
    thread = Thread(way, "X1", otherwise={("specification", "write"): {"warming": "at most 300 s"}})
    thread.until("release", "release_conditionally")
    way.do("container/X1-P", "chill", {"reached_c": -150.0}, by=SYSTEM)
    for _ in range(2):
        way.do("container/X1-P", "warm", {"seconds": 200.0, "above_c": -150.0}, by=SYSTEM)
    with pytest.raises(RefusedError, match="warming of container X1-P: 400 s is beyond"):
        thread.do("release", "release_conditionally", by="release")

"""Reads ``exchange`` of a site file: what the site's own identifiers begin with, and the GS1 numbers of its partners.

Both are the site's to state: a namespace that it owns, and location numbers (GLN) that GS1 has given to it and to the
parties and places that hand-overs name. Nothing of either is made up where the file states none.
Source: GS1 General Specifications (GLN, mod-10 check digit); RFC 3986 (a URI and its scheme).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from automation.engine.recipe.yaml_source import Node
from automation.formulas import gs1
from automation.kernel.errors import InputError

SECTION = "exchange"
_NAMESPACE = re.compile(r"(https?://[A-Za-z0-9.-]+(:[0-9]+)?/([A-Za-z0-9._~-]+/)*|urn:[a-z0-9][a-z0-9-]{1,31}:\S*:)")
_LONG = 13  # digits of a GLN


@dataclass(frozen=True, slots=True)
class Partners:
    """How a site names things to others; empty where it states nothing."""

    namespace: str = ""  # ends with / or :
    locations: Mapping[str, str] = field(default_factory=dict)  # party or place to GLN


def read_partners(pairs: Mapping[str, Node]) -> Partners:
    """Read what stands in the file; raises InputError for what is no namespace or no location number."""
    if SECTION not in pairs:
        return Partners()
    given = pairs[SECTION].fields(required=(), optional=("namespace", "gln"))
    namespace = given["namespace"].string() if "namespace" in given else ""
    if namespace and _NAMESPACE.fullmatch(namespace) is None:
        allowed = "a web address that ends with / or a URN that ends with : is needed, one that is yours"
        raise InputError(f"{given['namespace'].name} is {namespace!r}; {allowed}", where=given["namespace"].where)
    numbers = {name: _gln(one) for name, one in given["gln"].mapping().items()} if "gln" in given else {}
    return Partners(namespace, numbers)


def _gln(node: Node) -> str:
    text = node.string()
    if len(text) != _LONG or not gs1.verify(text):
        needed = f"{_LONG} digits with their check digit are needed, in quotes"
        raise InputError(f"{node.name} is {text!r}; {needed}", where=node.where)
    return text

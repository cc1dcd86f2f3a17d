"""A name in a namespace is one type: two that are called alike in two places are one to the linker, and it takes either's code."""
import collections
import re

from source_tree import ROOT

SOURCES = [ROOT / "src", ROOT / "clients" / "cpp" / "include", ROOT / "clients" / "cpp" / "client"]

OPENS = re.compile(r"^namespace ?([\w:]*) \{")
CLOSES = re.compile(r"^\}\s*// namespace")
TYPE = re.compile(r"^(?:class|struct) (?:\[\[\w+\]\] )?(\w+)(?: final)?(?: :.*)? \{")


def types_of(path):
    """Of the types that other files could see: those in no unnamed namespace."""
    within = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if opened := OPENS.match(line):
            within.append(opened.group(1))
        elif CLOSES.match(line):
            within.pop()
        elif (found := TYPE.match(line)) and "" not in within:
            yield "::".join([*within, found.group(1)])


def test_no_two_types_are_called_alike():
    places = collections.defaultdict(set)
    for path in sorted(path for source in SOURCES for path in source.rglob("*.?pp")):
        for name in types_of(path):
            places[name].add(str(path.relative_to(ROOT)))
    assert len(places) > 200
    assert {name: files for name, files in places.items() if len(files) > 1} == {}

"""The table of planted bugs: it fits today's sources, covers every invariant, and is the one that docs/testing.md shows."""

import sys

import pytest
from source_tree import ROOT, read

sys.path.insert(0, str(ROOT / "tests" / "planted"))
import plant

BUGS, SWITCHES = plant.load()


def bug(name, original, mutated="m", within=""):
    return plant.Bug(name=name, what="", breaks="", file="f.cpp", original=original, mutated=mutated, within=within,
                     caught_by="unit", test="T", says="s")


@pytest.mark.parametrize("file", sorted({one.file for one in BUGS}))
def test_every_bug_can_be_planted(file):
    planted = plant.plant(file, [one for one in BUGS if one.file == file],
                          [one for one in SWITCHES if one["file"] == file])
    for one in BUGS:
        assert one.file != file or f"planted({one.name!r})".replace("'", '"') in planted.replace("'", '"'), one.name


def test_every_invariant_has_one():
    missing = {f"INV-{n}" for n in range(1, 13)} - {one.breaks for one in BUGS}
    assert not missing


def test_the_document_shows_them():
    assert plant.table() + "\n\n" in read("docs/testing.md"), "run: python3 -B tests/planted/plant.py --table"


def test_places_within_places():
    text = "a = b + c; d(e);"
    bugs = [bug("outer", "b + c", "x"), bug("inner", "c", "y"), bug("other", "b + c", "z"), bug("none", "d(e);", "")]
    assert plant.rewrite(text, 0, len(text), plant.nest(text, bugs), plant.cpp) == (
        'a = (planted("outer") ? (x) : planted("other") ? (z) : (b + (planted("inner") ? (y) : (c)))); '
        '{ if (planted("none")) {  } else { d(e); } }')


@pytest.mark.parametrize(("text", "bugs", "why"), [
    ("a + b + c", [bug("one", "a + b"), bug("two", "b + c")], "two: its text and that of one overlap"),
    ("a + a", [bug("one", "a")], "one: is 2 times in"),
    ("a + b", [bug("one", "c")], "one: is 0 times in"),
    ("a + b", [bug("one", "c", within="a + b")], "one: is 0 times in the text that it is within"),
], ids=["overlap", "twice", "gone", "not within"])
def test_what_does_not_fit_is_refused_by_name(text, bugs, why):
    with pytest.raises(plant.Misfit, match=why):
        plant.nest(text, bugs)

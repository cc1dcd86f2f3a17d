"""Plants the bugs of bugs.toml into copies of the sources that they are in, each behind a switch.

    plant.py FOLDER    writes the copies into FOLDER and prints their paths, which are those below src/
    plant.py --table   writes the table of docs/testing.md anew

In C++ an original text that ends with `;` or `}` is statements, any other an expression; in Lua it is an expression. The
same place may have several bugs, and one within another's; what overlaps in part is refused.
"""

import re
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DOCUMENT = ROOT / "docs" / "testing.md"
MARK = "<!-- tests/planted/plant.py --table writes this table -->\n"
OPTIONAL = {"within", "seed", "test", "checker_says"}
KEYS = {"name", "what", "breaks", "file", "original", "mutated", "caught_by", "says", *OPTIONAL}
TESTS = {"contract", "differential", "fault", "property", "regression", "unit", "vectors"}
CATCHERS = {"simulation", "checker", *TESTS}


class Misfit(Exception):
    """An entry that cannot be planted, and why."""


@dataclass
class Bug:
    name: str
    what: str
    breaks: str
    file: str
    original: str
    mutated: str
    caught_by: str
    says: str
    within: str = ""
    seed: int | None = None
    test: str = ""
    checker_says: str = ""  # of what the checker finds too, or alone


@dataclass
class Place:
    """A piece of a file, the bugs that replace all of it, and the places within it."""
    start: int
    end: int
    bugs: list = field(default_factory=list)
    within: list = field(default_factory=list)


def load(path=HERE / "bugs.toml"):
    """(bugs, switches) of the table; a switch is what a file needs beside the bugs, as [file, original, text]."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    bugs = []
    for entry in table["bug"]:
        name = entry.get("name", "a bug without a name")
        missing, unknown = KEYS - OPTIONAL - entry.keys(), entry.keys() - KEYS
        if missing or unknown:
            raise Misfit(f"{name}: misses {sorted(missing)}, has unknown {sorted(unknown)}")
        bug = Bug(**entry)
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise Misfit(f"{name}: a name is snake_case")
        if bug.caught_by not in CATCHERS:
            raise Misfit(f"{name}: nothing is called {bug.caught_by}; there are {sorted(CATCHERS)}")
        if (bug.caught_by == "simulation") != (bug.seed is not None) or (bug.caught_by in TESTS) != bool(bug.test):
            raise Misfit(f"{name}: simulation has a seed, the checker neither, every other catcher a test")
        if not bug.says.strip():
            raise Misfit(f"{name}: a bug is caught for a reason; what does the catcher say?")
        if bug.caught_by == "checker":
            bug.checker_says = bug.says
        bugs.append(bug)
    names = [bug.name for bug in bugs]
    if twice := {name for name in names if names.count(name) > 1}:
        raise Misfit(f"{sorted(twice)}: a name is used once")
    return bugs, table.get("switch", [])


def only(text, wanted, name, where):
    """Where `wanted` begins in `text`, in which it is exactly once."""
    if text.count(wanted) != 1:
        raise Misfit(f"{name}: is {text.count(wanted)} times in {where}, not once: {wanted!r}")
    return text.index(wanted)


def place_of(text, bug):
    """(start, end) of the bug's original text."""
    original = bug.original.strip()
    if not bug.within:
        start = only(text, original, bug.name, f"src/{bug.file}")
    else:
        within = bug.within.strip()
        start = only(text, within, bug.name, f"src/{bug.file}")
        start += only(within, original, bug.name, "the text that it is within")
    return start, start + len(original)


def nest(text, bugs):
    """The outermost places of a file."""
    outermost = []
    for start, end, bug in sorted(((*place_of(text, bug), bug) for bug in bugs), key=lambda one: (one[0], -one[1])):
        places = outermost
        while places and places[-1].end > start and (places[-1].start, places[-1].end) != (start, end):
            if places[-1].end < end:
                raise Misfit(f"{bug.name}: its text and that of {places[-1].bugs[0].name} overlap in part")
            places = places[-1].within
        if places and (places[-1].start, places[-1].end) == (start, end):
            places[-1].bugs.append(bug)
        else:
            places.append(Place(start, end, [bug]))
    return outermost


def cpp(original, bugs):
    if original.rstrip().endswith((";", "}")):
        branches = "".join(f'if (planted("{bug.name}")) {{ {bug.mutated.strip()} }} else ' for bug in bugs)
        return f"{{ {branches}{{ {original} }} }}"
    branches = "".join(f'planted("{bug.name}") ? ({bug.mutated.strip()}) : ' for bug in bugs)
    return f"({branches}({original}))"


def lua(original, bugs):
    branches = "".join(f"if planted('{bug.name}') then return {bug.mutated.strip()} end " for bug in bugs)
    return f"(function() {branches}return {original} end)()"


def rewrite(text, start, end, places, language):
    """text[start:end] with its places planted."""
    parts, at = [], start
    for place in places:
        original = rewrite(text, place.start, place.end, place.within, language)
        parts += [text[at:place.start], language(original, place.bugs)]
        at = place.end
    return "".join([*parts, text[at:end]])


def plant(file, bugs, switches):
    """The text of src/FILE with its bugs."""
    text = (ROOT / "src" / file).read_text(encoding="utf-8")
    text = rewrite(text, 0, len(text), nest(text, bugs), lua if file.endswith(".lua") else cpp)
    for switch in switches:
        start = only(text, switch["original"], "a switch", f"src/{file}")
        text = text[:start] + switch["text"] + text[start + len(switch["original"]):]
    if file.endswith(".lua"):
        return text
    return f'#include "planted.hpp"\n#line 1 "{ROOT / "src" / file}"\n{text}'


def write(path, text):
    """Only if it differs: what has not changed is not built again."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_copies(folder):
    bugs, switches = load()
    files = sorted({bug.file for bug in bugs} | {switch["file"] for switch in switches})
    copies = {file: plant(file, [bug for bug in bugs if bug.file == file],
                          [switch for switch in switches if switch["file"] == file]) for file in files}
    for stale in [path for path in folder.rglob("*") if path.is_file()]:
        if stale.relative_to(folder).as_posix() not in {*files, "planted_names.inc"}:
            stale.unlink()
    for file, text in copies.items():
        write(folder / file, text)
    write(folder / "planted_names.inc", "".join(f'"{bug.name}",\n' for bug in bugs))
    return files


def is_said(words, text):
    """Whether the text holds the words; a `…` in them stands for anything within a line."""
    return re.search(".*?".join(map(re.escape, words.split("…"))), text) is not None


def caught_text(bug):
    if bug.caught_by == "checker":
        return "checker"
    text = f"simulation, seed {bug.seed}" if bug.seed is not None else f"{bug.caught_by}, `{bug.test}`"
    return f"{text}; checker" if bug.checker_says else text


def table():
    bugs, _ = load()
    rows = ["| planted | it … | breaks | caught by | which says |", "|---|---|---|---|---|"]
    rows += [f"| `{bug.name}` | {bug.what} | {bug.breaks} | {caught_text(bug)} | {bug.says} |" for bug in bugs]
    return "\n".join(rows)


def main(target):
    try:
        if target == "--table":
            head, rest = DOCUMENT.read_text(encoding="utf-8").split(MARK, 1)
            DOCUMENT.write_text(head + MARK + table() + rest[rest.index("\n\n"):], encoding="utf-8")
        else:
            print("\n".join(write_copies(Path(target))))
    except (Misfit, tomllib.TOMLDecodeError) as problem:
        sys.exit(f"tests/planted/bugs.toml: {problem}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])

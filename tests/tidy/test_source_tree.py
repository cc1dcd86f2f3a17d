"""The style as a test: what every file of the tree keeps to. CONTRIBUTING.md says it in words."""

import re

import pytest
from source_tree import ROOT, cpp_files, functions, read, text_files, tracked_files

MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 90
FORBIDDEN_NAME = re.compile(r"(?:^|[_./-])(?:managers?|utils?|utility|utilities|helpers?|data|info|process|misc|common)"
                            r"(?=$|[_./-])", re.I)
# What a declaration may not be called, whatever the case: `class BidManager`, `std::string data_`.
FORBIDDEN_TYPE = re.compile(r"\b(?:class|struct|enum class)\s+\w*(?:Manager|Utils?|Helpers?|Info|Data)\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|work|Users)/[\w.]|/tmp/(?:wt|fb)\b")
EMPTY_TALK = re.compile(r"\b(?:TODO|FIXME|HACK)\b")


def test_there_is_something_to_look_at():
    assert len(cpp_files("src")) > 10
    assert any(functions(read(path)) for path in cpp_files("src"))


def test_files_stay_short():
    long = {str(path): lines for path in tracked_files()
            if path.suffix in {".cpp", ".hpp", ".py", ".js", ".mjs", ".ts", ".tsx", ".css", ".lua"}
            and (lines := read(path).count("\n")) > MAX_FILE_LINES}
    assert not long, f"over {MAX_FILE_LINES} lines: {long}"


def test_functions_fit_a_screen():
    long = [f"{path}:{line} has {length} lines" for path in cpp_files("src", "clients", "bench")
            for line, length in functions(read(path)) if length > MAX_FUNCTION_LINES]
    assert not long, f"functions over {MAX_FUNCTION_LINES} lines: {long}"


def test_functions_are_found():
    text = "int f(int a) {\n  if (a) {\n    return 1;\n  }\n  return '{';\n}\nstruct S {\n  void g() const {\n  }\n};\n"
    assert functions(text) == [(1, 6), (8, 2)]


def test_headers_have_pragma_once():
    missing = [str(path) for path in cpp_files(suffixes=(".hpp", ".h"))
               if not re.search(r"^#pragma once$", read(path), re.M)]
    assert not missing


def test_files_open_with_a_comment():
    """A header says what it owns, and every script what it does."""
    silent = [str(path) for path in cpp_files("src", "clients", "bench", suffixes=(".hpp",)) if not read(path).startswith("//")]
    silent += [str(path) for path in tracked_files() if path.parts[0] == "script" and path.suffix == ""
               and not re.match(r"#!.*\n(?:#|\"\"\")", read(path))]
    assert not silent, f"no comment at the head: {silent}"


def test_file_names_say_something():
    bad = [str(path) for path in tracked_files() if FORBIDDEN_NAME.search(str(path.with_suffix("")))]
    assert not bad
    wrong_case = [str(path) for path in cpp_files() if not re.fullmatch(r"[a-z0-9_]+", path.stem)]
    assert not wrong_case, f"C++ file names are snake_case: {wrong_case}"


def test_type_names_say_something():
    bad = [f"{path}: {match.group()}" for path in cpp_files("src", "clients", "bench")
           for match in FORBIDDEN_TYPE.finditer(read(path))]
    assert not bad


def test_no_path_of_one_machine():
    found = [f"{path}: {match.group()}" for path in text_files() if path.name != "test_source_tree.py"
             for match in MACHINE_PATH.finditer(read(path))]
    assert not found


def test_nothing_is_left_for_later():
    found = [f"{path}: {match.group()}" for path in text_files()
             if path.name not in {"test_source_tree.py", "package-lock.json"}
             for match in EMPTY_TALK.finditer(read(path))]
    assert not found, f"an issue is the place for these: {found}"


def test_text_ends_with_a_newline_and_has_no_tabs_or_trailing_space():
    bad = []
    for path in text_files():
        text = read(path)
        if path.name in {"LICENSE", "package-lock.json"}:
            continue
        if text and not text.endswith("\n"):
            bad.append(f"{path}: no newline at the end")
        if re.search(r"[ \t]+$", text, re.M):
            bad.append(f"{path}: trailing space")
        if "\t" in text and path.suffix in {".cpp", ".hpp", ".py", ".js", ".yaml"}:
            bad.append(f"{path}: tab")
    assert not bad


@pytest.mark.parametrize("path", [path for path in tracked_files() if path.parts[0] in {"script", ".ci"}
                                  and path.suffix == ""], ids=str)
def test_scripts_can_be_run(path):
    assert (ROOT / path).stat().st_mode & 0o111, "not executable"


def test_lock_files_name_no_registry():
    """Where packages come from is the machine's to say."""
    found = [str(path) for path in tracked_files() if path.name == "package-lock.json" and '"resolved": "http' in read(path)]
    assert not found


def anatomy():
    """(file, function) of the table in ARCHITECTURE.md: every code word of its last column, in the row's file."""
    section = read("ARCHITECTURE.md").split("## Anatomy of a bid")[1].split("\nWhat can go otherwise")[0]
    rows = re.findall(r"^\|[^|]*\| `(src/[^`]+)` \| (.*) \|$", section, re.M)
    return [(file, name.rsplit("::", 1)[-1]) for file, text in rows for name in re.findall(r"`([\w:]+)`", text)]


def test_the_anatomy_of_a_bid_is_true():
    assert len(anatomy()) > 15
    wrong = [f"{file}: {name}" for file, name in anatomy()
             if not (ROOT / file).is_file() or not re.search(rf"\b{name}\b", read(file) + header_of(file))]
    assert not wrong, "ARCHITECTURE.md names what is not there"


def header_of(file):
    header = (ROOT / file).with_suffix(".hpp")
    return header.read_text(encoding="utf-8") if header.is_file() else ""


def test_links_between_documents_lead_somewhere():
    broken = [f"{path}: {target}" for path in tracked_files() if path.suffix == ".md"
              for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", read(path))
              if not (ROOT / path.parent / target).exists()]
    assert not broken

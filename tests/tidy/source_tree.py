"""What the rules of the tree look at: the files that git knows, and C++ cut into functions."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT_SUFFIXES = {".cpp", ".hpp", ".h", ".py", ".md", ".yaml", ".yml", ".json", ".cmake", ".txt", ".js", ".mjs", ".ts",
                 ".tsx", ".css", ".html", ".lua", ".toml", ".sh", ".svg", ""}


def tracked_files():
    """Every file of the repository, as paths relative to ROOT; new files that git would take count too."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT,
                            check=True, capture_output=True).stdout.decode()
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()]


def text_files():
    return [path for path in tracked_files() if path.suffix in TEXT_SUFFIXES]


def cpp_files(*folders, suffixes=(".cpp", ".hpp")):
    """The C++ files below the folders (all if none is named)."""
    return [path for path in tracked_files()
            if path.suffix in suffixes and (not folders or path.parts[0] in folders)]


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def without_literals(text):
    """C++ with comments, strings and characters blanked out, every line kept, so that braces can be counted."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'", re.S)
    return pattern.sub(lambda match: "\n" * match.group().count("\n"), text)


# A line that opens a function or lambda body: a parameter list, what may follow it, and a brace at the end.
OPENS_FUNCTION = re.compile(r"\)[^;={}]*\{\s*$")
OPENS_CONTROL = re.compile(r"^\s*(?:\}\s*)?(?:if|for|while|switch|catch|else|do)\b")


def functions(text):
    """(line, length in lines) of each outermost function body of C++ text, formatted as clang-format leaves it."""
    found, depth, start, start_depth = [], 0, None, 0
    for number, line in enumerate(without_literals(text).split("\n"), 1):
        if start is None and OPENS_FUNCTION.search(line) and not OPENS_CONTROL.search(line):
            start, start_depth = number, depth
        depth += line.count("{") - line.count("}")
        if start is not None and depth <= start_depth:
            found.append((start, number - start + 1))
            start = None
    return found

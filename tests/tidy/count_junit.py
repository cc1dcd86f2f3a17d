"""Prints `passed failed skipped` of a JUnit file, as ctest, GoogleTest and pytest write it. script/test adds them up.

    count_junit.py FILE [FOLDER [AGAIN]]

With a FOLDER, a case of FILE that left a report of its own there (FOLDER/NAME.xml) counts as that report's cases. Cases
that were run again, and are in AGAIN, count as they are there.
"""

import collections
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def kind_of(case):
    """ctest and GoogleTest mark what did not run by its status, GoogleTest what was filtered out by its result."""
    tags = {child.tag for child in case}
    if tags & {"failure", "error"} or (case.get("status") in {"fail", "notrun"} and case.get("result") is None):
        return "failed"
    if "skipped" in tags or case.get("status") in {"disabled", "notrun"}:
        return "skipped"
    return "passed"


def cases_of(path):
    text = pathlib.Path(path).read_text(encoding="utf-8", errors="replace")  # a case's parameter may be any bytes
    return list(ElementTree.fromstring(text).iter("testcase"))


def count(path, folder=None, again=None):
    counts = collections.Counter()
    later = {case.get("name"): case for case in cases_of(again)} if again else {}
    for case in cases_of(path):
        case = later.get(case.get("name"), case)
        # Only a binary's run has a report of its own; a case's name may be too long for a file's.
        own = pathlib.Path(folder) / f"{case.get('name')}.xml" if folder and pathlib.Path(folder).is_dir() else None
        if own is None or not own.exists():
            counts[kind_of(case)] += 1
            continue
        cases = count(own)
        if kind_of(case) == "failed" and not cases["failed"]:
            cases["failed"] += 1  # it ended badly after its last case
        counts += cases
    return counts


if __name__ == "__main__":
    counted = count(*sys.argv[1:])
    print(counted["passed"], counted["failed"], counted["skipped"])

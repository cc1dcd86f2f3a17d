"""Prints `passed failed skipped` of a JUnit file, as ctest and pytest write it. script/test adds them up."""

import sys
import xml.etree.ElementTree as ElementTree


def count(path):
    """(passed, failed, skipped) test cases; ctest marks those that did not run by their status."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).iter("testcase"):
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"} or case.get("status") in {"fail", "notrun"}:
            failed += 1
        elif "skipped" in kinds or case.get("status") == "disabled":
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


if __name__ == "__main__":
    print(*count(sys.argv[1]))

"""Reads what `llvm-cov export` says (on stdin) and writes the branches that no test took, one a line, under a line for each
folder that starts with `#`. A branch counts once, however many times a template was made or a file linked: taken if any
of them took it. Expansions of macros count where they stand.

    # src/auction                      97.3 % of 188 branches, 5 untaken
    src/auction/terms.cpp:31:7  never true   if (terms.title.empty()) …
"""
import json
import os
import sys


def folder_of(name, folders):
    folder = os.path.dirname(name)
    return folder if folder in folders else None


def main(folders):
    here = os.getcwd() + "/"
    taken = {}
    for data in json.load(sys.stdin)["data"]:
        for function in data["functions"]:
            for first, column, last, last_column, yes, no, file, *_ in function.get("branches", []):
                name = function["filenames"][file].removeprefix(here)
                if not folder_of(name, folders):
                    continue
                for side, count in ((True, yes), (False, no)):
                    place = (name, first, column, last, last_column, side)
                    taken[place] = taken.get(place, 0) + count
    for folder in folders:
        of_it = sorted(place for place in taken if folder_of(place[0], folders) == folder)
        untaken = [place for place in of_it if not taken[place]]
        share = 100 * (len(of_it) - len(untaken)) / len(of_it) if of_it else 100
        print(f"# {folder:<22} {share:5.1f} % of {len(of_it)} branches, {len(untaken)} untaken")
        for name, first, column, *_, side in untaken:
            with open(name, encoding="utf-8") as file:
                line = file.read().splitlines()[first - 1].strip()
            print(f"{name}:{first}:{column}  never {'true' if side else 'false'}   {line}")


main(sys.argv[1:])

"""find_seeds.py [NAME...]: the first seed that catches each bug that simulation is to catch, written into bugs.toml.

To be run on a built preset `planted` when seeds have come to mean other plans (docs/testing.md says when that is). The
seeds are those of script/test; a bug that none of them catches as the table says is told, and its entry left alone.
"""

import re
import sys

import plant
from test_planted import SIMULATE, run

SEEDS = 2000


def first_seed(bug):
    """The first seed that fails in the way that the table says, or None."""
    seed = 1
    while seed <= SEEDS:
        status, said = run([SIMULATE, seed, SEEDS + 1 - seed], bug.name)
        found = re.search(r"seed (\d+)", said)
        if status == 0 or not found:
            return None
        seed = int(found[1])
        if plant.is_said(bug.says, said):
            return seed
        seed += 1
    return None


def with_seed(text, bug, seed):
    head, entry = text.split(f'name = "{bug.name}"\n', 1)
    return head + f'name = "{bug.name}"\n' + re.sub(r"^seed = \d+$", f"seed = {seed}", entry, count=1, flags=re.M)


def main(names):
    missed = []
    for bug in plant.load()[0]:
        if bug.caught_by != "simulation" or (names and bug.name not in names):
            continue
        seed = first_seed(bug)
        if seed is None:
            missed.append(bug.name)
        elif seed != bug.seed:
            print(f"{bug.name}: seed {seed}, was {bug.seed}", flush=True)
            path = plant.HERE / "bugs.toml"
            plant.write(path, with_seed(path.read_text(encoding="utf-8"), bug, seed))
    if missed:
        sys.exit(f"no seed up to {SEEDS} catches: {', '.join(missed)}")


if __name__ == "__main__":
    main(sys.argv[1:])

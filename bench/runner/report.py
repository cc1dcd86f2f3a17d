"""What a run found, as a table and as a file of bench/results."""

import dataclasses
import datetime
import json
import os
import platform
import re
import subprocess
from pathlib import Path

from .programs import REPOSITORY

RESULTS = REPOSITORY / "bench" / "results"
DURABILITY = ("fsync before every answer (embedded: SQLite WAL, synchronous FULL; Redis: AOF always); PostgreSQL: fsync "
              "at every commit")


def commit():
    def git(*words):
        return subprocess.run(["git", *words], cwd=REPOSITORY, capture_output=True, text=True).stdout.strip()
    changed = git("status", "--porcelain", "--", ".", ":!bench/results")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("-changed" if changed else "")


def machine(folder):
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    disk = subprocess.run(["stat", "-f", "-c", "%T", str(folder)], capture_output=True, text=True).stdout.strip()
    return (f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}, "
            f"{disk}")


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}" if value < 1 else f"{value:.2f}"


def table(figures):
    rows = [("", "what", "", "FlashBid", "limit", "ratio", "required", "")]
    rows += [(one.row, one.what, one.unit, number(one.flashbid), number(one.limit), f"{one.ratio:.2f}", one.required,
              "" if not one.required else "reached" if one.reached else "NOT REACHED") for one in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    numeric = {3, 4, 5, 6}
    return "\n".join("  ".join(text.rjust(width) if column in numeric else text.ljust(width)
                               for column, (text, width) in enumerate(zip(row, widths))).rstrip() for row in rows)


def heading(folder, run, others_share):
    return {"commit": commit(), "at": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "durability": DURABILITY, "machine": machine(folder), "seconds": run.seconds, "rounds": run.rounds,
            "others_share": round(others_share, 3)}


def write(heading_, figures):
    """bench/results/TIME-COMMIT.json, whole or not at all."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{heading_['at'].replace(':', '')}-{heading_['commit']}.json"
    lines = [dataclasses.asdict(one) | {"ratio": one.ratio, "required": one.required, "reached": one.reached}
             for one in figures]
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(heading_ | {"figures": lines}, indent=1) + "\n", encoding="utf-8")
    draft.rename(path)
    return path

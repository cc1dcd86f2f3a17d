"""How many nodes, Redis primaries, relays and PostgreSQL cores a rate of accepted bids takes: arithmetic on the CPU time
that a run measured for each part, and nothing that was seen at that size."""

import json
import math
import statistics
from pathlib import Path

LOAD = 0.6  # of a core, at most: the rest is for bursts
RATES = (1_000, 10_000, 50_000, 100_000, 250_000, 500_000, 1_000_000)


def cpu_us(figures, row, what, name):
    """FlashBid's median of `name` in the rounds of that line; a file written by `report.write` has one list a line."""
    rounds = next(one["rounds"] for one in figures if one["row"] == row and one["what"] == what)
    return statistics.median(each["flashbid"][name] for each in rounds)


def parts(figures):
    busy, archived = "accepted, 1024 in flight", "archived, beside bare COPY"
    return {"node": cpu_us(figures, "S7", busy, "node_cpu_us"),
            "Redis, deciding": cpu_us(figures, "S7", busy, "redis_cpu_us"),
            "Redis, read by the relay": cpu_us(figures, "S8", archived, "redis_cpu_us"),
            "relay": cpu_us(figures, "S8", archived, "relay_cpu_us"),
            "PostgreSQL": cpu_us(figures, "S8", archived, "postgres_cpu_us")}


def markdown(path):
    """The two tables of docs/sizing.md."""
    result = json.loads(Path(path).read_text(encoding="utf-8"))
    return (f"Measured at commit {result['commit']} on {result['machine']}, while other things took "
            f"{result['others_share']:.0%} of the machine.\n\n{tables(parts(result['figures']))}")


def tables(each):
    lines = ["| part | CPU us per accepted bid |", "|---|--:|",
             *(f"| {name} | {value:.1f} |" for name, value in each.items()), "",
             "| accepted bids/s | node cores | Redis primaries | relay cores | PostgreSQL cores |",
             "|--:|--:|--:|--:|--:|"]
    redis = each["Redis, deciding"] + each["Redis, read by the relay"]
    for rate in RATES:
        cores = [math.ceil(rate * part / 1e6 / LOAD) for part in (each["node"], redis, each["relay"],
                                                                 each["PostgreSQL"])]
        lines.append(f"| {rate:,} | " + " | ".join(map(str, cores)) + " |")
    return "\n".join(lines)

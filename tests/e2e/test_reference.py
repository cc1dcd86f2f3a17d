"""The pages of docs/ that are made of what the program says of itself are those of today's program."""
import pytest

import reference
from flashbid_server import REPOSITORY


@pytest.fixture(scope="module")
def pages():
    return reference.pages()


@pytest.mark.parametrize("path", ["docs/cli.md", "docs/configuration.md", "docs/metrics.md", "docs/errors.md", "docs/reasons.md"])
def test_the_page_says_what_the_program_says(pages, path):
    assert (REPOSITORY / path).read_text(encoding="utf-8") == pages[path], f"{path} is not today's: script/reference writes it"


def test_what_is_read_of_help():
    told = ("Options:\n  -h,--help                   Print this help message and exit\n  --dev                       no login\n"
            "  --listen TEXT:ADDR:PORT=127.0.0.1:8080\n                              where to listen\n"
            "  --threads UINT:UINT in [1 - 256]\n                              loops\n\n\nTLS:\n"
            "  --role TEXT:{bidder,operator}=bidder\n                              a | b\n")
    (first, options), (second, tls) = reference.flags_of(told)
    assert (first, second) == ("Options", "TLS")
    assert [(each.name, each.takes, each.default, each.says) for each in options + tls] == [
        ("dev", "", "", "no login"), ("listen", "ADDR:PORT", "127.0.0.1:8080", "where to listen"),
        ("threads", "1 … 256", "", "loops"), ("role", "bidder, operator", "bidder", "a | b")]
    assert (tls[0].variable, options[2].key) == ("FLASHBID_ROLE", "threads")


def test_what_is_read_of_metrics():
    told = "# HELP a_total Of a\n# TYPE a_total counter\na_total{why=\"x\",of=\"y\"} 1\n# HELP b B\n# TYPE b histogram\nb_bucket{le=\"1\"} 0\n"
    assert reference.Families(told).found == {"a_total": ("counter", "Of a", ["of", "why"]), "b": ("histogram", "B", [])}

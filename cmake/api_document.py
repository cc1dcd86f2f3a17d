"""api_document.py YAML JSON VERSION: an API document (docs/api/) as the JSON that the server shows.

Sets its version, and makes it whole: a `$ref: 'openapi.yaml#/components/schemas/X'` brings X along. With `x-frame: T`
beside it, the schema is that of a frame which carries X: a `type` T in front and, for a `bid_result`, the asker's `id`.
"""

import copy
import json
import sys
from pathlib import Path

import yaml

SCHEMAS = "#/components/schemas/"
OTHER = "openapi.yaml" + SCHEMAS


class Plain(yaml.SafeLoader):
    """YAML 1.2's idea of plain words, as the linters read it: no dates, and `on` is a word."""


Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers
            if tag != "tag:yaml.org,2002:timestamp" and (tag != "tag:yaml.org,2002:bool" or first in "tTfF")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(path):
    # Through JSON, so that what YAML anchors share is shared no more.
    return json.loads(json.dumps(yaml.load(path.read_text(encoding="utf-8"), Loader=Plain)))


def frame(schema, kind):
    made = copy.deepcopy(schema)
    first = {"type": {"const": kind}}
    if kind == "bid_result":
        first["id"] = {"$ref": SCHEMAS + "FrameId"}
    made["properties"] = {**first, **made["properties"]}
    made["required"] = ["type", *made["required"]]
    made.pop("examples", None)
    return made


def make_whole(document, folder):
    """Brings in what the document takes from openapi.yaml, and what that refers to."""
    schemas = load(folder / "openapi.yaml")["components"]["schemas"]
    taken = {}

    def visit(node, inside):
        """inside: whether the node comes from openapi.yaml, where a reference has no file's name."""
        if isinstance(node, list):
            return [visit(each, inside) for each in node]
        if not isinstance(node, dict):
            return node
        ref = node.get("$ref", "")
        if ref.startswith(OTHER) or (inside and ref.startswith(SCHEMAS)):
            name = ref.rsplit("/", 1)[1]
            if "x-frame" in node:
                return visit(frame(schemas[name], node["x-frame"]), True)
            if name in schemas and name not in taken:
                taken[name] = None  # a place held, against going round in circles
                taken[name] = visit(schemas[name], True)
            return {"$ref": SCHEMAS + name}
        return {key: visit(value, inside) for key, value in node.items()}

    document = visit(document, False)
    document["components"]["schemas"].update(taken)
    return document


def convert(path, version):
    document = load(path)
    document["info"]["version"] = version
    if "asyncapi" in document:
        document = make_whole(document, path.parent)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    source, target, its_version = sys.argv[1:]
    Path(target).write_text(convert(Path(source), its_version), encoding="utf-8")

#!/usr/bin/env -S /usr/bin/python3 -B
"""Writes src/api.ts: what docs/api says of answers, bodies and frames, as types. To be run again when that grows.

Objects, unions and words keep the name of their schema; numbers and plain texts stand where they are used. What is written
are the schemas in ROOTS, the frames, and what these refer to.
"""
import re
import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "cmake"))

from api_document import OTHER, SCHEMAS, load  # noqa: E402

ROOTS = ["Auction", "NewAuction", "Event", "BidAccepted", "BidRejected", "HistoryBid", "AccessTerms", "Session"]
NAMES = {"Event": "AuctionEvent"}  # browsers have an Event of their own
HEAD = """// What FlashBid says and takes. Made from docs/api/openapi.yaml and docs/api/asyncapi.yaml by api_types.py; not to be edited.
// Money: integers of the currency's minor units. Times: RFC 3339, UTC, with milliseconds.
"""
WIDTH = 120


class Writer:
    def __init__(self, folder):
        self.schemas = load(folder / "openapi.yaml")["components"]["schemas"]
        self.stream = load(folder / "asyncapi.yaml")
        self.schemas.update({name: schema for name, schema in self.stream["components"]["schemas"].items()
                             if name not in self.schemas and name != "Envelope"})
        self.wanted = []

    def name_of(self, node):
        """The schema that a reference names; None if it is none."""
        ref = node.get("$ref", "")
        return ref.rsplit("/", 1)[1] if ref.startswith((OTHER, SCHEMAS)) else None

    def is_plain(self, schema):
        """Numbers and texts, which have no name of their own."""
        return "enum" not in schema and "oneOf" not in schema and schema.get("type") not in ("object", "array")

    def type_of(self, node):
        name = self.name_of(node)
        if name is not None:
            schema = self.schemas[name]
            if self.is_plain(schema):
                return self.type_of(schema)
            if name not in self.wanted:
                self.wanted.append(name)
            return NAMES.get(name, name)
        if "const" in node:
            return f'"{node["const"]}"'
        if "enum" in node:
            return " | ".join("null" if each is None else f'"{each}"' for each in node["enum"])
        if "oneOf" in node:
            return " | ".join(self.type_of(each) for each in node["oneOf"])
        if isinstance(node["type"], list):
            return " | ".join(self.type_of({**node, "type": each}) for each in node["type"])
        return self.typed(node)

    def typed(self, node):
        kind = node["type"]
        if kind == "object":
            return "{\n" + self.members(node) + "}"
        if kind == "array" and "prefixItems" in node:
            return f"[{', '.join(self.type_of(each) for each in node['prefixItems'])}]"
        if kind == "array":
            inner = self.type_of(node["items"])
            return f"({inner})[]" if " | " in inner and not inner.startswith("[") else f"{inner}[]"
        return {"integer": "number", "number": "number", "string": "string", "boolean": "boolean", "null": "null"}[kind]

    def members(self, schema):
        lines = []
        for name, node in schema["properties"].items():
            of = self.name_of(node)
            said = node.get("description") or (self.schemas[of].get("description") if of and self.is_plain(self.schemas[of]) else None)
            mark = "" if name in schema["required"] else "?"
            lines.append(self.comment(said) + f"{name}{mark}: {self.type_of(node)};\n")
        return textwrap.indent("".join(lines), "  ")

    def comment(self, text):
        if not text:
            return ""
        text = re.sub(r"\s+", " ", text).strip()
        if len(text) < WIDTH - 12:
            return f"/** {text} */\n"
        return "/**\n" + textwrap.fill(text, WIDTH - 4, initial_indent=" * ", subsequent_indent=" * ") + "\n */\n"

    def declared(self, name):
        schema = self.schemas[name]
        name = NAMES.get(name, name)
        head = self.comment(schema.get("description"))
        type_text = self.type_of(schema)
        if schema.get("type") == "object":
            return f"{head}export interface {name} {type_text}\n"
        if " | " in type_text and len(type_text) > 90 and "{" not in type_text:
            type_text = "\n  | " + type_text.replace(" | ", "\n  | ")
        return f"{head}export type {name} = {type_text};\n".replace("= \n", "=\n")

    def frame(self, message):
        """The type of a frame; one that carries an event or an answer is that, with a type in front."""
        payload = message["payload"]
        if "oneOf" not in payload:
            return self.type_of(payload)
        kind = payload["oneOf"][0]["x-frame"]
        ident = "id?: string; " if kind == "bid_result" else ""
        carried = [self.type_of({"$ref": each["$ref"]}) for each in payload["oneOf"]]
        whole = NAMES["Event"] if kind == "event" else f"({' | '.join(carried)})"
        return f'{{ type: "{kind}"; {ident}}} & {whole}'

    def frames(self, name, operation, comment):
        messages = [each["$ref"].rsplit("/", 1)[1] for each in self.stream["operations"][operation]["messages"]]
        parts, union = [], []
        for each in messages:
            message = self.stream["components"]["messages"][each]
            of = "".join(word.capitalize() for word in each.split("_")) + "Frame"
            union.append(of)
            parts.append(self.comment(message["summary"]) + f"export type {of} = {self.frame(message)};\n")
        parts.append(self.comment(comment) + f"export type {name} =\n  | " + "\n  | ".join(union) + ";\n")
        return parts

    def write(self):
        frames = [*self.frames("ServerFrame", "to_client", "What the server sends over the socket."),
                  *self.frames("ClientFrame", "from_client", "What it takes over the socket.")]
        self.wanted = ROOTS + [name for name in self.wanted if name not in ROOTS]
        made = []
        for name in self.wanted:  # grows meanwhile
            made.append(self.declared(name))
        return "\n".join([HEAD, *made, *frames])


def api_types():
    return Writer(HERE.parents[1] / "docs/api").write()


if __name__ == "__main__":
    (HERE / "src/api.ts").write_text(api_types(), encoding="utf-8")

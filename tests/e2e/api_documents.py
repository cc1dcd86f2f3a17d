"""Checks answers against /openapi.json and frames against /asyncapi.json, as the server itself serves them.

Knows the documents only; talks to nobody. Every answer any test gets goes through here, so an answer that the documents
do not describe fails the test that got it.
"""
import re
from pathlib import Path

import jsonschema

ERRORS = Path(__file__).resolve().parents[2] / "docs" / "errors.md"

HTTP_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def published_codes():
    """The table of error codes in docs/errors.md: code -> HTTP status."""
    return {code: int(status) for code, status in re.findall(r"^\| `(\w+)` \| (\d{3}) \|", ERRORS.read_text(), re.M)}


def published_close_reasons():
    """The table of close codes there: code -> reason."""
    return {int(code): reason for code, reason in re.findall(r"^\| (\d{4}) \| `(\w+)` \|", ERRORS.read_text(), re.M)}


CODES = published_codes()
CLOSE_REASONS = published_close_reasons()


class Document:
    """A JSON document with local `$ref`s."""

    def __init__(self, document):
        self.document = document
        self.resolver = jsonschema.RefResolver(base_uri="", referrer=document)
        self.validators = {}

    def resolve(self, node):
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            _, node = self.resolver.resolve(node["$ref"])
        return node

    def errors(self, schema, instance):
        key = id(schema)
        if key not in self.validators:
            kind = jsonschema.Draft202012Validator
            self.validators[key] = (schema, kind(schema, resolver=self.resolver, format_checker=kind.FORMAT_CHECKER))
        found = sorted(self.validators[key][1].iter_errors(instance), key=lambda error: list(error.path))
        return [f"{list(error.absolute_path)}: {error.message[:500]}" for error in found]

    def refs(self):
        """Every `$ref` in the document, for the test that all of them resolve."""
        waiting = [self.document]
        while waiting:
            node = waiting.pop()
            if isinstance(node, dict):
                if isinstance(node.get("$ref"), str):
                    yield node["$ref"]
                waiting += node.values()
            elif isinstance(node, list):
                waiting += node


class OpenApi(Document):
    def __init__(self, document):
        super().__init__(document)
        self.routes = []
        for template, item in document["paths"].items():
            pattern = "^" + re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(template)) + "$"
            self.routes.append((template.count("{"), re.compile(pattern), template, self.resolve(item)))
        self.routes.sort(key=lambda route: route[0])
        self.seen = set()

    def route(self, path):
        for _, pattern, template, item in self.routes:
            if pattern.match(path):
                return template, item
        return None, None

    def operation(self, method, path):
        template, item = self.route(path)
        operation = (item or {}).get(method.lower())
        return template, operation

    def response_entry(self, operation, status):
        responses = operation["responses"]
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in responses:
                return self.resolve(responses[key])
        return None

    def check(self, method, target, response):
        """None if the document describes this answer, else what is wrong."""
        path = target.split("?")[0]
        template, operation = self.operation(method, path)
        if operation is None and method == "HEAD":
            template, operation = self.operation("GET", path)
        if operation is None:
            if response.status < 400:
                return f"{method} {path} answered {response.status} but is not in openapi.json"
            return self.check_problem(response)
        entry = self.response_entry(operation, response.status)
        if entry is None:
            return f"{method} {template}: status {response.status} is not in openapi.json"
        self.seen.add((method, template, response.status))
        if method == "HEAD":
            return None
        for name, header in (entry.get("headers") or {}).items():
            if self.resolve(header).get("required") and response.header(name) is None:
                return f"{method} {template} {response.status}: header {name} is missing"
        content = entry.get("content")
        if not content:
            wrong = f"{method} {template} {response.status}: has a body, openapi.json says none"
            return wrong if response.body else None
        if response.media_type not in content:
            return f"{method} {template} {response.status}: {response.media_type!r} is not one of {list(content)}"
        schema = content[response.media_type].get("schema")
        if schema is None or not response.media_type.endswith("json"):
            return None
        wrong = self.errors(schema, response.json())
        return f"{method} {template} {response.status}: {wrong} in {response.body[:600]!r}" if wrong else None

    def check_problem(self, response):
        schema = self.document.get("components", {}).get("schemas", {}).get("Problem")
        if schema is None:
            return "openapi.json has no components/schemas/Problem"
        wrong = self.errors(schema, response.json()) if response.body else []
        return f"{response.status}: {wrong} in {response.body[:600]!r}" if wrong else None

    def request_schema(self, method, template):
        body = self.resolve(self.document["paths"][template][method.lower()]["requestBody"])
        return self.resolve(body["content"]["application/json"]["schema"])


class AsyncApi(Document):
    def __init__(self, document):
        super().__init__(document)
        self.payloads = {}
        self.seen = set()
        for message in self.messages():
            payload = message["payload"]
            if isinstance(payload, dict) and "schemaFormat" in payload:
                payload = payload["schema"]
            for name in self.types_of(payload):
                self.payloads.setdefault(name, []).append(payload)
        everything = self.document.get("components", {}).get("messages", {}).values()
        self.named = {name for message in everything for name in self.types_of(message["payload"])}

    def messages(self):
        """What the server sends; if no operation says so, every message there is."""
        sent = [message for operation in self.document.get("operations", {}).values() if operation["action"] == "send"
                for message in operation["messages"]]
        if sent:
            return list(map(self.resolve, map(self.resolve, sent)))
        found = list((self.document.get("components") or {}).get("messages", {}).values())
        for channel in self.document.get("channels", {}).values():
            found += self.resolve(channel).get("messages", {}).values()
        unique = {id(message): message for message in map(self.resolve, found)}
        return unique.values()

    def types_of(self, schema):
        """The values of the property `type` that a payload schema admits."""
        schema = self.resolve(schema)
        kind = self.resolve((schema.get("properties") or {}).get("type") or {})
        found = {kind["const"]} if "const" in kind else set(kind.get("enum", ()))
        for part in ("allOf", "oneOf", "anyOf"):
            for inner in schema.get(part, ()):
                found |= self.types_of(inner)
        return found

    def check(self, frame):
        payloads = self.payloads.get(frame.get("type"))
        if not payloads:
            return f"type {frame.get('type')!r} is not in asyncapi.json: {frame}"
        self.seen.add(frame["type"])
        wrong = []
        for payload in payloads:
            errors = self.errors(payload, frame)
            if not errors:
                return None
            wrong += errors
        return f"frame {frame}: {wrong}"

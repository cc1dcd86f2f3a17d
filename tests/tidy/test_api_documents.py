"""What is said in several places is said the same: codes, reasons and limits in C++, the API documents and docs/."""

import json
import re
import subprocess
import sys

import jsonschema
import pytest
from source_tree import ROOT, read, tracked_files


def converted(name, tmp_path_factory):
    target = tmp_path_factory.mktemp("api") / f"{name}.json"
    subprocess.run([sys.executable, "-B", ROOT / "cmake/api_document.py", ROOT / f"docs/api/{name}.yaml", target, "0.0.0"],
                   check=True)
    return json.loads(target.read_text())


@pytest.fixture(scope="module")
def openapi(tmp_path_factory):
    return converted("openapi", tmp_path_factory)


@pytest.fixture(scope="module")
def asyncapi(tmp_path_factory):
    return converted("asyncapi", tmp_path_factory)


def errors(document, schema, instance):
    whole = {**schema, "components": document["components"]}
    return [error.message for error in jsonschema.Draft202012Validator(whole).iter_errors(instance)]


def test_every_example_frame_is_one(asyncapi):
    seen = 0
    for name, message in asyncapi["components"]["messages"].items():
        for example in message.get("examples", []):
            assert not errors(asyncapi, message["payload"], example["payload"]), name
            if name != "envelope":  # whose readers ignore what they do not know
                assert errors(asyncapi, message["payload"], {**example["payload"], "surplus": 1}), f"{name} takes anything"
            seen += 1
    assert seen >= 7


def test_every_example_body_is_one(openapi):
    seen = 0
    for name, schema in openapi["components"]["schemas"].items():
        for example in schema.get("examples", []):
            assert not errors(openapi, schema, example), name
            seen += 1
    assert seen >= 10


def enumerators(path, enum):
    """The names of a C++ enum, in order, without `none`."""
    body = re.search(rf"enum class {enum}\b[^{{]*\{{(.*?)\}};", read(path), re.S).group(1)
    names = re.findall(r"^\s*(\w+)\s*(?:=[^,]*)?,", re.sub(r"//.*", "", body), re.M)
    return [name for name in names if name != "none"]


def web_files(folder):
    return "\n".join(read(path) for path in tracked_files() if path.parts[:4] == ("web", "src", *folder.split("/")))


def test_reasons_are_spelled_the_same(openapi):
    reasons = openapi["components"]["schemas"]["Reason"]["enum"]
    assert enumerators("src/auction/decide.hpp", "Reason") == reasons
    languages = re.findall(r"\breasons: \{(.*?)\n  \}", web_files("pages/room"), re.S)
    words = [re.findall(r"^    (\w+): ", each, re.M) for each in languages]
    assert words == [reasons, reasons], "the room has words for these, in both languages"


def test_events_are_spelled_the_same(openapi):
    schemas = openapi["components"]["schemas"]
    events = [schemas[each["$ref"].rsplit("/", 1)[1]]["properties"]["event"]["const"] for each in schemas["Event"]["oneOf"]]
    # Whose words are in both languages: the compiler refuses one that is missing.
    assert set(re.findall(r'case "(\w+)":', read("web/src/pages/room/events.ts"))) == set(events), "the room has a line for each"
    bodies = re.search(r"using EventBody = std::variant<(.*?)>;", read("src/auction/event.hpp"), re.S).group(1)
    assert [re.sub(r"(?<!^)([A-Z])", r"_\1", body.strip()).lower() for body in bodies.split(",")] == events


def test_types_are_those_of_the_documents():
    sys.path.insert(0, str(ROOT / "clients/typescript"))
    from api_types import api_types
    assert read("clients/typescript/src/api.ts") == api_types(), "clients/typescript/api_types.py writes it anew"


@pytest.mark.parametrize("field, constant", [("title", "max_title_bytes"), ("description", "max_description_bytes"),
                                             ("image_url", "max_image_url_bytes")])
def test_lengths_are_those_of_the_core(openapi, field, constant):
    stated = re.search(rf"{constant} = ([\d']+);", read("src/auction/terms.hpp")).group(1).replace("'", "")
    assert openapi["components"]["schemas"]["NewAuction"]["properties"][field]["maxLength"] == int(stated)


def documented_codes():
    """(code, status, close code or 0, retry) of each row of the table in docs/errors.md."""
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \| ([^|]+) \| (no|later|same key) \|", read("docs/errors.md"), re.M)
    return [(code, int(status), int((re.search(r"\d{4}", socket) or [0])[0]), retry.replace(" ", "_"))
            for code, status, socket, retry in rows]


def test_codes_are_those_of_the_table(openapi):
    codes = [code for code, *_ in documented_codes()]
    assert len(set(codes)) == len(codes) > 20
    assert codes == openapi["components"]["schemas"]["Code"]["enum"]


@pytest.mark.skipif(not (ROOT / "src/wire/errors.cpp").is_file(), reason="there is no src/wire/errors.cpp yet")
def test_codes_are_those_of_the_server():
    rows = re.findall(r'^\s*\{"(\w+)", (\d+), (\d+), Retry::(\w+),', read("src/wire/errors.cpp"), re.M)
    assert [(code, int(status), int(close), retry) for code, status, close, retry in rows] == documented_codes()
    assert enumerators("src/wire/errors.hpp", "ErrorCode") == [code for code, *_ in rows]

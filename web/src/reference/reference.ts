// The API reference, drawn from /openapi.json and /asyncapi.json. Nothing is fetched from elsewhere.
import "../style/base.css";
import "./reference.css";

type Json = Record<string, any>; // a document as it came; its shape is the specification's
const METHODS = ["get", "post", "put", "patch", "delete"];
const main = document.getElementById("reference") as HTMLElement;

function add(parent: HTMLElement, tag: string, text = "", class_name = ""): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = class_name;
  parent.append(element);
  return element;
}

// The documents' prose: **strong** and `code`, everything else as it stands.
function add_prose(parent: HTMLElement, text: string): void {
  const paragraph = add(parent, "p", "", "prose");
  for (const part of text.split(/(\*\*[^*]+\*\*|`[^`]+`)/)) {
    if (part.startsWith("**")) add(paragraph, "strong", part.slice(2, -2));
    else if (part.startsWith("`")) add(paragraph, "code", part.slice(1, -1));
    else paragraph.append(part);
  }
}

function resolve(document_of: Json, node: Json): Json {
  if (typeof node?.$ref !== "string") return node;
  const path = node.$ref.slice(2).split("/") as string[];
  return resolve(document_of, path.reduce((at, part) => at[part.replaceAll("~1", "/")], document_of));
}

// A schema as it stands, its references followed a few levels deep.
function whole(document_of: Json, node: unknown, depth = 0): unknown {
  if (Array.isArray(node)) return node.map((each) => whole(document_of, each, depth));
  if (node === null || typeof node !== "object") return node;
  if ("$ref" in node && depth > 6) return node;
  return Object.fromEntries(Object.entries(resolve(document_of, node))
    .map(([name, value]) => [name, whole(document_of, value, depth + 1)]));
}

function add_schema(parent: HTMLElement, document_of: Json, title: string, schema: unknown): void {
  const details = add(parent, "details");
  add(details, "summary", title);
  // Drawn when opened: most are never looked at.
  details.addEventListener("toggle", () => {
    add(details, "pre", JSON.stringify(whole(document_of, schema), null, 2)).tabIndex = 0;
  }, { once: true });
}

function add_operation(parent: HTMLElement, openapi: Json, path: string, method: string, item: Json): void {
  const operation = item[method] as Json;
  const details = add(parent, "details");
  const summary = add(details, "summary");
  add(summary, "span", method.toUpperCase(), "method");
  add(summary, "code", path);
  add(summary, "span", ` ${operation.summary ?? ""}`, "quiet");
  if (operation.description) add_prose(details, operation.description);
  for (const each of [...(item.parameters ?? []), ...(operation.parameters ?? [])]) {
    const parameter = resolve(openapi, each);
    const line = add(details, "p");
    add(line, "code", parameter.name);
    add(line, "span", ` ${parameter.in}${parameter.required ? ", required" : ""}. ${parameter.description ?? ""}`, "quiet");
  }
  for (const [kind, content] of Object.entries<Json>(operation.requestBody?.content ?? {})) {
    add_schema(details, openapi, `Request body (${kind})`, content.schema);
  }
  for (const [status, each] of Object.entries<Json>(operation.responses)) {
    const response = resolve(openapi, each);
    const title = `${status}: ${response.description}`;
    const contents = Object.entries<Json>(response.content ?? {});
    if (contents.length === 0) add(details, "p", title);
    for (const [kind, content] of contents) add_schema(details, openapi, `${title} (${kind})`, content.schema);
  }
}

function draw_routes(openapi: Json): void {
  add(main, "h1", `${openapi.info.title} ${openapi.info.version}`);
  add_prose(main, openapi.info.description);
  for (const tag of openapi.tags as Json[]) {
    add(main, "h2", tag.name);
    add(main, "p", tag.description, "quiet");
    for (const [path, item] of Object.entries<Json>(openapi.paths)) {
      for (const method of METHODS.filter((each) => item[each]?.tags.includes(tag.name))) {
        add_operation(main, openapi, path, method, item);
      }
    }
  }
}

function draw_stream(asyncapi: Json): void {
  add(main, "h1", asyncapi.info.title);
  add_prose(main, asyncapi.info.description);
  for (const [name, operation] of Object.entries<Json>(asyncapi.operations)) {
    add(main, "h2", name.replaceAll("_", " "));
    for (const each of operation.messages as Json[]) {
      const message = resolve(asyncapi, each);
      add_schema(main, asyncapi, `${each.$ref.split("/").at(-1)}: ${message.summary}`, message.payload);
    }
  }
}

try {
  const documents = ["/openapi.json", "/asyncapi.json"].map(async (path) => (await fetch(path)).json() as Promise<Json>);
  const [openapi, asyncapi] = await Promise.all(documents);
  if (openapi) draw_routes(openapi);
  if (asyncapi) draw_stream(asyncapi);
} catch (error) {
  add(main, "p", `The API documents could not be read: ${error}`);
}

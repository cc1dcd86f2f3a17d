// docs/ as pages: which Markdown files there are, where each is served, and what becomes of the links between them. Pure: files
// come in as texts. On a code host the same files are read as they stand.
import { Marked, type Token, type Tokens } from "marked";

export const INDEX = "docs/README.md";

export interface Page {
  place: string; // where it is served: /docs/errors
  file: string; // what it becomes, below the folder of the pages: docs/errors.html
  title: string;
  language: string;
  html: string;
  anchors: Set<string>;
  links: { place: string; anchor: string; written: string }[]; // to other pages, as they were written
}

// docs/README.md is /docs, docs/errors.md is /docs/errors, ARCHITECTURE.md is /docs/architecture.
export function place_of(source: string): string {
  if (source === INDEX) return "/docs";
  const name = source.replace(/\.md$/, "");
  return name.startsWith("docs/") ? `/${name}` : `/docs/${name.toLowerCase()}`;
}

const ESCAPED: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
export const escape = (text: string): string => text.replace(/[&<>"]/g, (each) => ESCAPED[each] as string);

// The anchor of a heading, as code hosts make it.
export function anchor_of(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replace(/\s/g, "-");
}

function plain(tokens: Token[]): string {
  return tokens.map((each) => ("tokens" in each && each.tokens ? plain(each.tokens) : "text" in each ? each.text : "")).join("");
}

// Where a path that stands in a file leads: ../c.md in a/b.md is c.md.
function path_from(file: string, path: string): string {
  const parts = file.split("/").slice(0, -1);
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

const API_DOCUMENTS: Record<string, string> = { "docs/api/openapi.yaml": "/docs/api", "docs/api/asyncapi.yaml": "/docs/api" };

class Writer {
  readonly anchors = new Set<string>();
  readonly links: Page["links"] = [];
  title = "";

  constructor(private readonly source: string, private readonly sources: ReadonlySet<string>) {}

  // Of several headings that are alike the first has the plain anchor.
  anchor(wanted: string): string {
    let given = wanted;
    for (let n = 1; this.anchors.has(given); n += 1) given = `${wanted}-${n}`;
    this.anchors.add(given);
    return given;
  }

  // Where a link of this page leads; null: to a file that only the repository has.
  target(href: string): string | null {
    if (/^[a-z]+:/.test(href) || href.startsWith("/")) return href;
    const [path = "", anchor = ""] = href.split("#");
    const file = path === "" ? this.source : path_from(this.source, path);
    const place = this.sources.has(file) ? place_of(file) : API_DOCUMENTS[file];
    if (place === undefined) return null;
    this.links.push({ place, anchor, written: href });
    const behind = anchor === "" ? "" : `#${anchor}`;
    return path === "" ? behind : place + behind;
  }

  marked(): Marked {
    const writer = this;
    return new Marked({
      renderer: {
        heading({ tokens, depth }: Tokens.Heading) {
          const words = plain(tokens);
          if (writer.title === "") writer.title = words;
          const anchor = writer.anchor(anchor_of(words));
          const text = this.parser.parseInline(tokens);
          const link = depth === 1 ? "" : ` <a class="here" href="#${anchor}" aria-label="Link to this heading">#</a>`;
          return `<h${depth} id="${anchor}">${text}${link}</h${depth}>\n`;
        },
        link({ href, tokens }: Tokens.Link) {
          const text = this.parser.parseInline(tokens);
          const target = writer.target(href);
          return target === null ? `<span class="elsewhere" title="in the repository: ${escape(href)}">${text}</span>`
            : `<a href="${escape(target)}">${text}</a>`;
        },
        image({ href, text }: Tokens.Image) {
          const file = path_from(writer.source, href);
          return `<img src="/${escape(file)}" alt="${escape(text)}" loading="lazy">`;
        },
        code({ text, lang }: Tokens.Code) {
          return `<pre tabindex="0"${lang ? ` class="${escape(lang)}"` : ""}><code>${escape(text)}</code></pre>\n`;
        },
        // A row whose first cell is one word of code can be linked to by that word: errors#not_found.
        table({ header, rows }: Tokens.Table) {
          const cell = (kind: string, each: Tokens.TableCell) =>
            `<${kind}${each.align ? ` class="${each.align}"` : ""}>${this.parser.parseInline(each.tokens)}</${kind}>`;
          const head = header.some((each) => each.text !== "") ? `<thead><tr>${header.map((each) => cell("th", each)).join("")}</tr></thead>` : "";
          const body = rows.map((row) => {
            const word = /^`-*([\w-]+)`$/.exec(row[0]?.text ?? "")?.[1];
            const id = word === undefined ? "" : ` id="${writer.anchor(word)}"`;
            return `<tr${id}>${row.map((each) => cell("td", each)).join("")}</tr>`;
          });
          return `<div class="wide" tabindex="0"><table>${head}<tbody>${body.join("\n")}</tbody></table></div>\n`;
        },
      },
    });
  }
}

function page_of(source: string, text: string, sources: ReadonlySet<string>): Page {
  const writer = new Writer(source, sources);
  const html = writer.marked().parse(text, { async: false });
  const place = place_of(source);
  return {
    place, file: `${place.slice(1)}${place === "/docs" ? "/index" : ""}.html`, title: writer.title, html,
    language: source.endsWith(".zh-CN.md") ? "zh-CN" : "en", anchors: writer.anchors, links: writer.links,
  };
}

// The groups of the index and the documents in each, beside every page; `here` is marked.
function contents(index: string, sources: ReadonlySet<string>, here: string): string {
  let html = "";
  const writer = new Writer(INDEX, sources);
  for (const token of new Marked().lexer(index)) {
    if (token.type === "heading" && token.depth === 2) html += `<h2>${escape(token.text)}</h2>\n`;
    if (token.type !== "list") continue;
    const entries = (token as Tokens.List).items.map((item) => {
      const first = /^\[([^\]]+)\]\(([^)]+)\)/.exec(item.text);
      const target = first?.[2] === undefined ? null : writer.target(first[2]);
      if (!target) return "";
      return `<li><a href="${escape(target)}"${target === here ? ' aria-current="page"' : ""}>${escape(first?.[1] ?? "")}</a></li>`;
    });
    html += `<ul>${entries.join("\n")}</ul>\n`;
  }
  return html;
}

// All pages of the Markdown files (path in the repository -> text). `template` has the places of title, contents and document.
export function bind(files: ReadonlyMap<string, string>): Page[] {
  const sources = new Set(files.keys());
  return [...files].map(([source, text]) => page_of(source, text, sources));
}

export function dress(page: Page, files: ReadonlyMap<string, string>, template: string): string {
  const index = files.get(INDEX) ?? "";
  // Functions, so that no `$` in a text is taken for a pattern.
  return template.replace('<html lang="en">', () => `<html lang="${page.language}">`)
    .replace(/<title>.*<\/title>/, () => `<title>${escape(page.title)} – FlashBid</title>`)
    .replace("<!-- contents -->", () => contents(index, new Set(files.keys()), page.place))
    .replace("<!-- document -->", () => page.html);
}

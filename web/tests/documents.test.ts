import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { anchor_of, bind, dress, place_of } from "../documents/book";
import { read_documents } from "../documents/plugin";

const render = (text: string, others: Record<string, string> = {}) =>
  bind(new Map([["docs/a.md", text], ...Object.entries(others)]))[0]!;

describe("a document", () => {
  test("is served where its name says", () => {
    expect(["docs/README.md", "docs/errors.md", "docs/tutorial.zh-CN.md", "docs/decisions/0001-x.md", "SECURITY.md"].map(place_of))
      .toEqual(["/docs", "/docs/errors", "/docs/tutorial.zh-CN", "/docs/decisions/0001-x", "/docs/security"]);
  });

  test("has the anchors of a code host", () => {
    expect(anchor_of("1. `FOR UPDATE`: lock, look & write")).toBe("1-for-update-lock-look--write");
    expect(anchor_of("把它打开")).toBe("把它打开");
    const page = render("# A\n\n## B\n\n## B\n\n| code | |\n|---|---|\n| `not_found` | x |\n| `--log-level` | y |\n");
    expect([...page.anchors]).toEqual(["a", "b", "b-1", "not_found", "log-level"]);
    expect(page.html).toContain('<tr id="not_found">');
  });

  test("leads to the pages of others, and to nothing that only the repository has", () => {
    const page = render("[b](b.md#x) [self](#a) [up](../SECURITY.md) [api](api/openapi.yaml) [out](https://a.example/) [code](../src/x.cpp)",
      { "docs/b.md": "# B", "SECURITY.md": "# S" });
    for (const href of ["/docs/b#x", "#a", "/docs/security", "/docs/api", "https://a.example/"]) expect(page.html).toContain(`href="${href}"`);
    expect(page.html).toContain('<span class="elsewhere" title="in the repository: ../src/x.cpp">code</span>');
    expect(bind(new Map([["SECURITY.md", "[e](docs/e.md) ![p](docs/images/p.png)"], ["docs/e.md", ""]]))[0]!.html)
      .toMatch(/href="\/docs\/e".*src="\/docs\/images\/p.png"/);
  });

  test("shows code as it stands", () => {
    expect(render("    a <b> & $' c\n").html).toContain("a &lt;b&gt; &amp; $' c");
    const page = render("# $& title\n\n    $`\n");
    expect(dress(page, new Map(), "<title>x</title><!-- document -->")).toContain("$`");
    expect(dress(page, new Map(), "<title>x</title>")).toBe("<title>$&amp; title – FlashBid</title>");
  });
});

describe("the documents of this repository", () => {
  const files = read_documents(fileURLToPath(new URL("../..", import.meta.url)));
  const pages = new Map(bind(files).map((page) => [page.place, page]));

  test("lead to pages and anchors that are there", () => {
    const broken = [...pages.values()].flatMap((page) => page.links.filter(({ place, anchor }) =>
      place !== "/docs/api" && !(pages.has(place) && (anchor === "" || pages.get(place)!.anchors.has(anchor))))
      .map(({ written }) => `${page.place}: ${written}`));
    expect(broken).toEqual([]);
    expect(pages.size).toBeGreaterThan(30);
  });

  test("are all in the index, but for decisions", () => {
    const listed = new Set(["/docs", ...pages.get("/docs")!.links.map(({ place }) => place)]);
    expect([...pages.keys()].filter((place) => !listed.has(place) && !place.startsWith("/docs/decisions/"))).toEqual([]);
  });
});

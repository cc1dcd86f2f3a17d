// Vite: docs/*.md, and what stands beside them at the head of the repository, as pages below /docs. docs/document.html is what
// each of them looks like.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Plugin } from "vite";
import { bind, dress } from "./book";

const TEMPLATE = "docs/document.html";
const AT_THE_HEAD = ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];

export function read_documents(repository: string): Map<string, string> {
  const in_folder = (folder: string) => readdirSync(join(repository, folder)).filter((name) => name.endsWith(".md")).sort()
    .map((name) => `${folder}/${name}`);
  const sources = [...in_folder("docs"), ...in_folder("docs/decisions"), ...AT_THE_HEAD];
  return new Map(sources.map((source) => [source, readFileSync(join(repository, source), "utf-8")]));
}

export function documents(): Plugin {
  let repository = "";
  return {
    name: "documents",
    enforce: "post", // when the template's own links have become those of the built style
    configResolved(config) {
      repository = resolve(config.root, "..");
    },
    generateBundle(_options, bundle) {
      const template = bundle[TEMPLATE];
      if (template?.type !== "asset") throw new Error(`${TEMPLATE} was not built`);
      delete bundle[TEMPLATE];
      const files = read_documents(repository);
      for (const page of bind(files)) {
        this.emitFile({ type: "asset", fileName: page.file, source: dress(page, files, String(template.source)) });
      }
      for (const name of readdirSync(join(repository, "docs/images"))) {
        this.emitFile({ type: "asset", fileName: `docs/images/${name}`, source: readFileSync(join(repository, "docs/images", name)) });
      }
    },
  };
}

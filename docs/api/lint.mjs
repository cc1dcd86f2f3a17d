// Lints the API documents as the server shows them: structure, references, and every example against its schema.
//   node lint.mjs OPENAPI.json ASYNCAPI.json
// Exit 1 if there is anything to say. No network.
import { readFile } from "node:fs/promises";
import redocly from "@redocly/openapi-core";
import { DiagnosticSeverity, Parser } from "@asyncapi/parser";

async function lintOpenApi(path) {
  const config = await redocly.createConfig({
    extends: ["recommended-strict"],
    rules: {
      "info-license": "error",
      "no-unused-components": "error",
      "no-invalid-media-type-examples": "error",
      "no-invalid-schema-examples": "error",
      "operation-4xx-response": "off", // `default` is where the errors are
      "no-server-example.com": "off", // loopback is where this server is
    },
  });
  const problems = await redocly.lint({ ref: path, config });
  return problems.map((p) => `${p.severity}: ${p.message} (${p.ruleId}) at ${p.location?.[0]?.pointer ?? "?"}`);
}

async function lintAsyncApi(path) {
  const { document, diagnostics } = await new Parser().parse(await readFile(path, "utf8"), { source: path });
  // Information-level remarks (a newer AsyncAPI version exists) are none of the document's faults.
  const worth = diagnostics.filter((d) => d.severity <= DiagnosticSeverity.Warning);
  const said = worth.map((d) => `${DiagnosticSeverity[d.severity]}: ${d.message} (${d.code}) at ${d.path.join("/")}`);
  return document ? said : [...said, "not a valid AsyncAPI document"];
}

const [openApi, asyncApi] = process.argv.slice(2);
let found = 0;
for (const [path, lint] of [[openApi, lintOpenApi], [asyncApi, lintAsyncApi]]) {
  const problems = await lint(path);
  for (const problem of problems) console.error(`${path}: ${problem}`);
  console.log(`${path}: ${problems.length} problems`);
  found += problems.length;
}
process.exit(found === 0 ? 0 : 1);

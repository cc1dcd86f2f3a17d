// The pages: index.html (the auction house), docs/api.html (the API reference) and the repository's documents, each a page below
// docs/. `vite build --outDir DIR` is run by CMake, which embeds what comes out into the binary; names under assets/ carry a hash
// of their content.
import { documents } from "./documents/plugin";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const page = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  // The client as its sources stand, so that nothing has to be built first.
  resolve: { alias: { "@flashbid/client": page("../clients/typescript/src/index.ts") } },
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  plugins: [documents()],
  build: {
    target: "es2022",
    emptyOutDir: true,
    // What is imported later is imported then, and leaves no link in the document's head.
    modulePreload: { polyfill: false, resolveDependencies: (_file, needed, { hostType }) => (hostType === "html" ? needed : []) },
    // The content security policy allows no data: scripts, and a picture of its own is cached for ever anyway.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rollupOptions: { input: [page("index.html"), page("docs/api.html"), page("docs/document.html")] },
  },
});

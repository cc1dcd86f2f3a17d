// The pages: two of them, index.html (the auction house) and docs.html (the API reference). `vite build --outDir DIR` is run
// by CMake, which embeds what comes out into the binary; names under assets/ carry a hash of their content.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const page = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  // The client as its sources stand, so that nothing has to be built first.
  resolve: { alias: { "@flashbid/client": page("../clients/typescript/src/index.ts") } },
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: {
    target: "es2022",
    emptyOutDir: true,
    // What is imported later is imported then, and leaves no link in the document's head.
    modulePreload: { polyfill: false, resolveDependencies: (_file, needed, { hostType }) => (hostType === "html" ? needed : []) },
    // The content security policy allows no data: scripts, and a picture of its own is cached for ever anyway.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rollupOptions: { input: { index: page("index.html"), docs: page("docs.html") } },
  },
});

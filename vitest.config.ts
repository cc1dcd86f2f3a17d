// The unit and property tests of the pages and of the client.
import { defineConfig, mergeConfig } from "vitest/config";
import pages from "./web/vite.config";

export default mergeConfig(pages, defineConfig({
  test: {
    include: ["web/tests/**/*.test.ts", "clients/typescript/tests/**/*.test.ts"],
    environment: "node",
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
}));

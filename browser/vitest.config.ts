/** How unit tests run: in Node, without a browser. */

import { defineConfig } from "vitest/config";

export default defineConfig({
  // A deadline for what hangs, not a claim about speed: machines are slow and busy.
  test: { include: ["test/**/*.test.ts"], testTimeout: 30_000 },
});

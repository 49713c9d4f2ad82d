/** What the scenarios' programs said is remembered, however much it was. */

import { expect, test } from "vitest";
import { World } from "../e2e/world.js";

test("a line that a program said is found after thousands of others, by how often it came", async () => {
  const world = new World();
  try {
    const program = world.start("a talker", ["sh", "-c", "echo first 1; seq 3000; echo first 2; echo over"]);
    await program.says(/^over$/);
    expect((await program.says(/^first (\d)$/))[1]).toBe("1");
    expect((await program.says(/^first (\d)$/, 2))[1]).toBe("2");
    await expect(program.says(/^first (\d)$/, 3)).rejects.toThrow("a talker ended");
  } finally {
    await world.end();
  }
});

import { expect, test } from "bun:test";
import { startScene } from "../pages/scene.ts";

test("what CONTRIBUTING.md says of measuring", async () => {
  await using scene = startScene();
  expect(await scene.play("CONTRIBUTING.md", "What it costs")).toContain("ctl_start");
}, 120_000);

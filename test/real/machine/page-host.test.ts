import { expect, test } from "bun:test";
import { askHealth, until } from "../../agent/running-agent.ts";
import { startScene } from "../../pages/scene.ts";
import { startMachine } from "../machine.ts";

// What the README tells somebody with one Linux host, typed on a machine that keeps it to itself.
test("the README's way for a host of its own", async () => {
  await using machine = await startMachine();
  // The page says that a host must forward.
  for (const name of ["net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"])
    await machine.run(["sh", "-c", `echo 1 >/proc/sys/${name}`]);
  const untilReady = (): Promise<void> =>
    until(async () => (await askHealth(machine.network, "/readiness"))?.status === 200);
  await using scene = startScene({
    command: (words) => machine.command(words),
    goingOn: (typed) => (typed.endsWith("tortie agent") ? untilReady : undefined),
  });
  await scene.play("README.md", "On your own host");
  const answers = await scene.play("README.md", "What is it doing, and why");
  expect(answers).toContain("table inet tortie");
}, 120_000);

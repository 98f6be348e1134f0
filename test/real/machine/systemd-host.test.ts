import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { until } from "../../agent/running-agent.ts";

test("a host whose test is killed leaves nothing", async () => {
  const path = (file: string): string => JSON.stringify(new URL(file, import.meta.url).pathname);
  const script = `
    const { NetworkNamespace } = await import(${path("../../../native/network-namespace.ts")});
    const { startSystemdHost } = await import(${path("../systemd-host.ts")});
    const host = await startSystemdHost({ network: NetworkNamespace.create() });
    process.stdout.write(JSON.stringify({ root: host.root, directory: host.directory }) + "\\n");
    await new Promise(() => undefined);
  `;
  const child = Bun.spawn(["setpriv", "--pdeathsig", "KILL", "--", process.execPath, "-e", script], {
    stdout: "pipe",
    stderr: "inherit",
  });
  let text = "";
  for await (const part of child.stdout) {
    text += new TextDecoder().decode(part);
    if (text.endsWith("\n")) break;
  }
  const { root, directory } = JSON.parse(text) as { root: string; directory: string };
  expect(existsSync(`${root}/usr/lib/systemd/systemd`)).toBe(true);
  child.kill("SIGKILL");
  await until(() => !existsSync(directory) && !existsSync(root));
});

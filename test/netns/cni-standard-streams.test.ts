import { expect, test } from "bun:test";
import { CniNode, type Container } from "./cni/cni-node.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** The plugin, started by a shell that gives it other streams than a pipe each. */
function shell(node: CniNode, container: Container, line: string): Bun.Subprocess<"pipe", "pipe", "pipe"> {
  const env = {
    PATH: process.env["PATH"],
    CNI_COMMAND: "ADD",
    CNI_PATH: node.pluginPath,
    CNI_CONTAINERID: container.id,
    CNI_NETNS: container.network.path,
    CNI_IFNAME: "eth0",
  };
  const words = ["sh", "-c", line, process.execPath, MAIN, "cni"];
  return node.host.run(() => Bun.spawn(words, { env, stdin: "pipe", stdout: "pipe", stderr: "pipe" }));
}

test.each([
  ["closed", '"$0" "$@" >&-'],
  ["full", '"$0" "$@" >/dev/full'],
  // The reader has gone when the plugin begins: it gets its input only then.
  ["a pipe that nobody reads", '{ read -r input; echo "$input" | "$0" "$@"; echo "$?" >&2; } | exec true'],
])("ADD with a standard output that is %s ends with 1, and nothing is left", async (_, line) => {
  using node = new CniNode();
  const container = node.container("c-a");
  const child = shell(node, container, line);
  await child.stdin.write(`${JSON.stringify(node.network)}\n`);
  await child.stdin.end();
  const [complaint, exitCode] = await Promise.all([child.stderr.text(), child.exited]);
  expect(complaint === "" ? exitCode : Number(complaint)).toBe(1);
  expect(node.traces()).toEqual([]);
  expect(node.agent.requests.map(({ kind }) => kind)).toEqual(["node", "add", "delete"]);
});

test("ADD with a standard output that leads to nowhere on purpose is no failure", async () => {
  using node = new CniNode();
  const child = shell(node, node.container("c-a"), '"$0" "$@" >/dev/null');
  await child.stdin.write(JSON.stringify(node.network));
  await child.stdin.end();
  expect(await child.exited).toBe(0);
  expect(node.traces()).toHaveLength(4);
});

test("told to stop while standard input is still open, it ends", async () => {
  using node = new CniNode();
  const child = shell(node, node.container("c-a"), 'exec "$0" "$@"');
  await child.stdin.write("{");
  await child.stdin.flush();
  // In the kernel, where no handler in JavaScript is heard: Bun gives its children sockets for pipes.
  const isReading = async (): Promise<boolean> =>
    (await Bun.file(`/proc/${child.pid}/wchan`).text()).startsWith("unix_stream_read");
  while (!(await isReading())) await Bun.sleep(1);
  child.kill("SIGTERM");
  await child.exited;
  expect(child.signalCode).toBe("SIGTERM");
  expect(node.traces()).toEqual([]);
});

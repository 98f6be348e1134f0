/**
 * `killed-plugin.ts N`: the plugin, which kills itself before the Nth thing that it does to the node, or asks of it, or while
 * something else does what it was asked to. Nothing lies between the end of one and the beginning of the next.
 */
import { THIS_NODE } from "../../../cni/main.ts";
import type { Links, NodeParts } from "../../../cni/node-parts.ts";
import { answer } from "../../../cni/run.ts";
import { printResult } from "../../../cni/standard-output.ts";

const last = Number(process.argv[2]);
let steps = 0;

function step(name: string): void {
  steps++;
  if (steps < last) return;
  process.stderr.write(name);
  process.kill(process.pid, "SIGKILL");
}

function isOpened(result: unknown): result is Disposable {
  return typeof result === "object" && result !== null && Symbol.dispose in result;
}

/** The same functions, each with a step before it, and another one while it is waited for. */
function stepping<T extends object>(parts: T, prefix = ""): T {
  const wrap = ([name, part]: [string, unknown]): [string, unknown] => {
    const path = `${prefix}${name}`;
    if (typeof part === "object" && part !== null) return [name, stepping(part, `${path}.`)];
    if (typeof part !== "function") return [name, part];
    return [
      name,
      (...given: readonly unknown[]): unknown => {
        step(`before ${path}`);
        const result: unknown = part(...given);
        if (result instanceof Promise) step(`during ${path}`);
        if (name === "links") return (result as Promise<Links>).then((links) => stepping(links, "links."));
        return isOpened(result) ? stepping(result, "agent.") : result;
      },
    ];
  };
  return { ...parts, ...(Object.fromEntries(Object.entries(parts).map(wrap)) as Partial<T>) };
}

const { exitCode, output } = await answer({
  environment: process.env,
  readStdin: () => Bun.stdin.text(),
  node: stepping<NodeParts>(THIS_NODE),
  stopping: new AbortController().signal,
  ownDirectory: "/nowhere",
  print: printResult,
});
process.stdout.write(output);
process.exit(exitCode);

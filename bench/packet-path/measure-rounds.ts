import type { Part, Plan, Round } from "./plan.ts";

/** For a line of a load: it may be slow, but not silent. */
const SILENT_MILLISECONDS = 60_000;

type Load = Bun.Subprocess<"ignore", "pipe", "pipe">;

function start(resources: AsyncDisposableStack, plan: Plan, part: Part): Load {
  const script = new URL("load.ts", import.meta.url).pathname;
  const words = [process.execPath, script, JSON.stringify(plan), JSON.stringify(part)];
  const load = Bun.spawn(words, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  resources.defer(async () => {
    load.kill("SIGKILL");
    await load.exited;
  });
  return load;
}

/** Lines as they come. Throws when the process fails, or says nothing for a minute. */
async function* lines(load: Load): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  let silent = false;
  const wait = (): NodeJS.Timeout =>
    setTimeout(() => {
      silent = true;
      load.kill("SIGKILL");
    }, SILENT_MILLISECONDS);
  let timer = wait();
  try {
    for await (const bytes of load.stdout) {
      clearTimeout(timer);
      timer = wait();
      const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      yield* parts;
    }
  } finally {
    clearTimeout(timer);
  }
  if ((await load.exited) === 0) return;
  const found = silent ? "nothing was heard of it for a minute" : await load.stderr.text();
  const next = "see that nobody else's rules drop packets that are forwarded in a new network namespace";
  throw new Error(`could not make load between two network namespaces: ${found.trim()}; ${next}`);
}

/** Runs a plan with both ends in one thread, or with clients and servers in processes of their own, on two processors. */
export async function* measureRounds(plan: Plan, processors: 1 | 2): AsyncGenerator<Round> {
  await using resources = new AsyncDisposableStack();
  const last = navigator.hardwareConcurrency - 1;
  if (processors === 2) {
    const server = start(resources, plan, { holds: "server", processor: Math.max(0, last - 1) });
    const said = lines(server);
    if ((await said.next()).done === true) throw new Error("the server of the load ended before it listened");
  }
  const client = start(resources, plan, { holds: processors === 2 ? "client" : "both", processor: last });
  for await (const line of lines(client)) yield JSON.parse(line) as Round;
}

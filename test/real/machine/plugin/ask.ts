import type { NetworkNamespace } from "../../../../native/network-namespace.ts";

const PROCESS = new URL("ask-process.ts", import.meta.url).pathname;

export interface Question {
  /** One of the addresses of who asks. */
  readonly from?: string;
  readonly to: string;
  readonly port?: number;
}

/** Asks pods that answer (runPod), all at once, and gives the addresses that they saw; null where nothing came back. */
export async function ask(
  network: NetworkNamespace,
  questions: readonly Question[],
): Promise<readonly (string | null)[]> {
  const command = [process.execPath, PROCESS, JSON.stringify(questions)];
  const child = network.run(() => Bun.spawn(command, { stdout: "pipe", stderr: "pipe" }));
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (child.exitCode !== 0) throw new Error(`ask-process.ts: ${err}`);
  return JSON.parse(out) as (string | null)[];
}

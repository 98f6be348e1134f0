import { expect } from "bun:test";
import type { AgentLife } from "../../netns/gap/agent-life.ts";

/** How the next agent takes a node from the one before. */
export const TAKEOVERS = [
  "after SIGTERM",
  "after SIGKILL",
  "refused while the other lives",
  "at once",
] as const;
export type Takeover = (typeof TAKEOVERS)[number];

const REFUSED =
  /^tortie agent: take nftables table inet tortie: another living process owns the table; a second agent on one node refuses to start/;

/** Starts the next agent again whenever it ends, as the kubelet and systemd do; answers the one that came to work. */
async function startAgain(start: () => AgentLife): Promise<AgentLife> {
  for (;;) {
    const agent = start();
    const complaint = await agent.settledOrEnded();
    if (complaint === undefined) return agent;
    expect(complaint).toMatch(REFUSED);
  }
}

/** Ends the one and starts the other; answers it with its rules in force. */
export async function takeOver(how: Takeover, from: AgentLife, start: () => AgentLife): Promise<AgentLife> {
  if (how === "refused while the other lives") expect(await start().settledOrEnded()).toMatch(REFUSED);
  if (how === "at once") {
    const ending = from.end("SIGTERM");
    const next = await startAgain(start);
    expect(await ending).toBe(0);
    return next;
  }
  const isKilled = how === "after SIGKILL";
  expect(await from.end(isKilled ? "SIGKILL" : "SIGTERM")).toBe(isKilled ? null : 0);
  const next = start();
  await next.settled(1);
  return next;
}

import type { Lab } from "../../../demo/lab/lab.ts";
import type { Family } from "../../../model/address.ts";
import { type Conversation, converse } from "../../netns/conversation.ts";
import { placeOf } from "../../netns/place-of.ts";

export const TALK_PORT = 80;
const EVERY_MILLISECONDS = 2;
const ENDS = ["client", "server"] as const;

export interface TalkReport {
  readonly said: number;
  /** Of the ends that did not hear all that the other one said. */
  readonly deaf: readonly string[];
}

/** Open connections whose ends speak to each other without pause. */
export interface SmallTalk extends Disposable {
  /** Stops speaking, and answers once everything is heard, or nothing more comes. */
  stop(): Promise<TalkReport>;
}

interface Talk {
  readonly conversation: Conversation;
  readonly said: Record<"client" | "server", string>;
  readonly name: string;
}

const LAST_WORD_MILLISECONDS = 10_000;

/** Between x/client and y/server, over both families, opened before it answers. */
export async function startSmallTalk(lab: Lab): Promise<SmallTalk> {
  const open = async (family: Family): Promise<Talk> => ({
    conversation: await converse(placeOf(lab, "x/client"), placeOf(lab, "y/server"), TALK_PORT, family),
    said: { client: "", server: "" },
    name: `IPv${family}`,
  });
  const talks = [await open(4), await open(6)];
  let turn = 0;
  const timer = setInterval(() => {
    turn++;
    for (const { conversation, said } of talks)
      for (const end of ENDS) {
        said[end] += `${turn};`;
        conversation.say(end, `${turn};`);
      }
  }, EVERY_MILLISECONDS);
  const deaf = (): string[] =>
    talks.flatMap(({ conversation, said, name }) =>
      ENDS.filter((end) => conversation.heard(end === "client" ? "server" : "client") !== said[end]).map(
        (end) => `${name}: what the ${end} said`,
      ),
    );
  return {
    stop: async () => {
      clearInterval(timer);
      const limit = performance.now() + LAST_WORD_MILLISECONDS;
      while (deaf().length > 0 && performance.now() < limit) await Bun.sleep(10);
      return { said: turn * talks.length * ENDS.length, deaf: deaf() };
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
      for (const { conversation } of talks) conversation[Symbol.dispose]();
    },
  };
}

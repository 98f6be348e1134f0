import { expect, setDefaultTimeout, test } from "bun:test";
import { TABLE } from "../../dataplane/nft/names.ts";
import { until } from "../agent/running-agent.ts";
import { converse, type Conversation } from "./conversation.ts";
import { nftOrThrow } from "./nft-command.ts";
import { createOtherCniLab, type OtherCniLab } from "./other-cni/lab.ts";
import { placeOf, police } from "./other-cni/policed.ts";
import { PODS, wishOf } from "./other-cni/wish.ts";

setDefaultTimeout(60_000);

async function talks(conversation: Conversation, about: string): Promise<void> {
  conversation.say("client", `client: ${about};`);
  await until(() => conversation.heard("server").includes(`client: ${about};`));
  conversation.say("server", `server: ${about};`);
  await until(() => conversation.heard("client").includes(`server: ${about};`));
}

/** Packets that were dropped for a source or a destination that nobody owns. */
function unowned({ node }: OtherCniLab): number {
  const listed = nftOrThrow(node.network, ["list", "table", "inet", TABLE]);
  const counts = listed.matchAll(
    /counter packets (\d+) bytes \d+ drop comment "no endpoint of this node owns/g,
  );
  return [...counts].reduce((total, [, packets]) => total + Number(packets), 0);
}

test.each([
  ["x/client", "over the bridge"],
  ["x/alone", "from a veth pair to the bridge"],
])("an open connection of %s %s lives through changes and agents, and ends with its pod", async (client) => {
  using lab = createOtherCniLab(PODS);
  {
    using policed = police(lab);
    await policed.enforce(wishOf(lab));
  }
  using open = await converse(placeOf(lab, client), placeOf(lab, "x/server"), 80);
  using policed = police(lab);
  await talks(open, "an agent died");
  await policed.enforce(wishOf(lab));
  await talks(open, "another took over");
  await policed.enforce(wishOf(lab, { podRanges: ["10.66.0.0/15"] }));
  await talks(open, "other ranges");
  policed.dataplane.resync();
  await policed.enforce(wishOf(lab, { without: ["x/stranger"] }));
  await talks(open, "everything is built anew, and another pod is gone");
  const before = unowned(lab);
  await policed.enforce(wishOf(lab, { without: [client] }));
  open.say("client", "nobody knows me;");
  // The first packet and one repetition.
  await until(() => unowned(lab) >= before + 2);
  expect(open.heard("server")).not.toContain("nobody knows me");
  open.say("server", "nor can I be reached;");
  const closed = unowned(lab);
  await until(() => unowned(lab) >= closed + 2);
  expect(open.heard("client")).not.toContain("nor can I be reached");
});

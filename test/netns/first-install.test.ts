import { expect, test } from "bun:test";
import { type NftDataplaneOptions, openNftDataplane } from "../../dataplane/nft/driver.ts";
import { createLab, type Lab } from "../../demo/lab/lab.ts";
import {
  addressSet,
  from,
  pod,
  ports,
  program,
  type PodOptions,
  ruleset,
} from "../golden/ruleset-builder.ts";
import type { EndpointRules, Ruleset } from "../../model/ruleset.ts";
import { openWriter } from "../../dataplane/nft/open-writer.ts";
import { nftOrThrow } from "./nft-command.ts";
import type { Dataplane } from "../../dataplane/dataplane.ts";
import { TABLE } from "../../dataplane/nft/names.ts";
import { placeOf } from "./place-of.ts";
import { converse, type Conversation } from "./conversation.ts";

const PORT = 80;
const PODS = ["client", "server", "stranger"].map((name) => ({ namespace: "x", name }));

function rulesOf(lab: Lab, name: string, options: PodOptions): EndpointRules {
  return pod(`x/${name}`, placeOf(lab, `x/${name}`).addresses, options);
}

/** The client may speak to the server on its port; everything else is denied, both ways. */
function wishOf(lab: Lab): Ruleset {
  const clients = addressSet({ title: "the client", pods: placeOf(lab, "x/client").addresses });
  const servers = addressSet({ title: "the server", pods: placeOf(lab, "x/server").addresses });
  const serverIn = program("ingress", "let the client in", { segments: [ports(PORT, from(clients))] });
  const clientOut = program("egress", "let the client out", { segments: [ports(PORT, from(servers))] });
  const shutIn = program("ingress", "nothing in");
  const shutOut = program("egress", "nothing out");
  return ruleset({
    endpoints: [
      rulesOf(lab, "client", { ingress: shutIn, egress: clientOut }),
      rulesOf(lab, "server", { ingress: serverIn, egress: shutOut }),
      rulesOf(lab, "stranger", {}),
    ],
    programs: [serverIn, clientOut, shutIn, shutOut],
    addressSets: [clients, servers],
  });
}

const HEARING_MILLISECONDS = 5_000;

async function until(found: () => boolean, what: string): Promise<void> {
  const limit = performance.now() + HEARING_MILLISECONDS;
  while (!found()) {
    if (performance.now() > limit) throw new Error(`${what}: not within ${HEARING_MILLISECONDS} ms`);
    await Bun.sleep(5);
  }
}

async function hears(conversation: Conversation, who: "client" | "server", text: string): Promise<void> {
  await until(() => conversation.heard(who).includes(text), `the ${who} hears "${text}"`);
}

/** Packets that our rules dropped, by their counters. */
function dropped(lab: Lab): number {
  const text = nftOrThrow(lab.node.network, ["-j", "list", "table", "inet", TABLE]);
  return [...text.matchAll(/"packets": (\d+)/g)].reduce((total, [, packets]) => total + Number(packets), 0);
}

/** Says it, waits until the packet and one repetition were dropped, and checks that nothing arrived. */
async function isCut(lab: Lab, conversation: Conversation, who: "client" | "server"): Promise<void> {
  conversation.say(who, "unheard");
  await until(() => dropped(lab) >= 2, "two packets are dropped");
  expect(conversation.heard(who === "client" ? "server" : "client")).toBe("");
}

async function install(
  lab: Lab,
  options: Partial<NftDataplaneOptions>,
): Promise<AsyncDisposable & { dataplane: Dataplane }> {
  const writer = lab.node.network.run(() => openWriter("netlink"));
  const dataplane = openNftDataplane(writer, options);
  dataplane.want(wishOf(lab), undefined);
  expect((await dataplane.settle()).kind).toBe("applied");
  return { dataplane, [Symbol.asyncDispose]: async () => writer[Symbol.dispose]() };
}

test.each([
  ["server", "client"],
  ["client", "server"],
] as const)(
  "the first install cuts no open connection that policy allows, when the %s speaks first",
  async (first, second) => {
    using lab = createLab({ pods: PODS });
    using open = await converse(placeOf(lab, "x/client"), placeOf(lab, "x/server"), PORT);
    await using installed = await install(lab, { graceMilliseconds: 60_000 });
    open.say(first, "one");
    await hears(open, second, "one");
    open.say(second, "two");
    await hears(open, first, "two");
    expect(installed.dataplane.status.grace).toBe(true);
  },
);

test.each(["client", "server"] as const)(
  "the first install cuts what policy denies, when the %s speaks first",
  async (first) => {
    using lab = createLab({ pods: PODS });
    using open = await converse(placeOf(lab, "x/stranger"), placeOf(lab, "x/server"), PORT);
    await using _ = await install(lab, { graceMilliseconds: 60_000 });
    await isCut(lab, open, first);
  },
);

test("without the grace a connection dies whose server speaks first", async () => {
  using lab = createLab({ pods: PODS });
  using open = await converse(placeOf(lab, "x/client"), placeOf(lab, "x/server"), PORT);
  await using _ = await install(lab, { graceMilliseconds: 0 });
  await isCut(lab, open, "server");
});

test("a connection that the grace took over lives on after it", async () => {
  using lab = createLab({ pods: PODS });
  using open = await converse(placeOf(lab, "x/client"), placeOf(lab, "x/server"), PORT);
  let time = 0;
  await using installed = await install(lab, { graceMilliseconds: 1_000, clock: () => time });
  open.say("server", "one");
  await hears(open, "client", "one");
  time = 1_000;
  expect(await installed.dataplane.settle()).toMatchObject({ kind: "applied", rebuilt: true });
  expect(installed.dataplane.status.grace).toBe(false);
  open.say("server", "two");
  await hears(open, "client", "onetwo");
  open.say("client", "three");
  await hears(open, "server", "three");
});

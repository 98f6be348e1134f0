import { expect, test } from "bun:test";
import type { Ruleset } from "../../model/ruleset.ts";
import { addressSet, from, onInterface, pod, ports, program, ruleset } from "../golden/ruleset-builder.ts";
import { builtFresh, openFake, settleAndTidy, tableText } from "./fake-dataplane.ts";
import { touchedBetween } from "./random-wishes.ts";

const clients = addressSet({ title: "clients", pods: ["10.0.0.1"] });
const web = program("ingress", "web", { segments: [ports(80, from(clients))] });
const old = pod("x/old", ["10.0.0.8"]);
const nobody = ruleset({ endpoints: [old] });

/** The transactions from one wish to the next; in the end the table is that of the second. */
async function transactions(before: Ruleset, after: Ruleset): Promise<number> {
  const { writer, dataplane } = openFake();
  dataplane.want(before, undefined);
  await settleAndTidy(dataplane);
  const sent = writer.batches.length;
  dataplane.want(after, touchedBetween(before, after));
  expect(await dataplane.settle()).toMatchObject({ kind: "applied", rebuilt: false });
  const made = writer.batches.length - sent;
  await dataplane.tidied();
  expect(tableText(writer)).toBe(await builtFresh(after));
  return made;
}

test("a pod that comes with its policies is one transaction: no packet of it was on its way", async () => {
  const parts = { programs: [web], addressSets: [clients] };
  const coming = pod("x/new", ["10.0.0.9"], { ingress: web });
  expect(await transactions(nobody, ruleset({ ...parts, endpoints: [old, coming] }))).toBe(1);
});

test("policies that come to a pod that is there are two: packets may be half through", async () => {
  const parts = { programs: [web], addressSets: [clients] };
  const closed = pod("x/old", ["10.0.0.8"], { ingress: web });
  expect(await transactions(nobody, ruleset({ ...parts, endpoints: [closed] }))).toBe(2);
});

test("both together are two", async () => {
  const parts = { programs: [web], addressSets: [clients] };
  const closed = pod("x/old", ["10.0.0.8"], { ingress: web });
  const coming = pod("x/new", ["10.0.0.9"], { ingress: web });
  expect(await transactions(nobody, ruleset({ ...parts, endpoints: [closed, coming] }))).toBe(2);
});

test("a pod behind a foreign interface, or known by its address, was open: it is no newcomer", async () => {
  const parts = { programs: [web], addressSets: [clients] };
  for (const attachment of [onInterface("veth1"), { kind: "address" } as const]) {
    const coming = pod("x/new", ["10.0.0.9"], { ingress: web, attachment });
    expect(await transactions(nobody, ruleset({ ...parts, endpoints: [old, coming] }))).toBe(2);
  }
});

test("an address that leaves one pod for one that comes is no newcomer's alone", async () => {
  const address = { attachment: { kind: "address" } } as const;
  const before = ruleset({ endpoints: [pod("x/old", ["10.0.0.8"], address)] });
  const coming = pod("x/new", ["10.0.0.8"], { ...address, ingress: web });
  const after = ruleset({
    programs: [web],
    addressSets: [clients],
    endpoints: [pod("x/old", [], address), coming],
  });
  expect(await transactions(before, after)).toBe(2);
});

import { expect, test } from "bun:test";
import { TABLE } from "../../dataplane/nft/names.ts";
import { addressSet, from, pod, ports, program, ruleset } from "../golden/ruleset-builder.ts";
import { builtFresh, openFake, settleAndTidy, tableText } from "./fake-dataplane.ts";

const clients = addressSet({ title: "clients", pods: ["10.0.0.1"] });
const web = program("ingress", "web", { segments: [ports(80, from(clients))] });
const wish = ruleset({
  endpoints: [pod("x/web", ["10.0.0.9"], { ingress: web })],
  programs: [web],
  addressSets: [clients],
});

test("epochs that follow each other fast do not pile up: the last but one is gone before the next is built", async () => {
  const { writer, dataplane } = openFake();
  dataplane.want(wish, undefined);
  await settleAndTidy(dataplane);
  const once = dataplane.status.sets;
  for (let round = 0; round < 5; round++) {
    dataplane.resync();
    await dataplane.settle();
    expect(dataplane.status.sets).toBeLessThanOrEqual(2 * once);
  }
  await dataplane.tidied();
  expect(dataplane.status.sets).toBe(once);
  expect(tableText(writer)).toBe(await builtFresh(wish));
});

test("foreign hands in an epoch that is being built are mended by one more", async () => {
  let meddle: (() => void) | undefined;
  const pause = async (): Promise<void> => meddle?.();
  const { writer, dataplane } = openFake({ pause }, { canOwn: false });
  dataplane.want(wish, undefined);
  await settleAndTidy(dataplane);
  let emptied: string | undefined;
  meddle = () => {
    const found = [...(writer.kernel.tables.get(TABLE)?.sets ?? [])].find(
      ([name, { elements }]) => name.startsWith("e2-endpoints4") && elements.size > 0,
    );
    if (found === undefined) return;
    [emptied] = found;
    found[1].elements.clear();
    meddle = undefined;
    dataplane.resync();
  };
  dataplane.resync();
  await settleAndTidy(dataplane);
  expect(emptied).toStartWith("e2-endpoints4");
  expect(tableText(writer)).toBe(await builtFresh(wish));
});

test("what is left to delete waits for a kernel that has no memory now, and costs no rebuild", async () => {
  const { writer, dataplane } = openFake();
  dataplane.want(wish, undefined);
  await settleAndTidy(dataplane);
  const once = dataplane.status.sets;
  const apply = writer.apply.bind(writer);
  let short = true;
  writer.apply = (batch) => {
    const deletes = batch.nftables.some((command) => "delete" in command && !("element" in command.delete));
    const failure = { index: 0, code: "ENOMEM", message: "no memory" };
    return short && deletes ? { ok: false, failures: [failure] } : apply(batch);
  };
  const without = ruleset({ endpoints: [pod("x/web", ["10.0.0.9"])] });
  dataplane.want(without, undefined);
  await settleAndTidy(dataplane);
  expect(dataplane.status).toMatchObject({
    sets: once,
    lastError: expect.stringContaining("ENOMEM") as string,
  });
  short = false;
  dataplane.want(wish, undefined);
  expect(await settleAndTidy(dataplane)).toMatchObject({ rebuilt: false });
  expect(tableText(writer)).toBe(await builtFresh(wish));
  expect(dataplane.status.lastError).toBeUndefined();
});

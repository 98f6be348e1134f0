import { expect, test } from "bun:test";
import type { Ruleset } from "../../model/ruleset.ts";
import { SystemCallError } from "../../native/system-call-error.ts";
import { TableRefusedError } from "./adoption.ts";
import { openNftDataplane } from "./driver.ts";
import { createFakeKernel } from "./fake-kernel.ts";
import { FakeWriter } from "./fake-writer.ts";
import { TABLE } from "./names.ts";
import type { NftWriter } from "./writer.ts";

const NOTHING: Ruleset = {
  addressSets: new Map(),
  serviceSets: new Map(),
  programs: new Map(),
  endpoints: new Map(),
  podRanges: [],
  masquerade: { from: [], except: [] },
};
const FAST = { linger: async () => {} };

function refusalOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof TableRefusedError) return error.code;
    throw error;
  }
  return undefined;
}

test("a table that is not there is made, owned and lasting", () => {
  using writer = new FakeWriter();
  const dataplane = openNftDataplane(writer);
  expect(dataplane.status).toMatchObject({ ownership: "owned", ownershipNote: "", epoch: undefined });
  expect(writer.tableNames(TABLE)?.ownership).toBe("owned");
});

test("a second agent refuses to start and says why", () => {
  const kernel = createFakeKernel();
  using first = new FakeWriter({ kernel });
  using second = new FakeWriter({ kernel });
  openNftDataplane(first);
  expect(() => openNftDataplane(second)).toThrow("a second agent on one node refuses to start");
  expect(refusalOf(() => openNftDataplane(second))).toBe("ownedByAnother");
});

test("a second agent that comes in between is noticed by EPERM", () => {
  const kernel = createFakeKernel();
  using first = new FakeWriter({ kernel });
  using second = new FakeWriter({ kernel });
  openNftDataplane(first);
  let looks = 0;
  const late: NftWriter = {
    kind: "netlink",
    canOwn: true,
    byteLimit: second.byteLimit,
    batchBytes: (batch) => second.batchBytes(batch),
    apply: (batch) => second.apply(batch),
    tableNames: (table) => (looks++ === 0 ? undefined : second.tableNames(table)),
    [Symbol.dispose]: () => {},
  };
  expect(refusalOf(() => openNftDataplane(late))).toBe("ownedByAnother");
});

test("the table of a dead agent is adopted, and its epoch goes after ours is in use", async () => {
  const kernel = createFakeKernel();
  {
    using first = new FakeWriter({ kernel });
    const dataplane = openNftDataplane(first, FAST);
    dataplane.want(NOTHING, undefined);
    await dataplane.settle();
    expect(dataplane.status.grace).toBe(true);
  }
  using second = new FakeWriter({ kernel });
  const dataplane = openNftDataplane(second, FAST);
  expect(kernel.tables.get(TABLE)?.chains.get("e1-egress")?.rules.length).toBeGreaterThan(0);
  dataplane.want(NOTHING, undefined);
  expect(await dataplane.settle()).toMatchObject({ kind: "applied", rebuilt: true });
  expect(dataplane.status).toMatchObject({ epoch: 2, grace: false, ownership: "owned" });
  await dataplane.tidied();
  expect(second.tableNames(TABLE)?.chains.filter((name) => name.startsWith("e1-"))).toEqual([]);
});

test("a failing first settle leaves the dead agent's rules in force", async () => {
  const kernel = createFakeKernel();
  {
    using first = new FakeWriter({ kernel });
    const dataplane = openNftDataplane(first, FAST);
    dataplane.want(NOTHING, undefined);
    await dataplane.settle();
  }
  using second = new FakeWriter({ kernel });
  const held = second.dump(TABLE);
  const dataplane = openNftDataplane(second, FAST);
  dataplane.want(NOTHING, undefined);
  for (let skip = 0; skip < 2; skip++) {
    second.failNext([{ index: 0, code: "ENOMEM", message: "no memory" }], skip);
    expect((await dataplane.settle()).kind).toBe("failed");
    const chain = kernel.tables.get(TABLE)?.chains.get("hook-egress");
    expect(JSON.stringify(chain)).toContain("e1-egress");
  }
  expect((await dataplane.settle()).kind).toBe("applied");
  await dataplane.tidied();
  expect(second.dump(TABLE)).not.toBe(held);
  const prefixes = new RegExp(`^(hook-|e${dataplane.status.epoch}-)`);
  expect(second.tableNames(TABLE)?.chains.filter((name) => !prefixes.test(name))).toEqual([]);
});

test("a table without an owner is used as it is, and the status says so", () => {
  const kernel = createFakeKernel();
  using plain = new FakeWriter({ kernel, canOwn: false });
  expect(openNftDataplane(plain).status.ownership).toBe("plain");
  using able = new FakeWriter({ kernel });
  expect(openNftDataplane(able).status).toMatchObject({
    ownership: "plain",
    ownershipNote: expect.stringContaining("without an owner"),
  });
});

test("a kernel that knows no owner gets a plain table", () => {
  using writer = new FakeWriter();
  writer.failNext([{ index: 0, code: "EOPNOTSUPP", message: "no such flag" }]);
  expect(openNftDataplane(writer).status).toMatchObject({
    ownership: "plain",
    ownershipNote: expect.stringContaining("this kernel"),
  });
});

test("a writer that cannot own does not touch the netlink writer's table", () => {
  const kernel = createFakeKernel();
  {
    using first = new FakeWriter({ kernel });
    openNftDataplane(first);
  }
  using second = new FakeWriter({ kernel, canOwn: false });
  expect(refusalOf(() => openNftDataplane(second))).toBe("needsOwner");
  expect(() => openNftDataplane(second)).toThrow("run with the netlink writer");
});

test.each([
  ["EPERM", "notPermitted"],
  ["ENOMEM", "refusedByKernel"],
])("%s at the first write is told apart", (code, expected) => {
  using writer = new FakeWriter();
  writer.failNext([{ index: 0, code, message: "injected" }]);
  expect(refusalOf(() => openNftDataplane(writer))).toBe(expected);
});

test("who may not even look is told what to do", () => {
  using writer = new FakeWriter();
  writer.tableNames = () => {
    throw new SystemCallError("read table tortie", 1);
  };
  expect(refusalOf(() => openNftDataplane(writer))).toBe("notPermitted");
  expect(() => openNftDataplane(writer)).toThrow(
    "take nftables table inet tortie: this user may not even look at it (EPERM); run the agent as root, or give it " +
      "CAP_NET_ADMIN in the host's network namespace",
  );
});

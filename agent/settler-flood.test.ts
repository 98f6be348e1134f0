import { expect, test } from "bun:test";
import { APPLIED, endpointUpdate, until } from "./test-parts.ts";
import { bench, flood, MANY, slow } from "./test-settler.ts";

test("a flood that never ends reaches the kernel all the same, group by group", async () => {
  const { dataplane, settler, ended } = bench({ ...slow(), dueMilliseconds: 5 });
  await settler.open();
  dataplane.finish(APPLIED);
  using _flood = flood(settler);
  for (const pass of [2, 3, 4]) {
    await dataplane.begun(pass);
    const names = dataplane.passes[pass - 1] ?? [];
    expect(names.length).toBeGreaterThan(dataplane.passes[pass - 2]?.length ?? 0);
    expect(names.filter((name) => name.endsWith("a"))).toHaveLength(
      names.filter((name) => name.endsWith("b")).length,
    );
    expect(names.filter((name) => name.endsWith("c"))).toHaveLength(
      names.filter((name) => name.endsWith("d")).length,
    );
    dataplane.finish(APPLIED);
  }
  const noticed = ended.map(({ noticedAt }) => noticedAt ?? -1);
  expect(noticed).toEqual(noticed.toSorted((a, b) => a - b));
  await settler.stop(0);
});

test("within a flood, whoever asks hears of the pass that carries what was taken before", async () => {
  const { dataplane, settler } = bench({ ...slow(), dueMilliseconds: 5 });
  await settler.open();
  using _flood = flood(settler);
  settler.take([endpointUpdate("mine")], 1);
  const heardAfter: number[] = [];
  void settler.carried().then(() => heardAfter.push(dataplane.passes.length));
  for (let pass = 2; heardAfter.length === 0; pass++) {
    dataplane.finish(APPLIED);
    await dataplane.begun(pass);
  }
  const carrying = dataplane.passes.findIndex((names) => names.includes("x/mine")) + 1;
  // It hears when that pass has ended, and the next one may have begun by then.
  expect([[carrying], [carrying + 1]]).toContainEqual(heardAfter);
  await settler.stop(0);
});

test("the first pass carries all that was taken before it was opened, even in a flood", async () => {
  const { dataplane, settler } = bench({ ...slow(), dueMilliseconds: 1 });
  for (const name of MANY) settler.take([endpointUpdate(name)], 1);
  void settler.open();
  using _flood = flood(settler);
  await dataplane.begun(1);
  expect(dataplane.passes[0]).toEqual(expect.arrayContaining(MANY.map((name) => `x/${name}`)));
  await settler.stop(0);
});

test("nobody reads a ruleset that has half a group in it", async () => {
  const { dataplane, settler, compiler } = bench(slow());
  await settler.open();
  dataplane.finish(APPLIED);
  await until(() => settler.ruleset !== undefined);
  const seen = new Set<number>();
  settler.take(MANY.map(endpointUpdate), 1);
  while (dataplane.passes.length < 2) {
    if (settler.ruleset !== undefined) seen.add(compiler.ruleset.endpoints.size);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect([...seen]).not.toContainAnyValues([1, 2, 3, 4]);
  expect(settler.ruleset).toBe(compiler.ruleset);
  await settler.stop(0);
});

import { expect, test } from "bun:test";
import { addChain, addSet, addTable, deleteChain, flushChain } from "../../dataplane/nft/commands.ts";
import { DROP } from "../../dataplane/nft/expressions.ts";
import { TABLE } from "../../dataplane/nft/names.ts";
import type { NftWriter } from "../../dataplane/nft/writer.ts";
import {
  add,
  ADDRESSES,
  batch,
  chain,
  HOOK,
  INTERFACES,
  PORTS,
  REFUSED,
  rule,
  TAKEN,
} from "./writer-cases.ts";

/** Writers of one network namespace; nothing is left of it in the end. */
export interface WriterPlace extends Disposable {
  open(): NftWriter;
}

/** The behaviour that the driver relies on. A writer that cannot tell codes and places is asked for neither. */
export function writerBehaviour(name: string, openPlace: () => WriterPlace): void {
  test(`${name}: there is no table at first`, () => {
    using place = openPlace();
    using writer = place.open();
    expect(writer.tableNames(TABLE)).toBeUndefined();
  });

  test(`${name}: the names of what was made are told`, () => {
    using place = openPlace();
    using writer = place.open();
    const commands = [chain("c-a"), addChain(HOOK), addSet(ADDRESSES), addSet(INTERFACES), addSet(PORTS)];
    expect(writer.apply(batch(addTable([]), commands, rule("c-a", DROP)))).toEqual({ ok: true });
    const names = writer.tableNames(TABLE);
    expect(names?.ownership).toBe("plain");
    expect(names?.chains.toSorted()).toEqual(["c-a", HOOK.name]);
    expect(names?.sets.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: INTERFACES.name, map: true },
      { name: PORTS.name, map: true },
      { name: ADDRESSES.name, map: false },
    ]);
  });

  test.each(Object.entries(REFUSED))(
    `${name}: refuses %s, and the rest of the batch with it`,
    (_, refused) => {
      using place = openPlace();
      using writer = place.open();
      expect(writer.apply(batch(addTable([]), ...(refused.given ?? [])))).toEqual({ ok: true });
      const before = writer.tableNames(TABLE);
      const result = writer.apply(batch(chain("c-first"), ...refused.commands, chain("c-last")));
      if (result.ok) throw new Error("the batch was taken");
      expect(writer.tableNames(TABLE)).toEqual(before);
      expect(result.failures.length).toBeGreaterThan(0);
      if (writer.kind !== "netlink") return;
      const [first] = result.failures;
      expect([refused.code].flat()).toContain(first?.code ?? "");
      if (refused.at !== undefined) expect(first?.index).toBe(refused.at + 1);
    },
  );

  test.each(Object.entries(TAKEN))(`${name}: takes %s`, (_, batches) => {
    using place = openPlace();
    using writer = place.open();
    for (const commands of [[addTable([])], ...batches]) {
      const one = batch(...commands);
      expect(writer.batchBytes(one)).toBeLessThanOrEqual(writer.byteLimit);
      expect(writer.apply(one)).toEqual({ ok: true });
    }
  });

  test(`${name}: every failing command is reported`, () => {
    using place = openPlace();
    using writer = place.open();
    writer.apply(batch(addTable([]), chain("c-a")));
    const result = writer.apply(
      batch(rule("c-none", DROP), rule("c-a", DROP), rule("c-gone", DROP), add(ADDRESSES, "10.0.0.1")),
    );
    if (result.ok) throw new Error("the batch was taken");
    if (writer.kind === "netlink") expect(result.failures.map(({ index }) => index)).toEqual([0, 2, 3]);
  });

  test(`${name}: an owned table is its owner's until the owner dies, and lasts`, () => {
    using place = openPlace();
    using second = place.open();
    if (!second.canOwn) return;
    {
      using first = place.open();
      expect(first.apply(batch(addTable(["owner", "persist"]), chain("c-a")))).toEqual({ ok: true });
      expect(second.tableNames(TABLE)).toMatchObject({ ownership: "owned", chains: ["c-a"] });
      for (const foreign of [
        addTable(["owner", "persist"]),
        chain("c-b"),
        flushChain("c-a"),
        deleteChain("c-a"),
      ]) {
        expect(second.apply(batch(foreign))).toMatchObject({
          ok: false,
          failures: [{ index: 0, code: "EPERM" }],
        });
      }
    }
    expect(second.tableNames(TABLE)).toMatchObject({ ownership: "orphan", chains: ["c-a"] });
    expect(second.apply(batch(addTable(["owner", "persist"]), chain("c-b")))).toEqual({ ok: true });
    expect(second.tableNames(TABLE)?.ownership).toBe("owned");
  });

  test(`${name}: a plain table cannot become an owned one`, () => {
    using place = openPlace();
    using writer = place.open();
    expect(writer.apply(batch(addTable([])))).toEqual({ ok: true });
    if (!writer.canOwn) return;
    expect(writer.apply(batch(addTable(["owner", "persist"])))).toMatchObject({ ok: false });
    expect(writer.tableNames(TABLE)?.ownership).toBe("plain");
  });
}

import { expect, test } from "bun:test";
import type { Condition } from "../../adapters/datastore.ts";
import type { CniConfigLook } from "./cni-config.ts";
import { keepCniConfig } from "./cni-config-keeper.ts";
import type { Log } from "../log.ts";
import type { CniConfigSettings } from "./wanted-cni-config.ts";

const SETTINGS: CniConfigSettings = {
  cniConfigName: "10-calico.conflist",
  cniMtu: 0,
  cniNetDirectory: "/nonexistent",
  cniNetworkConfig: undefined,
  cniNetworkConfigFile: undefined,
  cniOldConfigName: undefined,
  datastoreType: "file",
  manageCni: true,
  nodeName: "n-1",
  runDirectory: "/run/tortie",
};
const CALM: CniConfigLook = { conditions: [], written: [], removed: [] };
const FAILURE: Condition = { kind: "failure", text: "x" };

test("it writes at once and again, and tells what is other than before", async () => {
  const looks = [
    { ...CALM, written: ["/x"] },
    CALM,
    { ...CALM, conditions: [FAILURE] },
    { ...CALM, conditions: [FAILURE] },
    { ...CALM, removed: ["/y"] },
  ];
  const told: (readonly Condition[])[] = [];
  const lines: string[] = [];
  const log: Log = {
    write: (level, message, fields) => void lines.push(`${level} ${message} ${JSON.stringify(fields)}`),
    flush: async () => {},
  };
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const options = { settings: SETTINGS, environment: {}, log, everyMilliseconds: 1 };
  const keeper = keepCniConfig({
    ...options,
    told: (conditions) => told.push(conditions),
    write: () => {
      const look = looks.shift();
      if (look === undefined) resolve();
      return look ?? CALM;
    },
  });
  expect(told).toEqual([[]]);
  await done;
  keeper[Symbol.dispose]();
  expect(told).toEqual([[], [FAILURE], []]);
  expect(lines).toEqual([
    'info Wrote CNI config {"path":"/x"}',
    'info removed an old CNI config {"path":"/y"}',
  ]);
});

test("without a template it does nothing, and it looks no more once it is disposed", async () => {
  const told: (readonly Condition[])[] = [];
  const log: Log = { write: () => {}, flush: async () => {} };
  let looks = 0;
  const options = {
    settings: SETTINGS,
    environment: {},
    log,
    told: (all: readonly Condition[]) => told.push(all),
  };
  keepCniConfig(options)[Symbol.dispose]();
  const write = (): CniConfigLook => {
    looks++;
    return CALM;
  };
  keepCniConfig({ ...options, write, everyMilliseconds: 1 })[Symbol.dispose]();
  await Bun.sleep(5);
  expect(looks).toBe(1);
  expect(told).toEqual([[], []]);
});

import { expect, test } from "bun:test";
import { InstallError } from "./install-error.ts";
import { readUninstallOptions } from "./uninstall-options.ts";

test("SLEEP stays only where it is asked for, in a pod, too", () => {
  const read = (SLEEP: string): unknown => {
    const asked = readUninstallOptions([], { SLEEP, KUBERNETES_SERVICE_HOST: "10.96.0.1" });
    return asked.kind === "options" && asked.options.sleep;
  };
  expect(["", "false", "true"].map(read)).toEqual([false, false, true]);
  expect(() => read("maybe")).toThrow(new InstallError('SLEEP: found "maybe", allowed is true or false'));
});

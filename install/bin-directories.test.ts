import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { presentBinDirectories } from "./bin-directories.ts";

const folder = mkdtempSync(join(tmpdir(), "tortie-bin-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("plugins are looked for where Debian's containerd has them, too; a container's view of the host comes first", () => {
  const places = { mounted: join(folder, "host"), root: join(folder, "root") };
  const present = (): readonly string[] => presentBinDirectories([], places);
  expect(present()).toEqual([]);
  const make = (path: string): string => {
    mkdirSync(join(folder, path), { recursive: true });
    return join(folder, path);
  };
  const own = [make("root/opt/cni/bin"), make("root/usr/lib/cni")];
  expect(present()).toEqual(own);
  const mounted = ["host/opt/cni/bin", "host/secondary-bin-dir", "host/usr/lib/cni"].map(make);
  expect(present()).toEqual(mounted);
  expect(presentBinDirectories([...own, "/nonexistent"], places)).toEqual(own);
});

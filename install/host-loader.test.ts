import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readElf } from "./elf.ts";
import { hostLoader, librariesElsewhere } from "./host-loader.ts";

const folder = mkdtempSync(join(tmpdir(), "tortie-host-loader-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("loader and libraries are the host's, wherever its links lead in this root directory", () => {
  // As Debian has it, but for a link of the loader's that is absolute.
  mkdirSync(join(folder, "usr/lib/x86_64-linux-gnu"), { recursive: true });
  mkdirSync(join(folder, "usr/lib64"));
  for (const name of ["lib", "lib64"]) symlinkSync(`usr/${name}`, join(folder, name));
  symlinkSync("/lib/x86_64-linux-gnu/ld.so", join(folder, "usr/lib64/ld-linux-x86-64.so.2"));
  expect(hostLoader(folder, "/lib64/ld-linux-x86-64.so.2")).toBeUndefined();
  writeFileSync(join(folder, "usr/lib/x86_64-linux-gnu/ld.so"), "");
  const usr = join(folder, "usr");
  const run = [
    `${usr}/lib/x86_64-linux-gnu/ld.so`,
    "--inhibit-cache",
    "--library-path",
    `${usr}/lib/x86_64-linux-gnu:${usr}/lib64:${usr}/lib`,
  ];
  expect(hostLoader(folder, "/lib64/ld-linux-x86-64.so.2")).toEqual({ run, list: [...run, "--list"] });
});

test("its own root directory needs no help", () => {
  const loader = readElf(process.execPath)?.loader ?? "";
  const [path = ""] = hostLoader("/", loader)?.run ?? [];
  expect(path).toMatch(/\/ld-linux-[\w-]+\.so\.\d$/);
  expect(hostLoader("/", loader)).toEqual({ run: [path], list: [path, "--list"] });
});

test("what was found in the container, or nowhere, is not the host's", () => {
  const listing = [
    "\tlinux-vdso.so.1 (0x00007f53d9029000)",
    "\tlibc.so.6 => /host/lib/x86_64-linux-gnu/libc.so.6 (0x00007f53d8e3f000)",
    "\t/lib64/ld-linux-x86-64.so.2 => /host/lib/ld.so (0x00007f53d902b000)",
    "\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f53d8d55000)",
    "\tlibdl.so.2 => /hosts/libdl.so.2 (0x00007f53d8d55000)",
    "\tlibpthread.so.0 => not found",
    "",
  ].join("\n");
  expect(librariesElsewhere(listing, "/host")).toEqual(["libm.so.6", "libdl.so.2", "libpthread.so.0"]);
  expect(librariesElsewhere("", "/host")).toEqual([]);
});

import { expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findTraces } from "../../install/uninstall-main.ts";
import { writeScript } from "../install/fake-executable.ts";
import { LEFT, listed, UsedNode } from "../install/used-node.ts";

test("Calico's own plugin, its configuration and its kubeconfig are not ours", () => {
  using node = new UsedNode();
  writeScript(join(node.bin, "calico"), "echo v3.32.1");
  writeFileSync(join(node.net, "calico-kubeconfig"), "# Kubeconfig file for Calico CNI plugin.\n");
  // Canal's: the agent's note speaks of another text.
  writeFileSync(join(node.net, "10-calico.conflist"), `${node.config("15-canal.conflist", "calico")}\n`);
  const removed = listed(node.uninstall().said, "Removed");
  const { files } = node.left();
  for (const kept of [
    "bin/calico",
    "net.d/10-calico.conflist",
    "net.d/15-canal.conflist",
    "net.d/calico-kubeconfig",
  ])
    expect(files).toContain(kept);
  expect(removed).toContain("CNI configuration NODE/net.d/20-mine.conf");
});

test("a node that is Calico's keeps its configuration, wherever its plugins are", () => {
  using node = new UsedNode();
  node.uninstall();
  node.config("10-calico.conflist", "calico", "calico-ipam");
  node.config("15-canal.conflist", "calico");
  const before = node.left();
  expect(node.uninstall().said).toBe("There is nothing of tortie on this node.\n");
  expect(node.left()).toEqual(before);
});

test("beside our plugin, a configuration with Calico's own addresses is Calico's all the same", () => {
  using node = new UsedNode();
  node.config("15-calico.conflist", "calico", "calico-ipam");
  node.config("16-former.conflist", "calico");
  const removed = listed(node.uninstall().said, "Removed");
  expect(removed).toContain("CNI configuration NODE/net.d/16-former.conflist");
  expect(node.left().files).toContain("net.d/15-calico.conflist");
});

test("what the agent noted is ours, also where the plugins are somewhere else", () => {
  using node = new UsedNode();
  const elsewhere = ["--bin-dir", join(node.root, "elsewhere")];
  mkdirSync(join(node.root, "elsewhere"));
  rmSync(node.bin, { recursive: true });
  node.config("16-former.conflist", "calico");
  const removed = listed(node.uninstall(...elsewhere).said, "Removed");
  expect(removed).toContain("CNI configuration NODE/net.d/10-calico.conflist");
  expect(node.left().files).toContain("net.d/16-former.conflist");
});

test("the agent's note stays for as long as what it names", () => {
  using node = new UsedNode();
  node.network.run(() => {
    const note = findTraces(node.places).traces.find(({ what }) => what.startsWith("note of"));
    expect(() => note?.remove()).toThrow("it names 10-calico.conflist, still there");
  });
  expect(node.left().files).toContain("net.d/.tortie-written");
});

test("what others keep in the same directory stays", () => {
  using node = new UsedNode();
  writeFileSync(join(node.state, "nodename"), "n-1");
  mkdirSync(join(node.run, "home"));
  for (const name of ["home/letter", "notes.json", "endpoints/notes.txt", "locks/list"])
    writeFileSync(join(node.run, name), "mine");
  node.uninstall();
  expect(node.left().files).toEqual([
    ...LEFT.files,
    "run",
    "run/endpoints",
    "run/endpoints/notes.txt",
    "run/home",
    "run/home/letter",
    "run/locks",
    "run/locks/list",
    "run/notes.json",
    "state",
    "state/nodename",
  ]);
  expect(node.uninstall().said).toBe("There is nothing of tortie on this node.\n");
});

test("a directory that a person gives by mistake keeps what is in it", () => {
  using node = new UsedNode();
  writeFileSync(join(node.root, "letter"), "mine");
  const before = node.left().files;
  const { said } = node.uninstall("--dry-run", "--run-dir", node.root);
  expect(listed(said, "Would remove").filter((what) => what.startsWith("directory"))).toEqual([]);
  node.uninstall("--run-dir", node.root);
  const run = before.filter((path) => path === "letter" || path.startsWith("run"));
  expect(node.left().files).toEqual([...LEFT.files, ...run].toSorted());
});

test("what a crash left of the MTU's file goes, also without that file", () => {
  using node = new UsedNode();
  rmSync(join(node.state, "mtu"));
  expect(listed(node.uninstall().said, "Removed")).toContain("unfinished file NODE/state/.mtu.tortie-new");
  expect(node.left()).toEqual(LEFT);
});

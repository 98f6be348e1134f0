import { expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { addTable } from "../../dataplane/nft/commands.ts";
import { NetlinkWriter } from "../../dataplane/nft/netlink-writer.ts";
import { findTraces } from "../../install/uninstall-main.ts";
import { LEFT, listed, UsedNode } from "../install/used-node.ts";
import { nftOrThrow } from "./nft-command.ts";
import { ip } from "./other-cni/commands.ts";

const TRACES = [
  "unfinished file NODE/net.d/.10-calico.conflist.tortie-new",
  "CNI configuration NODE/net.d/10-calico.conflist",
  "CNI configuration NODE/net.d/20-mine.conf",
  "note of CNI configurations NODE/net.d/.tortie-written",
  "nftables table inet tortie",
  "route to 10.0.8.0/24 by cali1",
  "route to 10.0.0.5/32 by cali1",
  "route to fd00::5/128 by cali1",
  "executable NODE/bin/tortie",
  "executable NODE/bin/calico",
  "unfinished file NODE/bin/.calico.tortie-new",
  "kubeconfig NODE/net.d/calico-kubeconfig",
  "directory NODE/run (the agent's socket, records of pods), but for files of others",
  "file NODE/state/mtu",
  "unfinished file NODE/state/.mtu.tortie-new",
];

test("what --dry-run lists is what is then removed, and nothing else", () => {
  using node = new UsedNode();
  const before = node.left();
  const dry = node.uninstall("--dry-run");
  expect(node.left()).toEqual(before);
  expect(listed(dry.said, "Would remove").toSorted()).toEqual(TRACES.toSorted());
  const wet = node.uninstall();
  expect(listed(wet.said, "Removed")).toEqual(listed(dry.said, "Would remove"));
  expect(wet).toMatchObject({ code: 0, warned: "" });
  expect(node.left()).toEqual(LEFT);
});

test("configurations go first, then the table, then routes, then files", () => {
  using node = new UsedNode();
  const kinds = listed(node.uninstall().said, "Removed").map((what) => what.split(" ")[0]);
  expect(kinds).toEqual([
    "unfinished",
    "CNI",
    "CNI",
    "note",
    "nftables",
    "route",
    "route",
    "route",
    "executable",
    "executable",
    "unfinished",
    "kubeconfig",
    "directory",
    "file",
    "unfinished",
  ]);
});

test("it says what it leaves, and why", () => {
  using node = new UsedNode();
  expect(node.uninstall().said).toEndWith(`Left as they are:
  interfaces of running pods (cali*): these pods live on without routes; drain the node before, or delete them
  leases in /var/lib/cni/networks: an address must not go to two pods; once none of this node's is left,
    rm -r /var/lib/cni/networks/k8s-pod-network
  host-local, portmap, bandwidth, loopback, tuning: other networks call them, too
  files of Calico's that tortie install replaced: install Calico again
`);
  expect(ip(node.network, "link show cali1")).toContain("cali1");
});

test("a second time there is nothing to do", () => {
  using node = new UsedNode();
  node.uninstall();
  const nothing = { code: 0, said: "There is nothing of tortie on this node.\n", warned: "" };
  expect(node.uninstall()).toEqual(nothing);
  expect(node.uninstall("--dry-run")).toEqual(nothing);
});

test("wherever a crash stops it, the next run removes the rest", () => {
  for (let done = 0; done <= TRACES.length; done++) {
    using node = new UsedNode();
    node.network.run(() => {
      for (const { remove } of findTraces(node.places).traces.slice(0, done)) remove();
    });
    const { code, said } = node.uninstall();
    expect(code).toBe(0);
    expect(listed(said, "Removed")).toHaveLength(TRACES.length - done);
    expect(node.left()).toEqual(LEFT);
  }
});

test("what goes away by itself meanwhile is no failure", () => {
  using node = new UsedNode();
  node.network.run(() => {
    const { traces } = findTraces(node.places);
    for (const { remove } of traces) remove();
    for (const { remove } of traces) remove();
  });
  expect(node.left()).toEqual(LEFT);
});

test("while the agent lives nothing is removed", () => {
  using node = new UsedNode();
  const before = node.left();
  {
    using owner = node.network.run(() => new NetlinkWriter());
    owner.apply({ nftables: [addTable(["owner", "persist"])] });
    const why =
      "tortie uninstall: the agent lives on this node (it owns nftables table inet tortie) and would put back what is taken " +
      "away, so nothing is removed; stop it, then run this again\n";
    expect(node.uninstall()).toEqual({ code: 1, said: "", warned: why });
    const dry = node.uninstall("--dry-run");
    expect(dry).toMatchObject({ code: 1, warned: why });
    expect(listed(dry.said, "Would remove")).toHaveLength(TRACES.length);
    expect(node.left()).toEqual(before);
  }
  expect(node.uninstall().code).toBe(0);
});

test("where a table has no owner, an agent is known by its socket; one that nobody listens on is a file", async () => {
  using node = new UsedNode();
  nftOrThrow(node.network, ["delete table inet tortie; add table inet tortie"]);
  const socket = join(node.run, "agent.sock");
  rmSync(socket);
  const server = node.network.run(() => createServer().listen(socket));
  await new Promise((resolve) => server.once("listening", resolve));
  expect(node.uninstall()).toMatchObject({
    code: 1,
    said: "",
    warned: expect.stringContaining("lives on this node (it listens on NODE/run/agent.sock)"),
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await promise;
  writeFileSync(socket, "");
  expect(node.uninstall().code).toBe(0);
  expect(node.left()).toEqual(LEFT);
});

test("what cannot be removed is told, and the rest goes on", () => {
  using node = new UsedNode();
  ip(
    node.network,
    "route add 10.0.7.0/24 proto 116 table 1000 nexthop via 10.0.9.1 dev cali1 nexthop via 10.0.9.2 dev cali1",
  );
  const { code, said, warned } = node.uninstall();
  expect(code).toBe(1);
  expect(warned).toBe(
    "tortie uninstall: could not remove route to 10.0.7.0/24 by cali1, cali1: it is of a kind that is not known here; run " +
      "ip route flush proto 116 table all\ntortie uninstall: something is left; mend what is said above, and run it again\n",
  );
  expect(listed(said, "Removed")).toHaveLength(TRACES.length);
  expect(node.left()).toMatchObject({ files: LEFT.files, tables: LEFT.tables });
  ip(node.network, "route flush proto 116 table all");
  expect(node.uninstall()).toMatchObject({ code: 0, warned: "" });
});

test("a node where nothing ever was, and words that mean nothing", () => {
  using node = new UsedNode();
  node.uninstall();
  rmSync(node.root, { recursive: true });
  expect(node.uninstall()).toEqual({
    code: 0,
    said:
      "Not looked at, for there is no such directory: NODE/bin (--bin-dir), NODE/net.d (--net-dir)\n" +
      "There is nothing of tortie in the rest of this node.\n",
    warned: "",
  });
  mkdirSync(node.root);
  expect(node.uninstall("--force")).toEqual({
    code: 1,
    said: "",
    warned: "tortie uninstall: unknown option '--force'\n",
  });
  const help = node.uninstall("--help").said;
  for (const word of ["--dry-run", "(default: /run/tortie)", "(default: /var/lib/calico)", "Exit code"])
    expect(help).toContain(word);
  expect(help).not.toMatch(/\[\]|\(default: false\)/);
});

test("who may not look at the kernel learns it, and files go all the same", () => {
  using node = new UsedNode();
  const { bin, net, run, state } = node;
  const where = ["--bin-dir", bin, "--net-dir", net, "--run-dir", run, "--state-dir", state];
  const script = `import { uninstallMain } from "${import.meta.dir}/../../install/uninstall-main.ts";
    const print = (text) => Number(!process.stdout.write(text));
    process.exitCode = await uninstallMain(process.argv.slice(1), { print });`;
  const limits = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", "--"];
  const child = node.network.run(() =>
    Bun.spawnSync([...limits, process.execPath, "-e", script, "--", ...where], { stderr: "pipe" }),
  );
  expect(child.exitCode).toBe(1);
  expect(child.stderr.toString()).toContain("Operation not permitted (EPERM)\n");
  expect(node.left().files).toEqual(LEFT.files);
  expect(node.left().tables).toContain("tortie");
});

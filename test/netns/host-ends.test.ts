import { afterEach, expect, test } from "bun:test";
import { TABLE } from "../../dataplane/nft/names.ts";
import { openNftDataplane } from "../../dataplane/nft/driver.ts";
import { openWriter } from "../../dataplane/nft/open-writer.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { onInterface, pod, ruleset } from "../golden/ruleset-builder.ts";
import { nftOrThrow } from "./nft-command.ts";
import { ip, readSysctl, setSysctl } from "./other-cni/commands.ts";
import { linkedHost, type LinkedHost, type LinkedHostOptions, until, veth } from "./pod-links/host.ts";
import { advertiseRouter } from "./pod-links/router-advertisement.ts";

let opened = new DisposableStack();
afterEach(() => {
  opened.dispose();
  opened = new DisposableStack();
});

function open(options: LinkedHostOptions = {}): LinkedHost {
  return opened.use(
    linkedHost({ before: ["link set lo up", ...veth("cali1"), ...veth("cali2")], ...options }),
  );
}

const IPV4 = ["forwarding", "proxy_arp", "rp_filter", "route_localnet"];

function ipv4({ namespace }: LinkedHost, link: string): string {
  return IPV4.map((name) => readSysctl(namespace, `net/ipv4/conf/${link}/${name}`)).join(" ");
}

test("IPv4 settings that somebody changes are mended over netlink, at once where the kernel tells", async () => {
  const host = open();
  await host.want("web: cali1 10.1.0.5", "database: cali2 10.1.0.9");
  expect([ipv4(host, "cali1"), ipv4(host, "cali2"), host.troubles.length]).toEqual(["1 1 1 1", "1 1 1 1", 0]);
  setSysctl(host.namespace, "net/ipv4/conf/cali1/rp_filter", "2");
  await until(() => ipv4(host, "cali1") === "1 1 1 1");
  setSysctl(host.namespace, "net/ipv4/conf/cali2/forwarding", "0");
  await until(() => ipv4(host, "cali2") === "1 1 1 1");
  setSysctl(host.namespace, "net/ipv4/conf/cali2/proxy_arp", "0");
  await until(() => ipv4(host, "cali2") === "1 1 1 1");
  await until(() => host.troubles.length === 3);
  expect(host.troubles).toEqual([
    "set net.ipv4.conf.cali1.rp_filter from 2 to 1",
    "set net.ipv4.conf.cali2.forwarding from 0 to 1",
    "set net.ipv4.conf.cali2.proxy_arp from 0 to 1",
  ]);
});

test("what the kernel tells nobody is mended at the next sweep, and what is no pod's never", async () => {
  const host = open({ follow: { sweepMilliseconds: 1 } });
  await host.want("web: cali1 10.1.0.5");
  setSysctl(host.namespace, "net/ipv4/conf/cali2/route_localnet", "0");
  setSysctl(host.namespace, "net/ipv4/conf/cali1/route_localnet", "0");
  await until(() => ipv4(host, "cali1") === "1 1 1 1");
  expect(ipv4(host, "cali2")).toBe("1 1 1 0");
});

test("whoever writes the contrary each time is answered now and then", async () => {
  const host = open({ hostEnds: { pauseMilliseconds: 3_600_000 } });
  await host.want("web: cali1 10.1.0.5", "database: cali2 10.1.0.9");
  setSysctl(host.namespace, "net/ipv4/conf/cali1/rp_filter", "2");
  await until(() => ipv4(host, "cali1") === "1 1 1 1");
  setSysctl(host.namespace, "net/ipv4/conf/cali1/rp_filter", "0");
  // Told later, and mended.
  setSysctl(host.namespace, "net/ipv4/conf/cali2/rp_filter", "0");
  await until(() => ipv4(host, "cali2") === "1 1 1 1");
  expect([ipv4(host, "cali1"), host.troubles.length]).toEqual(["1 1 0 1", 2]);
});

test("a link that the plugin has not finished is left alone until it is up", async () => {
  const host = open();
  await host.want("web: cali1 10.1.0.5");
  ip(host.namespace, "link set cali1 down");
  setSysctl(host.namespace, "net/ipv4/conf/cali1/rp_filter", "2");
  setSysctl(host.namespace, "net/ipv4/conf/cali2/rp_filter", "2");
  await host.want("web: cali1 10.1.0.5", "database: cali2 10.1.0.9");
  await until(() => ipv4(host, "cali2") === "1 1 1 1");
  expect(ipv4(host, "cali1")).toBe("1 1 2 1");
  ip(host.namespace, "link set cali1 up");
  await until(() => ipv4(host, "cali1") === "1 1 1 1");
});

test("a link that is made anew, or comes late, gets its settings", async () => {
  const host = open();
  setSysctl(host.namespace, "net/ipv4/conf/default/rp_filter", "2");
  await host.want("web: cali1 10.1.0.5", "late: cali3 10.1.0.6");
  ip(host.namespace, "link del cali1", ...veth("cali1"), ...veth("cali3"));
  await until(() => ipv4(host, "cali1") === "1 1 1 1" && ipv4(host, "cali3") === "1 1 1 1");
});

function accept(link: string): string {
  return (
    `notice: net.ipv6.conf.${link}.accept_ra is 1 instead of 0 (pod shop/web): a pod's router advertisement could give this ` +
    `node another default route (CVE-2020-13597) if our rules, which drop it, were not there; the agent cannot write it, so ` +
    `write it on the host (sysctl -w net.ipv6.conf.${link}.accept_ra=0), and see what changed it, for example a file in ` +
    `/etc/sysctl.d`
  );
}

test("IPv6 settings are only told, with their names and until they are right", async () => {
  const host = open({ follow: { sweepMilliseconds: 1 } });
  ip(host.namespace, "link set cali2 alias 0123456789abcdef");
  setSysctl(host.namespace, "net/ipv6/conf/cali2/disable_ipv6", "1");
  await host.want("web: cali1 10.1.0.5 fd00::5", "database: cali2 10.1.0.9");
  expect(host.conditions()).toEqual([]);
  setSysctl(host.namespace, "net/ipv6/conf/cali1/accept_ra", "1");
  await until(() => host.conditions().length === 1);
  expect(host.conditions()).toEqual([accept("cali1")]);
  setSysctl(host.namespace, "net/ipv6/conf/cali1/forwarding", "0");
  setSysctl(host.namespace, "net/ipv6/conf/cali2/disable_ipv6", "0");
  await until(() => host.conditions().length === 3);
  expect(host.conditions().map((text) => text.slice(0, text.indexOf(":", 10)))).toEqual([
    "notice: net.ipv6.conf.cali1.accept_ra is 1 instead of 0 (pod shop/web)",
    "notice: net.ipv6.conf.cali1.forwarding is 0 instead of 1 (pod shop/web)",
    "notice: net.ipv6.conf.cali2.disable_ipv6 is 0 instead of 1 (pod shop/database)",
  ]);
  setSysctl(host.namespace, "net/ipv6/conf/cali1/disable_ipv6", "1");
  await until(() => host.conditions().some((text) => text.includes("cali1.disable_ipv6 is 1 instead of 0")));
  setSysctl(host.namespace, "net/ipv6/conf/cali1/disable_ipv6", "0");
  setSysctl(host.namespace, "net/ipv6/conf/cali1/accept_ra", "0");
  setSysctl(host.namespace, "net/ipv6/conf/cali1/forwarding", "1");
  setSysctl(host.namespace, "net/ipv6/conf/cali2/disable_ipv6", "1");
  await until(() => host.conditions().length === 0);
});

test("a pod that an earlier Calico wired is not reproached with IPv6, unless it is open to routers", async () => {
  const host = open();
  setSysctl(host.namespace, "net/ipv6/conf/cali2/accept_ra", "1");
  await host.want("database: cali1 10.1.0.9", "web: cali2 10.1.0.5");
  expect(host.conditions()).toEqual([accept("cali2")]);
});

test("a node that does not forward is not ready while it has pods", async () => {
  const host = open();
  await host.want("web: cali1 10.1.0.5 fd00::5", "database: cali2 10.1.0.9");
  setSysctl(host.namespace, "net/ipv4/ip_forward", "0");
  await until(() => host.conditions().length === 1);
  expect(host.conditions()).toEqual([
    "failure: net.ipv4.ip_forward is 0: this node forwards nothing from or to its 2 pods with an IPv4 address; set it to 1 " +
      "(sysctl -w net.ipv4.ip_forward=1), and see what changed it, for example a file in /etc/sysctl.d",
  ]);
  setSysctl(host.namespace, "net/ipv6/conf/all/forwarding", "0");
  await until(() =>
    host.conditions().some((text) => text.startsWith("failure: net.ipv6.conf.all.forwarding")),
  );
  await host.want();
  await until(() => host.conditions().length === 0);
});

/** The default routes that the host learned from routers. */
function learned(network: NetworkNamespace): string {
  const { stdout } = network.run(() => Bun.spawnSync(["ip", "-6", "route", "show", "proto", "ra"]));
  return stdout.toString().trim();
}

test("with a host end that listens to routers, the rules alone keep a pod from playing one", async () => {
  const host = open({ before: ["link set lo up", "link add cali1 type veth peer name eth0"] });
  const podNetwork = opened.use(NetworkNamespace.create());
  setSysctl(podNetwork, "net/ipv6/conf/default/accept_dad", "0");
  ip(host.namespace, `link set eth0 netns ${podNetwork.path}`, "link set cali1 up");
  ip(podNetwork, "link set lo up", "link set eth0 up");
  setSysctl(host.namespace, "net/ipv6/conf/cali1/accept_ra", "2");
  using writer = host.namespace.run(() => openWriter("netlink"));
  const dataplane = openNftDataplane(writer, { graceMilliseconds: 0 });
  dataplane.want(
    ruleset({ endpoints: [pod("shop/web", ["10.1.0.5"], { attachment: onInterface("cali1") })] }),
    undefined,
  );
  await dataplane.settle();
  const dropped = () =>
    /counter packets ([1-9]\d*) .*not the interface's own/.test(
      nftOrThrow(host.namespace, ["list", "table", "inet", TABLE]),
    );
  while (!dropped()) {
    advertiseRouter(podNetwork);
    await Bun.sleep(1);
  }
  expect(learned(host.namespace)).toBe("");
  // The same without rules: it was they.
  await dataplane[Symbol.asyncDispose]();
  writer[Symbol.dispose]();
  nftOrThrow(host.namespace, ["delete", "table", "inet", TABLE]);
  while (learned(host.namespace) === "") {
    advertiseRouter(podNetwork);
    await Bun.sleep(1);
  }
  expect(learned(host.namespace)).toMatch(/^default via fe80::bad dev cali1/);
});

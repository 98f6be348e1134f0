import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { parseAddress } from "../../../../model/address.ts";
import { Conntrack } from "../../../../native/conntrack.ts";
import { ip } from "../../../netns/other-cni/commands.ts";
import { nftOrThrow } from "../../../netns/nft-command.ts";
import { program } from "../../programs.ts";
import { NETWORK, type PluginMachine } from "./plugin-machine.ts";

/** What a pod's address looks like in what programs print; the tests' ranges are 10.1.0.0/16 and fd00:1::/64. */
const POD_ADDRESS = /\b10\.1\.\d+\.\d+|\bfd00:1::[0-9a-f]+/g;
/** The chains that portmap makes for one pod. */
const POD_CHAIN = /CNI-(?:DN|SN)-[0-9a-f]+/g;

function list(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

function unique(text: string, pattern: RegExp): string[] {
  return [...new Set(text.match(pattern) ?? [])];
}

/** Of the host, but its own. */
export function links({ machine }: PluginMachine): string[] {
  return [...ip(machine.network, "link show").matchAll(/^\d+: ([^:@]*)/gm)]
    .map(([, name = ""]) => name)
    .filter((name) => name !== "lo" && name !== "uplink");
}

function routes({ machine }: PluginMachine): string[] {
  return ["-4", "-6"].flatMap((family) => {
    const show = ["ip", family, "route", "show", "table", "all"];
    return unique(machine.network.run(() => Bun.spawnSync(show)).stdout.toString(), POD_ADDRESS);
  });
}

function isPodAddress(bytes: Uint8Array): boolean {
  return bytes.length === 4 ? bytes[0] === 10 && bytes[1] === 1 : bytes[0] === 0xfd && bytes[3] === 1;
}

/** Entries of addresses of pods, by the address. */
export function connections({ machine }: PluginMachine): string[] {
  return machine.network.run(() => {
    using conntrack = new Conntrack();
    const found: string[] = [];
    conntrack.visit(undefined, ({ originalSource, replySource }) => {
      for (const bytes of [originalSource, replySource]) if (isPodAddress(bytes)) found.push(bytes.toHex());
    });
    return found;
  });
}

function translations({ machine }: PluginMachine): string[] {
  return ["iptables", "ip6tables"].flatMap((name) => {
    const words = [program(name as "iptables"), "-t", "nat", "-S"];
    const said = machine.network.run(() => Bun.spawnSync(words)).stdout.toString();
    return [...unique(said, POD_CHAIN), ...unique(said, POD_ADDRESS)];
  });
}

/** Addresses that host-local has given away. */
export function leases(node: PluginMachine): string[] {
  return list(node.path(`var/lib/cni/networks/${NETWORK}`)).filter(
    (name) => parseAddress(name) !== undefined,
  );
}

export function records(node: PluginMachine): string[] {
  return list(node.path("run/tortie/endpoints"));
}

/** Everything that pods leave outside their own namespaces, by name; nothing where no pod is left. */
export function traces(node: PluginMachine): string[] {
  const rules = nftOrThrow(node.machine.network, ["list", "table", "inet", "tortie"]);
  const found = {
    link: links(node),
    route: routes(node),
    lease: leases(node),
    record: records(node),
    rule: unique(rules, POD_ADDRESS),
    translation: translations(node),
    connection: connections(node),
    namespace: list(node.path("run/netns")),
  };
  return Object.entries(found).flatMap(([kind, names]) => names.map((name) => `${kind} ${name}`));
}

const PATIENCE_MILLISECONDS = 15_000;

/**
 * Waits until nothing is left. The agent alone may be late, for no DEL waits longer than a second for it: what else is there
 * at first, or still there in the end, is an error.
 */
export async function untilNothingIsLeft(node: PluginMachine): Promise<void> {
  const limit = performance.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    const left = traces(node);
    if (left.length === 0) return;
    const isLate = left.every((trace) => trace.startsWith("rule ")) && performance.now() < limit;
    if (!isLate) throw new Error(`pods left behind: ${left.join(", ")}`);
    await Bun.sleep(20);
  }
}

/** What a process has open that pods could make it leak. */
export function openFiles(pid: number): { readonly all: number; readonly namespaces: number } {
  const files = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      // It was closed meanwhile.
      return [];
    }
  });
  return { all: files.length, namespaces: files.filter((file) => file.startsWith("net:")).length };
}

/** Bytes of the process that nobody else shares. */
export function privateBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const kilobytes = [...text.matchAll(/^(?:Private_Clean|Private_Dirty):\s+(\d+) kB/gm)];
  return kilobytes.reduce((sum, [, number]) => sum + Number(number) * 1024, 0);
}

/** How many other namespaces the machine's own one leads to, or has led to and somebody keeps. */
export function knownNamespaces({ machine }: PluginMachine): number {
  const listed = machine.network.run(() => Bun.spawnSync(["ip", "netns", "list-id"]));
  return listed.stdout.toString().match(/nsid \d+/g)?.length ?? 0;
}

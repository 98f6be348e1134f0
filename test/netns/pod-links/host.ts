import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Condition } from "../../../adapters/datastore.ts";
import { keepPodLinks, type PodLinks, type PodLinksOptions } from "../../../agent/host/pod-links.ts";
import type { LocalEndpoint } from "../../../dataplane/route/route-wish.ts";
import type { Address } from "../../../model/address.ts";
import type { Cidr } from "../../../model/cidr.ts";
import { type EndpointId, endpointId } from "../../../model/endpoint.ts";
import type { InterfaceName } from "../../../model/fingerprint.ts";
import { openHostEvents } from "../../../native/host-events.ts";
import { NetworkNamespace } from "../../../native/network-namespace.ts";
import { ip, setSysctl } from "../other-cni/commands.ts";

/** Longer than any test: what is seen is seen by events. */
export const NEVER = 3_600_000;

/** A host of its own whose pod links the agent keeps. */
export interface LinkedHost extends Disposable {
  readonly namespace: NetworkNamespace;
  readonly links: PodLinks;
  readonly conditions: () => readonly string[];
  readonly troubles: readonly string[];
  readonly directory: string;
  podCidrs: readonly Cidr[];
  /** `web: cali1 10.1.0.5 fd00::5`, one pod each; they replace all there were. Ends when the kernel was brought there. */
  want(...pods: readonly string[]): Promise<void>;
}

export interface LinkedHostOptions extends Partial<Omit<PodLinksOptions, "conditions" | "trouble" | "mtu">> {
  /** Made before the agent looks. */
  readonly before?: readonly string[];
  readonly mtu?: Partial<PodLinksOptions["mtu"]>;
  /** A host that another agent left. Otherwise it is a new one, and new links have the settings that the plugin gives them. */
  readonly namespace?: NetworkNamespace;
}

const SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ["net/ipv4/ip_forward", "1"],
  ["net/ipv6/conf/all/forwarding", "1"],
  ["net/ipv4/conf/default/proxy_arp", "1"],
  ["net/ipv4/conf/default/rp_filter", "1"],
  ["net/ipv4/conf/default/route_localnet", "1"],
  ["net/ipv6/conf/default/accept_ra", "0"],
];

function newHost(): NetworkNamespace {
  const namespace = NetworkNamespace.create();
  for (const [name, value] of SETTINGS) setSysctl(namespace, name, value);
  return namespace;
}

export function veth(name: string): string[] {
  return [`link add ${name} type veth peer name p${name}`, `link set ${name} up`, `link set p${name} up`];
}

export function pods(...lines: readonly string[]): Map<EndpointId, LocalEndpoint> {
  return new Map(
    lines.map((line) => {
      const [, name = "", via = "", rest = ""] = /^(\S+): (\S+) ?(.*)$/.exec(line) ?? [];
      const attachment = { kind: "interface", name: via as InterfaceName } as const;
      return [
        endpointId("shop", name),
        { attachment, addresses: rest.split(" ").filter(Boolean) as Address[] },
      ];
    }),
  );
}

export function linkedHost(options: LinkedHostOptions = {}): LinkedHost {
  using opening = new DisposableStack();
  const { before = [], mtu, namespace: given, ...rest } = options;
  const namespace = given ?? opening.use(newHost());
  const directory = mkdtempSync(join(tmpdir(), "tortie-links-"));
  opening.defer(() => rmSync(directory, { recursive: true }));
  if (before.length > 0) ip(namespace, ...before);
  let conditions: readonly Condition[] = [];
  const troubles: string[] = [];
  const open = options.follow?.openEvents ?? openHostEvents;
  const links = namespace.run(() =>
    keepPodLinks({
      ...rest,
      conditions: (found) => void (conditions = found),
      trouble: (text) => troubles.push(text),
      mtu: {
        fixed: undefined,
        stateFile: join(directory, "mtu"),
        flannelFile: join(directory, "subnet.env"),
        podCidrs: () => host.podCidrs,
        gatherMilliseconds: 0,
        pauseMilliseconds: 0,
        lookEveryMilliseconds: NEVER,
        ...mtu,
      },
      hostEnds: { pauseMilliseconds: 0, ...options.hostEnds },
      follow: {
        sweepMilliseconds: NEVER,
        retryMilliseconds: 1,
        ...options.follow,
        openEvents: (events) => namespace.run(() => open(events)),
      },
    }),
  );
  const host: LinkedHost = {
    namespace,
    links,
    directory,
    podCidrs: [],
    conditions: () => conditions.map(({ kind, text }) => `${kind}: ${text}`),
    troubles,
    want(...lines) {
      links.want(pods(...lines), undefined);
      return links.settled();
    },
    [Symbol.dispose]() {
      links[Symbol.dispose]();
      opened.dispose();
    },
  };
  const opened = opening.move();
  return host;
}

/** Until it holds; the test's own timeout ends it. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await Bun.sleep(1);
}

/** Routes of one address each, as `ip` prints them, without their metric. */
export function hostRoutes({ namespace }: Pick<LinkedHost, "namespace">): string[] {
  const lines = ["-4", "-6"].flatMap((family) => {
    const { stdout } = namespace.run(() => Bun.spawnSync(["ip", family, "route", "show"]));
    return stdout.toString().split("\n");
  });
  return lines
    .map((line) => line.replace(/ metric \d+| pref medium| linkdown/g, "").trim())
    .filter((line) => /^\S+ dev /.test(line) && !/^\S+\/\d+ /.test(line) && !line.startsWith("default"));
}

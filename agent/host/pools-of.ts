import type { Condition } from "../../adapters/datastore.ts";
import { readIpPoolFile } from "../../adapters/file/ip-pool-file.ts";
import { type Cidr, cidrRange } from "../../model/cidr.ts";
import type { IpPool } from "../../model/ip-pool.ts";
import { problemText } from "../../model/problem.ts";
import { unreachable } from "../../model/unreachable.ts";
import { type Flannel, readFlannel } from "./flannel-file.ts";
import { type Config, SETTING_ROWS } from "../settings/settings.ts";
import type { SmallFile } from "./small-file.ts";

/** The settings that say something about pools. */
export type PoolConfig = Pick<
  Config,
  "ipv4Pool" | "ipv4PoolNatOutgoing" | "ipv6Pool" | "ipv6PoolNatOutgoing" | "poolFile"
>;

/** What is known of pools: the settings, and two files as they are now. */
export interface PoolSources {
  readonly config: PoolConfig;
  readonly poolFile: SmallFile;
  readonly flannelPath: string;
  readonly flannelFile: SmallFile;
}

/** The pools of the cluster, and what people should know of how they came about. */
export interface Pools {
  readonly pools: ReadonlyMap<Cidr, IpPool>;
  readonly conditions: readonly Condition[];
}

interface SettingPool extends IpPool {
  readonly setting: string;
}

function settingPools(config: PoolConfig): SettingPool[] {
  const { ipv4Pool, ipv4PoolNatOutgoing, ipv6Pool, ipv6PoolNatOutgoing } = config;
  const pools: SettingPool[] = [];
  if (ipv4Pool !== undefined) {
    pools.push({ cidr: ipv4Pool, natOutgoing: ipv4PoolNatOutgoing, setting: SETTING_ROWS.ipv4Pool.name });
  }
  if (ipv6Pool !== undefined) {
    pools.push({ cidr: ipv6Pool, natOutgoing: ipv6PoolNatOutgoing, setting: SETTING_ROWS.ipv6Pool.name });
  }
  return pools;
}

interface Found<Value> {
  readonly value: Value;
  readonly notices: readonly string[];
}

function filePools({ config, poolFile }: PoolSources): Found<readonly IpPool[]> {
  const path = config.poolFile;
  const { name, default: usual } = SETTING_ROWS.poolFile;
  switch (poolFile.kind) {
    case "missing": {
      const text = `${path} (${name}) does not exist, so no pool is known from it; mount it there, or correct the setting`;
      return { value: [], notices: path === usual ? [] : [text] };
    }
    case "unreadable": {
      const text = `${path} (${name}) cannot be read: ${poolFile.because}; no pool of it counts until it can`;
      return { value: [], notices: [text] };
    }
    case "text": {
      const { pools, problems } = readIpPoolFile(poolFile.text, path);
      return { value: pools, notices: problems.map(problemText) };
    }
    default:
      return unreachable(poolFile);
  }
}

function flannelOf({ flannelPath: path, flannelFile }: PoolSources): Found<Flannel> {
  const value: Flannel = { networks: [], masquerades: false, strange: [] };
  switch (flannelFile.kind) {
    case "missing":
      return { value, notices: [] };
    case "unreadable": {
      const text = `${path} cannot be read: ${flannelFile.because}; if flannel masquerades, packets are masqueraded by both`;
      return { value, notices: [text] };
    }
    case "text": {
      const flannel = readFlannel(flannelFile.text);
      return {
        value: flannel,
        notices: flannel.strange.map((what) => `${path} says ${what}; it means nothing here`),
      };
    }
    default:
      return unreachable(flannelFile);
  }
}

function isInside(inner: Cidr, outer: Cidr): boolean {
  const [small, large] = [cidrRange(inner), cidrRange(outer)];
  return small.family === large.family && large.first <= small.first && small.last <= large.last;
}

/**
 * Pools of the settings and of the file together; where both name one, the settings decide. What flannel masquerades
 * itself we leave to it: two would do the same work twice, and neither could be switched off without the other.
 */
export function poolsOf(sources: PoolSources): Pools {
  const file = filePools(sources);
  const { value: flannel, notices: aboutFlannel } = flannelOf(sources);
  const notices = [...file.notices, ...aboutFlannel];
  const pools = new Map(file.value.map((pool) => [pool.cidr, pool]));
  for (const { setting, ...pool } of settingPools(sources.config)) {
    const other = pools.get(pool.cidr);
    if (other !== undefined && other.natOutgoing !== pool.natOutgoing) {
      const path = sources.config.poolFile;
      notices.push(
        `pool ${pool.cidr} stands in ${path} and in ${setting}, and they differ about masquerading; the setting counts`,
      );
    }
    pools.set(pool.cidr, pool);
  }
  for (const { cidr, natOutgoing } of pools.values()) {
    if (!natOutgoing || !flannel.masquerades || !flannel.networks.some((network) => isInside(cidr, network)))
      continue;
    pools.set(cidr, { cidr, natOutgoing: false });
    notices.push(
      `flannel masquerades what pool ${cidr} sends to outside (FLANNEL_IPMASQ=true in ${sources.flannelPath}), so it is left ` +
        "to flannel; start flannel without --ip-masq to have it done here",
    );
  }
  return { pools, conditions: notices.map((text) => ({ kind: "notice", text })) };
}

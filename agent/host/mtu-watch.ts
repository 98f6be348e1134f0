import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import {
  flannelMtu,
  linkMtu,
  type LinkMtu,
  mtuPrefixLengths,
  parseMtu,
  podMtu,
  type PodMtu,
} from "../../dataplane/link/mtu.ts";
import type { Cidr } from "../../model/cidr.ts";
import { gatherEvents } from "../../native/gather-events.ts";
import type { HostEvent } from "../../native/host-events.ts";
import { SystemCallError } from "../../native/system-call-error.ts";
import type { Link } from "../../native/link-message.ts";
import { MAIN_TABLE, type RouteDumpFilter } from "../../native/route-dump.ts";
import type { RouteMessage } from "../../native/route-message.ts";
import { FLANNEL_FILE } from "./flannel-file.ts";
import { replaceFile } from "../replace-file.ts";
import { readSmallFile } from "./small-file.ts";

/** What is asked of the kernel; all throw SystemCallError. */
export interface MtuKernel {
  /** Of the main table. */
  routes(filter: RouteDumpFilter): Promise<RouteMessage[]>;
  link(index: number): Link | undefined;
}

export interface WatchMtuOptions {
  /** What people set; undefined: it is found out. */
  readonly fixed: number | undefined;
  /** Where it is kept over restarts, as Calico does: a number and nothing else. */
  readonly stateFile: string;
  /** Default: where flannel leaves it. */
  readonly flannelFile?: string;
  /** Of this node, as they are now. */
  readonly podCidrs: () => readonly Cidr[];
  readonly kernel: MtuKernel;
  /** It is this from now on, at first, too. */
  readonly told?: (mtu: PodMtu) => void;
  /** Words for a log. */
  readonly trouble?: (text: string) => void;
  /** How often flannel's file is looked at. */
  readonly lookEveryMilliseconds?: number;
  /** From a change of links and routes to the next look at them. */
  readonly gatherMilliseconds?: number;
  /** Between two such looks: each reads the routing table. */
  readonly pauseMilliseconds?: number;
  /** For how long after the start a smaller one from before may count. */
  readonly keptMilliseconds?: number;
}

/** Which MTU pods get that are made now. */
export interface MtuWatch extends Disposable {
  /** Bytes. */
  mtu(): number;
  /** What happened to links and routes. */
  take(events: readonly HostEvent[]): void;
  lookAgain(): void;
  /** Ends with the look at links and routes that is under way. */
  settled(): Promise<void>;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Follows flannel's file, and what links and routes suggest. */
export function watchMtu(options: WatchMtuOptions): MtuWatch {
  const { fixed, stateFile, flannelFile = FLANNEL_FILE, podCidrs, kernel } = options;
  const { told = () => {}, trouble = () => {}, lookEveryMilliseconds = 2_000 } = options;
  const { gatherMilliseconds = 100, pauseMilliseconds = 1_000, keptMilliseconds = 300_000 } = options;
  const keptUntil = performance.now() + keptMilliseconds;
  const troubles = new Map<string, string>();
  let links: LinkMtu | undefined;
  /** The ranges that `links` is made with; undefined: links and routes were not looked at yet. */
  let lookedWith: readonly Cidr[] | undefined;
  let looking: Promise<void> | undefined;
  let lookOnceMore = false;
  let flannel: number | undefined;
  let last: PodMtu | undefined;
  let closed = false;

  /** Says each trouble once, until it is another or over. */
  function troubled(about: string, text: string | undefined): void {
    if (text === undefined) return void troubles.delete(about);
    if (troubles.get(about) !== text) trouble(text);
    troubles.set(about, text);
  }

  function readKept(): number | undefined {
    const file = readSmallFile(stateFile);
    const found = file.kind === "text" ? parseMtu(file.text) : undefined;
    const isStrange = file.kind === "unreadable" || (file.kind === "text" && found === undefined);
    const why = file.kind === "unreadable" ? file.because : "it holds no MTU";
    troubled("kept", isStrange ? `${stateFile} is passed over: ${why}` : undefined);
    return found;
  }
  let stored = readKept();
  const kept = stored;

  function readFlannel(): void {
    const file = readSmallFile(flannelFile);
    const found = file.kind === "text" ? flannelMtu(file.text) : undefined;
    // While it is being written it may lack the line.
    if (found !== undefined || file.kind !== "text" || file.settled) flannel = found;
    const isStrange =
      file.kind === "unreadable" || (file.kind === "text" && file.settled && found === undefined);
    const why = file.kind === "unreadable" ? file.because : "it has no line FLANNEL_MTU=NUMBER";
    troubled("flannel", isStrange ? `${flannelFile} tells no MTU for pods: ${why}` : undefined);
  }

  function store(mtu: number): void {
    if (stored === mtu) return;
    try {
      mkdirSync(dirname(stateFile), { recursive: true });
      // Calico's own readers want no end of line.
      replaceFile(stateFile, `${mtu}`);
      stored = mtu;
      troubled("store", undefined);
    } catch (error) {
      const next = "until it can, the first pods after a restart may get another one";
      troubled("store", `the MTU of pods cannot be kept: ${messageOf(error)}; ${next}`);
    }
  }

  function now(): PodMtu {
    readFlannel();
    const counts = performance.now() < keptUntil ? kept : undefined;
    return podMtu({ fixed, flannel, links, kept: lookedWith === undefined ? kept : counts });
  }

  function settle(): void {
    if (lookedWith === undefined || closed) return;
    const found = now();
    if (found.mtu !== last?.mtu || found.from !== last.from) told(found);
    last = found;
    store(found.mtu);
  }

  async function look(): Promise<void> {
    const cidrs = podCidrs();
    const known = new Map<number, Link | undefined>();
    const link = (index: number): Link | undefined => {
      if (!known.has(index)) known.set(index, kernel.link(index));
      return known.get(index);
    };
    try {
      const filters = ([4, 6] as const).map((family) => ({
        family,
        prefixLengths: mtuPrefixLengths(cidrs, family),
      }));
      const routes = (await Promise.all(filters.map((filter) => kernel.routes(filter)))).flat();
      links = linkMtu({ routes, link, podCidrs: cidrs });
      troubled("look", undefined);
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      troubled("look", `links and routes do not tell the MTU for pods: ${error.message}`);
    }
    lookedWith = cidrs;
    settle();
  }

  async function lookUntilDone(): Promise<void> {
    // Whoever calls is told nothing and asked nothing meanwhile.
    await Promise.resolve();
    do {
      lookOnceMore = false;
      await look();
    } while (lookOnceMore);
    looking = undefined;
  }

  function begin(): void {
    lookOnceMore = true;
    looking ??= lookUntilDone();
  }

  const gathered = gatherEvents({ changed: begin, gatherMilliseconds, pauseMilliseconds });
  const timer = setInterval(() => {
    const before = lookedWith?.join(" ");
    if (before !== undefined && before !== podCidrs().join(" ")) gathered.tell();
    settle();
  }, lookEveryMilliseconds);
  begin();

  function matters(event: HostEvent): boolean {
    switch (event.kind) {
      case "link": {
        const { change } = event;
        return links?.links.has(change.kind === "present" ? change.link.index : change.index) === true;
      }
      case "route": {
        const { destination, prefixLength, table } = event.route;
        const family = destination.length === 4 ? 4 : 6;
        return table === MAIN_TABLE && mtuPrefixLengths(podCidrs(), family).has(prefixLength);
      }
      case "rule":
      case "settings":
        return false;
    }
  }

  return {
    mtu: () => now().mtu,
    take(events) {
      if (events.some(matters)) gathered.tell();
    },
    lookAgain: () => gathered.tell(),
    settled: () => looking ?? Promise.resolve(),
    [Symbol.dispose]() {
      closed = true;
      clearInterval(timer);
      gathered[Symbol.dispose]();
    },
  };
}

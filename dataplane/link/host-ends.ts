import type { EndpointId } from "../../model/endpoint.ts";
import { ALL_INTERFACES, type HostEvent } from "../../native/host-events.ts";
import { SystemCallError } from "../../native/system-call-error.ts";
import type { Ipv4Sysctls, SysctlsOfLink } from "../../native/link-sysctls.ts";
import type { HostCondition } from "../preflight/condition.ts";
import type { LocalEndpoints } from "../route/route-wish.ts";
import {
  type Drift,
  driftConditions,
  driftsOf,
  forwardingConditions,
  mendingOf,
  mendingText,
} from "./host-end-settings.ts";
import { createHostEndWish } from "./host-end-wish.ts";
import { createWorkQueue } from "./work-queue.ts";

/** What is asked of the kernel: native/link-sysctls.ts, or a test's own. All throw SystemCallError. */
export interface SysctlKernel {
  read(key: { readonly name: string }): SysctlsOfLink | undefined;
  writeIpv4(index: number, values: Partial<Ipv4Sysctls>): void;
  forwards(family: 4 | 6): boolean | undefined;
}

export interface HostEndsOptions {
  readonly kernel: SysctlKernel;
  /** All conditions there are now, whenever they are others than before; at first there are none. */
  readonly told: (conditions: readonly HostCondition[]) => void;
  /** Words for a log: what was mended, what could not be. */
  readonly trouble?: (text: string) => void;
  /** One interface is not mended more often: somebody may write the contrary each time. */
  readonly pauseMilliseconds?: number;
}

/** Keeps the settings of the host's ends of pod links as the plugin made them. */
export interface HostEnds extends Disposable {
  /** As LocalRoutes.want. */
  want(endpoints: LocalEndpoints, touched: ReadonlySet<EndpointId> | undefined): void;
  take(events: readonly HostEvent[]): void;
  lookAgain(): void;
  /** The kernel tells nobody of route_localnet and of IPv6's accept_ra. */
  sweep(): void;
  settled(): Promise<void>;
}

/** Mends what can be written over netlink, IPv4, and tells of what cannot. */
export function keepHostEnds(options: HostEndsOptions): HostEnds {
  const { kernel, told, trouble = () => {}, pauseMilliseconds = 1_000 } = options;
  const wish = createHostEndWish();
  const drifts = new Map<string, readonly Drift[]>();
  /** Of interfaces that were looked at, by number. */
  const names = new Map<number, string>();
  const mendedAt = new Map<string, number>();
  const pausing = new Map<string, ReturnType<typeof setTimeout>>();
  let begun = false;
  let toldText = "[]";

  function lookIn(name: string, milliseconds: number): void {
    if (pausing.has(name)) return;
    const timer = setTimeout(() => {
      pausing.delete(name);
      queue.add([name]);
    }, milliseconds);
    pausing.set(name, timer);
  }

  function mend(name: string, found: SysctlsOfLink): void {
    const values = mendingOf(found);
    if (values === undefined) return;
    const pause = (mendedAt.get(name) ?? -Infinity) + pauseMilliseconds - performance.now();
    if (pause > 0) return lookIn(name, pause);
    mendedAt.set(name, performance.now());
    kernel.writeIpv4(found.link.index, values);
    trouble(`set ${mendingText(found, values)}`);
  }

  function look(name: string): void {
    const end = wish.get(name);
    drifts.delete(name);
    if (end === undefined) return void mendedAt.delete(name);
    try {
      const found = kernel.read({ name });
      // The plugin brings a host end up when all its settings are written; the link's next event tells of that.
      if (found === undefined || !found.link.up) return;
      names.set(found.link.index, name);
      const drifting = driftsOf(found, end);
      if (drifting.length > 0) drifts.set(name, drifting);
      mend(name, found);
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      trouble(`${name}: ${error.message}`);
    }
  }

  function conditions(): HostCondition[] {
    const forwarding = ([4, 6] as const).map((family) => ({
      family,
      pods: wish.count(family),
      forwards: wish.count(family) === 0 ? undefined : kernel.forwards(family),
    }));
    return [...forwardingConditions(forwarding), ...driftConditions([...drifts.values()].flat())];
  }

  function tell(): void {
    try {
      const found = conditions();
      const text = JSON.stringify(found);
      if (text !== toldText) told(found);
      toldText = text;
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      trouble(error.message);
    }
  }

  const queue = createWorkQueue<string>({ work: look, idle: tell });

  function lookAgain(): void {
    if (begun) queue.add(wish.names());
  }

  function lookAt(name: string | undefined): void {
    if (name !== undefined && wish.get(name) !== undefined) queue.add([name]);
  }

  function takeEvent(event: HostEvent): void {
    switch (event.kind) {
      case "settings":
        return event.index === ALL_INTERFACES ? lookAgain() : lookAt(names.get(event.index));
      case "link":
        if (event.change.kind === "present") return lookAt(event.change.link.name);
        if (event.change.kind === "gone") names.delete(event.change.index);
        return;
      case "route":
      case "rule":
        return;
    }
  }

  return {
    want(endpoints, touched) {
      queue.add(wish.take(endpoints, begun ? touched : undefined));
      begun = true;
    },
    take(events) {
      if (begun) for (const event of events) takeEvent(event);
    },
    lookAgain() {
      names.clear();
      lookAgain();
    },
    sweep: lookAgain,
    settled: () => queue.settled(),
    [Symbol.dispose]() {
      for (const timer of pausing.values()) clearTimeout(timer);
      queue[Symbol.dispose]();
    },
  };
}

import type { BridgeUse } from "../route/placement.ts";
import type { HostCondition } from "./condition.ts";
import { judgeHost } from "./judge-host.ts";
import { openHostReader, type ReadHost } from "./read-host.ts";

export interface InspectHostOptions {
  /** The bridges that endpoints of this node are behind: `placement.bridges`. */
  readonly bridges: () => readonly BridgeUse[];
  /** As the dataplane is told: `accept` leaves link-local addresses open. */
  readonly unknownEndpoint: "drop" | "accept";
  /** All conditions there are now: after the first look, and whenever they are others than before. */
  readonly told: (conditions: readonly HostCondition[]) => void;
  readonly everyMilliseconds?: number;
  readonly read?: ReadHost;
}

export interface HostInspection extends Disposable {
  /** Looks again at once: routes, links or endpoints changed. */
  again(): void;
}

/**
 * Looks at the host now, inside this call, and every ten seconds: about a millisecond each time. What cannot be looked
 * at is a notice. Throws SystemCallError where no netlink socket can be had.
 */
export function inspectHost(options: InspectHostOptions): HostInspection {
  const { bridges, unknownEndpoint, told, everyMilliseconds = 10_000 } = options;
  const opened = options.read === undefined ? openHostReader() : undefined;
  const read = options.read ?? opened?.read;
  let last: string | undefined;

  function conditions(): HostCondition[] {
    try {
      return read === undefined ? [] : judgeHost(read(bridges()), unknownEndpoint);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return [
        { kind: "notice", text: `this host cannot be looked at for other policy enforcers: ${reason}` },
      ];
    }
  }

  function again(): void {
    const found = conditions();
    const text = JSON.stringify(found);
    if (text === last) return;
    last = text;
    told(found);
  }

  again();
  const timer = setInterval(again, everyMilliseconds);
  return {
    again,
    [Symbol.dispose]() {
      clearInterval(timer);
      opened?.[Symbol.dispose]();
    },
  };
}

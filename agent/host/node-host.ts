import type { Condition } from "../../adapters/datastore.ts";
import {
  type HostInspection,
  inspectHost,
  type InspectHostOptions,
} from "../../dataplane/preflight/inspect-host.ts";
import { type FollowedHost, followHost, type FollowHostOptions } from "../../dataplane/route/follow-host.ts";
import { createPlacement, type Placement } from "../../dataplane/route/placement.ts";
import type { Update } from "../../model/update.ts";

/** What the host tells without being asked. */
export interface HostListener {
  /** Endpoints of this node whose attachment is another now. */
  readonly moved: (updates: readonly Update[]) => void;
  /** All conditions of the host there are now. */
  readonly conditions: (conditions: readonly Condition[]) => void;
  /** Words for a log. */
  readonly trouble: (text: string) => void;
}

/** The machine that the agent runs on, apart from our own table. */
export interface NodeHost extends Disposable {
  /** The updates with the attachments that this host's routes give. */
  place(updates: readonly Update[]): readonly Update[];
}

export interface NodeHostOptions extends HostListener {
  /** Another CNI plugin wired the pods: their interfaces are looked up. False: updates pass as they are. */
  readonly placing: boolean;
  readonly unknownEndpoint: "drop" | "accept";
  /** From a change to the next look at the host: many changes come together. */
  readonly gatherMilliseconds?: number;
  /** For tests. */
  readonly follow?: (options: FollowHostOptions) => FollowedHost;
  readonly inspect?: (options: InspectHostOptions) => HostInspection;
}

/** Follows routes, links, bridges and other policy enforcers of the present network namespace. Throws SystemCallError. */
export function watchNodeHost(options: NodeHostOptions): NodeHost {
  const { placing, unknownEndpoint, moved, conditions, trouble, gatherMilliseconds = 100 } = options;
  const { follow = followHost, inspect = inspectHost } = options;
  let gathering: ReturnType<typeof setTimeout> | undefined;
  using opening = new DisposableStack();

  function inspectSoon(): void {
    gathering ??= setTimeout(() => {
      gathering = undefined;
      inspection.again();
    }, gatherMilliseconds);
  }

  function placementOf(): Placement {
    const host = opening.use(
      follow({
        trouble,
        changed: () => {
          const updates = placement?.again() ?? [];
          if (updates.length > 0) moved(updates);
          inspectSoon();
        },
      }),
    );
    return createPlacement(host);
  }

  const placement = placing ? placementOf() : undefined;
  const inspection = opening.use(
    inspect({ bridges: () => placement?.bridges() ?? [], unknownEndpoint, told: conditions }),
  );
  const opened = opening.move();

  return {
    place(updates) {
      const placed = placement?.place(updates) ?? updates;
      if (placed !== updates) inspectSoon();
      return placed;
    },
    [Symbol.dispose]() {
      clearTimeout(gathering);
      opened.dispose();
    },
  };
}

import { unreachable } from "../../../model/unreachable.ts";
import type { KubernetesClient } from "../connection/client.ts";
import { type Ending, endingOfCut, endingOfError } from "./ending.ts";
import { type Alarm, Exchange } from "./exchange.ts";
import { fieldReader } from "./field-reader.ts";
import { MalformedError } from "./malformed-error.ts";
import type { Pace } from "./pace.ts";
import { createRecordBytes } from "./record-bytes.ts";
import { asked, type WatchedResource } from "./watched-resource.ts";

/** What one question for one object came to. */
export type Got =
  | { readonly kind: "found"; readonly object: unknown }
  | { readonly kind: "absent" }
  | { readonly kind: "failed"; readonly because: string; readonly next: string };

export interface GetOptions {
  readonly client: KubernetesClient;
  /** What kind of object it is; only its wanted fields are read. */
  readonly resource: WatchedResource;
  /** Of the object itself, for example `/api/v1/namespaces/x/pods/a`. */
  readonly path: string;
  readonly pace: Pace;
  readonly stopping: AbortSignal;
}

function failure(ending: Ending): Got {
  switch (ending.kind) {
    case "disconnected":
    case "astray":
      return { kind: "failed", because: ending.found, next: ending.next };
    case "refused":
      return { kind: "failed", because: ending.status.found, next: ending.status.next };
    case "stopped":
      return { kind: "failed", because: "nobody waits for the answer any more", next: "nothing" };
    case "ended":
      // The server answers others: this connection was given up.
      return { kind: "failed", because: "the connection was given up", next: "nothing: it is tried again" };
    case "listed":
    case "current":
    case "quiet":
    case "impatient":
    case "expired":
    case "tooLarge":
      return { kind: "failed", because: `the question ended as ${ending.kind}`, next: "report it: a bug" };
    default:
      return unreachable(ending);
  }
}

/** Asks for one object as it is now, not as a cache of the server has it. Never throws for what may mend itself. */
export async function getObject({ client, resource, path, pace, stopping }: GetOptions): Promise<Got> {
  using exchange = new Exchange({ client, pace, stopping });
  try {
    const status = await exchange.open({ path }, asked("get", resource));
    if (status?.code === 404 && status.reason === "NotFound") return { kind: "absent" };
    if (status !== undefined) return failure({ kind: "refused", status });
    const alarms = (): readonly Alarm[] => [{ at: exchange.heardAt + pace.longestAnswer, ring: "late" }];
    const bytes = createRecordBytes();
    for (let part = await exchange.read(alarms); part !== undefined; part = await exchange.read(alarms))
      bytes.keep(part);
    const read = resource.fields === undefined ? undefined : fieldReader(resource.fields);
    const object = bytes.parse(new Uint8Array(), "an object", read);
    if (typeof object !== "object" || object === null)
      throw new MalformedError("something that is no object");
    const { apiVersion, kind } = resource;
    return { kind: "found", object: Object.assign(object, { apiVersion, kind }) };
  } catch (error) {
    return failure(
      exchange.cut === undefined
        ? endingOfError(error, client.server)
        : endingOfCut(exchange.cut, client.server),
    );
  }
}

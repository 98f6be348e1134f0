import { Libnftables, type LibnftablesAnswer } from "../../native/libnftables.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";

/** A network namespace that libnftables looks into without a new process each time. */
export class NftPlace {
  readonly namespace: NetworkNamespace = NetworkNamespace.create();
  readonly json: Libnftables;

  constructor() {
    this.json = this.namespace.run(() => Libnftables.open());
  }

  [Symbol.dispose](): void {
    this.json[Symbol.dispose]();
    this.namespace[Symbol.dispose]();
  }
}

/** With a context of its own: libnftables 1.0.6 aborts when it reads text in a context that read text before. */
function runText({ namespace }: NftPlace, text: string): LibnftablesAnswer {
  using nft = namespace.run(() => Libnftables.open({ format: "text" }));
  return nft.run(text);
}

function withoutNoise(key: string, value: unknown): unknown {
  if (key === "handle" || key === "metainfo") return undefined;
  if (key === "table" && typeof value === "object" && value !== null) return { ...value, flags: undefined };
  // Hash sets are listed in the order of their buckets.
  if (key === "elem" && Array.isArray(value)) return value.map((one) => JSON.stringify(one)).toSorted();
  return value;
}

/** `nft -j list table inet NAME` without handles, the table's flags, and the order of elements. */
export function tableJson({ json }: NftPlace, name: string): unknown {
  const command = { nftables: [{ list: { table: { family: "inet", name } } }] };
  const { ok, output, errors } = json.run(JSON.stringify(command));
  if (!ok) throw new Error(`could not list table ${name}: ${errors}`);
  return JSON.parse(output, withoutNoise);
}

/** The table as text, without its flags: nft 1.0.6 does not know `persist`, nor how to read its own line then. */
export function tableText(place: NftPlace, name: string): string {
  const { ok, output, errors } = runText(place, `list table inet ${name}`);
  if (!ok) throw new Error(`could not list table ${name}: ${errors}`);
  return output.replace(/^\tflags .*\n/m, "");
}

export function loadText(place: NftPlace, text: string): LibnftablesAnswer {
  return runText(place, text);
}

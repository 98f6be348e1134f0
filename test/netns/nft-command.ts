import type { Batch } from "../../dataplane/nft/batch.ts";
import type { NetworkNamespace } from "../../native/network-namespace.ts";

export interface NftAnswer {
  readonly ok: boolean;
  readonly output: string;
  readonly errors: string;
}

/** Runs the `nft` command in a namespace. */
export function nft(namespace: NetworkNamespace, args: readonly string[], input = ""): NftAnswer {
  const { exitCode, stdout, stderr } = namespace.run(() =>
    Bun.spawnSync(["nft", ...args], { stdin: Buffer.from(input) }),
  );
  return { ok: exitCode === 0, output: stdout.toString(), errors: stderr.toString() };
}

export function nftOrThrow(namespace: NetworkNamespace, args: readonly string[], input = ""): string {
  const { ok, output, errors } = nft(namespace, args, input);
  if (!ok) throw new Error(`nft ${args.join(" ")} said: ${errors}`);
  return output;
}

export function loadBatch(namespace: NetworkNamespace, batch: Batch): NftAnswer {
  return nft(namespace, ["-j", "-f", "-"], JSON.stringify(batch));
}

function withoutHandles(key: string, value: unknown): unknown {
  return key === "handle" || key === "metainfo" ? undefined : value;
}

interface ListedBody {
  readonly chain?: string;
  readonly elem?: readonly unknown[];
}

/** Rules keep their order inside their chain. */
function listedLine(kind: string, body: ListedBody): { readonly place: string; readonly text: string } {
  const elem = body.elem?.map((element) => JSON.stringify(element)).toSorted();
  const text = JSON.stringify({ [kind]: { ...body, ...(elem !== undefined && { elem }) } });
  return { place: kind === "rule" ? `rule ${body.chain}` : text, text };
}

/** `nft -j list table` without what differs from load to load: handles, and the order of objects and elements. */
export function listedTable(namespace: NetworkNamespace, table: string): string {
  const text = nftOrThrow(namespace, ["-j", "list", "table", "inet", table]);
  const listed = JSON.parse(text, withoutHandles) as {
    readonly nftables: readonly Record<string, ListedBody>[];
  };
  const lines = listed.nftables.flatMap((one) =>
    Object.entries(one).map(([kind, body]) => listedLine(kind, body)),
  );
  return lines
    .toSorted((a, b) => (a.place === b.place ? 0 : a.place < b.place ? -1 : 1))
    .map((line) => line.text)
    .join("\n");
}

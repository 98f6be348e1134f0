/** What a table holds: the texts of its chains, sets, maps and elements by what they are called. */
export type TableObjects = ReadonlyMap<string, string>;

type Body = Readonly<Record<string, unknown>>;

const EPOCH = /^(@?)e\d+-/;

/** Without what differs between two tables of one wish: epochs in names, handles, and what counters have counted. */
function comparable(key: string, value: unknown): unknown {
  if (typeof value === "string") return value.replace(EPOCH, "$1e-");
  if (key === "handle") return undefined;
  return key === "counter" ? null : value;
}

function text(body: Body, without: readonly string[] = []): string {
  return JSON.stringify(Object.fromEntries(Object.entries(body).filter(([key]) => !without.includes(key))));
}

/** A map's elements are pairs of key and verdict. */
function elementOf(kind: string, element: unknown): readonly [string, string] {
  if (kind !== "map" || !Array.isArray(element)) return [JSON.stringify(element), ""];
  const [key, verdict] = element as readonly unknown[];
  return [JSON.stringify(key), JSON.stringify(verdict)];
}

/**
 * `nft -j list table`, its epoch left out, so that two tables of one wish are equal. A chain is one object with its rules
 * in their order, since a rule means something only among the others; an element is one of its own. The table itself is
 * left out: nft 1.0.6 lists the flags of one that is owned as it pleases.
 */
export function tableObjects(listing: string): TableObjects {
  const { nftables } = JSON.parse(listing, comparable) as { readonly nftables: readonly Body[] };
  const objects = new Map<string, string>();
  for (const [kind, body] of nftables.flatMap((one) => Object.entries(one) as [string, Body][])) {
    const { name, chain, elem } = body;
    switch (kind) {
      case "chain":
      case "set":
      case "map":
        objects.set(`${kind} ${String(name)}`, text(body, ["elem"]));
        break;
      case "rule": {
        const home = `chain ${String(chain)}`;
        objects.set(home, `${objects.get(home) ?? ""}\n${text(body)}`);
        break;
      }
    }
    for (const element of Array.isArray(elem) ? (elem as readonly unknown[]) : []) {
      const [key, verdict] = elementOf(kind, element);
      objects.set(`element of ${String(name)}: ${key}`, verdict);
    }
  }
  return objects;
}

/** A line for each object that only one of them has, or that they have differently. */
export function tableDifferences(found: TableObjects, wanted: TableObjects): readonly string[] {
  const differences: string[] = [];
  for (const [name, body] of wanted) {
    const other = found.get(name);
    if (other === undefined) differences.push(`missing: ${name}`);
    else if (other !== body) differences.push(`other than wanted: ${name}: ${other} instead of ${body}`);
  }
  for (const name of found.keys()) if (!wanted.has(name)) differences.push(`too much: ${name}`);
  return differences;
}

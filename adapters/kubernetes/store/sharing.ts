import type { NamedPort } from "../../../model/endpoint.ts";
import type { Labels } from "../../../model/labels.ts";

/** Gives equal values out as one object: the pods of a deployment are alike in all but name and address. */
export interface Sharing {
  text(text: string): string;
  labels(labels: Labels): Labels;
  ports(ports: readonly NamedPort[]): readonly NamedPort[];
  /** Forgets what it has seen; what was given out stays as it is. */
  forget(): void;
}

const NO_LABELS: Labels = {};
const NO_PORTS: readonly NamedPort[] = [];

/** Remembers the values used last: at least `least` of them, at most twice as many. */
function createRecent<Value>(least: number): {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  forget(): void;
} {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();
  const set = (key: string, value: Value): void => {
    if (young.size >= least) [old, young] = [young, new Map()];
    young.set(key, value);
  };
  return {
    get(key) {
      const found = young.get(key);
      if (found !== undefined) return found;
      const older = old.get(key);
      if (older !== undefined) set(key, older);
      return older;
    },
    set,
    forget() {
      young = new Map();
      old = new Map();
    },
  };
}

/** `least`: how many lists of labels and of ports are remembered at the least; of texts four times as many. */
export function createSharing(least = 4096): Sharing {
  const texts = createRecent<string>(4 * least);
  const labelSets = createRecent<Labels>(least);
  const portLists = createRecent<readonly NamedPort[]>(least);
  /** The labels that were given last, and what came of them: the pods of a deployment come in a row, with one object. */
  let last: { readonly given: Labels; readonly shared: Labels } = { given: NO_LABELS, shared: NO_LABELS };

  function text(value: string): string {
    const known = texts.get(value);
    if (known !== undefined) return known;
    texts.set(value, value);
    return value;
  }

  function shareLabels(labels: Labels): Labels {
    let key = "";
    // Neither keys nor values may hold a line feed.
    for (const name in labels) key += `${name}\n${labels[name]}\n`;
    if (key === "") return NO_LABELS;
    const known = labelSets.get(key);
    if (known !== undefined) return known;
    const shared: Record<string, string> = {};
    for (const [name, value] of Object.entries(labels)) shared[text(name)] = text(value);
    labelSets.set(key, shared);
    return shared;
  }

  return {
    text,
    labels(labels) {
      if (labels !== last.given) last = { given: labels, shared: shareLabels(labels) };
      return last.shared;
    },
    ports(ports) {
      let key = "";
      for (const { name, protocol, port } of ports) key += `${name} ${protocol} ${port}\n`;
      if (key === "") return NO_PORTS;
      const known = portLists.get(key);
      if (known !== undefined) return known;
      const shared = ports.map(({ name, protocol, port }) => ({ name: text(name), protocol, port }));
      portLists.set(key, shared);
      return shared;
    },
    forget() {
      last = { given: NO_LABELS, shared: NO_LABELS };
      texts.forget();
      labelSets.forget();
      portLists.forget();
    },
  };
}

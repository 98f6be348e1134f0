import * as v from "valibot";
import type { NamedPort } from "../../model/endpoint.ts";
import { childPath, type Defect, describe } from "./defect.ts";
import { isPortName, portProtocol } from "./names.ts";
import { isPortNumber, portNumber, protocol } from "./policy-port.ts";
import { isObject, looseFields, maybe, parseAt, type Schema } from "./schema.ts";

const CONSEQUENCE = "no rule reaches the pod by the name of this port";
const KEYS = ["containers", "initContainers"] as const;
const NOTHING: readonly unknown[] = [];

const portName: Schema<string> = v.pipe(
  v.string("expected text"),
  v.check(
    isPortName,
    "expected a port name (at most 15 lower-case letters, digits and -, at least one letter)",
  ),
);
const containerPort = looseFields({ name: maybe(portName), containerPort: portNumber, protocol });

/** A port in which nothing is wrong, as nearly all are: a look at each field, where the schema would explain each. */
function soundPort(port: unknown): NamedPort | undefined {
  if (!isObject(port)) return undefined;
  const { name, containerPort: number, protocol: word = "TCP" } = port;
  const known = typeof word === "string" ? portProtocol(word) : undefined;
  if (typeof name !== "string" || !isPortName(name)) return undefined;
  return isPortNumber(number) && known !== undefined ? { name, protocol: known, port: number } : undefined;
}

interface Found {
  readonly ports: NamedPort[];
  readonly defects: Defect[];
}

/** Where in the pod: the path is put into words for defects only. */
interface Place {
  readonly key: "containers" | "initContainers";
  readonly container?: number;
}

function pathOf({ key, container }: Place): string {
  const path = childPath("spec", key);
  return container === undefined ? path : `${childPath(path, container)}.ports`;
}

function readList(value: unknown, place: Place, { defects }: Found): readonly unknown[] {
  if (value === undefined || value === null) return NOTHING;
  if (Array.isArray(value)) return value;
  const path = pathOf(place);
  defects.push({ path, value: describe(value), message: "expected a list", consequence: CONSEQUENCE });
  return NOTHING;
}

function readContainer(container: unknown, place: Place, found: Found): void {
  const ports = readList(isObject(container) ? container["ports"] : undefined, place, found);
  for (let index = 0; index < ports.length; index++) {
    const port = ports[index];
    // Ports without a name decide nothing.
    if (isObject(port) && (port["name"] ?? "") === "") continue;
    const sound = soundPort(port);
    if (sound !== undefined) {
      found.ports.push(sound);
      continue;
    }
    const at = { path: childPath(pathOf(place), index), consequence: CONSEQUENCE };
    const parsed = parseAt(containerPort, port, at);
    if (!parsed.ok) {
      found.defects.push(...parsed.defects);
    } else if (parsed.value.name !== undefined) {
      const { name, protocol: of, containerPort: number } = parsed.value;
      found.ports.push({ name, protocol: of, port: number });
    }
  }
}

function each(ports: readonly NamedPort[]): readonly NamedPort[] {
  if (ports.length < 2) return ports;
  return [...new Map(ports.map((port) => [`${port.name} ${port.protocol} ${port.port}`, port])).values()];
}

export interface ReadPorts {
  readonly ports: readonly NamedPort[];
  readonly defects: readonly Defect[];
}

/** Named ports of containers and init containers (sidecars are init containers), each once. */
export function readPorts(spec: Readonly<Record<string, unknown>>): ReadPorts {
  const found: Found = { ports: [], defects: [] };
  for (const key of KEYS) {
    const containers = readList(spec[key], { key }, found);
    for (let container = 0; container < containers.length; container++)
      readContainer(containers[container], { key, container }, found);
  }
  return { ports: each(found.ports), defects: found.defects };
}

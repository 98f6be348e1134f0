import * as v from "valibot";
import type { NamedPort } from "../../model/endpoint.ts";
import { childPath, type Defect, describe } from "./defect.ts";
import { isPortName, portProtocol } from "./names.ts";
import { isPortNumber, portNumber, protocol } from "./policy-port.ts";
import { isObject, looseFields, maybe, parseAt, type Schema } from "./schema.ts";

const CONSEQUENCE = "no rule reaches the pod by the name of this port";

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
  readonly ports: Map<string, NamedPort>;
  readonly defects: Defect[];
}

function readList(value: unknown, path: string, { defects }: Found): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  defects.push({ path, value: describe(value), message: "expected a list", consequence: CONSEQUENCE });
  return [];
}

function readContainer(container: unknown, path: string, found: Found): void {
  const ports = isObject(container) ? container["ports"] : undefined;
  const portsPath = childPath(path, "ports");
  for (const [index, port] of readList(ports, portsPath, found).entries()) {
    // Ports without a name decide nothing.
    if (isObject(port) && (port["name"] ?? "") === "") continue;
    const sound = soundPort(port);
    if (sound !== undefined) {
      found.ports.set(`${sound.name} ${sound.protocol} ${sound.port}`, sound);
      continue;
    }
    const at = { path: childPath(portsPath, index), consequence: CONSEQUENCE };
    const parsed = parseAt(containerPort, port, at);
    if (!parsed.ok) {
      found.defects.push(...parsed.defects);
    } else if (parsed.value.name !== undefined) {
      const named = {
        name: parsed.value.name,
        protocol: parsed.value.protocol,
        port: parsed.value.containerPort,
      };
      found.ports.set(`${named.name} ${named.protocol} ${named.port}`, named);
    }
  }
}

export interface ReadPorts {
  readonly ports: readonly NamedPort[];
  readonly defects: readonly Defect[];
}

/** Named ports of containers and init containers (sidecars are init containers), each once. */
export function readPorts(spec: Readonly<Record<string, unknown>>): ReadPorts {
  const found: Found = { ports: new Map(), defects: [] };
  for (const key of ["containers", "initContainers"]) {
    const path = childPath("spec", key);
    for (const [index, container] of readList(spec[key], path, found).entries()) {
      readContainer(container, childPath(path, index), found);
    }
  }
  return { ports: [...found.ports.values()], defects: found.defects };
}

import * as v from "valibot";
import type { PortMatch } from "../../model/policy.ts";
import { type Protocol, TCP } from "../../model/protocol.ts";
import { isPortName, portProtocol } from "./names.ts";
import { maybe, pathItem, type Schema, strictFields } from "./schema.ts";

const PORT_RULE =
  "expected a port number from 1 to 65535 or a port name (at most 15 lower-case letters, digits and -, at least one letter)";

export function isPortNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65535;
}

export const portNumber: Schema<number> = v.custom<number>(
  isPortNumber,
  "expected a port number from 1 to 65535",
);

/** TCP where nothing is said, as the API server fills it in. */
export const protocol: Schema<Protocol> = v.pipe(
  v.nullish(v.string("expected TCP, UDP or SCTP"), "TCP"),
  v.check((text) => portProtocol(text) !== undefined, "expected TCP, UDP or SCTP"),
  v.transform((text) => portProtocol(text) ?? TCP),
);

const portNumberOrName: Schema<number | string> = v.custom<number | string>(
  (value) => isPortNumber(value) || (typeof value === "string" && isPortName(value)),
  PORT_RULE,
);

/** A NetworkPolicyPort: number, name, run of numbers, or a protocol as a whole. */
export const policyPort: Schema<PortMatch> = v.pipe(
  strictFields({ protocol, port: maybe(portNumberOrName), endPort: maybe(portNumber) }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { port, endPort } = dataset.value;
    if (endPort === undefined || (typeof port === "number" && endPort >= port)) return;
    const message =
      typeof port === "number"
        ? `expected a number that is not below port ${port}`
        : "endPort is possible beside a numeric port only";
    addIssue({ message, path: [pathItem({ ...dataset.value }, "endPort")] });
  }),
  v.transform(({ protocol: number, port, endPort }): PortMatch => {
    if (typeof port === "string") return { kind: "named", protocol: number, name: port };
    const [first, last] = port === undefined ? [0, 65535] : [port, endPort ?? port];
    return { kind: "range", protocol: number, first, last };
  }),
);

import * as v from "valibot";
import { type Address, parseAddress } from "../model/address.ts";
import { echo, shortened } from "../model/echo.ts";
import type { Fields } from "../handshake/calico-fields.ts";
import { CniError } from "./cni-error.ts";
import { type CniVersion, isAtLeast } from "../handshake/cni-version.ts";

/** What ADD said once, plugins behind this one included. */
export interface PreviousResult {
  readonly addresses: readonly Address[];
  readonly interfaces: readonly {
    readonly name: string;
    readonly mac?: string;
    readonly sandbox?: string;
  }[];
}

const NEW = v.object({
  interfaces: v.optional(
    v.array(
      v.object({
        name: v.string(),
        mac: v.exactOptional(v.string()),
        sandbox: v.exactOptional(v.string()),
      }),
    ),
    [],
  ),
  ips: v.optional(v.array(v.object({ address: v.string() })), []),
});

const OLD = v.object({
  ip4: v.optional(v.object({ ip: v.string() })),
  ip6: v.optional(v.object({ ip: v.string() })),
});

function wrong(found: string): CniError {
  return new CniError("configuration", `prevResult ${found}`, "give what ADD printed, unchanged");
}

function parse<T>(schema: v.GenericSchema<unknown, T>, given: Fields): T {
  const parsed = v.safeParse(schema, given);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw wrong(`is no result: ${v.getDotPath(issue) ?? "it"}: ${shortened(issue.message)}`);
}

function address(block: string): Address {
  const found = parseAddress(block.replace(/\/\d+$/, ""));
  if (found === undefined) throw wrong(`has the address ${echo(block)}, which is none`);
  return found;
}

/** Throws CniError. */
export function readPreviousResult(given: Fields, version: CniVersion): PreviousResult {
  if (isAtLeast(version, "0.3.0")) {
    const { interfaces, ips } = parse(NEW, given);
    return { interfaces, addresses: ips.map(({ address: block }) => address(block)) };
  }
  const { ip4, ip6 } = parse(OLD, given);
  return {
    interfaces: [],
    addresses: [ip4, ip6].flatMap((one) => (one === undefined ? [] : [address(one.ip)])),
  };
}

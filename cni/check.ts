import type { EndpointRecord } from "../handshake/endpoint-record.ts";
import { IpamError } from "../ipam/ipam-error.ts";
import { unreachable } from "../model/unreachable.ts";
import { openPatientAgent } from "./ask-agent.ts";
import { type Call, leasedCall } from "./call.ts";
import { CniError } from "./cni-error.ts";
import { readAttachment } from "./environment.ts";
import { type PreviousResult, readPreviousResult } from "./previous-result.ts";

function demandPrevious({ configuration }: Call): PreviousResult {
  const { previous, version } = configuration;
  if (previous !== undefined) return readPreviousResult(previous, version);
  throw new CniError("configuration", "prevResult is missing", "CHECK needs what ADD printed");
}

function demandRecord({ node, paths, configuration }: Call, containerId: string): EndpointRecord {
  const stored = node.records.read(paths, containerId);
  const next = "delete the pod, so that it is made anew";
  switch (stored.kind) {
    case "record":
      if (stored.record.network === configuration.name) return stored.record;
      throw new CniError(
        "unknownContainer",
        `container ${containerId} belongs to network ${stored.record.network}`,
        next,
      );
    case "unreadable": {
      const { path, why } = stored.unreadable;
      throw new CniError("different", `the record ${path} cannot be read: ${why}`, next);
    }
    case "none":
      throw new CniError("unknownContainer", `container ${containerId} is not wired by this plugin`, next);
    default:
      return unreachable(stored);
  }
}

/** What the runtime remembers, against what this plugin does. Plugins behind this one may have added more. */
function ofResult(previous: PreviousResult, record: EndpointRecord): string[] {
  const addresses = record.addresses
    .filter((address) => !previous.addresses.includes(address))
    .map((address) => `prevResult does not have ${address}`);
  const host = previous.interfaces.some(
    ({ name, sandbox = "" }) => name === record.interface && sandbox === "",
  );
  const pod = previous.interfaces.some(
    ({ name, sandbox = "" }) => name === record.podInterface && sandbox !== "",
  );
  return [
    ...addresses,
    ...(host ? [] : [`prevResult does not have the interface ${record.interface}`]),
    ...(pod ? [] : [`prevResult does not have the interface ${record.podInterface} of the pod`]),
  ];
}

async function ofLease(call: Call, record: EndpointRecord): Promise<string[]> {
  try {
    await call.node.leases.check(leasedCall(call, record));
    return [];
  } catch (error) {
    if (error instanceof IpamError && error.kind === "notLeased") return ["its addresses are not leased"];
    throw error;
  }
}

async function ofRules(call: Call, { containerId }: EndpointRecord): Promise<string[]> {
  using agent = openPatientAgent(call);
  const answer = await agent.ask({ kind: "check", containerId });
  switch (answer.kind) {
    case "programmed":
      return [];
    case "waiting":
      return [`its rules are not in the kernel: ${answer.for}`];
    case "refused":
      return [`its rules are not in the kernel: ${answer.found}`];
    case "state":
    case "node":
    case "deleted":
      return [`the agent answers "${answer.kind}"`];
    default:
      return unreachable(answer);
  }
}

/** CHECK: everything that ADD did is as ADD left it, or every difference is told. Prints nothing. */
export async function check(call: Call): Promise<string> {
  const { node, configuration } = call;
  const { containerId, podInterface, namespacePath = "" } = readAttachment(call.environment, "CHECK");
  // Whoever is not known needs nothing else to be told so.
  const record = demandRecord(call, containerId);
  const previous = demandPrevious(call);
  node.demandNamespace(namespacePath);
  const links = await node.links();
  const rules = ofRules(call, record);
  // Asked first and waited for last: what comes in between may fail first.
  rules.catch(() => undefined);
  const link = { ...record, podInterface, namespacePath };
  const { addresses } = record;
  const settings = { mtu: configuration.mtu, addresses, allowForwarding: configuration.allowIpForwarding };
  const differences = [
    ...(podInterface === record.podInterface ? [] : [`it was wired as ${record.podInterface}`]),
    ...ofResult(previous, record),
    ...links.differences(link, settings),
    ...(await ofLease(call, record)),
    ...(await rules),
  ];
  if (differences.length === 0) return "";
  throw new CniError(
    "different",
    `container ${containerId} is not as ADD left it: ${differences.join("; ")}`,
    "delete the pod, so that it is made anew",
  );
}

import type { OracleFlow, OracleParty, World } from "../oracle/objects.ts";

/** The world as YAML documents that a directory of manifests can hold: what repeats a failure. */
export function printWorld({ namespaces, pods, policies }: World): string {
  // JSON is YAML, and nothing in it depends on the version of YAML that a reader speaks.
  return [...namespaces, ...pods, ...policies]
    .map((object) => `---\n${JSON.stringify(object, null, 2)}\n`)
    .join("");
}

function printParty(party: OracleParty): string {
  if ("pod" in party) return party.pod;
  return "node" in party ? `node ${party.node}` : party.address;
}

/** The flow in one line. */
export function printFlow(flow: OracleFlow): string {
  const port = flow.port === undefined ? "" : ` ${flow.port}`;
  const source = flow.claimedSource === undefined ? "" : `, source written as ${flow.claimedSource}`;
  const service = flow.throughService === true ? ", through a Service" : "";
  return `${printParty(flow.from)} -> ${printParty(flow.to)} ${flow.protocol}${port} over IPv${flow.family}${source}${service}`;
}

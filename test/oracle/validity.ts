import { blockContains, readBlock } from "./addresses.ts";
import type { EgressRule, IngressRule, LabelSelector, Maybe, NetworkPolicyObject } from "./objects.ts";
import type { PolicyPeer, PolicyPort } from "./objects.ts";

// The API server's own rules for a NetworkPolicy, as far as they reach a stored object: label values and the
// spelling of CIDRs were once unchecked, so a server may still serve odd ones; they are judged, not refused.

const QUALIFIED_NAME = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const PORT_NAME = /^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/;

function isPortNumber(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}

/** What the server would refuse in a selector. */
export function selectorProblems(selector: Maybe<LabelSelector>): string[] {
  const problems: string[] = [];
  for (const key of Object.keys(selector?.matchLabels ?? {})) {
    if (!QUALIFIED_NAME.test(key)) problems.push(`label key ${key}`);
  }
  for (const { key, operator, values } of selector?.matchExpressions ?? []) {
    const count = values?.length ?? 0;
    if (!QUALIFIED_NAME.test(key)) problems.push(`label key ${key}`);
    if (operator === "In" || operator === "NotIn") {
      if (count === 0) problems.push(`${operator} without values`);
    } else if (operator === "Exists" || operator === "DoesNotExist") {
      if (count > 0) problems.push(`${operator} with values`);
    } else {
      problems.push(`operator ${operator}`);
    }
  }
  return problems;
}

function blockProblems({ cidr, except }: NonNullable<PolicyPeer["ipBlock"]>): string[] {
  const block = readBlock(cidr);
  if (block === undefined) return [`cidr ${cidr}`];
  return (except ?? []).filter((text) => {
    const hole = readBlock(text);
    return hole === undefined || hole.length <= block.length || !blockContains(block, hole);
  });
}

function peerProblems({ podSelector, namespaceSelector, ipBlock }: PolicyPeer): string[] {
  const selectors = [podSelector, namespaceSelector].filter((selector) => selector != null);
  if (ipBlock == null && selectors.length === 0) return ["peer without a field"];
  if (ipBlock != null && selectors.length > 0) return ["ipBlock beside a selector"];
  return ipBlock == null ? selectors.flatMap(selectorProblems) : blockProblems(ipBlock);
}

function portProblems({ protocol, port, endPort }: PolicyPort): string[] {
  const problems: string[] = [];
  if (!["TCP", "UDP", "SCTP"].includes(protocol ?? "TCP")) problems.push(`protocol ${protocol}`);
  if (typeof port === "number" && !isPortNumber(port)) problems.push(`port ${port}`);
  if (typeof port === "string" && (port.length > 15 || !PORT_NAME.test(port))) {
    problems.push(`port name ${port}`);
  }
  if (endPort != null && (typeof port !== "number" || endPort < port || !isPortNumber(endPort))) {
    problems.push(`endPort ${endPort}`);
  }
  return problems;
}

/** What the server would refuse in a rule. */
export function ruleProblems(rule: IngressRule & EgressRule): string[] {
  const peers = [...(rule.from ?? []), ...(rule.to ?? [])];
  return [...peers.flatMap(peerProblems), ...(rule.ports ?? []).flatMap(portProblems)];
}

export function policyTypeProblems(types: Maybe<readonly string[]>): string[] {
  if ((types ?? []).length > 2) return ["more than two policyTypes"];
  return (types ?? []).filter((type) => type !== "Ingress" && type !== "Egress");
}

/** Everything that the server would refuse in the policy's specification. */
export function policyProblems({ spec }: NetworkPolicyObject): string[] {
  return [
    ...selectorProblems(spec?.podSelector),
    ...policyTypeProblems(spec?.policyTypes),
    ...(spec?.ingress ?? []).flatMap(ruleProblems),
    ...(spec?.egress ?? []).flatMap(ruleProblems),
  ];
}

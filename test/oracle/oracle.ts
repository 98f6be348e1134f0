import type { AddressNumber } from "./addresses.ts";
import { blockContains, readAddress, readBlock, sameAddress } from "./addresses.ts";
import type {
  EgressRule,
  IngressRule,
  NetworkPolicyObject,
  OracleFlow,
  OracleParty,
  PodObject,
} from "./objects.ts";
import { namespaceIsolates } from "./default-deny.ts";
import type { PolicyPeer, PolicyPort, World } from "./objects.ts";
import { fullName, namespaceOf } from "./objects.ts";
import { claimedAddresses, hasNamedPort, isFinished, isOnPodNetwork } from "./pods.ts";
import { ownAddresses, podWithAddress } from "./pods.ts";
import { namespaceLabels, selects } from "./selectors.ts";
import { policyTypeProblems, ruleProblems, selectorProblems } from "./validity.ts";

// A naive reading of what NetworkPolicy promises, for one packet at a time. It shares nothing with the product:
// where the two disagree, one of them misread the specification.

export interface OracleVerdict {
  readonly allowed: boolean;
  readonly reason: string;
}

/** One end of a packet, as policies see it. */
interface End {
  readonly address: AddressNumber;
  /** Present where policies can select it. */
  readonly pod?: PodObject;
}

type Direction = "Ingress" | "Egress";

function allow(reason: string): OracleVerdict {
  return { allowed: true, reason };
}

function deny(reason: string): OracleVerdict {
  return { allowed: false, reason };
}

function mustReadAddress(text: string): AddressNumber {
  const address = readAddress(text);
  if (address === undefined) throw new Error(`flow names ${text}, which is no address`);
  return address;
}

function mustFindPod(world: World, name: string): PodObject {
  const pod = world.pods.find((candidate) => fullName(candidate) === name);
  if (pod === undefined) throw new Error(`flow names pod ${name}, which does not exist`);
  return pod;
}

/** The end that a party stands for; a text says why it can neither send nor receive. */
function endOf(world: World, flow: OracleFlow, party: OracleParty): End | string {
  if (!("pod" in party)) {
    const address = mustReadAddress("node" in party ? party.node : party.address);
    const pod = "node" in party ? undefined : podWithAddress(world, address);
    return pod === undefined ? { address } : { address, pod };
  }
  const pod = mustFindPod(world, party.pod);
  if (isFinished(pod)) return `${party.pod} is finished`;
  const usable = isOnPodNetwork(pod) ? ownAddresses(world, pod) : claimedAddresses(pod);
  const address = usable.find(({ family }) => family === flow.family);
  if (address === undefined) return `${party.pod} has no IPv${flow.family} address`;
  return isOnPodNetwork(pod) ? { address, pod } : { address };
}

/** Whether the party is the node on which the pod at the other end runs, or shares that node's network. */
function isResidentNode(world: World, party: OracleParty, other: OracleParty): boolean {
  if ("node" in party) return true;
  if (!("pod" in party) || !("pod" in other)) return false;
  const pod = mustFindPod(world, party.pod);
  const neighbour = mustFindPod(world, other.pod);
  return !isOnPodNetwork(pod) && (pod.spec.nodeName ?? "") === (neighbour.spec.nodeName ?? "");
}

/** The pod that a party means, finished or not. */
function podOf(world: World, party: OracleParty): PodObject | undefined {
  if ("pod" in party) return mustFindPod(world, party.pod);
  return "address" in party ? podWithAddress(world, mustReadAddress(party.address)) : undefined;
}

function peerMatches(world: World, policy: NetworkPolicyObject, peer: PolicyPeer, end: End): boolean {
  if (peer.ipBlock != null) {
    const block = readBlock(peer.ipBlock.cidr);
    const holes = (peer.ipBlock.except ?? []).map(readBlock);
    if (block === undefined || !blockContains(block, end.address)) return false;
    return !holes.some((hole) => hole !== undefined && blockContains(hole, end.address));
  }
  if (end.pod === undefined) return false;
  const namespaceFits =
    peer.namespaceSelector == null
      ? namespaceOf(end.pod.metadata) === namespaceOf(policy.metadata)
      : selects(peer.namespaceSelector, namespaceLabels(world, end.pod.metadata));
  return namespaceFits && selects(peer.podSelector, end.pod.metadata.labels);
}

function portMatches(wanted: PolicyPort, flow: OracleFlow, target: End): boolean {
  if (flow.port === undefined || flow.protocol !== (wanted.protocol ?? "TCP")) return false;
  if (wanted.port == null) return true;
  if (typeof wanted.port === "string") {
    return target.pod !== undefined && hasNamedPort(target.pod, wanted.port, flow.protocol, flow.port);
  }
  return wanted.port <= flow.port && flow.port <= (wanted.endPort ?? wanted.port);
}

function isolates(policy: NetworkPolicyObject, direction: Direction): boolean {
  const types = policy.spec?.policyTypes ?? [];
  if (policyTypeProblems(types).length > 0) return true;
  if (types.length > 0) return types.includes(direction);
  return direction === "Ingress" || (policy.spec?.egress ?? []).length > 0;
}

function selectsSubject(policy: NetworkPolicyObject, pod: PodObject): boolean {
  const selector = policy.spec?.podSelector;
  if (namespaceOf(policy.metadata) !== namespaceOf(pod.metadata)) return false;
  return selectorProblems(selector).length > 0 || selects(selector, pod.metadata.labels);
}

/** What the policies of `subject` say of a packet to or from `peer`. */
function judge(world: World, flow: OracleFlow, direction: Direction, subject: End, peer: End): OracleVerdict {
  const pod = subject.pod;
  if (pod === undefined) return allow(`no policy reaches what is outside`);
  const who = `${direction.toLowerCase()} of ${fullName(pod)}`;
  const policies = world.policies.filter(
    (policy) => isolates(policy, direction) && selectsSubject(policy, pod),
  );
  if (policies.length === 0 && !namespaceIsolates(world, pod.metadata, direction)) {
    return allow(`${who} is not isolated`);
  }
  const target = direction === "Ingress" ? subject : peer;
  for (const policy of policies) {
    const rules: readonly (IngressRule & EgressRule)[] =
      (direction === "Ingress" ? policy.spec?.ingress : policy.spec?.egress) ?? [];
    for (const [index, rule] of rules.entries()) {
      const peers = (direction === "Ingress" ? rule.from : rule.to) ?? [];
      const ports = rule.ports ?? [];
      if (
        ruleProblems(rule).length === 0 &&
        (peers.length === 0 || peers.some((candidate) => peerMatches(world, policy, candidate, peer))) &&
        (ports.length === 0 || ports.some((candidate) => portMatches(candidate, flow, target)))
      ) {
        return allow(`${who}: ${fullName(policy)} ${direction.toLowerCase()}[${index}]`);
      }
    }
  }
  return deny(`${who}: isolated by ${policies.map(fullName).join(", ")}, no rule allows it`);
}

/** Whether the packet arrives, and why. Throws where the flow names what the world does not have. */
export function oracleVerdict(world: World, flow: OracleFlow): OracleVerdict {
  const sender = podOf(world, flow.from);
  if (sender !== undefined && sender === podOf(world, flow.to) && flow.throughService !== true) {
    return allow("a pod always reaches itself");
  }
  if (isResidentNode(world, flow.from, flow.to)) return allow("a node always reaches its own pods");
  const found = endOf(world, flow, flow.from);
  const to = endOf(world, flow, flow.to);
  if (typeof found === "string") return deny(found);
  if (typeof to === "string") return deny(to);
  if (found.address.family !== flow.family || to.address.family !== flow.family) {
    return deny(`an address of the wrong family for IPv${flow.family}`);
  }
  let from = found;
  if (found.pod !== undefined && flow.claimedSource !== undefined) {
    const claimed = mustReadAddress(flow.claimedSource);
    const own = ownAddresses(world, found.pod);
    if (claimed.family !== flow.family || !own.some((address) => sameAddress(address, claimed))) {
      return deny(`${flow.claimedSource} is not an address of ${fullName(found.pod)}`);
    }
    from = { ...found, address: claimed };
  }
  const egress = judge(world, flow, "Egress", from, to);
  if (!egress.allowed) return egress;
  const ingress = judge(world, flow, "Ingress", to, from);
  return ingress.allowed ? allow(`${egress.reason}; ${ingress.reason}`) : ingress;
}

export function oracleAllows(world: World, flow: OracleFlow): boolean {
  return oracleVerdict(world, flow).allowed;
}

export function oracleReason(world: World, flow: OracleFlow): string {
  return oracleVerdict(world, flow).reason;
}

import { CONTAINER_ID, type EndpointRecord, RECORD_VERSION } from "../handshake/endpoint-record.ts";
import type { NodeFacts } from "../handshake/messages.ts";
import { IpamError } from "../ipam/ipam-error.ts";
import { needsPodCidrs } from "../ipam/pod-cidr.ts";
import { type Address, addressFamily } from "../model/address.ts";
import { echo } from "../model/echo.ts";
import { type InterfaceName, podInterfaceName } from "../model/fingerprint.ts";
import { openPatientAgent, type PatientAgent } from "./ask-agent.ts";
import { type Call, type Leaseholder, leasedCall, leasingCall } from "./call.ts";
import { CniError } from "./cni-error.ts";
import { detach, tellAgent } from "./detach.ts";
import { checkEarly } from "./early-checks.ts";
import { type Attachment, readAttachment } from "./environment.ts";
import type { Links, PodLink } from "./node-parts.ts";
import { holdContainer } from "./hold-container.ts";
import { podMtu } from "./pod-mtu.ts";
import { printResult } from "./result.ts";
import { freeLeasesOfFormerBoots } from "./orphaned-leases.ts";
import { toCniError } from "./to-cni-error.ts";
import { createUndoStack, type UndoStack } from "./undo-stack.ts";

function refuseChained({ configuration }: Call): void {
  if (configuration.previous === undefined) return;
  throw new CniError(
    "field",
    `prevResult is ${echo(configuration.previous)}, which is not supported with ADD`,
    "this plugin makes a pod's link and goes first in a list of plugins",
  );
}

/** A repeated ADD begins anew; one for another interface of the same container is refused. */
async function clearOwn(call: Call, { containerId, podInterface }: Attachment): Promise<void> {
  const stored = call.node.records.read(call.paths, containerId);
  if (stored.kind !== "record") return;
  const { record } = stored;
  if (record.podInterface !== podInterface) {
    throw new CniError(
      "environment",
      `CNI_IFNAME is "${podInterface}", and container ${containerId} has "${record.podInterface}" already`,
      "a pod has one interface of this plugin: use another plugin for further ones",
    );
  }
  call.log.info(`container ${containerId} was wired before: begun anew`);
  await detach(call, record);
}

/**
 * Another sandbox of the same pod loses its interface, and its record with it; its lease goes with its own DEL, or with GC.
 * Gives when it was added, as its record has it.
 */
function takeOver({ node, paths, log }: Call, links: Links, name: InterfaceName): number | undefined {
  const containerId = links.takeOver(name);
  if (containerId === undefined || !CONTAINER_ID.test(containerId)) return undefined;
  const stored = node.records.read(paths, containerId);
  if (stored.kind !== "record" || stored.record.interface !== name) return undefined;
  log.info(`${name} was container ${containerId}'s`);
  // Its record alone knows them: the DEL that comes late may know none.
  links.forgetConnections(stored.record.addresses);
  node.records.remove(paths, containerId);
  return stored.record.createdAt;
}

async function nodeFacts(agent: PatientAgent, { configuration }: Call): Promise<NodeFacts | undefined> {
  if (configuration.mtu !== 0 && !needsPodCidrs(configuration.ipam)) return undefined;
  const answer = await agent.ask({ kind: "node" });
  if (answer.kind === "node") return answer.node;
  throw new CniError("tryAgainLater", `the agent answers "${answer.kind}"`, "see the agent's log");
}

/** The pod's rules are in the kernel when this returns. */
async function program(agent: PatientAgent, record: EndpointRecord): Promise<void> {
  const answer = await agent.ask({ kind: "add", record });
  if (answer.kind === "programmed") return;
  if (answer.kind === "refused") throw new CniError("refused", answer.found, answer.next);
  throw new CniError("tryAgainLater", `the agent answers "${answer.kind}"`, "see the agent's log");
}

function stopIfTold({ stopping }: Call): void {
  if (!stopping.aborted) return;
  throw new CniError("tryAgainLater", "the plugin was told to stop", "the container runtime tries again");
}

/** Milliseconds. What has just kept host-local for longer than it may take hardly lets it free something. */
const RELEASE_AFTER_HUNG = 5_000;

/** Whatever broke off leasing, an address may be leased by then; only who never began has none. */
async function takeBack(call: Call, of: Leaseholder, leasing: Promise<unknown>): Promise<void> {
  const broken = await leasing.then(
    () => undefined,
    (error: unknown) => (error instanceof IpamError ? error.kind : undefined),
  );
  if (broken === "missingBinary") return;
  const deadline = broken === "hung" ? { deadline: RELEASE_AFTER_HUNG } : {};
  await call.node.leases.release({ ...leasedCall(call, of), ...deadline });
}

async function attach(call: Call, record: EndpointRecord, done: UndoStack): Promise<string> {
  const { node, paths, configuration } = call;
  const { containerId } = record;
  const link: PodLink = record;
  using agent = openPatientAgent(call);
  // It answers while the node is made ready.
  const asking = nodeFacts(agent, call);
  asking.catch(() => undefined);
  // The name for everything that follows: whatever kills this process, DEL finds what it left.
  done.push("remove the record", () => node.records.remove(paths, containerId));
  node.records.write(paths, record);
  await freeLeasesOfFormerBoots(call);
  const facts = await asking;
  const mtu = podMtu(configuration, facts);
  const leasing = node.leases.lease(leasingCall(call, facts));
  done.push("free the addresses", () => takeBack(call, record, leasing));
  const links = await node.links();
  const overtaken = takeOver(call, links, link.interface);
  let used: readonly Address[] = [];
  done.push("remove the link", () => {
    links.remove(record);
    if (used.length > 0) links.forgetConnections(used);
  });
  const created = links.create(link, mtu);
  const addresses = await leasing;
  stopIfTold(call);
  const settings = { mtu, addresses, allowForwarding: configuration.allowIpForwarding };
  links.configure(link, created, settings);
  // Whatever the clock says, it comes after the one that it took over from.
  const createdAt = overtaken === undefined ? record.createdAt : Math.max(record.createdAt, overtaken + 1);
  const complete: EndpointRecord = { ...record, addresses, createdAt };
  node.records.write(paths, complete);

  used = addresses;
  done.push("tell the agent", () => tellAgent(call, containerId));
  await program(agent, complete);
  if (node.records.read(paths, containerId).kind !== "record") {
    throw new CniError(
      "tryAgainLater",
      `${record.interface} was taken over by a newer container of pod ${record.namespace}/${record.pod}`,
      "the container runtime removes this one",
    );
  }
  // Not earlier: a former pod of this name may have left its rules, and they are not this one's.
  links.raise(link, created, settings);
  return printResult(configuration.version, {
    host: { name: record.interface, mac: created.hostMac },
    pod: { name: record.podInterface, mac: created.podMac },
    mtu,
    namespacePath: record.namespacePath,
    addresses,
    routes: addresses.map((address) => (addressFamily(address) === 4 ? "0.0.0.0/0" : "::/0")),
    dns: configuration.dns,
  });
}

/** ADD: link, addresses and rules of a pod, all or nothing. It prints the result itself, to undo what nobody heard of. */
export async function add(given: Call): Promise<string> {
  const { node, log, configuration } = given;
  refuseChained(given);
  const attachment = readAttachment(given.environment, "ADD");
  const { containerId, podInterface, namespacePath = "", pod } = attachment;
  checkEarly(given, attachment);
  using call = await holdContainer(given, containerId);
  await clearOwn(call, attachment);
  const record: EndpointRecord = {
    version: RECORD_VERSION,
    containerId,
    namespace: pod.namespace,
    pod: pod.pod,
    ...(pod.uid !== undefined && { uid: pod.uid }),
    interface: podInterfaceName(pod.namespace, pod.pod),
    podInterface,
    network: configuration.name,
    namespacePath,
    addresses: [],
    createdAt: node.now(),
  };
  const done = createUndoStack();
  try {
    const result = await attach(call, record, done);
    call.print(result);
    return "";
  } catch (error) {
    await done.undo((what, failure) => log.error(`could not ${what}: ${toCniError(failure).message}`));
    throw error;
  }
}

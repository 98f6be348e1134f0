import { AgentError } from "../handshake/agent-client.ts";
import type { Address } from "../model/address.ts";
import type { InterfaceName } from "../model/fingerprint.ts";
import { type Call, isLeasedByHostLocal, type Leaseholder, leasedCall } from "./call.ts";

/** What is to be undone: everything that ADD does for one interface of one container. */
export interface Attached extends Leaseholder {
  readonly interface: InterfaceName;
  readonly addresses: readonly Address[];
  /** Empty, or of no namespace any more: the container is gone, and its end of the link with it. */
  readonly namespacePath: string;
}

/** The agent mends what it missed by the records, so nobody waits long for it. */
const TELL_MILLISECONDS = 1_000;

/** `silent`: it took its time and said nothing; `absent`: nobody was there to be told. */
export type Told = "told" | "silent" | "absent";

/** Has the agent close the interface and forget the container. Never fails. */
export async function tellAgent({ node, paths, log }: Call, containerId: string): Promise<Told> {
  using agent = node.openAgent(paths.socket);
  try {
    await agent.request({ kind: "delete", containerId }, { milliseconds: TELL_MILLISECONDS, again: false });
    return "told";
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    log.info(`the agent was not told that container ${containerId} is gone: ${error.message}`);
    return error.kind === "silent" ? "silent" : "absent";
  }
}

/** Frees the addresses of one interface of a container. Throws IpamError. */
export async function release(call: Call, of: Leaseholder): Promise<void> {
  // With a record they were leased here, whatever the configuration says by now.
  if (of.network !== undefined || isLeasedByHostLocal(call))
    return call.node.leases.release(leasedCall(call, of));
  const { type } = call.configuration.ipam;
  call.log.warning(`ipam.type is "${type}": whatever it gave container ${of.containerId} is not freed here`);
}

/**
 * Undoes an ADD, whole or broken off anywhere, in an order in which a crash leaves what the next call needs: nobody gets the
 * address while the interface is there, and the container has a record for as long as it has anything else but a lease.
 */
export async function detach(
  call: Call,
  attached: Attached,
  tell: typeof tellAgent = tellAgent,
): Promise<void> {
  const { node, paths } = call;
  await tell(call, attached.containerId);
  const links = await node.links();
  links.remove(attached);
  if (attached.addresses.length > 0) links.forgetConnections(attached.addresses);
  let stays: { readonly error: unknown } | undefined;
  try {
    node.records.remove(paths, attached.containerId);
  } catch (error) {
    // Nothing has the address any more: whatever is wrong with the file keeps it from nobody.
    stays = { error };
  }
  await release(call, attached);
  if (stays !== undefined) throw stays.error;
}

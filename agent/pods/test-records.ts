import type { EndpointRecord } from "../../handshake/endpoint-record.ts";
import type { Address } from "../../model/address.ts";
import { type Endpoint, endpointId } from "../../model/endpoint.ts";
import { type InterfaceName, podInterfaceName } from "../../model/fingerprint.ts";
import type { Update } from "../../model/update.ts";

/** A container of pod x/a, as the plugin tells of it. */
export function testRecord(containerId: string, changes: Partial<EndpointRecord> = {}): EndpointRecord {
  return {
    version: 1,
    containerId,
    namespace: "x",
    pod: "a",
    uid: "u1",
    interface: podInterfaceName(changes.namespace ?? "x", changes.pod ?? "a"),
    podInterface: "eth0",
    network: "k8s-pod-network",
    namespacePath: "/run/netns/a",
    addresses: ["10.0.0.2" as Address, "fd00::2" as Address],
    createdAt: 1,
    ...changes,
  };
}

/** Pod x/NAME of this node as the API tells of it, with an address that is not its record's. */
export function testPod(name: string, changes: Partial<Endpoint> = {}): Endpoint {
  return {
    id: endpointId("x", name),
    namespace: "x",
    uidOrder: 0,
    uids: ["u1"],
    labels: {},
    addresses: ["10.0.0.9" as Address],
    ports: [],
    attachment: { kind: "interface", name: `api${name}` as InterfaceName },
    finished: false,
    deleting: false,
    startedAt: 0,
    ...changes,
  };
}

export function podUpdate(value: Endpoint): Update {
  return { kind: "endpoint", id: value.id, value };
}

export function podGone({ id }: Endpoint): Update {
  return { kind: "endpoint", id, value: undefined };
}

import type { CreatedPodLink } from "../dataplane/link/pod-link.ts";
import type { AgentClient } from "../handshake/agent-client.ts";
import type { EndpointRecord } from "../handshake/endpoint-record.ts";
import type { StoredRecord, StoredRecords } from "../handshake/record-files.ts";
import type { RunPaths } from "../handshake/run-paths.ts";
import type { HostLocalCall } from "../ipam/host-local.ts";
import type { BootMark } from "../ipam/boot-mark.ts";
import type { Lease } from "../ipam/leases.ts";
import type { OncePerBoot, Reconciling } from "../ipam/reconcile.ts";
import type { Address } from "../model/address.ts";
import type { InterfaceName } from "../model/fingerprint.ts";
import type { ContainerLock, ContainerLockOptions } from "./container-lock.ts";

/** A pod's link, as its record tells of it. */
export interface PodLink {
  readonly interface: InterfaceName;
  readonly podInterface: string;
  readonly containerId: string;
  readonly namespacePath: string;
}

export interface PodLinkSettings {
  /** Bytes. */
  readonly mtu: number;
  readonly addresses: readonly Address[];
  /** Whether the pod passes packets on. */
  readonly allowForwarding: boolean;
}

export interface Records {
  write(paths: RunPaths, record: EndpointRecord): void;
  read(paths: RunPaths, containerId: string): StoredRecord;
  readAll(paths: RunPaths): StoredRecords;
  remove(paths: RunPaths, containerId: string): void;
}

export interface Locks {
  /** So that one call at a time works for a container; undefined: others had the lock to the end. */
  take(
    paths: RunPaths,
    containerId: string,
    options: ContainerLockOptions,
  ): Promise<ContainerLock | undefined>;
}

/** Links of pods; nothing else of this process happens during a call. */
export interface Links {
  /** Removes whatever pod's interface has this name, and gives its container's ID where the link tells it. */
  takeOver(name: InterfaceName): string | undefined;
  create(link: PodLink, mtu: number): CreatedPodLink;
  /** Everything but the host's end, which stays down: nothing passes yet. */
  configure(link: PodLink, created: CreatedPodLink, settings: PodLinkSettings): void;
  /** From now on the pod speaks and hears. */
  raise(link: PodLink, created: CreatedPodLink, settings: PodLinkSettings): void;
  /** Removes the link if it is this container's; nothing there is fine. `namespacePath` may lead nowhere any more. */
  remove(link: Omit<PodLink, "podInterface">): void;
  /** Everything that is not as `create`, `configure` and `raise` leave it, in words; with an MTU of 0 any that both ends have is right. */
  differences(link: PodLink, settings: PodLinkSettings): readonly string[];
  /** Whether packets to the address go to a pod of this node. */
  isReached(address: Address): boolean;
  /** Removes what conntrack knows of connections from and to the addresses. */
  forgetConnections(addresses: readonly Address[]): void;
}

/** Addresses, by host-local. Each throws IpamError. */
export interface Leases {
  /** Throws where host-local is in none of the directories. */
  demandHelper(pluginPath: readonly string[]): void;
  /** host-local has been started when this returns. */
  lease(call: HostLocalCall): Promise<readonly Address[]>;
  release(call: HostLocalCall): Promise<void>;
  check(call: HostLocalCall): Promise<void>;
  reconcile(options: Reconciling): Promise<readonly Lease[]>;
  isReconciled(at: BootMark): boolean;
  reconcileOncePerBoot(options: OncePerBoot): Promise<readonly Lease[] | undefined>;
}

/** Everything that a verb reads or changes outside this process. Tests put their own in, or kill between two of them. */
export interface NodeParts {
  readonly records: Records;
  readonly locks: Locks;
  /** Throws CniError and NetworkNamespaceError where the path is none of a network namespace, or of the host's own. */
  demandNamespace(path: string): void;
  /** Loaded when first asked for: that takes about as long as host-local to lease, and can be done meanwhile. */
  links(): Promise<Links>;
  readonly leases: Leases;
  openAgent(socketPath: string): AgentClient;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Seconds since the machine was started, whatever happens to its clock. */
  uptime(): number;
}

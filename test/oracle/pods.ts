import type { AddressNumber } from "./addresses.ts";
import { readAddress, sameAddress } from "./addresses.ts";
import type { PodObject, World } from "./objects.ts";
import { fullName } from "./objects.ts";

const POD_IP = "cni.projectcalico.org/podIP";
const POD_IPS = "cni.projectcalico.org/podIPs";

/** A finished pod sends and receives nothing and is nobody's peer. */
export function isFinished(pod: PodObject): boolean {
  const { metadata, status } = pod;
  const emptied = isDeleting(pod) && metadata.annotations?.[POD_IP] === "";
  return status?.phase === "Succeeded" || status?.phase === "Failed" || emptied;
}

/** Whether policies can select it: a pod on the host's network counts as its node. */
export function isOnPodNetwork(pod: PodObject): boolean {
  return pod.spec.hostNetwork !== true;
}

/** The addresses that the object claims, in whatever place it names them. */
export function claimedAddresses({ metadata, status }: PodObject): AddressNumber[] {
  const places = [
    (status?.podIPs ?? []).map(({ ip }) => ip),
    [status?.podIP ?? ""],
    (metadata.annotations?.[POD_IPS] ?? "").split(","),
    [metadata.annotations?.[POD_IP] ?? ""],
  ];
  const texts = places.find((place) => place.some((text) => text !== "")) ?? [];
  return texts
    .map((text) => readAddress(text.trim().replace(/\/.*$/, "")))
    .filter((found) => found !== undefined);
}

function isDeleting({ metadata }: PodObject): boolean {
  return Boolean(metadata.deletionTimestamp);
}

/** Milliseconds since the epoch; 0 while unknown. */
function startOf({ status }: PodObject): number {
  return Date.parse(status?.startTime ?? "") || 0;
}

/** Whether `a` has the better claim to an address that both pods name. */
function beats(a: PodObject, b: PodObject): boolean {
  const uids = [a.metadata.uid ?? "", b.metadata.uid ?? ""] as const;
  if (isDeleting(a) !== isDeleting(b)) return isDeleting(b);
  if (startOf(a) !== startOf(b)) return startOf(a) > startOf(b);
  if (uids[0] !== uids[1]) return uids[0] > uids[1];
  return fullName(a) > fullName(b);
}

/** The one live pod that has the address. */
export function podWithAddress(world: World, address: AddressNumber): PodObject | undefined {
  const claimants = world.pods.filter(
    (pod) =>
      isOnPodNetwork(pod) &&
      !isFinished(pod) &&
      claimedAddresses(pod).some((claimed) => sameAddress(claimed, address)),
  );
  return claimants.find((pod) => claimants.every((other) => other === pod || beats(pod, other)));
}

/** The addresses that are the pod's own: those that it claims and no better claimant has. */
export function ownAddresses(world: World, pod: PodObject): AddressNumber[] {
  return claimedAddresses(pod).filter((address) => podWithAddress(world, address) === pod);
}

/** Whether one of the pod's containers of any sort gives the port that name. */
export function hasNamedPort(pod: PodObject, name: string, protocol: string, port: number): boolean {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  return containers
    .flatMap((container) => container.ports ?? [])
    .some(
      (candidate) =>
        candidate.name === name &&
        (candidate.protocol ?? "TCP") === protocol &&
        candidate.containerPort === port,
    );
}

import type { ApiObject } from "../../test/api-server/store.ts";
import type { AddressPool } from "./address-pool.ts";
import type { Change } from "./change.ts";
import { NODE } from "./cluster-size.ts";
import { namespaceObject } from "./objects.ts";
import { podName, podObject, type PodPlan } from "./pod-object.ts";
import { policyObject } from "./policy-object.ts";

const NAMESPACE = "probes";
const MOST_PROBES = 50;

/** Pods whose way into the kernel can be timed: a set of the node holds them from their coming to their going. */
export interface ProbeChanges {
  /** Their namespace, a pod of the node that never changes, and the policy that lets them reach it. */
  readonly ground: readonly ApiObject[];
  /** A probe comes, or the oldest goes. */
  next(): Change;
}

export function createProbeChanges(addresses: AddressPool, number: () => number): ProbeChanges {
  const probes: PodPlan[] = [];

  function plan(node: string, address: string): PodPlan {
    const names = { app: "probe", deployment: 0, number: number() };
    const rest = { version: "v0", node, address, phase: "Running", restarts: 0 } as const;
    return { ...names, ...rest, namespace: NAMESPACE, name: podName(names) };
  }

  const policy = policyObject({
    name: "from-probes",
    namespace: NAMESPACE,
    direction: "Ingress",
    podSelector: {},
    peers: [{ podSelector: {} }],
    ports: [{ port: 80 }],
  });
  const anchor = podObject(plan(NODE, addresses.take()));
  return {
    ground: [namespaceObject(NAMESPACE, NAMESPACE), policy, anchor],
    next() {
      const oldest = probes.length >= MOST_PROBES ? probes.shift() : undefined;
      if (oldest !== undefined) {
        addresses.give(oldest.address);
        return { kind: "remove", of: "Pod", key: `${NAMESPACE}/${oldest.name}` };
      }
      const probe = plan("node-of-probes", addresses.take());
      probes.push(probe);
      return { kind: "apply", object: () => podObject(probe), arrives: probe.address };
    },
  };
}

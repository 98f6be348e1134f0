import * as fc from "fast-check";
import { ISOLATION_ANNOTATION } from "../oracle/default-deny.ts";
import { labAddress, makeNamespace, makePod } from "../oracle/lab.ts";
import type { Container, ContainerPort, NamespaceObject, PodObject } from "../oracle/objects.ts";
import { arbitraryLabels, oneOf } from "./selectors.ts";
import { PORT_PROTOCOLS } from "./vocabulary.ts";
import type { Vocabulary } from "./vocabulary.ts";

const DELETED = "2026-03-01T00:00:00Z";

/** Rarely the annotation of 2016. */
const arbitraryIsolation: fc.Arbitrary<Record<string, string> | undefined> = fc.option(
  fc
    .constantFrom(
      '{"ingress":{"isolation":"DefaultDeny"}}',
      '{"ingress":{"isolation":"DefaultDeny"}}',
      '{"ingress":{}}',
    )
    .map((text) => ({ [ISOLATION_ANNOTATION]: text })),
  { nil: undefined, freq: 12 },
);

export function arbitraryNamespace(words: Vocabulary, name: string): fc.Arbitrary<NamespaceObject> {
  const named = (labels: Record<string, string>) => ({ ...labels, "kubernetes.io/metadata.name": name });
  return fc
    .tuple(arbitraryLabels(words), fc.boolean(), arbitraryIsolation)
    .map(([labels, served, annotations]) => {
      const { metadata, ...namespace } = makeNamespace(name, served ? named(labels) : labels);
      return {
        ...namespace,
        metadata: { ...metadata, ...(annotations === undefined ? {} : { annotations }) },
      };
    });
}

function arbitraryPort(words: Vocabulary): fc.Arbitrary<ContainerPort> {
  return fc.record(
    {
      name: oneOf([...words.portNames, null]),
      containerPort: oneOf(words.portNumbers),
      protocol: oneOf([...PORT_PROTOCOLS, "TCP", null]),
    },
    { requiredKeys: ["containerPort"] },
  );
}

// A container may not repeat a name, but containers of one pod may; equal names with other numbers are the point.
function arbitraryContainers(
  words: Vocabulary,
  name: string,
  counts: fc.ArrayConstraints,
): fc.Arbitrary<Container[]> {
  const ports = fc.uniqueArray(arbitraryPort(words), {
    maxLength: 3,
    selector: (port) => port.name ?? `${port.protocol ?? "TCP"} ${port.containerPort}`,
  });
  return fc
    .array(
      fc.oneof({ weight: 4, arbitrary: ports }, { weight: 1, arbitrary: fc.constantFrom(null, undefined) }),
      counts,
    )
    .map((lists) =>
      lists.map((list, index) => ({
        name: `${name}${index}`,
        ...(list === undefined ? {} : { ports: list }),
      })),
    );
}

function arbitrarySpec(words: Vocabulary): fc.Arbitrary<PodObject["spec"]> {
  return fc.record(
    {
      containers: arbitraryContainers(words, "main", { minLength: 1, maxLength: 2 }),
      initContainers: arbitraryContainers(words, "setup", { maxLength: 1 }),
    },
    { requiredKeys: ["containers"] },
  );
}

type Status = NonNullable<PodObject["status"]>;

/** Where an object names its addresses. */
function place(
  where: string,
  ips: readonly string[],
): { status: Status; annotations: Record<string, string> } {
  switch (where) {
    case "podIP only":
      return { status: { podIP: ips[0] ?? null, podIPs: null }, annotations: {} };
    case "annotation":
      return {
        status: {},
        annotations: {
          "cni.projectcalico.org/podIPs": ips.map((ip) => `${ip}/${ip.includes(":") ? 128 : 32}`).join(","),
        },
      };
    default:
      return { status: { podIP: ips[0] ?? null, podIPs: ips.map((ip) => ({ ip })) }, annotations: {} };
  }
}

/** Any pod: of either family or both, finished or not, here or elsewhere, on a contested address or its own. */
export function arbitraryPod(words: Vocabulary, namespaces: readonly string[]): fc.Arbitrary<PodObject> {
  const rarely = fc.integer({ min: 0, max: 12 }).map((dice) => dice === 7);
  const address = (family: 4 | 6) => fc.option(oneOf(words.addresses[family]), { freq: 8 });
  return fc
    .record({
      namespace: oneOf(namespaces),
      name: oneOf(words.podNames),
      uid: fc.integer({ min: 0, max: 99 }).map((number) => `uid-${number}`),
      labels: fc.oneof(
        { weight: 9, arbitrary: arbitraryLabels(words) },
        { weight: 1, arbitrary: fc.constant(null) },
      ),
      spec: arbitrarySpec(words),
      nodeName: oneOf([undefined, undefined, null, "far"]),
      hostNetwork: fc.oneof(
        { weight: 15, arbitrary: oneOf([undefined, false]) },
        { weight: 1, arbitrary: fc.constant(true) },
      ),
      phase: fc.oneof(
        { weight: 12, arbitrary: oneOf(["Running", "Pending"]) },
        { weight: 1, arbitrary: oneOf(["Succeeded", "Failed"]) },
      ),
      deleting: rarely,
      emptied: rarely,
      startTime: oneOf([undefined, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]),
      where: oneOf(["podIPs", "podIPs", "podIPs", "podIPs", "podIPs", "podIPs", "podIP only", "annotation"]),
      ips: fc.tuple(address(4), address(6)),
    })
    .map((made) => {
      const host = made.nodeName === "far" ? words.farNode : words.node;
      const ips = made.hostNetwork === true ? [host[4], host[6]] : made.ips.filter((ip) => ip !== null);
      const { status, annotations } = place(made.where, ips);
      return makePod(`${made.namespace}/${made.name}`, {
        metadata: {
          labels: made.labels,
          uid: made.uid,
          annotations: { ...annotations, ...(made.emptied ? { "cni.projectcalico.org/podIP": "" } : {}) },
          ...(made.deleting || made.emptied ? { deletionTimestamp: DELETED } : {}),
        },
        spec: {
          ...made.spec,
          ...(made.nodeName === undefined ? {} : { nodeName: made.nodeName }),
          ...(made.hostNetwork === undefined ? {} : { hostNetwork: made.hostNetwork }),
        },
        status: {
          podIPs: null,
          phase: made.phase,
          ...status,
          ...(made.startTime === undefined ? {} : { startTime: made.startTime }),
        },
      });
    });
}

/** A pod of the lab: running, here, with the addresses that the lab gave it. */
export function arbitraryLabPod(words: Vocabulary, id: string): fc.Arbitrary<PodObject> {
  return fc.tuple(arbitraryLabels(words), arbitrarySpec(words)).map(([labels, spec]) =>
    makePod(id, {
      metadata: { labels },
      spec,
      status: { phase: "Running", podIPs: [{ ip: labAddress(id, 4) }, { ip: labAddress(id, 6) }] },
    }),
  );
}

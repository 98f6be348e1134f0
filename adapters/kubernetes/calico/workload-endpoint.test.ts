import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseAt } from "../../objects/schema.ts";
import { pod as podSchema, type Pod } from "./kubernetes-objects.ts";
import { toV1WorkloadEndpoint } from "./v1-objects.ts";
import { parseWorkloadEndpointName, workloadEndpointName } from "./workload-endpoint-name.ts";
import { isWorkloadEndpoint, toWorkloadEndpoint } from "./workload-endpoint.ts";

interface Given {
  readonly metadata?: object;
  readonly spec?: object;
  readonly status?: object;
}

/** default/nginx on node n-1, with what is given over it. */
function pod({ metadata, spec, status }: Given = {}): Pod {
  const object = {
    metadata: { name: "nginx", namespace: "default", uid: "u", resourceVersion: "7", ...metadata },
    spec: { nodeName: "n-1", containers: [], ...spec },
    status: { podIP: "10.1.0.2", ...status },
  };
  const read = parseAt(podSchema, object, { path: "", consequence: "" });
  if (!read.ok) throw new Error(JSON.stringify(read.defects));
  return read.value;
}

test("the name doubles the dashes of its parts", () => {
  expect(workloadEndpointName("n-1", "a-b")).toBe("n--1-k8s-a--b-eth0");
  expect(parseWorkloadEndpointName("n--1-k8s-a--b-eth0")).toEqual({ node: "n-1", pod: "a-b" });
});

test.each(["", "nginx", "n-k8s-a", "n-cni-a-eth0", "n-k8s-a-eth1", "-k8s-a-eth0", "n-k8s-a-b-eth0"])(
  "%p is no pod's endpoint name",
  (name) => expect(parseWorkloadEndpointName(name)).toBeUndefined(),
);

const part = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,12}[a-z0-9])?$/);

test("every name can be read back", () => {
  fc.assert(
    fc.property(part, part, (node, name) => {
      expect(parseWorkloadEndpointName(workloadEndpointName(node, name))).toEqual({ node, pod: name });
    }),
  );
});

test.each([
  ["default", "nginx", "calic440f455693"],
  ["kube-system", "coredns-0", "cali8c346e38bf4"],
  ["policy-demo", "access", "califfe385c6ba2"],
])("the interface of %s/%s is %s", (namespace, name, interfaceName) => {
  expect(toWorkloadEndpoint(pod({ metadata: { namespace, name } })).spec).toMatchObject({ interfaceName });
});

test("a pod with everything", () => {
  const everything = pod({
    metadata: {
      generateName: "ng",
      creationTimestamp: "2024-01-31T12:00:00Z",
      labels: { app: "web" },
      annotations: {
        "cni.projectcalico.org/containerID": "abc",
        "cni.projectcalico.org/floatingIPs": '["192.0.2.7","2001:db8::7"]',
        "cni.projectcalico.org/allowedSourcePrefixes": '["192.0.2.0/24"]',
        "k8s.v1.cni.cncf.io/network-status": "[]",
      },
    },
    spec: {
      serviceAccountName: "robot",
      containers: [
        {
          ports: [
            { name: "http", containerPort: 80 },
            { containerPort: 81 },
            { containerPort: 53, hostPort: 5353, hostIP: "127.0.0.1", protocol: "UDP" },
          ],
        },
      ],
      initContainers: [{ ports: [{ name: "side", containerPort: 9, protocol: "SCTP" }] }],
    },
    status: { podIP: "10.1.0.2", podIPs: [{ ip: "10.1.0.2" }, { ip: "fd00::2" }] },
  });
  expect<object>(toWorkloadEndpoint(everything)).toEqual({
    kind: "WorkloadEndpoint",
    apiVersion: "projectcalico.org/v3",
    metadata: {
      name: "n--1-k8s-nginx-eth0",
      generateName: "ng",
      namespace: "default",
      uid: "u",
      resourceVersion: "7",
      creationTimestamp: "2024-01-31T12:00:00Z",
      labels: {
        app: "web",
        "projectcalico.org/namespace": "default",
        "projectcalico.org/orchestrator": "k8s",
        "projectcalico.org/serviceaccount": "robot",
      },
      annotations: { "k8s.v1.cni.cncf.io/network-status": "[]" },
    },
    spec: {
      orchestrator: "k8s",
      node: "n-1",
      containerID: "abc",
      pod: "nginx",
      endpoint: "eth0",
      serviceAccountName: "robot",
      ipNetworks: ["10.1.0.2/32", "fd00::2/128"],
      ipNATs: [
        { internalIP: "10.1.0.2", externalIP: "192.0.2.7" },
        { internalIP: "fd00::2", externalIP: "2001:db8::7" },
      ],
      profiles: ["kns.default", "ksa.default.robot"],
      interfaceName: "calic440f455693",
      ports: [
        { name: "http", protocol: "TCP", port: 80, hostPort: 0, hostIP: "" },
        { name: "", protocol: "UDP", port: 53, hostPort: 5353, hostIP: "127.0.0.1" },
        { name: "side", protocol: "SCTP", port: 9, hostPort: 0, hostIP: "" },
      ],
      allowSpoofedSourcePrefixes: ["192.0.2.0/24"],
    },
  });
  expect<object | undefined>(toV1WorkloadEndpoint(everything)).toEqual({
    kind: "workloadEndpoint",
    apiVersion: "v1",
    metadata: {
      name: "eth0",
      workload: "default.nginx",
      orchestrator: "k8s",
      node: "n-1",
      labels: { app: "web", "calico/k8s_ns": "default" },
    },
    spec: {
      ipNetworks: ["10.1.0.2/32", "fd00::2/128"],
      ipNATs: [
        { internalIP: "10.1.0.2", externalIP: "192.0.2.7" },
        { internalIP: "fd00::2", externalIP: "2001:db8::7" },
      ],
      profiles: ["ns.projectcalico.org/default"],
      interfaceName: "calic440f455693",
    },
  });
});

const CNI = "cni.projectcalico.org";

test.each([
  ["status.podIPs", { podIP: "10.1.0.2", podIPs: [{ ip: "10.1.0.3" }] }, {}, ["10.1.0.3/32"]],
  ["status.podIP", { podIP: "10.1.0.2" }, { [`${CNI}/podIPs`]: "10.1.0.4/32" }, ["10.1.0.2/32"]],
  [
    "the annotation podIPs",
    { podIP: "" },
    { [`${CNI}/podIPs`]: "10.1.0.4/32,fd00::4/128", [`${CNI}/podIP`]: "10.1.0.5" },
    ["10.1.0.4/32", "fd00::4/128"],
  ],
  ["the annotation podIP", { podIP: "" }, { [`${CNI}/podIP`]: "10.1.0.5/32" }, ["10.1.0.5/32"]],
  ["Amazon's annotation", { podIP: "" }, { "vpc.amazonaws.com/pod-ips": "10.1.0.6" }, ["10.1.0.6/32"]],
  ["nothing", { podIP: "" }, {}, []],
])("addresses come from %s", (_, status, annotations, ipNetworks) => {
  const given = pod({ status, metadata: { annotations } });
  expect(toWorkloadEndpoint(given).spec.ipNetworks).toEqual(ipNetworks);
  expect(toV1WorkloadEndpoint(given)?.spec.ipNetworks ?? []).toEqual(ipNetworks);
});

const deletionTimestamp = "2024-01-31T12:00:00Z";

test.each([
  ["succeeded", { status: { phase: "Succeeded" } }],
  ["failed", { status: { phase: "Failed" } }],
  [
    "is being deleted and has lost its address",
    { metadata: { deletionTimestamp, annotations: { [`${CNI}/podIP`]: "" } } },
  ],
])("a pod that %s has no addresses, and was no endpoint in 2016", (_, given) => {
  expect(toWorkloadEndpoint(pod(given)).spec.ipNetworks).toEqual([]);
  expect(toV1WorkloadEndpoint(pod(given))).toBeUndefined();
});

test("a pod that is being deleted keeps its addresses until they are taken", () => {
  expect(toWorkloadEndpoint(pod({ metadata: { deletionTimestamp } })).spec.ipNetworks).toEqual([
    "10.1.0.2/32",
  ]);
});

test("pods of the node's network and pods of no node are no endpoints", () => {
  expect(isWorkloadEndpoint(pod())).toBe(true);
  expect(isWorkloadEndpoint(pod({ spec: { hostNetwork: true } }))).toBe(false);
  expect(isWorkloadEndpoint(pod({ spec: { nodeName: undefined } }))).toBe(false);
});

test.each([
  [62, true],
  [63, false],
])("a service account's name of %d characters is a label: %p", (length, there) => {
  const serviceAccountName = "a".repeat(length);
  const { metadata, spec } = toWorkloadEndpoint(pod({ spec: { serviceAccountName } }));
  expect("projectcalico.org/serviceaccount" in (metadata.labels ?? {})).toBe(there);
  expect(spec.profiles).toEqual(["kns.default", `ksa.default.${serviceAccountName}`]);
});

import { expect, test } from "bun:test";
import { toNode } from "./node.ts";
import { toV1Node } from "./v1-objects.ts";

test("a node that Calico wrote nothing on", () => {
  const node = { metadata: { name: "n-1", resourceVersion: "7" } };
  expect<object>(toNode(node)).toEqual({
    kind: "Node",
    apiVersion: "projectcalico.org/v3",
    metadata: { name: "n-1", resourceVersion: "7" },
    spec: { orchRefs: [{ nodeName: "n-1", orchestrator: "k8s" }] },
  });
  expect<object>(toV1Node(node)).toEqual({
    kind: "node",
    apiVersion: "v1",
    metadata: { name: "n-1" },
    spec: {},
  });
});

test("a node with everything", () => {
  const annotations = {
    "projectcalico.org/IPv4Address": "10.0.0.1/24",
    "projectcalico.org/IPv6Address": "fd00::1/64",
    "projectcalico.org/ASNumber": "64513",
    "projectcalico.org/RouteReflectorClusterID": "1.0.0.1",
    "projectcalico.org/IPv4IPIPTunnelAddr": "10.1.0.1",
    "projectcalico.org/IPv4VXLANTunnelAddr": "10.1.0.2",
    "projectcalico.org/VXLANTunnelMACAddr": "66:00:00:00:00:01",
    "projectcalico.org/IPv4WireguardInterfaceAddr": "10.1.0.3",
    "projectcalico.org/WireguardPublicKey": "key",
  };
  const node = {
    metadata: { name: "n-1", labels: { zone: "a" }, annotations },
    spec: { podCIDRs: ["10.1.0.0/24"] },
    status: {
      addresses: [
        { type: "InternalIP", address: "10.0.0.1" },
        { type: "Hostname", address: "n-1" },
        { type: "ExternalIP", address: "192.0.2.1" },
      ],
    },
  };
  expect<object>(toNode(node)).toEqual({
    kind: "Node",
    apiVersion: "projectcalico.org/v3",
    metadata: {
      name: "n-1",
      labels: { zone: "a" },
      annotations: { "projectcalico.org/kube-labels": '{"zone":"a"}' },
    },
    spec: {
      bgp: {
        asNumber: 64_513,
        ipv4Address: "10.0.0.1/24",
        ipv6Address: "fd00::1/64",
        ipv4IPIPTunnelAddr: "10.1.0.1",
        routeReflectorClusterID: "1.0.0.1",
      },
      ipv4VXLANTunnelAddr: "10.1.0.2",
      vxlanTunnelMACAddr: "66:00:00:00:00:01",
      orchRefs: [{ nodeName: "n-1", orchestrator: "k8s" }],
      wireguard: { interfaceIPv4Address: "10.1.0.3" },
      addresses: [
        { address: "10.0.0.1/24", type: "CalicoNodeIP" },
        { address: "fd00::1/64", type: "CalicoNodeIP" },
        { address: "10.0.0.1", type: "InternalIP" },
        { address: "192.0.2.1", type: "ExternalIP" },
      ],
    },
    status: { wireguardPublicKey: "key", podCIDRs: ["10.1.0.0/24"] },
  });
  expect<object>(toV1Node(node).spec).toEqual({
    bgp: { asNumber: 64_513, ipv4Address: "10.0.0.1/24", ipv6Address: "fd00::1/64" },
  });
});

test.each([
  ["64512", 64_512],
  ["4294967295", 4_294_967_295],
  ["1.10", 65_546],
  ["4294967296", undefined],
  ["1.65536", undefined],
  ["65536.1", undefined],
  ["x", undefined],
  ["", undefined],
])("the AS number %p is %p", (text, asNumber) => {
  const node = toNode({ metadata: { name: "n", annotations: { "projectcalico.org/ASNumber": text } } });
  expect(node.spec.bgp?.asNumber).toBe(asNumber);
});

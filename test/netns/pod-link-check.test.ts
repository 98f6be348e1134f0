import { afterEach, expect, test } from "bun:test";
import { checkPodLink } from "../../dataplane/link/check-pod-link.ts";
import { createPodLink } from "../../dataplane/link/create-pod-link.ts";
import type { PodNetworkPlan } from "../../dataplane/link/pod-link.ts";
import { removePodLink } from "../../dataplane/link/remove-pod-link.ts";
import { podInterfaceName } from "../../model/fingerprint.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { ip, setSysctl } from "./other-cni/commands.ts";
import { createNode, podPlan, wirePod } from "./pod-link/pods.ts";

const NAME = podInterfaceName("shop", "a");

let opened = new DisposableStack();
afterEach(() => {
  opened.dispose();
  opened = new DisposableStack();
});

interface Damage {
  readonly host?: readonly string[];
  readonly pod?: readonly string[];
  readonly hostSetting?: readonly [name: string, value: string];
  readonly podSetting?: readonly [name: string, value: string];
  readonly plan?: Partial<PodNetworkPlan>;
}

function defects({ host = [], pod = [], hostSetting, podSetting, plan: changes = {} }: Damage): string[] {
  const node = opened.use(createNode());
  const namespace = opened.use(NetworkNamespace.create());
  const plan = podPlan(namespace, "a", ["10.65.0.1", "fd00:65::1"]);
  wirePod(node, plan);
  expect(node.run(() => checkPodLink(plan))).toEqual([]);
  if (host.length > 0) ip(node, ...host);
  if (pod.length > 0) ip(namespace, ...pod);
  if (hostSetting !== undefined) setSysctl(node, `net/${hostSetting[0]}`, hostSetting[1]);
  if (podSetting !== undefined) setSysctl(namespace, `net/${podSetting[0]}`, podSetting[1]);
  return node.run(() => checkPodLink({ ...plan, ...changes }));
}

test.each<[string, Damage, string[]]>([
  [
    "another's mark",
    { host: [`link set ${NAME} alias other`] },
    [`the host's interface "${NAME}" is container other's, wanted is container-of-a`],
  ],
  [
    "no mark",
    { host: [`link set ${NAME} alias ""`] },
    [`the host's interface "${NAME}" is nobody's by its mark, wanted is container-of-a`],
  ],
  [
    "an MTU",
    { host: [`link set ${NAME} mtu 1400`], pod: ["link set eth0 mtu 1300"] },
    [
      `the host's interface "${NAME}" has an MTU of 1400, wanted is 1450`,
      `the container's interface "eth0" has an MTU of 1300, wanted is 1450`,
    ],
  ],
  [
    "a MAC address",
    { host: [`link set ${NAME} address 02:00:00:00:00:01`] },
    [`the host's interface "${NAME}" has the MAC address 02:00:00:00:00:01, wanted is ee:ee:ee:ee:ee:ee`],
  ],
  [
    "an address of the pod",
    { pod: ["address del fd00:65::1/128 dev eth0"] },
    [`the container's interface "eth0" lacks the address fd00:65::1`],
  ],
  [
    "the gateway's address",
    { host: [`address del fe80::ecee:eeff:feee:eeee/64 dev ${NAME}`] },
    [`the host's interface "${NAME}" lacks the gateway's address`],
  ],
  ["a route of the host", { host: ["route del 10.65.0.1"] }, ["the host has no route to 10.65.0.1"]],
  [
    "a route of the host by something else",
    { host: ["link add other type bridge", "link set other up", "route replace 10.65.0.1 dev other"] },
    [`the host's route to 10.65.0.1 belongs to other, wanted is ${NAME}`],
  ],
  [
    "the routes of the pod",
    { pod: ["route del default", "route del 169.254.1.1"] },
    [
      'the container has no route to its gateway by "eth0"',
      'the container has no route to 0.0.0.0/0 by its gateway and "eth0"',
    ],
  ],
  [
    "a gateway",
    { pod: ["route replace default via fe80::1 dev eth0"] },
    ['the container has no route to ::/0 by its gateway and "eth0"'],
  ],
  [
    "a neighbour entry",
    { pod: ["neighbour del 169.254.1.1 dev eth0"] },
    ["the container's IPv4 gateway lacks its permanent neighbour entry"],
  ],
  [
    "settings",
    { hostSetting: [`ipv4/conf/${NAME}/rp_filter`, "0"], podSetting: ["ipv6/conf/eth0/accept_ra", "1"] },
    [
      `on the host: ipv4/conf/${NAME}/rp_filter is 0, wanted is 1`,
      "in the container: ipv6/conf/eth0/accept_ra is 1, wanted is 0",
    ],
  ],
  [
    "another plan's forwarding",
    { plan: { allowForwarding: true } },
    [
      "in the container: ipv4/ip_forward is 0, wanted is 1",
      "in the container: ipv6/conf/all/forwarding is 0, wanted is 1",
    ],
  ],
  ["another name", { plan: { podInterface: "eth1" } }, ['the container has no interface "eth1"']],
])("checkPodLink tells %s", (_, damage, wanted) => {
  expect(defects(damage)).toEqual(wanted);
});

test("checkPodLink tells that either end is down", () => {
  expect(defects({ host: [`link set ${NAME} down`] })).toContain(`the host's interface "${NAME}" is down`);
  expect(defects({ pod: ["link set eth0 down"] })).toContain(`the container's interface "eth0" is down`);
});

test("checkPodLink tells that the link leads into another container", () => {
  const node = opened.use(createNode());
  const [plan, other] = ["a", "b"].map((name) =>
    podPlan(opened.use(NetworkNamespace.create()), name, ["10.65.0.1"]),
  ) as [PodNetworkPlan, PodNetworkPlan];
  wirePod(node, plan);
  node.run(() => createPodLink(other));
  expect(node.run(() => checkPodLink({ ...plan, namespace: other.namespace }))).toContain(
    `"${NAME}" and "eth0" are not two ends of one link`,
  );
});

test("checkPodLink tells that the link is gone, and that another one bears its name", () => {
  const node = opened.use(createNode());
  const plan = podPlan(opened.use(NetworkNamespace.create()), "a", ["10.65.0.1"]);
  wirePod(node, plan);
  node.run(() => removePodLink(plan));
  const check = () => node.run(() => checkPodLink(plan));
  expect(check()).toEqual([`the host has no interface "${NAME}"`, 'the container has no interface "eth0"']);
  ip(node, "link add first type bridge", "link add second type bridge", `link add ${NAME} type bridge`);
  ip(plan.namespace, "link add eth0 type bridge");
  expect(check()).toContain(`the host's interface "${NAME}" is no veth but bridge`);
  expect(check()).toContain(`"${NAME}" and "eth0" are not two ends of one link`);
});

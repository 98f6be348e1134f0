import type { ClusterState } from "../../model/update.ts";
import {
  allow,
  block,
  cluster,
  namedPort,
  namespace,
  peer,
  pod,
  podsOf,
  podsWhereNamespace,
  policy,
  port,
} from "../../policy/test-objects.ts";
import type { Journey } from "./walks.ts";

const WEB = { name: "web", protocol: 6, port: 80 };
const x = namespace("x");
const y = namespace("y");
const server = pod("x/server", "10.0.0.1 fd00::1", { ports: [WEB] });
const client = pod("x/client", "10.0.0.2");
const guest = pod("y/guest", "10.0.1.1 fd00::11", { attachment: undefined });
const deny = policy("x/deny", { ingress: [], egress: [] });
const fromClient = policy("x/client", { ingress: [allow([peer(podsOf("x", "client"))], [port(80)])] });
const fromY = policy("x/y", { ingress: [allow([peer(podsWhereNamespace("y"))], [namedPort("web")])] });
const out = policy("x/out", {
  egress: [allow("everyone", [namedPort("web")]), allow([block("10.0.0.0/8", "10.0.1.0/24")])],
});

function small(...more: Parameters<typeof cluster>): ClusterState {
  return cluster(x, y, server, client, guest, ...more);
}

/** Moments of clusters that other agents got wrong, or that go through many parts at once. */
export const TOLD_JOURNEYS: Readonly<Record<string, Journey>> = {
  "policies come one by one, are edited, and go": [
    small(),
    small(deny),
    small(deny, fromClient),
    small(deny, fromClient, fromY, out),
    small(deny, policy("x/client", { ingress: [allow("everyone", [port(80, 90)])] }), fromY, out),
    small(policy("x/deny", { egress: [] }), { ...fromY, subjects: podsOf("x", "server") }),
  ],
  "a namespace gets labels, loses them, cannot be read, goes": [
    small(fromY),
    cluster(x, namespace("y", {}), server, client, guest, fromY),
    cluster(x, { ...y, unreadable: true }, server, client, guest, fromY),
    cluster(x, server, client, guest, fromY),
    cluster(x, namespace("z", { name: "y" }), server, client, guest, fromY),
  ],
  "an address wanders: reused after the end, contested, given back": [
    small(fromY, fromClient),
    small(fromY, fromClient, { ...guest, finished: true }, pod("x/new", "10.0.1.1", { startedAt: 2 })),
    small(fromY, fromClient, pod("x/new", "10.0.1.1", { startedAt: 2 })),
    small(fromY, fromClient, pod("x/new", "10.0.1.1", { startedAt: 2, deleting: true })),
    small(fromY, fromClient, pod("x/client", "10.0.0.1 10.0.0.2", { startedAt: 3 })),
  ],
  "a pod is made anew under its name: other node, other uid, other labels, other ports": [
    small(fromClient, fromY, out),
    small(
      fromClient,
      fromY,
      out,
      pod("x/server", "10.0.0.9", { uidOrder: 9, ports: [{ ...WEB, port: 81 }] }),
    ),
    small(fromClient, fromY, out, { ...server, attachment: undefined }),
    small(fromClient, fromY, out, {
      ...server,
      labels: { app: "client" },
      ports: [WEB, { ...WEB, port: 8080 }],
    }),
    small(fromClient, fromY, out, { ...server, ports: [] }),
  ],
  "names that differ only in where a delimiter stands": [
    cluster(
      namespace("a-b"),
      namespace("a"),
      pod("a-b/c", "10.0.0.1"),
      pod("a/b-c", "10.0.0.2"),
      policy("a-b/c", { ingress: [] }),
    ),
    cluster(
      namespace("a-b"),
      namespace("a"),
      pod("a-b/c", "10.0.0.1"),
      pod("a/b-c", "10.0.0.2"),
      policy("a/b-c", { ingress: [] }),
    ),
  ],
  "exceptions of a block are edited, down to nothing and up to everything": [
    small(policy("x/net", { ingress: [allow([block("0.0.0.0/0", "10.0.0.0/8")])] })),
    small(policy("x/net", { ingress: [allow([block("0.0.0.0/0")])] })),
    small(
      policy("x/net", {
        ingress: [allow([block("10.0.0.0/31", "10.0.0.0/32", "10.0.0.1/32"), block("::/0")])],
      }),
    ),
  ],
};

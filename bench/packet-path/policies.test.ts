import { expect, test } from "bun:test";
import { collectObjects } from "../../adapters/objects/collect.ts";
import { readObject } from "../../adapters/objects/read-object.ts";
import type { PodPlace } from "../../demo/lab/lab.ts";
import type { Address } from "../../model/address.ts";
import { endpointId } from "../../model/endpoint.ts";
import { TCP } from "../../model/protocol.ts";
import { createExplainer, type Party } from "../../policy/explain.ts";
import { CLIENT, cluster, lastPort, SERVER } from "./policies.ts";

function place(name: string, addresses: readonly string[]): PodPlace {
  return { key: `bench/${name}`, addresses: addresses as Address[] } as unknown as PodPlace;
}

const client = place(CLIENT.name, ["10.65.0.1", "fd00:65::1"]);
const server = place(SERVER.name, ["10.65.0.2", "fd00:65::2"]);

test.each([1, 2, 9, 10, 1_000])(
  "of %d policies on each pod only the last lets the client through",
  (policies) => {
    const objects = cluster(client, server, policies);
    const { state, problems } = collectObjects(
      objects.map((object) => ({
        where: "bench",
        read: readObject(JSON.parse(JSON.stringify(object)), "bench"),
      })),
    );
    expect(problems).toEqual([]);
    expect(state.policies.size).toBe(2 * policies);
    const explain = createExplainer(state);
    const [from, to] = [CLIENT, SERVER].map(({ namespace, name }): Party => ({
      kind: "endpoint",
      id: endpointId(namespace, name),
    }));
    if (from === undefined || to === undefined) throw new Error("two pods have two ends");
    const last = lastPort(policies);
    for (const family of [4, 6] as const) {
      for (let port = last - Math.min(policies, 20); port <= last + 1; port++) {
        const { verdict, steps } = explain({ from, to, protocol: TCP, port, family });
        expect(verdict).toBe(port === last ? "allowed" : "denied");
        if (port !== last) continue;
        const rules = steps.flatMap(({ rule }) => (rule === undefined ? [] : [rule.policy]));
        expect(rules).toEqual([`bench/egress-${policies - 1}`, `bench/ingress-${policies - 1}`]);
      }
    }
  },
);

test("half of the policies name pods, half name blocks, on either pod", () => {
  const text = cluster(client, server, 100).map((object) => JSON.stringify(object));
  for (const direction of ["ingress", "egress"]) {
    const policies = text.filter((object) => object.includes(`"name":"${direction}-`));
    expect(policies.filter((object) => object.includes("ipBlock"))).toHaveLength(50);
    expect(policies).toHaveLength(100);
  }
});

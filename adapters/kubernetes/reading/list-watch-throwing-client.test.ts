import { expect, test } from "bun:test";
import type { ApiRequest, KubernetesClient } from "../connection/client.ts";
import { startApiServer } from "../../../test/api-server/api-server.ts";
import { follow, namespace } from "../../../test/api-server/follower.ts";
import { plainClient } from "../../../test/api-server/plain-client.ts";

/** A client that throws, for the requests that are chosen, what no client should throw. */
function throwing(server: string, chosen: (request: ApiRequest) => boolean): KubernetesClient {
  const plain = plainClient(server);
  return {
    ...plain,
    request(request) {
      if (chosen(request)) throw new TypeError("nobody has foreseen this");
      return plain.request(request);
    },
  };
}

test("whatever a client throws at lists and watches is told, and tried again", async () => {
  await using server = await startApiServer();
  server.apply(namespace("a"));
  let left = 3;
  const client = throwing(server.url, () => left-- > 0);
  await using reader = follow(server, { client });
  await reader.until("the list", () => reader.items.length === 1 && server.watches() === 1);
  expect(reader.events[0]).toMatchObject({
    kind: "trouble",
    because: `the request to ${server.url} failed: nobody has foreseen this`,
    next: "see whether the API server is up and its address is right; tries go on",
  });
  left = 3;
  server.breakConnections();
  server.apply(namespace("b"));
  await reader.until("the change", () => reader.items.length === 2);
  expect(left).toBeLessThanOrEqual(0);
});

test("a client that throws at version checks leaves the watch as it is", async () => {
  await using server = await startApiServer();
  let checks = 0;
  const client = throwing(server.url, ({ query = {} }) => query["limit"] === "1" && ++checks > 0);
  await using reader = follow(server, { client, pace: { versionCheckEvery: 20 } });
  await reader.until("some checks", () => checks >= 3);
  server.apply(namespace("a"));
  await reader.until("the change", () => reader.items.length === 1);
  expect(reader.kinds).toEqual(["listing", "listed", "changes"]);
});

test("a client that throws at probes is a server without a pulse, until it no longer throws", async () => {
  await using server = await startApiServer();
  let failing = true;
  const client = throwing(server.url, ({ path }) => failing && path === "/readyz");
  await using reader = follow(server, { client, pace: { silence: 20, probeEvery: 20 } });
  await reader.until("the trouble", () => reader.kinds.includes("trouble"));
  failing = false;
  await reader.until("the end of trouble", () => reader.kinds.at(-1) === "well");
  server.apply(namespace("a"));
  await reader.until("the change", () => reader.items.length === 1);
});

test("a client that cannot reconnect is probed on", async () => {
  await using server = await startApiServer();
  let probes = 0;
  const client: KubernetesClient = {
    ...throwing(server.url, ({ path }) => path === "/readyz" && ++probes === 1),
    reconnect() {
      throw new TypeError("nobody has foreseen this");
    },
  };
  await using reader = follow(server, { client, pace: { silence: 20, probeEvery: 20 } });
  await reader.until("more probes", () => probes >= 3);
  server.apply(namespace("a"));
  await reader.until("the change", () => reader.items.length === 1);
});

import { expect, test } from "bun:test";
import type { Address } from "../../model/address.ts";
import { askHealth, until } from "../agent/running-agent.ts";
import { AgentNode, connections, reaches } from "./cni/agent-node.ts";

test("what ADD has wired obeys policy with its first packet, and after the agent was killed, too", async () => {
  await using world = new AgentNode();
  const agent = world.start();
  const [a, b, c] = [await world.add("a"), await world.add("b"), await world.add("c")];
  expect(a.addresses).toEqual(["10.1.0.2", "fd00:1::2"] as Address[]);
  expect(reaches(c, b)).toEqual([false, false]);
  expect(reaches(a, b)).toEqual([true, true]);
  await agent.end("SIGKILL");
  expect(reaches(c, b)).toEqual([false, false]);
  expect(reaches(a, b)).toEqual([true, true]);
  world.start();
  await until(async () => (await askHealth(world.node.host, "/readiness"))?.status === 200);
  expect(reaches(a, b)).toEqual([true, true]);
  expect(connections(world.node, a)).toBeGreaterThan(0);
  for (const container of [a, b, c]) expect((await world.node.call("DEL", container)).exitCode).toBe(0);
  expect(world.node.traces()).toEqual([]);
  expect(connections(world.node, a)).toBe(0);
});

test("a pod waits for the agent, and has its network as soon as that is there", async () => {
  await using world = new AgentNode();
  const adding = world.add("a");
  world.start();
  expect((await adding).addresses).toHaveLength(2);
});

test("a pod that the cluster does not know: the agent's words, and nothing is left", async () => {
  await using world = new AgentNode();
  world.start();
  const { output } = await world.node.call("ADD", world.node.container("nobody"), {
    network: { policy_setup_timeout_seconds: 5 },
  });
  expect(output).toMatchObject({ code: 11 });
  expect((output as { msg: string }).msg).toStartWith(
    "not ready within 5 s: pod x/nobody (UID uid-nobody): the agent does not know it yet",
  );
  expect(world.node.traces()).toEqual([]);
}, 30_000);

test("CHECK asks the agent, and STATUS is well", async () => {
  await using world = new AgentNode();
  world.start();
  const container = world.node.container("a");
  const { output: prevResult } = await world.node.call("ADD", container);
  const asked = { network: { prevResult: prevResult as object } };
  expect(await world.node.call("CHECK", container, asked)).toMatchObject({ exitCode: 0 });
  expect(await world.node.call("STATUS", undefined)).toMatchObject({ exitCode: 0 });
});

#!/usr/bin/env bun
// A process of its own: what it holds and what it spends must not count for the agent.
import { startApiServer } from "../../test/api-server/api-server.ts";
import { clusterObjects } from "./objects.ts";

const [pods = 0, namespaces = 0, policies = 0, local = 0] = process.argv.slice(2, 6).map(Number);
const server = await startApiServer({
  streamingLists: process.argv[6] === "streaming" ? "served" : 422,
  refusedFields: process.argv[6] === "streaming" ? [] : ["spec.hostNetwork"],
});
server.replaceAll(clusterObjects({ pods, namespaces, policies, local }));
process.stdout.write(`${server.url}\n`);

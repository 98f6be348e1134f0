import { writeFileSync } from "node:fs";
import { addressBytes, type Family, parseAddress } from "../../model/address.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import type { SocketAddress } from "../../native/socket-address.ts";
import * as tcp from "../../native/tcp-load.ts";
import type { Part, Path, Plan } from "./plan.ts";
import type { Task, Work } from "./variants.ts";

/** Work that goes on for a while. Gives bytes or connections, and how long it took; a server serves as long as it is asked. */
export type Turn = (milliseconds: number) => { readonly done: number; readonly milliseconds: number };

/** Between two looks at the clock. */
const BURST = 8;

function repeat(work: () => number, limit: number): ReturnType<Turn> {
  const began = performance.now();
  let [done, milliseconds] = [0, 0];
  while (milliseconds < limit) {
    for (let burst = 0; burst < BURST; burst++) done += work();
    milliseconds = performance.now() - began;
  }
  return { done, milliseconds };
}

/** Enough ports for all connections of a run; they are used again one second after they were closed. */
function widenPorts(): void {
  writeFileSync("/proc/sys/net/ipv4/ip_local_port_range", "1024 65535");
  writeFileSync("/proc/sys/net/ipv4/tcp_tw_reuse", "1");
}

/** Connects from inside its pod. */
interface Client {
  readonly inside: NetworkNamespace;
  readonly client: tcp.TcpLoadClient;
}

interface Both {
  readonly work: Work;
  readonly client: Client;
  readonly server: tcp.TcpLoadServer;
  /** The ends of a connection that is open all the time. */
  readonly here: number;
  readonly there: number;
}

/** A packet's way through the kernel is part of the call that sends it: nobody is woken, and nothing waits. */
function turnOfBoth({ work, client: { inside, client }, server, here, there }: Both): Turn {
  if (work === "throughput") return (limit) => repeat(() => tcp.pump(here, there), limit);
  const exchange = (): number => {
    const asking = client.ask();
    const answering = server.answer();
    tcp.hearAnswer(asking);
    tcp.closeTcp(answering);
    return 1;
  };
  return (limit) => inside.run(() => repeat(exchange, limit));
}

function turnOfClient({ work, client: { inside, client }, here }: Omit<Both, "server" | "there">): Turn {
  if (work === "throughput") {
    return (limit) => {
      const began = performance.now();
      const { done } = repeat(() => tcp.push(here), limit);
      tcp.endPush(here);
      return { done, milliseconds: performance.now() - began };
    };
  }
  const exchange = (): number => {
    tcp.hearAnswer(client.ask());
    return 1;
  };
  return (limit) =>
    inside.run(() => {
      const measured = repeat(exchange, limit);
      tcp.hearAnswer(client.ask(true));
      return measured;
    });
}

function turnOfServer({ work, server, there }: Pick<Both, "work" | "server" | "there">): Turn {
  return () => {
    if (work === "throughput") tcp.pull(there);
    else while (!server.serve());
    return { done: 0, milliseconds: 0 };
  };
}

interface Open {
  readonly resources: DisposableStack;
  readonly plan: Pick<Plan, "paths" | "tasks">;
}

function pathOf({ plan }: Open, { variant }: Task): Path {
  const path = plan.paths[variant];
  if (path === undefined) throw new RangeError(`no variant ${variant}`);
  return path;
}

function serverAddress({ addresses, port }: Path, family: Family): SocketAddress {
  const address = parseAddress(addresses[family]);
  if (address === undefined) throw new TypeError(`no address: ${addresses[family]}`);
  return { address: addressBytes(address), port };
}

/** One server for all tasks of a variant and family: policies let one port through. */
function openServers(open: Open): (task: Task) => tcp.TcpLoadServer {
  const servers = new Map<string, tcp.TcpLoadServer>();
  return (task) => {
    const key = `${task.variant} ${task.family}`;
    const known = servers.get(key);
    if (known !== undefined) return known;
    const path = pathOf(open, task);
    using place = NetworkNamespace.open(path.server);
    const server = place.run(() => new tcp.TcpLoadServer(serverAddress(path, task.family)));
    servers.set(key, open.resources.use(server));
    return server;
  };
}

function openClient(open: Open, task: Task): Client {
  const path = pathOf(open, task);
  const inside = open.resources.use(NetworkNamespace.open(path.client));
  inside.run(widenPorts);
  return { inside, client: new tcp.TcpLoadClient(serverAddress(path, task.family)) };
}

/**
 * A turn for each task. Every task opens a connection first, which proves that packets get through. `listening` is called
 * once clients can connect.
 */
export function openTurns(open: Open, holds: Part["holds"], listening: () => void): Turn[] {
  const { resources, plan } = open;
  const serverOf = openServers(open);
  if (holds !== "client") plan.tasks.forEach(serverOf);
  listening();
  const connect = ({ inside, client }: Client): number =>
    resources.adopt(
      inside.run(() => client.connect()),
      tcp.closeTcp,
    );
  const accept = (server: tcp.TcpLoadServer): number => resources.adopt(server.accept(), tcp.closeTcp);
  return plan.tasks.map((task): Turn => {
    const { work } = task;
    if (holds === "server") {
      const server = serverOf(task);
      return turnOfServer({ work, server, there: accept(server) });
    }
    const client = openClient(open, task);
    const here = connect(client);
    if (holds === "client") return turnOfClient({ work, client, here });
    const server = serverOf(task);
    return turnOfBoth({ work, client, server, here, there: accept(server) });
  });
}

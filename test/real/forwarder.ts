import type { NetworkNamespace } from "../../native/network-namespace.ts";

/** A port of 127.0.0.1 in a namespace that leads new connections to another port, as a load balancer does. */
export interface Forwarder extends Disposable {
  readonly port: number;
  /** Where new connections go; those that are open stay where they are. */
  target: number;
  /** How many connections it took so far. */
  readonly taken: number;
}

interface Side {
  other?: Bun.Socket<Side>;
  /** What the other side could not take so far. */
  waiting: Buffer[];
}

function pass(side: Side, chunk: Buffer): void {
  const { other, waiting } = side;
  if (other === undefined || waiting.length > 0) {
    waiting.push(Buffer.from(chunk));
    return;
  }
  const written = other.write(chunk);
  if (written < chunk.length) waiting.push(Buffer.from(chunk.subarray(Math.max(0, written))));
}

function flush(side: Side): void {
  const chunks = side.waiting.splice(0);
  for (const chunk of chunks) pass(side, chunk);
}

const HANDLER: Bun.SocketHandler<Side> = {
  data: (socket, chunk) => pass(socket.data, chunk),
  drain: (socket) => {
    if (socket.data.other !== undefined) flush(socket.data.other.data);
  },
  close: (socket) => void socket.data.other?.end(),
  error: (socket) => void socket.data.other?.end(),
};

export function startForwarder(network: NetworkNamespace, target: number): Forwarder {
  const state = { target, taken: 0 };
  const open = async (near: Bun.Socket<Side>): Promise<void> => {
    const connecting = network.run(() =>
      Bun.connect<Side>({
        hostname: "127.0.0.1",
        port: state.target,
        data: { other: near, waiting: [] },
        socket: HANDLER,
      }),
    );
    try {
      near.data.other = await connecting;
      flush(near.data);
    } catch {
      near.end();
    }
  };
  const listener = network.run(() =>
    Bun.listen<Side>({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        ...HANDLER,
        open: (near) => {
          near.data = { waiting: [] };
          state.taken++;
          void open(near);
        },
      },
    }),
  );
  return {
    port: listener.port,
    get target() {
      return state.target;
    },
    set target(port) {
      state.target = port;
    },
    get taken() {
      return state.taken;
    },
    [Symbol.dispose]: () => listener.stop(true),
  };
}

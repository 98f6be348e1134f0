import type { Place } from "../../demo/lab/lab.ts";
import { placeAddress } from "../../demo/lab/place.ts";
import type { Family } from "../../model/address.ts";

/** One open TCP connection between two places. */
export interface Conversation extends Disposable {
  /** The other end hears it, sooner or later, or never. */
  say(who: "client" | "server", text: string): void;
  /** Everything that an end has heard so far. */
  heard(who: "client" | "server"): string;
}

const CONNECT_MILLISECONDS = 5_000;

/** Opens a connection, over IPv4 by default; answers when both ends have it. */
export async function converse(
  client: Place,
  server: Place,
  port: number,
  family: Family = 4,
): Promise<Conversation> {
  const heard = { client: "", server: "" };
  const accepted = Promise.withResolvers<Bun.Socket>();
  const hostname = placeAddress(server, family);
  const listener = server.network.run(() =>
    Bun.listen({
      hostname,
      port,
      socket: {
        open: (socket) => accepted.resolve(socket),
        data: (_, bytes) => void (heard.server += bytes.toString()),
      },
    }),
  );
  const connecting = client.network.run(() =>
    Bun.connect({
      hostname,
      port,
      socket: { data: (_, bytes) => void (heard.client += bytes.toString()), error: () => {} },
    }),
  );
  const late = Bun.sleep(CONNECT_MILLISECONDS).then(() => {
    throw new Error(`no connection to ${hostname} port ${port} within ${CONNECT_MILLISECONDS} ms`);
  });
  const [ours, theirs] = await Promise.race([Promise.all([connecting, accepted.promise]), late]);
  return {
    say: (who, text) => void (who === "client" ? ours : theirs).write(text),
    heard: (who) => heard[who],
    [Symbol.dispose]: () => {
      ours.terminate();
      theirs.terminate();
      listener.stop(true);
    },
  };
}

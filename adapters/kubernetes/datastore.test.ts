import { type ApiObject, startApiServer } from "../../test/api-server/api-server.ts";
import { plainClient } from "../../test/api-server/plain-client.ts";
import { datastoreBehaviour, type OpenedDatastore } from "../behaviour.ts";
import { kubernetesDatastore } from "./datastore.ts";
import type { Pace } from "./reading/pace.ts";

const QUICK: Partial<Pace> = { firstBackOff: 5, longestBackOff: 20, relistSpread: 5, shortWatch: 0 };

/** A server that answers nothing of use before it is filled. */
async function open(
  streamingLists: "served" | 400,
  replace: (
    server: Awaited<ReturnType<typeof startApiServer>>,
    objects: readonly ApiObject[],
  ) => Promise<void>,
): Promise<OpenedDatastore> {
  const server = await startApiServer({ streamingLists });
  server.faults(() => ({ kind: "status", status: 503 }));
  return {
    datastore: kubernetesDatastore({
      open: async () => plainClient(server.url),
      nodeName: undefined,
      pace: QUICK,
    }),
    async replace(objects) {
      await replace(server, objects as readonly ApiObject[]);
      server.faults(undefined);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

datastoreBehaviour("kubernetes, told by its watches", () =>
  open("served", async (server, objects) => server.replaceAll(objects)),
);

datastoreBehaviour("kubernetes, told by lists after an outage", () =>
  open(400, async (server, objects) => {
    await server.stop();
    server.replaceAll(objects);
    server.compact();
    await server.start();
  }),
);

import { datastoreBehaviour } from "../behaviour.ts";
import { memoryDatastore } from "./datastore.ts";

datastoreBehaviour("memory", async () => {
  const datastore = memoryDatastore();
  return {
    datastore,
    async replace(objects) {
      datastore.set(objects);
    },
    async [Symbol.asyncDispose]() {},
  };
});

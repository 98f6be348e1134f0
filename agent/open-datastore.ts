import type { Datastore } from "../adapters/datastore.ts";
import { fileDatastore } from "../adapters/file/datastore.ts";
import { unreachable } from "../model/unreachable.ts";
import type { Config } from "./settings.ts";

/** The datastore that the configuration names. Nothing is opened before it is watched. */
export function openDatastore({ datastoreType, datastorePath, nodeName }: Config): Datastore {
  switch (datastoreType) {
    case "file":
      return fileDatastore({ directory: datastorePath, nodeName });
    case "kubernetes":
      throw new Error("DATASTORE_TYPE=kubernetes: not in this version");
    default:
      return unreachable(datastoreType);
  }
}

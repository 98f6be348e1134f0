import type { Datastore } from "../adapters/datastore.ts";
import { fileDatastore } from "../adapters/file/datastore.ts";
import { kubernetesDatastore } from "../adapters/kubernetes/datastore.ts";
import { openClient } from "../adapters/kubernetes/connection/open-client.ts";
import { unreachable } from "../model/unreachable.ts";
import type { Config } from "./settings/settings.ts";

/**
 * The datastore that the configuration names. Nothing is opened before it is watched.
 *
 * @param nodeName whose pods are local; undefined: nobody's, for questions about the cluster as a whole.
 */
export function openDatastore(config: Config, nodeName: string | undefined): Datastore {
  const { datastoreType, datastorePath, connection, podAnnotations } = config;
  switch (datastoreType) {
    case "file":
      return fileDatastore({ directory: datastorePath, nodeName });
    case "kubernetes":
      return kubernetesDatastore({
        open: () => openClient(connection),
        nodeName,
        annotating: podAnnotations,
      });
    default:
      return unreachable(datastoreType);
  }
}

import type { Cluster } from "./cluster.ts";

/** kubectl costs a tenth of a second of a processor. */
const PAUSE_MILLISECONDS = 200;

/** What follows is asked of a cluster that has a real kubelet. `pod` is `NAMESPACE/NAME`. */
function words(pod: string): [namespace: string, name: string] {
  const [namespace = "", name = ""] = pod.split("/");
  return [`--namespace=${namespace}`, name];
}

/** Creates objects, or changes those that are there. */
export async function applyObjects(cluster: Cluster, ...objects: readonly unknown[]): Promise<void> {
  await cluster.kubectl(["apply", "-f", "-"], objects.map((object) => JSON.stringify(object)).join("\n"));
}

/** A part of an object, by kubectl's jsonpath; empty where the object or the part is not there. */
export function read(cluster: Cluster, kind: string, object: string, path: string): Promise<string> {
  const [namespace, name] = object.includes("/") ? words(object) : ["--namespace=default", object];
  const how = ["--ignore-not-found", "--output", `jsonpath=${path}`];
  return cluster.kubectl(["get", kind, name, namespace, ...how]);
}

/** Asks until the answer will do, and gives it. */
export async function readUntil(
  ask: () => Promise<string>,
  suits: (answer: string) => boolean,
): Promise<string> {
  for (;;) {
    const answer = await ask();
    if (suits(answer)) return answer;
    await Bun.sleep(PAUSE_MILLISECONDS);
  }
}

/** Waits until a pod is there and all its containers run. */
export async function podReady(cluster: Cluster, pod: string): Promise<void> {
  const [namespace, name] = words(pod);
  await readUntil(
    () => read(cluster, "pod", pod, "{.metadata.uid}"),
    (uid) => uid !== "",
  );
  await cluster.kubectl(["wait", "--for=condition=Ready", "pod", name, namespace, "--timeout=60s"]);
}

/** Asks for its end and waits for it, or for the API server to forget it at once. */
export async function deletePod(cluster: Cluster, pod: string, force = false): Promise<void> {
  const [namespace, name] = words(pod);
  const how = force ? ["--force", "--grace-period=0"] : [];
  await cluster.kubectl(["delete", "pod", name, namespace, ...how]);
}

/** Waits until nobody knows of it any more. */
export async function podGone(cluster: Cluster, pod: string): Promise<void> {
  await readUntil(
    () => read(cluster, "pod", pod, "{.metadata.uid}"),
    (uid) => uid === "",
  );
}

/** What the kubelet told about a pod, for example with the reason FailedCreatePodSandBox; one event a line. */
export function podEvents(cluster: Cluster, pod: string, reason: string): Promise<string> {
  const [namespace, name] = words(pod);
  const fields = `--field-selector=involvedObject.name=${name},reason=${reason}`;
  const how = ["--output", 'jsonpath={range .items[*]}{.message}{"\\n"}{end}'];
  return cluster.kubectl(["get", "events", namespace, fields, ...how]);
}

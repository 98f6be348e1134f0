import { POD_IMAGE } from "./pod-image.ts";

export interface PodManifestOptions {
  readonly namespace?: string;
  readonly name: string;
  /** There is no scheduler: a pod goes where it is told to. A static pod needs none. */
  readonly node?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Default: it waits until it is asked to end. */
  readonly command?: readonly string[];
  /** Runs before it, to its end. */
  readonly initCommand?: readonly string[];
  readonly ports?: readonly Readonly<Record<string, unknown>>[];
}

/** The spec of a pod of the tests' image, for pods and for the templates of pods. */
export function podSpec(options: Omit<PodManifestOptions, "name">): Record<string, unknown> {
  const { node, command, initCommand, ports = [] } = options;
  const container = { image: POD_IMAGE, imagePullPolicy: "Never" };
  return {
    ...(node === undefined ? {} : { nodeName: node }),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    dnsPolicy: "Default",
    terminationGracePeriodSeconds: 1,
    ...(initCommand === undefined
      ? {}
      : { initContainers: [{ ...container, name: "init", command: initCommand }] }),
    containers: [{ ...container, name: "main", ...(command === undefined ? {} : { command }), ports }],
  };
}

/** A pod that a real kubelet can run without a registry. */
export function podManifest(options: PodManifestOptions): Record<string, unknown> {
  const { namespace = "default", name, labels = {} } = options;
  return { apiVersion: "v1", kind: "Pod", metadata: { namespace, name, labels }, spec: podSpec(options) };
}

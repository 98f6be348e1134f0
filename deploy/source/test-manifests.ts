import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** deploy/. */
export const DEPLOY: string = fileURLToPath(new URL("..", import.meta.url));

export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly configMapKeyRef?: { readonly name: string; readonly key: string } };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env?: readonly EnvironmentVariable[];
  readonly securityContext: Record<string, unknown>;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly livenessProbe?: unknown;
  readonly readinessProbe?: unknown;
  readonly resources: unknown;
}

export interface PodSpec extends Record<string, unknown> {
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly { readonly name: string; readonly hostPath?: { readonly path: string } }[];
}

/** An object of a manifest, as far as tests look into it. */
export interface ManifestObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly rules?: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
  readonly roleRef?: { readonly name: string };
  readonly subjects?: readonly { readonly name: string; readonly namespace: string }[];
  readonly spec?: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly updateStrategy?: unknown;
    readonly template: {
      readonly metadata: { readonly labels: Record<string, string> };
      readonly spec: PodSpec;
    };
  };
}

export const MANIFESTS: readonly string[] = readdirSync(join(DEPLOY, "manifests")).toSorted();

/** The objects of a checked-in manifest, as another reader of YAML than the writer's sees them. */
export function objectsOf(name: string): readonly ManifestObject[] {
  const read = Bun.YAML.parse(readFileSync(join(DEPLOY, "manifests", name), "utf8"));
  return (Array.isArray(read) ? read : [read]) as ManifestObject[];
}

export interface Workload {
  /** For the name of a test. */
  readonly where: string;
  readonly name: string;
  readonly object: ManifestObject;
  readonly pod: PodSpec;
}

/** Every DaemonSet of every manifest. */
export const WORKLOADS: readonly Workload[] = MANIFESTS.flatMap((file) =>
  objectsOf(file).flatMap((object): Workload[] => {
    const pod = object.spec?.template?.spec;
    const { name } = object.metadata;
    return pod === undefined ? [] : [{ where: `${file}, ${name}`, name, object, pod }];
  }),
);

/** Those of tortie's own. */
export const OWN_WORKLOADS: readonly Workload[] = WORKLOADS.filter(({ name }) => name.startsWith("tortie"));

export function containersOf({ initContainers = [], containers }: PodSpec): readonly Container[] {
  return [...initContainers, ...containers];
}

import { join } from "node:path";
import type { CommentedObject } from "./commented.ts";
import { uninstallHead } from "./heads.ts";
import { manifest } from "./manifests.ts";
import { directoryPatches, NEUTRAL_PATCHES, SECURITY_CONTEXT_CONSTRAINTS } from "./overlay-patches.ts";
import { NEUTRAL, WIRED } from "./platforms.ts";
import { type Uninstall, uninstallDaemonSet } from "./uninstall.ts";
import { writeYaml } from "./write-yaml.ts";

const MADE = "Made by `bun run manifests` from deploy/source: change it there.";
const OVERLAYS = "kustomize/overlays";

interface Kustomization {
  readonly about: string;
  readonly bases?: readonly string[];
  readonly resources?: readonly string[];
  readonly patches?: readonly string[];
}

/**
 * In words that kustomize 2.0 knows, which is in kubectl before 1.21, and that later ones still take: `resources` was no
 * place for directories then, and `patches` something else.
 */
function kustomization({ about, bases, resources, patches }: Kustomization): string {
  const object: CommentedObject = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    ...(bases !== undefined && { bases }),
    ...(resources !== undefined && { resources }),
    ...(patches !== undefined && { patchesStrategicMerge: patches }),
  };
  return writeYaml(`${about}\n\n${MADE}`, [object]);
}

type File = readonly [path: string, text: string];

function whole(directory: string, name: string, image: string, about: string): readonly File[] {
  const { head, objects } = manifest(name, image);
  return [
    [join(directory, "kustomization.yaml"), kustomization({ about, resources: [name] })],
    [join(directory, name), writeYaml(head, objects)],
  ];
}

function uninstallFile(name: string, what: Uninstall): File {
  const path = join(OVERLAYS, name, "uninstall.yaml");
  const installed = `-k deploy/kustomize/overlays/${name}`;
  const head = uninstallHead({ installed, file: join("deploy", path) });
  return [path, writeYaml(head, [uninstallDaemonSet(what)])];
}

function wired(image: string): readonly File[] {
  return WIRED.flatMap((platform) => {
    const { name, about, directories } = platform;
    const directory = join(OVERLAYS, name);
    const own: readonly File[] =
      name === "openshift"
        ? [[join(directory, "scc.yaml"), writeYaml(MADE, [SECURITY_CONTEXT_CONSTRAINTS])]]
        : [];
    const options: Kustomization = {
      about: `${about}\nuninstall.yaml is deploy/manifests/tortie-uninstall.yaml with these directories.`,
      bases: ["../../base"],
      ...(own.length > 0 && { resources: ["scc.yaml"] }),
      patches: ["directories.yaml"],
    };
    return [
      [join(directory, "kustomization.yaml"), kustomization(options)],
      [join(directory, "directories.yaml"), writeYaml(MADE, directoryPatches(platform))],
      uninstallFile(name, { image, directories }),
      ...own,
    ];
  });
}

function neutral(): readonly File[] {
  return NEUTRAL.flatMap(({ name, about }) => {
    const directory = join(OVERLAYS, name);
    const patch = NEUTRAL_PATCHES.get(name);
    const options: Kustomization = {
      about,
      bases: ["../policy-only"],
      ...(patch !== undefined && { patches: ["patch.yaml"] }),
    };
    const file: File = [join(directory, "kustomization.yaml"), kustomization(options)];
    return patch === undefined ? [file] : [file, [join(directory, "patch.yaml"), writeYaml(MADE, [patch])]];
  });
}

/** The base and an overlay for each platform, by path below deploy/. */
export function kustomizeFiles(image: string): readonly (readonly [path: string, text: string])[] {
  return [
    ...whole(
      "kustomize/base",
      "tortie.yaml",
      image,
      `What deploy/manifests/tortie.yaml is, for kubeadm, RKE2 and others with the usual directories, and for overlays.
  kubectl apply -k deploy/kustomize/overlays/NAME
In an overlay of your own, \`images\` names a registry:
  images: [{ name: localhost/tortie, newName: registry.example/tortie, newTag: "..." }]`,
    ),
    ...whole(
      join(OVERLAYS, "policy-only"),
      "tortie-policy-only.yaml",
      image,
      "Policies only, beside another CNI plugin; the base of the overlays for platforms that wire pods themselves, whose nodes its uninstall.yaml is for, too.",
    ),
    uninstallFile("policy-only", { image, directories: undefined }),
    ...whole(
      join(OVERLAYS, "flannel"),
      "tortie-flannel.yaml",
      image,
      "Tortie wires pods, and flannel carries packets between nodes.",
    ),
    ...wired(image),
    ...neutral(),
  ];
}

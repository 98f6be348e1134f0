import { addon } from "./addon.ts";
import { admissionPolicy } from "./admission-policy.ts";
import type { CommentedObject } from "./commented.ts";
import { configMap } from "./config-map.ts";
import { daemonSet } from "./daemon-set.ts";
import { flannel } from "./flannel.ts";
import { flowSchema } from "./flow-schema.ts";
import {
  ADDON_CONFIG_HEAD,
  ADDON_DAEMON_SET_HEAD,
  ANNOTATIONS_HEAD,
  BEFORE_HEAD,
  FLANNEL_HEAD,
  POLICY_ONLY_HEAD,
  RBAC_HEAD,
  TORTIE_HEAD,
  uninstallHead,
} from "./heads.ts";
import { USUAL_DIRECTORIES } from "./host-paths.ts";
import { ANNOTATIONS, NAME } from "./names.ts";
import { annotationRights, rbac } from "./rbac.ts";
import { uninstallDaemonSet } from "./uninstall.ts";

/** One file: words at its beginning, and objects in the order in which they are made. */
export interface Manifest {
  readonly name: string;
  readonly head: string;
  readonly objects: readonly CommentedObject[];
}

const UNINSTALL_USUAL = {
  installed: "-f deploy/manifests/tortie.yaml",
  file: "deploy/manifests/tortie-uninstall.yaml",
  elsewhere:
    " Where nodes have other directories, or tortie wires no pods, the uninstall.yaml of an overlay in deploy/kustomize takes its place.",
};

/** Whatever wires pods and may write, but the ConfigMap. */
function wiring(image: string): readonly CommentedObject[] {
  return [
    ...rbac({ writes: true }),
    ...admissionPolicy(NAME),
    flowSchema(),
    daemonSet({ image, wires: true, bindsWrites: true }),
  ];
}

/** All manifests, with this image. */
export function manifests(image: string): readonly Manifest[] {
  return [
    {
      name: "tortie.yaml",
      head: TORTIE_HEAD,
      objects: [configMap({ masquerades: "tortie" }), ...wiring(image)],
    },
    {
      name: "tortie-flannel.yaml",
      head: FLANNEL_HEAD,
      objects: [configMap({ masquerades: "flannel" }), ...wiring(image), ...flannel()],
    },
    {
      name: "tortie-policy-only.yaml",
      head: POLICY_ONLY_HEAD,
      objects: [
        ...rbac({ writes: false }),
        flowSchema(),
        daemonSet({ image, wires: false, bindsWrites: true }),
      ],
    },
    {
      name: "tortie-before-1.30.yaml",
      head: BEFORE_HEAD,
      objects: [
        configMap({ masquerades: "tortie" }),
        ...rbac({ writes: false }),
        daemonSet({ image, wires: true, bindsWrites: false }),
      ],
    },
    {
      name: "calico-configmap.yaml",
      head: ADDON_CONFIG_HEAD,
      objects: [addon(configMap({ masquerades: undefined }), "EnsureExists")],
    },
    {
      name: "calico-daemonset.yaml",
      head: ADDON_DAEMON_SET_HEAD,
      objects: wiring(image).map((object) => addon(object, "Reconcile")),
    },
    { name: "tortie-rbac.yaml", head: RBAC_HEAD, objects: rbac({ writes: false }) },
    {
      name: "tortie-annotations.yaml",
      head: ANNOTATIONS_HEAD,
      objects: [...annotationRights(), ...admissionPolicy(ANNOTATIONS)],
    },
    {
      name: "tortie-uninstall.yaml",
      head: uninstallHead(UNINSTALL_USUAL),
      objects: [uninstallDaemonSet({ image, directories: USUAL_DIRECTORIES })],
    },
  ];
}

/** The one of that name. */
export function manifest(name: string, image: string): Manifest {
  const found = manifests(image).find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no manifest ${name}`);
  return found;
}

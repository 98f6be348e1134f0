import { namedObject } from "../../adapters/kubernetes/calico/kubernetes-objects.ts";
import {
  NAMESPACE_PROFILE,
  namespaceToProfile,
  type Profile,
  SERVICE_ACCOUNT_PROFILE,
  serviceAccountToProfile,
} from "../../adapters/kubernetes/calico/profile.ts";
import { toV1Profile, V1_PROFILE } from "../../adapters/kubernetes/calico/v1-objects.ts";
import { isNamespaceName, isObjectName } from "../../adapters/objects/names.ts";
import { listingOf, type Query, readAs, type Shown, v3List, type View } from "./view.ts";

function shown(resource: Profile): Shown {
  const labels = Object.entries(resource.spec.labelsToApply).map(([key, value]) => `${key}=${value}`);
  return { resource, cells: { NAME: resource.metadata.name, LABELS: labels.toSorted().join(",") } };
}

function ofNamespaces(name?: string): Query {
  return {
    listing: listingOf("", "namespaces", name === undefined ? {} : { name }),
    show: (object) => shown(namespaceToProfile(readAs("Namespace", namedObject, object))),
  };
}

function ofServiceAccounts(at: { namespace?: string; name?: string } = {}): Query {
  return {
    listing: listingOf("", "serviceaccounts", at),
    show: (object) => shown(serviceAccountToProfile(readAs("ServiceAccount", namedObject, object))),
  };
}

/** `kns.NAMESPACE`, or `ksa.NAMESPACE.ACCOUNT`. */
function named(name: string): Query[] {
  if (name.startsWith(NAMESPACE_PROFILE)) {
    const namespace = name.slice(NAMESPACE_PROFILE.length);
    return isNamespaceName(namespace) ? [ofNamespaces(namespace)] : [];
  }
  if (!name.startsWith(SERVICE_ACCOUNT_PROFILE)) return [];
  const [namespace = "", ...account] = name.slice(SERVICE_ACCOUNT_PROFILE.length).split(".");
  const accountName = account.join(".");
  const whole = isNamespaceName(namespace) && isObjectName(accountName);
  return whole ? [ofServiceAccounts({ namespace, name: accountName })] : [];
}

export const v3Profiles: View = {
  kind: "Profile",
  namespaced: false,
  headings: { ps: ["NAME"], wide: ["NAME", "LABELS"] },
  allHeadings: ["NAME", "LABELS"],
  queries: () => [ofNamespaces(), ofServiceAccounts()],
  named,
  list: (resources, versions) => v3List("Profile", resources, versions),
};

function v1OfNamespaces(name?: string): Query {
  return {
    listing: listingOf("", "namespaces", name === undefined ? {} : { name }),
    show(object) {
      const resource = toV1Profile(readAs("Namespace", namedObject, object));
      // Tags came from no namespace ever.
      return { resource, cells: { NAME: resource.metadata.name, TAGS: "" } };
    },
  };
}

export const v1Profiles: View = {
  kind: "Profile",
  namespaced: false,
  headings: { ps: ["NAME"], wide: ["NAME", "TAGS"] },
  allHeadings: ["NAME", "TAGS"],
  queries: () => [v1OfNamespaces()],
  named(name) {
    const namespace = name.startsWith(V1_PROFILE) ? name.slice(V1_PROFILE.length) : "";
    return isNamespaceName(namespace) ? [v1OfNamespaces(namespace)] : [];
  },
  list: (resources) => resources,
};

import { createHash } from "node:crypto";
import type { BundledPackage } from "./bundled-packages.ts";
import type { DebianPackages } from "./debian-packages.ts";
import type { Architecture } from "./libraries.ts";

/** What lies in an image, as SPDX 2.3 says it: https://spdx.github.io/spdx-spec/v2.3/ */
export interface Inventory {
  readonly architecture: Architecture;
  readonly version: string;
  /** RFC 3339. */
  readonly created: string;
  /** The image's manifest, for example `sha256:1234...`. */
  readonly digest: string;
  /** SHA-256 of the executable, in hexadecimal digits. */
  readonly executableSum: string;
  readonly bunVersion: string;
  readonly bundled: readonly BundledPackage[];
  readonly packages: DebianPackages;
}

interface Part {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly purpose: "CONTAINER" | "APPLICATION" | "LIBRARY" | "OPERATING-SYSTEM";
  /** https://github.com/package-url/purl-spec */
  readonly purl: string;
  /** An expression of SPDX; absent: nobody gave one. */
  readonly license?: string;
  readonly sum?: string;
  readonly comment?: string;
}

interface Relationship {
  readonly spdxElementId: string;
  readonly relationshipType: "DESCRIBES" | "CONTAINS" | "STATIC_LINK" | "DEPENDS_ON";
  readonly relatedSpdxElement: string;
}

// Debian gives texts, not expressions: these stand for what the image has of each package. Its texts are in the image.
const DEBIAN_LICENSES: Readonly<Record<string, string>> = {
  "base-files": "GPL-2.0-or-later",
  libc6: "LGPL-2.1-or-later",
  "containernetworking-plugins": "Apache-2.0",
};

const idOf = (kind: string, name: string): string =>
  `SPDXRef-${kind}-${name.replaceAll(/[^A-Za-z0-9.]+/g, "-")}`;

const relation = (
  spdxElementId: string,
  relationshipType: Relationship["relationshipType"],
  relatedSpdxElement: string,
): Relationship => ({ spdxElementId, relationshipType, relatedSpdxElement });

function spdxPackage({ id, name, version, purpose, purl, license, sum, comment }: Part): unknown {
  return {
    SPDXID: id,
    name,
    versionInfo: version,
    primaryPackagePurpose: purpose,
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    licenseConcluded: "NOASSERTION",
    licenseDeclared: license ?? "NOASSERTION",
    copyrightText: "NOASSERTION",
    ...(sum === undefined ? {} : { checksums: [{ algorithm: "SHA256", checksumValue: sum }] }),
    ...(comment === undefined ? {} : { comment }),
    externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: purl }],
  };
}

const debianPurl = (name: string, version: string, architecture: string): string =>
  `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}&distro=debian-12`;

function debianParts({ packages, architecture }: Inventory): { parts: Part[]; links: Relationship[] } {
  const parts = new Map<string, Part>();
  const links: Relationship[] = [];
  for (const [name, control] of packages.controls) {
    const version = control["Version"] ?? "";
    const id = idOf("deb", name);
    parts.set(id, {
      id,
      name,
      version,
      purpose: name === "base-files" ? "OPERATING-SYSTEM" : name === "libc6" ? "LIBRARY" : "APPLICATION",
      purl: debianPurl(name, version, architecture),
      comment: `Only what tortie needs of it is in the image; its terms are in /usr/share/doc/${name}/copyright.`,
      ...(DEBIAN_LICENSES[name] === undefined ? {} : { license: DEBIAN_LICENSES[name] }),
    });
    // Source packages whose code Debian linked into this one.
    for (const [, source = "", built = ""] of (control["Built-Using"] ?? "").matchAll(
      /(\S+) \(= ([^)]+)\)/g,
    )) {
      const sourceId = idOf("deb-src", source);
      const purl = debianPurl(source, built, "source");
      parts.set(sourceId, { id: sourceId, name: source, version: built, purpose: "LIBRARY", purl });
      links.push(relation(id, "STATIC_LINK", sourceId));
    }
  }
  return { parts: [...parts.values()], links };
}

function npmPart({ name, version, license }: BundledPackage): Part {
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  return { id: idOf("npm", `${name}-${version}`), name, version, license, purpose: "LIBRARY", purl };
}

/** The document, the same for the same inventory. */
export function sbom(inventory: Inventory): unknown {
  const { architecture, version, created, digest, bundled } = inventory;
  const image: Part = {
    id: "SPDXRef-image",
    name: "tortie-image",
    version,
    purpose: "CONTAINER",
    purl: `pkg:oci/tortie@${encodeURIComponent(digest)}?arch=${architecture}&tag=${version}`,
    sum: digest.replace("sha256:", ""),
  };
  const tortie: Part = {
    id: "SPDXRef-tortie",
    name: "tortie",
    version,
    purpose: "APPLICATION",
    purl: `pkg:generic/tortie@${version}?arch=${architecture}`,
    license: "Apache-2.0",
    sum: inventory.executableSum,
  };
  const bun: Part = {
    id: "SPDXRef-bun",
    name: "bun",
    version: inventory.bunVersion,
    purpose: "APPLICATION",
    purl: `pkg:npm/bun@${inventory.bunVersion}`,
    license: "MIT AND LGPL-2.0-or-later",
    comment: "Bun's runtime, with JavaScriptCore and the libraries that Bun lists in its own license file.",
  };
  const npm = bundled.map(npmPart);
  const debian = debianParts(inventory);
  const installed = debian.parts.filter(({ id }) => !id.startsWith("SPDXRef-deb-src-"));
  const relationships = [
    relation("SPDXRef-DOCUMENT", "DESCRIBES", image.id),
    ...[tortie, ...installed].map(({ id }) => relation(image.id, "CONTAINS", id)),
    ...[bun, ...npm].map(({ id }) => relation(tortie.id, "CONTAINS", id)),
    relation(tortie.id, "DEPENDS_ON", idOf("deb", "libc6")),
    ...debian.links,
  ];
  const packages = [image, tortie, bun, ...npm, ...debian.parts].map(spdxPackage);
  const sum = createHash("sha256")
    .update(JSON.stringify([created, packages]))
    .digest("hex");
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: `tortie-image-${version}-${architecture}`,
    // A name, no address: it must be unique to the document.
    documentNamespace: `https://spdx.org/spdxdocs/tortie-image-${version}-${architecture}-${sum}`,
    creationInfo: { created, creators: ["Tool: tortie-script-image"] },
    packages,
    relationships,
  };
}

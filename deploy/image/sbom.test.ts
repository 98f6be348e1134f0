import { expect, test } from "bun:test";
import * as v from "valibot";
import type { BundledPackage } from "./bundled-packages.ts";
import { type DebianPackages, parseControl } from "./debian-packages.ts";
import { type Inventory, sbom } from "./sbom.ts";

const Document = v.object({
  name: v.string(),
  documentNamespace: v.string(),
  packages: v.array(
    v.object({
      SPDXID: v.pipe(v.string(), v.regex(/^SPDXRef-[A-Za-z0-9.-]+$/)),
      name: v.string(),
      versionInfo: v.string(),
      licenseDeclared: v.string(),
      externalRefs: v.array(v.object({ referenceLocator: v.string() })),
    }),
  ),
  relationships: v.array(
    v.object({ spdxElementId: v.string(), relationshipType: v.string(), relatedSpdxElement: v.string() }),
  ),
});

const CONTROL = `Package: containernetworking-plugins
Version: 1.1.1+ds1-3+b5
Built-Using: golang-1.19 (= 1.19.8-2), golang-dbus (= 5.1.0-1)
Description: standard networking plugins
 binaries
`;

const packages: DebianPackages = {
  controls: new Map([
    ["libc6", parseControl("Package: libc6\nVersion: 2.36-9+deb12u14\n")],
    ["containernetworking-plugins", parseControl(CONTROL)],
  ]),
  control: () => new Uint8Array(),
  list: () => [],
  entry: () => {
    throw new Error("nothing is read of the files");
  },
};

const bundled: BundledPackage[] = [
  { name: "@kubernetes/client-node", version: "2.0.1", license: "Apache-2.0", texts: new Map() },
  { name: "ms", version: "2.1.3", license: "MIT", texts: new Map() },
];

const inventory: Inventory = {
  architecture: "arm64",
  version: "0.1.0",
  created: "2026-11-23T00:00:00Z",
  digest: `sha256:${"1".repeat(64)}`,
  executableSum: "2".repeat(64),
  bunVersion: "1.4.5",
  bundled,
  packages,
};

const document = v.parse(Document, sbom(inventory));

test("sbom: names the image, tortie, Bun, and the packages of npm and Debian with their versions and addresses", () => {
  const addresses = document.packages.map(({ externalRefs }) => externalRefs[0]?.referenceLocator);
  expect(addresses).toEqual([
    `pkg:oci/tortie@sha256%3A${"1".repeat(64)}?arch=arm64&tag=0.1.0`,
    "pkg:generic/tortie@0.1.0?arch=arm64",
    "pkg:npm/bun@1.4.5",
    "pkg:npm/%40kubernetes/client-node@2.0.1",
    "pkg:npm/ms@2.1.3",
    "pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=arm64&distro=debian-12",
    "pkg:deb/debian/containernetworking-plugins@1.1.1%2Bds1-3%2Bb5?arch=arm64&distro=debian-12",
    "pkg:deb/debian/golang-1.19@1.19.8-2?arch=source&distro=debian-12",
    "pkg:deb/debian/golang-dbus@5.1.0-1?arch=source&distro=debian-12",
  ]);
});

test("sbom: each identifier is there once, and relationships name no other", () => {
  const known = document.packages.map(({ SPDXID }) => SPDXID);
  expect(new Set(known).size).toBe(known.length);
  const named = document.relationships.flatMap((each) => [each.spdxElementId, each.relatedSpdxElement]);
  expect(new Set(named)).toEqual(new Set(["SPDXRef-DOCUMENT", ...known]));
});

test("sbom: the same inventory gives the same document, another one another name", () => {
  expect(sbom(inventory)).toEqual(sbom(inventory));
  const other = v.parse(Document, sbom({ ...inventory, bundled: [] }));
  expect(other.documentNamespace).not.toBe(document.documentNamespace);
});

test("parseControl: a line that begins with a space belongs to the field above", () => {
  const control = parseControl(CONTROL);
  expect(control["Version"]).toBe("1.1.1+ds1-3+b5");
  expect(control["Description"]).toBe("standard networking plugins\nbinaries");
});

import { expect, test } from "bun:test";
import { CNI_CODES } from "../cni/cni-error.ts";
import { CNI_VERSIONS } from "../handshake/cni-version.ts";
import { VERBS } from "../cni/environment.ts";
import { readNetworkConfiguration } from "../cni/netconf.ts";
import { GATEWAY_IPV4, GATEWAY_IPV6, HOST_END_MAC } from "../dataplane/link/pod-link.ts";
import { ROUTE_PROTOCOL } from "../dataplane/route/route-protocol.ts";
import { runPaths } from "../handshake/run-paths.ts";
import { addressBytes, parseAddress } from "../model/address.ts";
import { INTERFACE_PREFIX } from "../model/fingerprint.ts";

const page: string = await Bun.file(new URL("../docs/pod-networking.md", import.meta.url)).text();

function rows(heading: string): (readonly string[])[] {
  const [, section = ""] = page.split(`## ${heading}\n`);
  const [table = ""] = section.split("\n## ");
  return table.split("\n").flatMap((line) =>
    line.startsWith("| ")
      ? [
          line
            .split("|")
            .slice(1, -1)
            .map((cell) => cell.trim()),
        ]
      : [],
  );
}

test("it lists every code", () => {
  const codes = rows("What goes wrong, and what it is called").flatMap(([code]) =>
    /^\d+$/.test(code ?? "") ? [Number(code)] : [],
  );
  expect(codes).toEqual(Object.values(CNI_CODES));
});

test("its configuration is one, with the defaults that it tells", () => {
  const told = new Map(
    rows("Its configuration").map(([field = "", words = ""]) => [field.replaceAll("`", ""), words]),
  );
  const read = readNetworkConfiguration(
    {
      cniVersion: "1.0.0",
      name: "k8s-pod-network",
      type: "calico",
      ipam: { type: "host-local", subnet: "usePodCidr" },
    },
    "ADD",
  );
  expect(told.get("policy_setup_timeout_seconds")).toContain(String(read.setupTimeoutSeconds));
  expect(told.get("run_dir")).toContain(`\`${read.runDirectory}\``);
  expect(told.get("log_level")).toContain(`\`${read.logLevel}\``);
  for (const field of told.keys())
    if (field !== "field" && field !== "---") expect(read.ignored.join()).not.toContain(field);
});

test("it names versions, verbs, paths and addresses as they are", () => {
  expect(page).toContain(`Versions ${CNI_VERSIONS[0]} to ${CNI_VERSIONS.at(-1)}`);
  for (const verb of VERBS) expect(page).toContain(verb);
  const paths = runPaths();
  for (const text of [
    paths.socket,
    `${paths.endpoints}/`,
    `\`${INTERFACE_PREFIX}\``,
    `protocol ${ROUTE_PROTOCOL}`,
  ])
    expect(page).toContain(text);
  for (const [text, bytes] of [
    ["169.254.1.1", GATEWAY_IPV4],
    ["fe80::ecee:eeff:feee:eeee", GATEWAY_IPV6],
  ] as const) {
    const address = parseAddress(text);
    expect(page).toContain(text);
    expect(address === undefined ? [] : [...addressBytes(address)]).toEqual([...bytes]);
  }
  expect(page).toContain(
    typeof HOST_END_MAC === "string"
      ? HOST_END_MAC
      : Buffer.from(HOST_END_MAC)
          .toString("hex")
          .replace(/(..)(?!$)/g, "$1:"),
  );
});

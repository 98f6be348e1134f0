import { expect, test } from "bun:test";
import { tableText } from "./table.ts";

// The lines of the document, to the letter. Its column of workloads is as wide as one that it no longer shows.
const DOCUMENT = `\
HOSTNAME                       ORCHESTRATOR   WORKLOAD                                                         NAME
kubernetes-minion-group-tbmi   k8s            kube-system.kube-dns-v20-jhk10                                   eth0
kubernetes-minion-group-x7ce   k8s            kube-system.kubernetes-dashboard-v1.4.0-wtrtm                    eth0
`;
const WIDEST = `kube-system.${"w".repeat(50)}`;

test("the document's example", () => {
  const text = tableText([
    ["HOSTNAME", "ORCHESTRATOR", "WORKLOAD", "NAME"],
    ["kubernetes-minion-group-tbmi", "k8s", "kube-system.kube-dns-v20-jhk10", "eth0"],
    ["kubernetes-minion-group-x7ce", "k8s", "kube-system.kubernetes-dashboard-v1.4.0-wtrtm", "eth0"],
    ["kubernetes-minion-group-x7ce", "k8s", WIDEST, "eth0"],
  ]);
  expect(text).toBe(`${DOCUMENT}kubernetes-minion-group-x7ce   k8s            ${WIDEST}   eth0\n\n`);
});

test("a header alone, and columns narrower than 5", () => {
  expect(tableText([["NAME"]])).toBe("NAME\n\n");
  expect(
    tableText([
      ["A", "B"],
      ["", "1"],
    ]),
  ).toBe("A    B\n     1\n\n");
});

test("nothing stands at the end of a line", () => {
  expect(
    tableText([
      ["NAME", "ASN", "IPV4"],
      ["n-1", "", ""],
    ]),
  ).toBe("NAME   ASN   IPV4\nn-1\n\n");
});

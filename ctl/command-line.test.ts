import { expect, test } from "bun:test";
import { type Asked, readCommandLine } from "./command-line.ts";

function read(words: string | readonly string[]): Asked {
  return readCommandLine(typeof words === "string" ? words.split(" ") : words, "calicoctl");
}

function getOf(words: string): Extract<Asked, { kind: "get" }> {
  const asked = read(words);
  if (asked.kind !== "get") throw new Error(`${words}: ${JSON.stringify(asked)}`);
  return asked;
}

test("get with a kind only", () => {
  expect<object>(getOf("get workloadendpoints")).toEqual({
    kind: "get",
    request: {
      kind: "WorkloadEndpoint",
      names: [],
      output: { kind: "ps" },
      namespace: undefined,
      allNamespaces: false,
      version: undefined,
      export: false,
    },
    config: undefined,
    context: undefined,
  });
});

test.each([
  ["workloadendpoint workloadEndpoints WEP weps", "WorkloadEndpoint"],
  ["node Nodes no NOS", "Node"],
  ["profile profiles pro pros", "Profile"],
  ["networkpolicy NetworkPolicies np policy policies pol pols", "NetworkPolicy"],
])("%s are one kind", (names, kind) => {
  for (const name of names.split(" ")) expect(getOf(`get ${name}`).request.kind).toBe(kind as "Node");
});

test.each([
  ["-o yaml", "yaml"],
  ["-oyaml", "yaml"],
  ["-o=yaml", "yaml"],
  ["--output yaml", "yaml"],
  ["--output=yaml", "yaml"],
  ["-o yml", "yaml"],
  ["-ojson", "json"],
  ["-o wide", "wide"],
  ["-ops", "ps"],
])("%s", (option, kind) => {
  expect<object>(getOf(`get nodes ${option}`).request.output).toEqual({ kind });
  expect<object>(getOf(`get ${option} nodes`).request.output).toEqual({ kind });
});

test.each(["-o custom-columns=node,Name", "-ocustom-columns=NODE,NAME", "-o=custom-columns=NODE,NAME"])(
  "%s",
  (option) => {
    const columns = { kind: "columns", headings: ["NODE", "NAME"] };
    expect<object>(getOf(`get wep ${option}`).request.output).toEqual(columns);
  },
);

test.each(["-A", "-a", "--all-namespaces"])("%s is of all namespaces", (option) => {
  expect(getOf(`get wep ${option}`).request.allNamespaces).toBe(true);
});

test.each(["-n shop", "-nshop", "-n=shop", "--namespace shop", "--namespace=shop"])("%s", (option) => {
  expect(getOf(`get wep ${option}`).request.namespace).toBe("shop");
});

test("what scripts of today give is taken", () => {
  const asked = getOf(
    "-l debug get np a b --config=/x --context y --allow-version-mismatch --export --view=v1 -l=info",
  );
  expect(asked).toMatchObject({ config: "/x", context: "y" });
  expect(asked.request).toMatchObject({ names: ["a", "b"], export: true, version: "v1" });
  expect(getOf("get nodes -c=/x").config).toBe("/x");
});

test.each([
  ["get wep -o tab", "unrecognized output format 'tab'; it is ps, wide, yaml, json or custom-columns=A,B"],
  [
    "get wep -o yaml=x",
    "unrecognized output format 'yaml=x'; it is ps, wide, yaml, json or custom-columns=A,B",
  ],
  ["get wep -o custom-columns", "need to specify at least one column: custom-columns=A,B"],
  ["get wep -o custom-columns=", "need to specify at least one column: custom-columns=A,B"],
  [
    "get wep -o go-template={{.}}",
    "-o go-template comes in a later version; in this one it is ps, wide, yaml, json or custom-columns=A,B",
  ],
  ["get wep -l loud", "-l loud: it is panic, fatal, error, warn, info or debug"],
  ["-l loud get wep", "-l loud: it is panic, fatal, error, warn, info or debug"],
  ["get wep --view v2", "--view v2: it is v1 or v3"],
  ["get wep -n ../x", '-n "../x": expected a DNS label: at most 63 lower-case letters, digits and -'],
  ["get wep -n=", '-n "": expected a DNS label: at most 63 lower-case letters, digits and -'],
  ["get", "get what? name a kind, for example: get workloadendpoints"],
  ["get -f x.yaml", "-f, -R and --skip-empty come in a later version; name the kind, for example: get nodes"],
  [
    "get workloadendpont",
    "Failed to get resources: resource type 'workloadendpont' is not supported; did you mean workloadendpoint?",
  ],
  [
    "get Elephants",
    "Failed to get resources: resource type 'Elephants' is not supported; there are workloadendpoints, nodes, profiles, networkpolicies",
  ],
  [
    "get IPPool",
    "Failed to get resources: IPPool comes in a later version; this one gets workloadendpoints, nodes, profiles, networkpolicies",
  ],
  [
    "get constructor",
    "Failed to get resources: resource type 'constructor' is not supported; there are workloadendpoints, nodes, profiles, networkpolicies",
  ],
  [
    "get pods",
    "Failed to get resources: resource type 'pods' is Kubernetes' own (kubectl get pods); Calico makes of it: workloadendpoints",
  ],
  [
    "get SA",
    "Failed to get resources: resource type 'SA' is Kubernetes' own (kubectl get SA); Calico makes of it: profiles",
  ],
  [
    "get netpol",
    "Failed to get resources: resource type 'netpol' is Kubernetes' own (kubectl get netpol); Calico makes of it: networkpolicies",
  ],
  ["apply -f x.yaml", "calicoctl apply comes in a later version; this one has get and version"],
  ["ipam show --ip=10.0.0.1", "calicoctl ipam comes in a later version; this one has get and version"],
  ["node status --help", "calicoctl node comes in a later version; this one has get and version"],
  [
    "git wep",
    "Invalid option: 'calicoctl git wep'. Use flag '--help' to read about a specific subcommand.\n(unknown command 'git' (Did you mean get?))",
  ],
  [
    "get wep --otput yaml",
    "Invalid option: 'calicoctl get wep --otput yaml'. Use flag '--help' to read about a specific subcommand.\n(unknown option '--otput' (Did you mean --output?))",
  ],
  [
    "get wep -o",
    "Invalid option: 'calicoctl get wep -o'. Use flag '--help' to read about a specific subcommand.\n(option '-o, --output <format>' argument missing)",
  ],
  [
    "--loud",
    "Invalid option: 'calicoctl --loud'. Use flag '--help' to read about a specific subcommand.\n(unknown option '--loud')",
  ],
])("%s is wrong", (words, text) => {
  expect(read(words)).toEqual({ kind: "wrong", text });
});

test.each([
  ["create"],
  ["replace"],
  ["patch"],
  ["delete"],
  ["label"],
  ["validate"],
  ["config"],
  ["convert"],
  ["cluster"],
  ["datastore"],
])("%s is known, and comes later", (name) => {
  expect(read(`${name} x`)).toEqual({
    kind: "wrong",
    text: `calicoctl ${name} comes in a later version; this one has get and version`,
  });
});

test("no command: the help, as a mistake", () => {
  expect(read([])).toMatchObject({
    kind: "wrong",
    text: expect.stringContaining("Usage: calicoctl") as string,
  });
});

test.each(["-h", "--help", "help"])("%s lists the commands", (word) => {
  const asked = read(word);
  expect(asked.kind).toBe("help");
  if (asked.kind !== "help") return;
  for (const name of ["get", "version", "apply", "ipam"])
    expect(asked.text).toMatch(new RegExp(`^  ${name} `, "m"));
});

test.each(["get -h", "get --help", "help get", "get wep --help"])("%s tells options and kinds", (words) => {
  const asked = read(words);
  expect(asked.kind).toBe("help");
  if (asked.kind !== "help") return;
  for (const text of ["-o, --output", "-A, --all-namespaces", "--view", "wep"])
    expect(asked.text).toContain(text);
});

test("version", () => {
  expect(read("version")).toEqual({ kind: "version" });
  expect(read("version --client")).toEqual({ kind: "version" });
  expect(read("--version")).toEqual({ kind: "version" });
  expect(read("-v")).toEqual({ kind: "version" });
});

test("mistakes are told under the name that was typed", () => {
  expect(readCommandLine(["gett"], "tortie ctl")).toEqual({
    kind: "wrong",
    text: "Invalid option: 'tortie ctl gett'. Use flag '--help' to read about a specific subcommand.\n(unknown command 'gett' (Did you mean get?))",
  });
});

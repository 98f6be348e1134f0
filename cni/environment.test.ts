import { expect, test } from "bun:test";
import { CniError } from "./cni-error.ts";
import { readAttachment, readPluginPath, readVerb } from "./environment.ts";

const GIVEN = {
  CNI_COMMAND: "ADD",
  CNI_CONTAINERID: "c1",
  CNI_NETNS: "/run/netns/c1",
  CNI_IFNAME: "eth0",
  CNI_ARGS:
    "IgnoreUnknown=1;K8S_POD_NAMESPACE=x;K8S_POD_NAME=a;K8S_POD_INFRA_CONTAINER_ID=c1;K8S_POD_UID=u-1",
  CNI_PATH: "/opt/cni/bin",
};

function failure(work: () => unknown): string {
  try {
    return `nothing, but ${JSON.stringify(work())}`;
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    return `${error.code}: ${error.message}; ${error.next}`;
  }
}

test("readAttachment: gives what a kubelet says of a pod", () => {
  expect(readAttachment(GIVEN, "ADD")).toEqual({
    containerId: "c1",
    namespacePath: "/run/netns/c1",
    podInterface: "eth0",
    pod: { namespace: "x", pod: "a", uid: "u-1" },
  });
});

test("readAttachment: a container that no Kubernetes knows is a pod of its own name", () => {
  expect(readAttachment({ ...GIVEN, CNI_ARGS: "" }, "ADD").pod).toEqual({ namespace: "default", pod: "c1" });
});

test("readAttachment: DEL does without a network namespace", () => {
  expect(readAttachment({ ...GIVEN, CNI_NETNS: "" }, "DEL").namespacePath).toBeUndefined();
  expect(readAttachment({ ...GIVEN, CNI_NETNS: undefined }, "DEL").namespacePath).toBeUndefined();
});

const SET = "ADD needs it; container runtimes set it for CNI plugins";
const NAME = 'give a name of at most 15 characters without "/", ":" and white space, for example eth0';
const ID =
  "it begins with a letter or digit and holds at most 250 letters, digits, dots, underscores and hyphens";

test.each([
  [{ CNI_CONTAINERID: "" }, `environment: CNI_CONTAINERID is not set; ${SET}`],
  [{ CNI_NETNS: undefined }, `environment: CNI_NETNS is not set; ${SET}`],
  [{ CNI_IFNAME: "" }, `environment: CNI_IFNAME is not set; ${SET}`],
  [{ CNI_CONTAINERID: "../c" }, `environment: CNI_CONTAINERID is "../c", which is no container ID; ${ID}`],
  [{ CNI_CONTAINERID: "-c" }, `environment: CNI_CONTAINERID is "-c", which is no container ID; ${ID}`],
  [
    { CNI_CONTAINERID: "c".repeat(251) },
    `environment: CNI_CONTAINERID is "${"c".repeat(199)}…, which is no container ID; ${ID}`,
  ],
  [
    { CNI_IFNAME: "sixteen-letters-" },
    `environment: CNI_IFNAME is "sixteen-letters-", which is too long; ${NAME}`,
  ],
  [
    { CNI_IFNAME: "eth/0" },
    `environment: CNI_IFNAME is "eth/0", which the kernel allows no interface; ${NAME}`,
  ],
  [
    { CNI_IFNAME: "e th0" },
    `environment: CNI_IFNAME is "e th0", which the kernel allows no interface; ${NAME}`,
  ],
  [{ CNI_IFNAME: ".." }, `environment: CNI_IFNAME is "..", which the kernel allows no interface; ${NAME}`],
  [
    { CNI_IFNAME: "lo" },
    `environment: CNI_IFNAME is "lo", which every network namespace has already; ${NAME}`,
  ],
  [
    { CNI_IFNAME: "all" },
    `environment: CNI_IFNAME is "all", which means every interface among the kernel's settings; ${NAME}`,
  ],
  [
    { CNI_IFNAME: "default" },
    `environment: CNI_IFNAME is "default", which means every interface among the kernel's settings; ${NAME}`,
  ],
  [
    { CNI_IFNAME: "eth%d" },
    `environment: CNI_IFNAME is "eth%d", and the kernel puts a number in the place of the %; ${NAME}`,
  ],
  [{ CNI_IFNAME: "ünïcödé-näme" }, `environment: CNI_IFNAME is "ünïcödé-näme", which is too long; ${NAME}`],
  [{ CNI_ARGS: "a" }, 'environment: CNI_ARGS holds "a", which is no KEY=VALUE; separate pairs by semicolons'],
  [
    { CNI_ARGS: "K8S_POD_NAME=a" },
    "environment: CNI_ARGS has no K8S_POD_NAMESPACE; give both K8S_POD_NAMESPACE and K8S_POD_NAME, or neither",
  ],
  [
    { CNI_ARGS: "K8S_POD_NAMESPACE=x" },
    "environment: CNI_ARGS has no K8S_POD_NAME; give both K8S_POD_NAMESPACE and K8S_POD_NAME, or neither",
  ],
  [
    { CNI_ARGS: "IP=10.0.0.256" },
    "environment: CNI_ARGS has IP=10.0.0.256, which is no address; give one IPv4 or IPv6 address",
  ],
])("readAttachment: %j is refused", (wrong, message) => {
  expect(failure(() => readAttachment({ ...GIVEN, ...wrong }, "ADD"))).toBe(message);
});

test.each([
  ["nonsense", ['CNI_ARGS holds "nonsense", which is no KEY=VALUE']],
  ["K8S_POD_NAME=a", ["CNI_ARGS has no K8S_POD_NAMESPACE"]],
  ["K8S_POD_NAMESPACE=x", ["CNI_ARGS has no K8S_POD_NAME"]],
  ["IP=10.0.0.256", ["CNI_ARGS has IP=10.0.0.256, which is no address"]],
  [
    `;;=;${"x".repeat(1_000)}`,
    [
      'CNI_ARGS holds "=", which is no KEY=VALUE',
      `CNI_ARGS holds "${"x".repeat(199)}…, which is no KEY=VALUE`,
    ],
  ],
])("readAttachment: DEL takes what it can read of CNI_ARGS %j, and tells the rest", (CNI_ARGS, told) => {
  const texts: string[] = [];
  const read = readAttachment({ ...GIVEN, CNI_ARGS }, "DEL", (text) => texts.push(text));
  expect({ pod: read.pod, texts }).toEqual({ pod: { namespace: "default", pod: "c1" }, texts: told });
});

test("readAttachment: DEL keeps a pod whose other arguments are wrong", () => {
  const CNI_ARGS = "nonsense;K8S_POD_NAMESPACE=x;K8S_POD_NAME=a;IP=?";
  expect(readAttachment({ ...GIVEN, CNI_ARGS }, "DEL").pod).toEqual({ namespace: "x", pod: "a" });
});

test.each(["all", "default", "lo", "eth%d"])("readAttachment: DEL of %s, which ADD refuses", (CNI_IFNAME) => {
  expect(readAttachment({ ...GIVEN, CNI_IFNAME }, "DEL").podInterface).toBe(CNI_IFNAME);
});

test.each([
  ["", "environment: CNI_COMMAND is not set; every call needs it; container runtimes set it for CNI plugins"],
  [
    "add",
    'environment: CNI_COMMAND is "add", which is no command; there are: ADD, DEL, CHECK, STATUS, GC, VERSION',
  ],
])("readVerb: %j is refused", (CNI_COMMAND, message) => {
  expect(failure(() => readVerb({ CNI_COMMAND }))).toBe(message);
});

test("readPluginPath: helpers are looked for beside this plugin, too", () => {
  expect(readPluginPath({ CNI_PATH: "/a:/b" }, "/c")).toEqual(["/a", "/b", "/c"]);
  expect(readPluginPath({ CNI_PATH: "/a:/c" }, "/c")).toEqual(["/a", "/c"]);
  expect(readPluginPath({}, "/c")).toEqual(["/c"]);
});

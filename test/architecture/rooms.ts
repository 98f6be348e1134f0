/** What one room may import. Its own files and tests beside them are always free to it. */
export interface Room {
  /** Other rooms, single files of them, or `room/*`: with all rooms inside it. */
  readonly rooms: readonly string[];
  readonly packages: readonly string[];
  /** `node:*`. */
  readonly node: boolean | readonly string[];
}

const FACES = ["agent", "explain", "demo", "ctl", "cni", "install", "health-probe", "preflight"];

/** The longest name that a path begins with is its room. docs/architecture.md has the reasons. */
export const ROOMS: Readonly<Record<string, Room>> = {
  model: { rooms: [], packages: [], node: ["node:crypto"] },
  native: { rooms: [], packages: ["bun:ffi", "bun"], node: true },
  policy: { rooms: ["model"], packages: [], node: false },
  adapters: { rooms: ["model"], packages: [], node: false },
  "adapters/objects": { rooms: ["model", "adapters"], packages: ["valibot"], node: false },
  "adapters/memory": { rooms: ["model", "adapters", "adapters/objects"], packages: [], node: false },
  "adapters/file": {
    rooms: ["model", "adapters", "adapters/objects"],
    packages: ["valibot", "yaml"],
    node: true,
  },
  "adapters/kubernetes": {
    rooms: [
      "adapters",
      "adapters/kubernetes/connection",
      "adapters/kubernetes/reading",
      "adapters/kubernetes/store",
    ],
    packages: [],
    node: false,
  },
  "adapters/kubernetes/connection": {
    rooms: ["model"],
    packages: ["valibot", "@kubernetes/client-node"],
    node: true,
  },
  "adapters/kubernetes/reading": {
    rooms: ["model", "adapters/kubernetes/connection"],
    packages: [],
    node: false,
  },
  "adapters/kubernetes/store": {
    rooms: ["model", "adapters", "adapters/objects", "adapters/kubernetes/reading"],
    packages: [],
    node: false,
  },
  "adapters/kubernetes/calico": {
    rooms: ["model", "adapters/objects"],
    packages: ["valibot"],
    node: false,
  },
  dataplane: { rooms: ["model", "native"], packages: [], node: true },
  handshake: { rooms: ["model"], packages: ["valibot"], node: true },
  ipam: { rooms: ["model", "native"], packages: ["valibot"], node: true },
  health: { rooms: ["model"], packages: ["hono", "prom-client"], node: false },
  agent: {
    rooms: ["model", "policy", "adapters/*", "dataplane", "native", "health", "handshake"],
    packages: ["valibot"],
    node: true,
  },
  explain: {
    rooms: [
      "model",
      "policy",
      "adapters/*",
      "agent/settings/config.ts",
      "agent/host/ip-pools.ts",
      "agent/open-datastore.ts",
      "agent/host/pools-of.ts",
    ],
    packages: ["commander"],
    node: true,
  },
  demo: {
    rooms: ["model", "policy", "adapters/*", "dataplane", "native", "test/oracle", "examples"],
    packages: ["commander"],
    node: true,
  },
  ctl: {
    rooms: ["model", "adapters/*"],
    packages: ["commander", "valibot", "yaml"],
    node: true,
  },
  cni: {
    rooms: ["model", "handshake", "ipam", "dataplane", "native"],
    packages: ["valibot"],
    node: true,
  },
  install: {
    rooms: ["model", "handshake", "ipam", "dataplane", "native", "version.ts"],
    packages: ["commander", "valibot"],
    node: true,
  },
  "health-probe": {
    rooms: [
      "model",
      "adapters/kubernetes/connection/connection-options.ts",
      "agent/settings/felix-file.ts",
      "agent/settings/given-settings.ts",
    ],
    packages: [],
    node: false,
  },
  preflight: {
    rooms: [
      "model",
      "adapters/*",
      "dataplane",
      "native",
      "handshake",
      "agent/settings/config.ts",
      "agent/host/flannel-file.ts",
      "agent/host/ip-pools.ts",
      "agent/host/small-file.ts",
      "install/calico-rules.ts",
      "install/elf.ts",
      "install/host-libraries.ts",
    ],
    packages: ["commander", "valibot"],
    node: true,
  },
  // Makes manifests when somebody works on tortie; nothing of it is in the executable.
  deploy: { rooms: ["*"], packages: ["valibot", "yaml", "@kubernetes/client-node"], node: true },
  examples: { rooms: [], packages: [], node: false },
  // Written from the specification's words: an oracle that shared code with policy/ would share its mistakes.
  "test/oracle": { rooms: ["model"], packages: [], node: false },
  bench: { rooms: ["*"], packages: [], node: true },
  test: { rooms: ["*"], packages: ["fast-check", "ip-address", "valibot"], node: true },
  "main.ts": { rooms: ["version.ts", "model/near-names.ts", ...FACES], packages: [], node: true },
  "version.ts": { rooms: [], packages: [], node: false },
  "compile.ts": { rooms: [], packages: ["bun"], node: true },
};

/** Packages for tests and for what only tests import: nothing that main.ts reaches may. */
export const TEST_PACKAGES: readonly string[] = ["bun:test", "fast-check", "ip-address"];

/** Whom these packages are kept to, tests included, and why. */
export const KEPT: Readonly<Record<string, readonly string[]>> = {
  "bun:ffi": ["native"],
  hono: ["health"],
  "prom-client": ["health"],
  yaml: ["adapters/file", "ctl", "deploy"],
  "@kubernetes/client-node": ["adapters/kubernetes/connection", "deploy"],
};

/** What `main.ts` must load by a dynamic import only, so that no face pays for another's start, or for a wrong word's. */
export const DYNAMIC_ONLY: readonly string[] = [...FACES, "model"];

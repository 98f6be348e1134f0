import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLab } from "../demo/lab/lab.ts";
import { build } from "../compile.ts";
import { startApiServer } from "./api-server/api-server.ts";
import { Agent } from "./binary/agent.ts";
import { makeBareRoot } from "./binary/bare-root.ts";
import { medianTimes } from "./binary/timing.ts";

const root = new URL("..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "tortie-binary-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tortie = join(folder, "one", "tortie");

function compile(outdir: string): void {
  const command = [process.execPath, "compile.ts", "--target", "x64", "--outdir", outdir];
  const { exitCode, stderr } = Bun.spawnSync(command, { cwd: root, stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`compile.ts ended with ${exitCode}: ${stderr.toString()}`);
}

beforeAll(() => {
  // One after the other, so that nobody edits a file between them.
  compile(join(folder, "one"));
  compile(join(folder, "two"));
}, 120_000);

interface Outcome {
  readonly status: number;
  readonly output: string;
}

function run(command: readonly string[], environment: Readonly<Record<string, string>> = {}): Outcome {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], {
    env: environment,
    cwd: folder,
    stderr: "pipe",
  });
  return { status: exitCode, output: stdout.toString() + stderr.toString() };
}

test("version names version and commit", () => {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const { status, output } = run([tortie, "version"]);
  expect(output).toMatch(/^tortie \S+ \(commit ([0-9a-f]{12}(-dirty)?|unknown)\)\n$/);
  expect(output).toContain(` ${manifest.version} `);
  expect(status).toBe(0);
});

test("version takes at most three times a bare executable of the same run", async () => {
  const source = join(folder, "bare.ts");
  writeFileSync(source, "process.exitCode = 0;\n");
  const bare = await build("x64", join(folder, "bare"), [source]);
  const [own = Number.NaN, least = Number.NaN] = medianTimes([[tortie, "version"], [bare]], 15);
  process.stdout.write(`tortie version ${own.toFixed(1)} ms, bare executable ${least.toFixed(1)} ms\n`);
  expect(own).toBeLessThan(3 * least);
}, 120_000);

test("the thread that waits for the kernel starts inside an executable", async () => {
  const source = join(folder, "waiting.ts");
  writeFileSync(
    source,
    `import { openSync } from "node:fs";
    const { waitByWorker } = await import(${JSON.stringify(join(root, "native", "wait-by-worker.ts"))});
    const lost = (reason: string) => { process.stdout.write(reason); process.exit(0); };
    await waitByWorker({ fd: openSync("/dev/null", "r"), received() {}, lost });\n`,
  );
  const worker = join(root, "native", "poll-worker.ts");
  // What it waits on is no socket, and only the thread can find that out.
  expect(run([await build("x64", join(folder, "waiting"), [source, worker])]).output).toBe("ENOTSOCK");
}, 120_000);

test("two builds are equal byte for byte", () => {
  const hash = (path: string) => new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex");
  expect(hash(join(folder, "two", "tortie"))).toBe(hash(tortie));
});

test("nothing but the executable and its checksum is left by a build", () => {
  const listing = [...new Bun.Glob("**/*").scanSync({ cwd: join(folder, "one"), onlyFiles: false })];
  expect(listing.toSorted()).toEqual(["SHA256SUMS", "tortie"]);
  expect(statSync(tortie).mode & 0o111).toBe(0o111);
});

test("BUN_OPTIONS, .env and bunfig.toml run nothing foreign", () => {
  const marker = join(folder, "foreign-code-ran");
  const preload = join(folder, "preload.ts");
  writeFileSync(
    preload,
    `require("node:fs").writeFileSync(${JSON.stringify(marker)}, process.argv.join());\n`,
  );
  writeFileSync(join(folder, ".env"), `BUN_OPTIONS="--preload ${preload}"\nTORTIE_FROM_DOTENV=1\n`);
  writeFileSync(join(folder, "bunfig.toml"), `preload = [${JSON.stringify(preload)}]\n`);
  expect(run([tortie, "version"]).status).toBe(0);
  const options = [`--preload ${preload}`, `--preload=${preload}`, `-r ${preload}`, `--import ${preload}`];
  for (const BUN_OPTIONS of options) run([tortie, "version"], { BUN_OPTIONS });
  expect(existsSync(marker)).toBe(false);
  // The marker proves something only if the same file leaves it where nothing forbids.
  run([process.execPath, "--preload", preload, "--eval", "0"]);
  expect(existsSync(marker)).toBe(true);
});

test.each(["/nonexistent", "/proc/1"])(
  "a temp directory that cannot be written, %s, does not matter",
  (TMPDIR) => {
    const manifests = join(folder, "manifests");
    mkdirSync(manifests, { recursive: true });
    const environment = { TMPDIR, TMP: TMPDIR, TEMP: TMPDIR, BUN_TMPDIR: TMPDIR, DATASTORE_PATH: manifests };
    expect(run([tortie, "version"], environment)).toMatchObject({ status: 0 });
    const question = ["explain", "--from", "192.0.2.1", "--to", "192.0.2.2", "--port", "80"];
    expect(run([tortie, ...question], environment).output).toContain("allow");
  },
);

test.each(["calicoctl", "kubectl-calico"])(
  "a link called %s reads an API server by a kubeconfig",
  async (name) => {
    await using server = await startApiServer();
    server.apply({ apiVersion: "v1", kind: "Node", metadata: { name: "n-1" } });
    const link = join(folder, name);
    symlinkSync(tortie, link);
    const kubeconfig = join(folder, `${name}.kubeconfig`);
    const context = { name: "x", context: { cluster: "c", user: "u" } };
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        clusters: [{ name: "c", cluster: { server: server.url } }],
        users: [{ name: "u", user: {} }],
        contexts: [context],
        "current-context": "x",
      }),
    );
    const env = { KUBECONFIG: kubeconfig, CNI_COMMAND: "ADD" };
    // Not by spawnSync: the server answers from this process.
    const child = Bun.spawn([link, "get", "nodes", "-oyaml"], {
      env,
      cwd: folder,
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    expect({ err, status }).toEqual({ err: "", status: 0 });
    expect(out).toContain("kind: NodeList\n");
  },
);

const pod = (id: string, address: string): string => {
  const [namespace, name] = id.split("/");
  return `---
apiVersion: v1
kind: Pod
metadata: { namespace: ${namespace}, name: ${name}, labels: { pod: ${name} } }
spec: { containers: [] }
status: { phase: Running, podIPs: [{ ip: ${address} }] }
`;
};

const letIn = (name: string): string => `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { namespace: x, name: let-in-${name} }
spec:
  podSelector: { matchLabels: { pod: a } }
  ingress: [{ from: [{ podSelector: { matchLabels: { pod: ${name} } } }] }]
`;

test("enforces policies from a read-only root directory that holds nothing but glibc", async () => {
  const bare = join(folder, "root");
  makeBareRoot(bare, tortie);
  const manifests = join(bare, "manifests");
  mkdirSync(manifests);
  const pods = ["x/a", "x/b", "x/c"].map((id) => {
    const [namespace = "", name = ""] = id.split("/");
    return { namespace, name };
  });
  using lab = createLab({ pods });
  const texts = [...lab.pods.values()].map(({ key, addresses: [ipv4 = ""] }) => pod(key, ipv4));
  writeFileSync(join(manifests, "cluster.yaml"), texts.join("") + letIn("b"));
  const enter = [
    "set -e",
    `mount --bind ${bare} ${bare}`,
    `mount -o remount,bind,ro ${bare}`,
    // Every container has it, and Bun needs it to find its own file.
    `mount --rbind /proc ${bare}/proc`,
    `exec chroot ${bare} /tortie agent`,
  ];
  await using agent = new Agent(lab.node.network, ["unshare", "-m", "sh", "-c", enter.join("\n")]);
  const flow = (from: string) => ({ from, to: "x/a", protocol: "TCP", port: 80, family: 4 }) as const;
  const probe = () => lab.probe([flow("x/b"), flow("x/c")]);
  await agent.until(async () => (await probe()).join() === "true,false");
  writeFileSync(join(manifests, "more.yaml"), letIn("c"));
  await agent.until(async () => (await probe()).join() === "true,true");
  expect(readdirSync(bare).toSorted()).toEqual(["lib", "lib64", "manifests", "proc", "tortie"]);
}, 60_000);

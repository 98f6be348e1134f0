import { afterAll, expect, test } from "bun:test";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HELPERS } from "../../install/helper-plugins.ts";
import { type InstallSurroundings, installIn } from "../../install/main.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { writeExecutable, writeScript } from "../install/fake-executable.ts";

const folder = mkdtempSync(join(tmpdir(), "tortie-install-"));
// Without Calico's rules, whatever the machine has.
const network = NetworkNamespace.create();
afterAll(() => {
  network[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

interface Image {
  /** The executable of a container's image, with plugins beside it. */
  readonly executable: string;
  readonly target: string;
}

let images = 0;

function makeImage(helpers: readonly string[] = HELPERS): Image {
  const root = join(folder, String(images++));
  mkdirSync(join(root, "image"), { recursive: true });
  const executable = join(root, "image", "tortie");
  writeExecutable(executable);
  for (const name of helpers) writeScript(join(root, "image", name), `echo new ${name}`);
  return { executable, target: join(root, "host/opt/cni/bin") };
}

interface Outcome {
  readonly code: number;
  readonly said: string;
  readonly warned: string;
}

async function install(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  changes: Partial<InstallSurroundings> = {},
): Promise<Outcome> {
  let said = "";
  let warned = "";
  const code = await network.run(() =>
    installIn(args, {
      environment,
      running: undefined,
      print: (text) => {
        said += text;
        return 0;
      },
      warn: (text) => void (warned += text),
      sleep: async () => void (said += "slept\n"),
      ...changes,
    }),
  );
  return { code, said, warned };
}

function words({ executable, target }: Image): string[] {
  return ["--executable", executable, "--plugins", "/nonexistent", "--bin-dir", target];
}

const OWN = ["calico", "tortie"];
const VERSION = "CNI plugin version: 9.9.9 (commit 0123456789ab)\n";

test("it puts itself there under both names, with the plugins of others, and tries it", async () => {
  const image = makeImage();
  const { target } = image;
  expect(await install(words(image))).toEqual({
    code: 0,
    said:
      `Wrote Calico CNI binaries to ${target}\n  written: tortie, calico, ${HELPERS.join(", ")}\n${VERSION}` +
      "Done configuring CNI.  Sleep=false\n",
    warned: "",
  });
  expect(readdirSync(target).toSorted()).toEqual([...OWN, ...HELPERS].toSorted());
  for (const name of readdirSync(target)) expect(statSync(join(target, name)).mode & 0o777).toBe(0o755);
  expect(readFileSync(join(target, "calico"), "utf8")).toBe(readFileSync(image.executable, "utf8"));
  const { ino } = statSync(join(target, "calico"));
  const again = await install(words(image));
  expect(again.said).toStartWith(`Calico CNI binaries in ${target} stay as they are\n`);
  expect(again.said).toContain(`  there already: tortie, calico, ${HELPERS.join(", ")}\n${VERSION}`);
  expect(statSync(join(target, "calico")).ino).toBe(ino);
});

test("Calico's own plugin is replaced and named; plugins of others that are there stay", async () => {
  const image = makeImage(["host-local", "portmap"]);
  mkdirSync(image.target, { recursive: true });
  for (const name of ["calico", "portmap", "flannel"]) writeScript(join(image.target, name), "echo old");
  const { said } = await install(words(image));
  expect(said).toContain("  written: tortie, calico, host-local\n  there already: portmap\n");
  expect(said).toContain("  another program's before: calico\n");
  expect(said).toContain("  neither there nor here: bandwidth, loopback, tuning\n");
  const read = (name: string): string => readFileSync(join(image.target, name), "utf8");
  expect([read("portmap"), read("flannel")]).toEqual(["#!/bin/sh\necho old\n", "#!/bin/sh\necho old\n"]);
  expect((await install(words(image), { UPDATE_CNI_BINARIES: "true" })).said).toContain("written: portmap\n");
  expect(read("portmap")).toBe("#!/bin/sh\necho new portmap\n");
});

test("UPDATE_CNI_BINARIES=false replaces nothing, and does not leave Calico's plugin in our place", async () => {
  const image = makeImage([]);
  mkdirSync(image.target, { recursive: true });
  const calico = join(image.target, "calico");
  writeScript(calico, "echo old");
  const environment = { UPDATE_CNI_BINARIES: "false" };
  expect(await install(words(image), environment)).toMatchObject({
    code: 1,
    warned:
      `tortie install: ${calico} is another program's, and UPDATE_CNI_BINARIES=false keeps it: pods would get no policy; ` +
      "remove the variable, or the file\n",
  });
  expect(readdirSync(image.target)).toEqual(["calico"]);
  writeExecutable(calico, "1.0.0 (commit old)");
  expect((await install(words(image), environment)).code).toBe(0);
  expect(readFileSync(calico, "utf8")).toContain("1.0.0");
});

test("SKIP_CNI_BINARIES leaves names out", async () => {
  const image = makeImage();
  await install(words(image), { SKIP_CNI_BINARIES: "tortie, loopback,tuning" });
  expect(readdirSync(image.target).toSorted()).toEqual(["bandwidth", "calico", "host-local", "portmap"]);
});

test("without host-local it says what follows", async () => {
  expect((await install(words(makeImage([])))).said).toContain(
    "  neither there nor here: host-local, portmap, bandwidth, loopback, tuning\n" +
      "  Pods get no address without host-local; see --plugins.\n",
  );
});

test("a plugin that runs is replaced, and goes on", async () => {
  const image = makeImage([]);
  mkdirSync(image.target, { recursive: true });
  const calico = join(image.target, "calico");
  copyFileSync(Bun.which("sleep") ?? "", calico);
  const running = Bun.spawn([calico, "1000"]);
  try {
    expect((await install(words(image))).code).toBe(0);
    expect(readFileSync(calico, "utf8")).toContain("9.9.9");
    expect(running.exitCode).toBeNull();
  } finally {
    running.kill("SIGKILL");
    await running.exited;
  }
});

test("one that does not run here is not installed: what was there stays", async () => {
  const image = makeImage();
  const { executable, target } = image;
  await install(words(image));
  writeExecutable(executable, "10");
  writeFileSync(executable, `${readFileSync(executable, "utf8")}echo no such library >&2\nexit 127\n`);
  expect(await install(words(image))).toEqual({
    code: 1,
    said: "",
    warned:
      "tortie install: the CNI plugin does not run on this host, so it is not installed: it ended with 127 when it was " +
      "tried: no such library\n",
  });
  expect(readFileSync(join(target, "calico"), "utf8")).toContain("9.9.9");
  expect(readdirSync(target).toSorted()).toEqual([...OWN, ...HELPERS].toSorted());
});

test("in a pod that has nothing of the host but the directory it says what it does not know", async () => {
  const image = makeImage();
  const { code, said } = await install([...words(image), "--host-root", join(folder, "elsewhere")]);
  expect(code).toBe(0);
  expect(said).toContain(
    `${VERSION}Note: it ran in this container, not on the host: the host's root directory is not mounted.\n` +
      "  The host needs glibc; mount its root directory at /host, read-only, to have that looked at.\n",
  );
});

test("a host's root directory without /proc is looked at only", async () => {
  const image = makeImage();
  const root = join(image.target, "../../..");
  expect((await install([...words(image), "--host-root", root])).said).toContain(
    `it ran in this container, not on the host: ${root} has no /proc mounted; the host's libraries were looked at, and suffice.`,
  );
});

test("SLEEP stays until a signal comes, unless something is wrong", async () => {
  const image = makeImage();
  expect((await install(words(image), { SLEEP: "true" })).said).toEndWith(
    "Done configuring CNI.  Sleep=true\nslept\n",
  );
  const failed = await install([...words(image), "--executable", "/nonexistent/x"], { SLEEP: "true" });
  expect(failed).toMatchObject({ code: 1, said: "" });
});

test("SLEEP is on in a pod, as Calico's first manifests expect it, unless it is said", async () => {
  const image = makeImage();
  const pod = { KUBERNETES_SERVICE_HOST: "10.96.0.1" };
  expect((await install(words(image), pod)).said).toEndWith("Done configuring CNI.  Sleep=true\nslept\n");
  expect((await install(words(image), { ...pod, SLEEP: "false" })).said).toEndWith("Sleep=false\n");
});

test("what has no effect is told", async () => {
  const image = makeImage();
  const { code, said } = await install(words(image), {
    CNI_NETWORK_CONFIG: "{}",
    SKIP_CNI_BINARIES: "portmp,calico-ipam,flannel,bandwidth,",
    UPDATE_CNI_BINARY: "true",
    CNI_MTU: "1450",
  });
  expect(code).toBe(0);
  expect(said.split("\n").filter((line) => line.startsWith("Note: "))).toEqual([
    "Note: CNI_NETWORK_CONFIG is for the agent's container: the agent writes the configuration once its rules are in the " +
      "kernel",
    "Note: SKIP_CNI_BINARIES names portmp, which is no plugin known here; did you mean portmap?",
    "Note: UPDATE_CNI_BINARY is no variable of tortie install; did you mean UPDATE_CNI_BINARIES?",
  ]);
});

test.each(["calico", "tortie", "portmap"])("a directory in the place of %s is named", async (name) => {
  const image = makeImage();
  const path = join(image.target, name);
  mkdirSync(path, { recursive: true });
  expect(await install(words(image))).toEqual({
    code: 1,
    said: "",
    warned: `tortie install: ${path} is a directory, where a plugin belongs; remove it\n`,
  });
  expect(readdirSync(image.target)).toEqual([name]);
});

test.each<readonly [readonly string[], Readonly<Record<string, string>>, string]>([
  [
    [],
    {},
    "it runs from source, so there is no executable to install; build one (bun run build) and name it with --executable",
  ],
  [["--executable", "/nonexistent/x"], {}, "--executable names /nonexistent/x, which does not exist"],
  [
    ["--executable", import.meta.path],
    {},
    `${import.meta.path} is no executable of tortie; build one with bun run build`,
  ],
  [["--executable", folder], {}, `--executable names ${folder}, which is a directory`],
  [["--sleep"], {}, "unknown option '--sleep'"],
  [[], { SLEEP: "maybe" }, 'SLEEP: found "maybe", allowed is true or false'],
])("%j with %j is refused", async (args, environment, why) => {
  expect(await install(args, environment)).toEqual({ code: 1, said: "", warned: `tortie install: ${why}\n` });
});

test("a directory that cannot be made or written is named", async () => {
  const image = makeImage();
  const target = join(image.executable, "x");
  expect((await install(words({ ...image, target }))).warned).toBe(
    `tortie install: could not make ${target} (ENOTDIR); run as root, or name another directory with --bin-dir\n`,
  );
  mkdirSync(join(image.target, ".tortie.tortie-new"), { recursive: true });
  expect((await install(words(image))).warned).toStartWith(
    `tortie install: could not install into ${image.target}: E`,
  );
});

test("--help tells options and variables", async () => {
  const { code, said } = await install(["--help"]);
  expect(code).toBe(0);
  for (const word of ["--takeover", "--plugins", "SLEEP", "UPDATE_CNI_BINARIES", "SKIP_CNI_BINARIES"])
    expect(said).toContain(word);
  expect(said).not.toMatch(/\[\]|\(default: false\)/);
});

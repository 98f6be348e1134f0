import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { hostFiles, readCniFiles } from "../facts/cni-files.ts";
import type { Finding } from "../finding.ts";
import { known } from "../known.ts";
import { checkCniConfiguration } from "./cni-configuration.ts";
import { checkCniDirectories } from "./cni-directories.ts";

const folder = mkdtempSync(join(tmpdir(), "tortie-preflight-cni-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let roots = 0;

/** A host's root directory; a path that ends in `/` is a directory. */
function makeRoot(files: Readonly<Record<string, string>>): string {
  const root = join(folder, String(roots++));
  mkdirSync(root);
  for (const [path, text] of Object.entries(files)) {
    const whole = join(root, path);
    mkdirSync(path.endsWith("/") ? whole : dirname(whole), { recursive: true });
    if (!path.endsWith("/")) writeFileSync(whole, text);
  }
  return root;
}

function line({ status, found, mend }: Finding): string {
  return `${status}: ${found}${mend === undefined ? "" : ` -> ${mend}`}`;
}

function directories(files: Readonly<Record<string, string>>, netDirectory = "/etc/cni/net.d"): string[] {
  const read = readCniFiles({ root: makeRoot(files), whole: true });
  return checkCniDirectories(known(read), netDirectory).map(line);
}

const VERSION_2 = `version = 2
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "/etc/cni/net.d"
`;

test("containerd's directories are its configuration's, in all its versions, what it imports included, else the usual ones", () => {
  const usual = { "/opt/cni/bin/": "", "/etc/cni/net.d/": "", "/usr/lib/cni/": "" };
  expect(directories({ ...usual, "/etc/containerd/config.toml": "version = 2\n" })).toEqual([
    "ok: containerd looks in /opt/cni/bin and /etc/cni/net.d (its defaults)",
  ]);
  expect(directories({ ...usual, "/run/containerd/containerd.sock": "" })).toEqual([
    "ok: containerd looks in /opt/cni/bin and /etc/cni/net.d (its defaults)",
  ]);
  expect(directories({ ...usual, "/etc/containerd/config.toml": VERSION_2 })).toEqual([
    expect.stringMatching(
      /^warning: containerd looks in \/usr\/lib\/cni .*config\.toml\), the manifests use \/opt\/cni\/bin -> mount \/usr\/lib\/cni/,
    ),
  ]);
  const version3 = `version = 3\n[plugins."io.containerd.cri.v1.runtime".cni]\nbin_dirs = ["/opt/cni/bin", "/b"]\nconf_dir = "/c"\n`;
  expect(
    directories({
      ...usual,
      "/etc/containerd/config.toml": 'version = 3\nimports = ["/etc/containerd/conf.d/*.toml"]\n',
      "/etc/containerd/conf.d/a.toml": version3,
    }),
  ).toEqual([
    "warning: containerd looks in /opt/cni/bin, /b and /c (/etc/containerd/conf.d/a.toml), the agent writes to " +
      "/etc/cni/net.d -> mount /c in place of /etc/cni/net.d in the DaemonSet, or set CNI_NET_DIR",
  ]);
});

test("where our plugin lies already, wherever that is, all is well", () => {
  const files = {
    "/etc/containerd/config.toml": VERSION_2,
    "/usr/lib/cni/tortie": "",
    "/etc/cni/net.d/": "",
  };
  expect(directories(files)).toEqual([expect.stringMatching(/^ok: .*; tortie's plugin is there$/)]);
});

test("links of the host are followed on the host", () => {
  const k3s = "/var/lib/rancher/k3s";
  const root = makeRoot({
    [`${k3s}/agent/etc/containerd/config.toml`]: `version = 2
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "${k3s}/data/current/bin"
  conf_dir = "${k3s}/agent/etc/cni/net.d"
`,
    [`${k3s}/data/1234/bin/tortie`]: "",
    [`${k3s}/agent/etc/cni/net.d/`]: "",
    "/opt/calico.conflist": JSON.stringify({ cniVersion: "1.0.0", name: "n", plugins: [{ type: "calico" }] }),
  });
  symlinkSync(`${k3s}/data/1234`, join(root, k3s, "data/current"));
  symlinkSync("/opt/calico.conflist", join(root, k3s, "agent/etc/cni/net.d/10-calico.conflist"));
  const read = known(readCniFiles({ root, whole: true }));
  expect(checkCniDirectories(read, `${k3s}/agent/etc/cni/net.d`).map(line)).toEqual([
    expect.stringMatching(/^ok: k3s looks in .*; tortie's plugin is there$/),
  ]);
  expect(checkCniConfiguration(read, { manageCni: true, ownName: "10-calico.conflist" }).map(line)).toEqual([
    expect.stringMatching(/^ok: 10-calico\.conflist \(calico\) sorts first/),
  ]);
});

test("CRI-O, k3s and others are known; what is missing or cannot be read is told", () => {
  expect(
    directories({ "/etc/crio/crio.conf.d/1.conf": '[crio.network]\nplugin_dirs = ["/p"]\n', "/p/": "" }),
  ).toEqual([expect.stringMatching(/^warning: CRI-O looks in \/p and \/etc\/cni\/net\.d \(\/etc\/crio/)]);
  const k3s = "/var/lib/rancher/k3s/agent/etc/containerd/config.toml";
  expect(directories({ [k3s]: VERSION_2, "/usr/lib/cni/": "" })).toEqual([
    expect.stringContaining("k3s looks in /usr/lib/cni"),
  ]);
  const snap = "/var/snap/microk8s/current/args/containerd.toml";
  const text = VERSION_2.replace("/etc/cni/net.d", "${SNAP_DATA}/args/cni-network");
  expect(directories({ [snap]: text, "/usr/lib/cni/": "" })[0]).toContain(
    "MicroK8s looks in /usr/lib/cni and /var/snap/microk8s/current/args/cni-network",
  );
  expect(directories({ "/etc/containerd/config.toml": "version = 2\n" })).toEqual([
    expect.stringMatching(/^warning: .*; \/opt\/cni\/bin does not exist -> mkdir -p \/opt\/cni\/bin$/),
  ]);
  expect(directories({ "/etc/containerd/config.toml": "[" })).toEqual([
    expect.stringMatching(
      /^not known: containerd's configuration cannot be read: \/etc\/containerd\/config\.toml/,
    ),
  ]);
  expect(directories({})).toEqual([expect.stringMatching(/^not known: no container runtime is seen here/)]);
});

const NET = "/etc/cni/net.d";

function config(...types: readonly string[]): string {
  return JSON.stringify({ cniVersion: "1.0.0", name: "x", plugins: types.map((type) => ({ type })) });
}

function configuration(files: Readonly<Record<string, string>>, manageCni: boolean): string {
  const inNet = Object.entries(files).map(([name, text]) => [`${NET}/${name}`, text] as const);
  const read = readCniFiles({ root: makeRoot(Object.fromEntries(inNet)), whole: true });
  return checkCniConfiguration(known(read), { manageCni, ownName: "10-calico.conflist" }).map(line).join();
}

const OURS = config("calico", "portmap");
const FLANNEL = config("flannel");

test.each([
  [{}, true, /^ok: \/etc\/cni\/net\.d does not exist yet; the agent writes 10-calico\.conflist/],
  [{ "x.txt": "" }, true, /^ok: \/etc\/cni\/net\.d holds none yet/],
  [{}, false, /^warning: .* no pod gets a network -> install the network plugin/],
  [{ "10-calico.conflist": OURS }, true, /^ok: 10-calico\.conflist \(calico, portmap\) sorts first/],
  [{ "10-calico.conflist": OURS, "10-flannel.conflist": FLANNEL }, true, /^ok: 10-calico\.conflist/],
  [
    { "05-cilium.conflist": config("cilium-cni"), "10-calico.conflist": OURS },
    true,
    /^failed: 05-cilium\.conflist \(cilium-cni\) sorts first .*, before 10-calico\.conflist: .* no policy would hold/,
  ],
  [{ "05-cilium.conflist": config("cilium-cni") }, true, /^failed: 05-cilium\.conflist/],
  [{ "10-flannel.conflist": FLANNEL }, true, /^warning: 10-flannel\.conflist .* will sort before it/],
  [
    { "10-flannel.conflist": FLANNEL },
    false,
    /^ok: .*; that plugin wires the pods, and tortie polices them$/,
  ],
  [{ "10-calico.conflist": OURS }, false, /^warning: .* -> set CALICO_MANAGE_CNI=true$/],
  [
    { "00-bad.conf": "{", "10-calico.conflist": OURS },
    true,
    /^failed: 00-bad\.conf sorts first .* no CNI configuration/,
  ],
])("configurations %j, wired by us: %p", (files, manageCni, words) => {
  expect(configuration(files, manageCni)).toMatch(words);
});

test("in a pod the host's files are below /host, and whole only if somebody says so or they look like it", () => {
  expect(hostFiles(undefined, {})).toEqual({ root: "/", whole: true });
  expect(hostFiles("/node", { KUBERNETES_SERVICE_HOST: "10.96.0.1" })).toEqual({
    root: "/node",
    whole: true,
  });
  expect(hostFiles(undefined, { KUBERNETES_SERVICE_HOST: "10.96.0.1" }).root).toBe("/host");
  const bare = makeRoot({});
  expect(() => readCniFiles({ root: bare, whole: false })).toThrow(
    `the host's files are not mounted at ${bare}`,
  );
  expect(() => readCniFiles({ root: join(bare, "host"), whole: false })).toThrow("are not mounted at");
  expect(readCniFiles({ root: makeRoot({ [`${NET}/`]: "" }), whole: false })).toHaveLength(1);
});

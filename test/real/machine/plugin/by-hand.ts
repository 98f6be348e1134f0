import { NetworkNamespace } from "../../../../native/network-namespace.ts";
import { CALICO, NETWORK, type PluginMachine, uidOf } from "./plugin-machine.ts";

/** A network namespace that the plugin is called for, as the pod `shop/POD`. */
export interface Container {
  readonly id: string;
  readonly pod: string;
  readonly network: NetworkNamespace;
}

/** What the plugin said and how it ended. */
export interface Said {
  /** 137: killed. */
  readonly exitCode: number;
  /** Undefined where it printed nothing. */
  readonly output: unknown;
  readonly complaint: string;
}

export interface Asked {
  readonly cniVersion?: string;
  /** Another plugin than ours, by its whole configuration. */
  readonly plugin?: { readonly type: string };
  /** Further fields of the network's configuration. */
  readonly fields?: object;
  readonly environment?: Readonly<Record<string, string>>;
  readonly onStart?: (child: Bun.Subprocess) => void;
}

export const NOTHING: Said = { exitCode: 0, output: undefined, complaint: "" };

export function container(pod: string, id: string = `c-${pod}`): Container {
  return { id, pod, network: NetworkNamespace.create() };
}

function configuration(verb: string, { cniVersion = "1.1.0", plugin = CALICO, fields = {} }: Asked): object {
  return verb === "VERSION" ? { cniVersion } : { cniVersion, name: NETWORK, ...plugin, ...fields };
}

/** Calls the installed plugin on the machine as a runtime calls it. */
export async function call(
  { machine }: PluginMachine,
  verb: string,
  of: Container | undefined,
  asked: Asked = {},
): Promise<Said> {
  const env = {
    PATH: process.env["PATH"] ?? "",
    CNI_COMMAND: verb,
    CNI_PATH: "/opt/cni/bin",
    ...(of !== undefined && {
      CNI_CONTAINERID: of.id,
      CNI_NETNS: of.network.path,
      CNI_IFNAME: "eth0",
      CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=${of.pod};K8S_POD_UID=${uidOf(of.pod)}`,
    }),
    ...asked.environment,
  };
  const child = Bun.spawn(machine.command([`/opt/cni/bin/${asked.plugin?.type ?? CALICO.type}`]), {
    env,
    stdin: Buffer.from(JSON.stringify(configuration(verb, asked))),
    stdout: "pipe",
    stderr: "pipe",
  });
  asked.onStart?.(child);
  const [out, complaint, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { exitCode, output: out === "" ? undefined : JSON.parse(out), complaint };
}

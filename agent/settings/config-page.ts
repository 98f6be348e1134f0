import { writeFileSync } from "node:fs";
import { CONNECTION_SETTINGS } from "../../adapters/kubernetes/connection/connection-options.ts";
import { FELIX_FILE } from "./felix-file.ts";
import type { SettingRow } from "./setting.ts";
import { SETTING_ROWS } from "./settings.ts";

const HEAD = `# Configuration

<!-- Made by \`bun agent/settings/config-page.ts\` from agent/settings/settings.ts: change it there. -->

\`tortie agent\` and \`tortie explain\` are set up by environment variables, so that a shell, a systemd unit and a DaemonSet
say it alike. Names are Calico's where Calico has the thing. A value that is not allowed stops the agent with a line that
names it and what is allowed; a name that looks like a setting and is none is warned of once, at the start.
`;

const WRITING = `## How they are written

- Names that begin with \`FELIX_\` or \`TORTIE_\` may be written in any case, prefix included; an empty value counts as none.
- boolean: \`true\`, \`yes\`, \`y\`, \`t\`, \`1\`, \`on\`, \`enabled\`, or \`false\`, \`no\`, \`n\`, \`f\`, \`0\`, \`off\`, \`disabled\`.
- word: in any case.
- duration: seconds (\`90\`), or units as Go writes them (\`90s\`, \`1m30s\`, \`250ms\`).
- \`none\` as the value of a \`FELIX_\` name means: nothing is set, the default holds (\`FELIX_LOGSEVERITYSCREEN\` has a level of
  that name).
- One setting under two names: the order in the table decides. Two spellings of one name with two values are an error.

## felix.cfg

\`${FELIX_FILE}\` is read where it exists; \`tortie agent --config-file PATH\` (\`-c\`, as Felix has it) reads another one, which
must exist. It holds \`FELIX_\` settings without their prefix, in any case:

    [global]
    # a comment
    LogSeverityScreen = debug
    HealthPort = 9199

The environment beats the file, but for \`HOSTNAME\`, which everybody's environment has: \`FelixHostname\` in the file comes before
it. A line that cannot be read stops the agent and is named by its number.

## Coming from Calico

Parameters of Felix that have no meaning here (iptables, IPIP, BPF, Typha and so on) are named in one warning at the start
and change nothing, so that an environment made for Calico can be kept. Not in this version: \`DATASTORE_TYPE=etcdv2\`.
`;

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function otherNames({ name, names = [], ambient = [] }: SettingRow): string {
  const others = [...names, ...ambient];
  return others.some((other) => other !== name)
    ? ` (order: ${others.map((one) => `\`${one}\``).join(", ")})`
    : "";
}

function row(setting: SettingRow): string {
  const fallback = setting.defaultWords ?? `\`${setting.default}\``;
  const means = `${setting.means}${otherNames(setting)}`;
  const cells = [`\`${setting.name}\``, setting.type, fallback, setting.allowed, means];
  return `| ${cells.map(cell).join(" | ")} |\n`;
}

const CONNECTION_TYPES: Readonly<Record<string, readonly [type: string, fallback: string]>> = {
  KUBECONFIG: ["paths", "none"],
  K8S_API_ENDPOINT: ["URL", "none"],
  K8S_CERT_FILE: ["path", "none"],
  K8S_KEY_FILE: ["path", "none"],
  K8S_CA_FILE: ["path", "none"],
  K8S_INSECURE_SKIP_TLS_VERIFY: ["boolean", "`false`"],
};

function connectionRow([name, means]: readonly [string, string]): string {
  const [type, fallback] = CONNECTION_TYPES[name] ?? ["text", "none"];
  return `| \`${name}\` | ${type} | ${fallback} | ${cell(means)} |\n`;
}

/** The text of docs/config.md. */
export function configPage(): string {
  return [
    HEAD,
    "\n## The agent\n\n| variable | type | default | allowed | meaning |\n| --- | --- | --- | --- | --- |\n",
    ...Object.values(SETTING_ROWS).map(row),
    "\n## The connection to the Kubernetes API\n\n",
    "With `DATASTORE_TYPE=kubernetes`. Each is read with the prefix `CALICO_`, too. Without any of them the service account of\n",
    "the pod that the agent runs in is used. [cluster.md](cluster.md) has examples.\n\n",
    "| variable | type | default | meaning |\n| --- | --- | --- | --- |\n",
    ...Object.entries(CONNECTION_SETTINGS).map(connectionRow),
    "\n",
    WRITING,
  ].join("");
}

if (import.meta.main) writeFileSync(new URL("../../docs/config.md", import.meta.url), configPage());

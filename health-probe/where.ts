import { readBoolean } from "../adapters/kubernetes/connection/connection-options.ts";
import { FELIX_FILE, readFelixFile } from "../agent/settings/felix-file.ts";
import { givenByEnvironment, givenByFile } from "../agent/settings/given-settings.ts";
import { parseAddress } from "../model/address.ts";
import type { Environment } from "../model/environment.ts";

/** Where the agent answers. */
export type Where =
  | { readonly kind: "at"; readonly host: string; readonly port: number }
  | { readonly kind: "nowhere"; readonly text: string };

/** The agent's own defaults; a test holds them against its settings, which take longer to load than all of the probe. */
export const DEFAULTS = {
  FELIX_HEALTHENABLED: "true",
  FELIX_HEALTHHOST: "127.0.0.1",
  FELIX_HEALTHPORT: "9099",
} as const;

function nowhere(text: string): Where {
  return { kind: "nowhere", text };
}

/** Whoever listens on every address listens on the loopback one. */
function askedHost(host: string): string {
  const address = parseAddress(host);
  if (address === "0.0.0.0") return "127.0.0.1";
  if (address === "::") return "[::1]";
  return address?.includes(":") === true ? `[${address}]` : host;
}

/** Reads the three settings of health as the agent does, from its environment and its felix.cfg. */
export function whereToAsk(environment: Environment, felixFile: string | undefined): Where {
  const file = readFelixFile(felixFile);
  const errors = [...file.errors];
  const byEnvironment = givenByEnvironment(environment, errors);
  const byFile = givenByFile(file, felixFile ?? FELIX_FILE, errors);
  if (errors.length > 0) return nowhere(errors.join("\n"));

  function valueOf(name: keyof typeof DEFAULTS): string {
    const given = byEnvironment.get(name) ?? byFile.get(name);
    return given?.value ?? DEFAULTS[name];
  }

  const [enabled, host, port] = [
    valueOf("FELIX_HEALTHENABLED"),
    valueOf("FELIX_HEALTHHOST"),
    valueOf("FELIX_HEALTHPORT"),
  ];
  const on = readBoolean(enabled);
  if (on === undefined)
    return nowhere(`FELIX_HEALTHENABLED: found ${JSON.stringify(enabled)}, allowed is true or false`);
  if (!on) {
    return nowhere(
      `health is switched off: FELIX_HEALTHENABLED is ${enabled}; set it to true, or take the probe away`,
    );
  }
  if (host !== "localhost" && parseAddress(host) === undefined) {
    return nowhere(`FELIX_HEALTHHOST: found ${JSON.stringify(host)}, allowed is an IP address or localhost`);
  }
  if (port === "0")
    return nowhere(
      "FELIX_HEALTHPORT is 0, any free port, and only the agent's log tells which; give a number",
    );
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    return nowhere(
      `FELIX_HEALTHPORT: found ${JSON.stringify(port)}, allowed is a whole number from 0 to 65535`,
    );
  }
  return { kind: "at", host: askedHost(host), port: Number(port) };
}

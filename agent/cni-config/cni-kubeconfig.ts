import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readBoolean } from "../../adapters/kubernetes/connection/connection-options.ts";
import { KUBECONFIG_MARK } from "../../handshake/cni-files.ts";
import type { Environment } from "../../model/environment.ts";
import { errorCode } from "../../model/error-code.ts";
import { hostBeforePort, TemplateError } from "./cni-template.ts";

/** Where a pod finds its account. */
export const SERVICE_ACCOUNT_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";

/** A file of the pod's account. Throws TemplateError. */
export function readAccountFile(directory: string, name: "token" | "ca.crt"): string {
  const path = join(directory, name);
  try {
    const text = readFileSync(path, "utf8").trim();
    if (text !== "") return text;
    throw new TemplateError(`it needs the service account's ${name}, and ${path} is empty`);
  } catch (error) {
    if (error instanceof TemplateError) throw error;
    const code = errorCode(error) ?? String(error);
    throw new TemplateError(
      `it needs the service account's ${name}, and ${path} cannot be read (${code}); ` +
        `let the pod mount it, or take the token and the kubeconfig out of the template: the plugin needs neither`,
    );
  }
}

function serverOf(environment: Environment): string {
  const host = environment["KUBERNETES_SERVICE_HOST"] ?? "";
  const port = environment["KUBERNETES_SERVICE_PORT"] ?? "";
  if (host === "" || port === "") {
    throw new TemplateError(
      "it names a kubeconfig, and KUBERNETES_SERVICE_HOST or KUBERNETES_SERVICE_PORT is not set, as they are in every " +
        "pod; set them, or take the kubeconfig out of the template: the plugin needs none",
    );
  }
  const protocol = environment["KUBERNETES_SERVICE_PROTOCOL"] ?? "https";
  return `${protocol}://${hostBeforePort(host)}:${port}`;
}

/**
 * Calico's `calico-kubeconfig` with this pod's account, for other plugins of the template that read one: ours never does.
 * Throws TemplateError.
 */
export function cniKubeconfig(environment: Environment, accountDirectory: string): string {
  const insecure = readBoolean(environment["SKIP_TLS_VERIFY"] ?? "") === true;
  const trust = insecure
    ? "insecure-skip-tls-verify: true"
    : `certificate-authority-data: ${Buffer.from(`${readAccountFile(accountDirectory, "ca.crt")}\n`).toString("base64")}`;
  return `${KUBECONFIG_MARK}
apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: ${JSON.stringify(serverOf(environment))}
    ${trust}
users:
- name: calico
  user:
    token: ${JSON.stringify(readAccountFile(accountDirectory, "token"))}
contexts:
- name: calico-context
  context:
    cluster: local
    user: calico
current-context: calico-context
`;
}

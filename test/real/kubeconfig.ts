/** The words of a kubeconfig with one cluster, one user and one context; JSON is YAML, too. */
export function kubeconfigText(
  cluster: Readonly<Record<string, unknown>>,
  user: Readonly<Record<string, unknown>>,
): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "real", cluster }],
    users: [{ name: "someone", user }],
    contexts: [{ name: "real", context: { cluster: "real", user: "someone" } }],
    "current-context": "real",
  });
}

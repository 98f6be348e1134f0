import type { Cluster } from "../../cluster.ts";
import { podManifest } from "../../pod-manifest.ts";
import { applyObjects, read, readUntil } from "../../pods.ts";
import { applyPolicy, createNamespace } from "../../objects.ts";

const SERVE = "mkdir /w; echo hello >/w/index.html; exec httpd -f -p 80 -h /w";
const SECONDS = 1;

/** `shop/web`, which answers on port 80, and lets in who has the label `role: friend`. */
export async function createShop(cluster: Cluster): Promise<void> {
  await createNamespace(cluster, "shop");
  // Its controller makes it a moment later; before, no pod may be made.
  await readUntil(
    () => read(cluster, "serviceaccount", "shop/default", "{.metadata.name}"),
    (name) => name !== "",
  );
  await applyPolicy(cluster, "shop", "to-web", {
    podSelector: { matchLabels: { app: "web" } },
    policyTypes: ["Ingress"],
    ingress: [{ from: [{ podSelector: { matchLabels: { role: "friend" } } }], ports: [{ port: 80 }] }],
  });
  const web = { namespace: "shop", name: "web", labels: { app: "web" } };
  await applyObjects(cluster, podManifest({ ...web, command: ["sh", "-c", SERVE] }));
}

/** A pod that goes on asking the address, ten times a second where it is answered, and writes down `y` or `n`. */
export async function createAsker(cluster: Cluster, role: string, address: string): Promise<void> {
  // Not wget, which ends by a fault in a static busybox.
  const ask = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w ${SECONDS} ${address} 80 2>/dev/null | grep -q hello`;
  const command = ["sh", "-c", `while :; do if ${ask}; then echo y; else echo n; fi; usleep 100000; done`];
  await applyObjects(cluster, podManifest({ namespace: "shop", name: role, labels: { role }, command }));
}

/** What it found since it started, a letter each. */
export async function answers(cluster: Cluster, role: string): Promise<string> {
  return (await cluster.kubectl(["logs", "--namespace=shop", role])).replaceAll("\n", "");
}

/** What askers found until each has asked so often again. */
export async function answersFor<Role extends string>(
  cluster: Cluster,
  roles: readonly Role[],
  often: number,
): Promise<Record<Role, string>> {
  const found = await Promise.all(
    roles.map(async (role) => {
      const before = (await answers(cluster, role)).length;
      const enough = (text: string): boolean => text.length >= before + often;
      const text = await readUntil(() => answers(cluster, role), enough);
      return [role, [...new Set(text.slice(before))].join("")] as const;
    }),
  );
  return Object.fromEntries(found) as Record<Role, string>;
}

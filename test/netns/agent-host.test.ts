import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { Sandbox, until } from "../agent/sandbox.ts";

const PODS = ["1", "2"]
  .map(
    (number) => `
apiVersion: v1
kind: Pod
metadata: { namespace: x, name: pod-${number} }
spec: { nodeName: node-1, containers: [] }
status: { phase: Running, podIP: 10.0.0.${number}, podIPs: [{ ip: 10.0.0.${number} }] }
---`,
  )
  .join("");

const OTHER_CNI = { CALICO_MANAGE_CNI: "false" };

function rules(sandbox: Sandbox): string {
  return sandbox.command("nft", "list", "table", "inet", "tortie");
}

test("pods of another CNI are known by the interface of their route, and followed when it moves", async () => {
  using sandbox = new Sandbox();
  await sandbox.write("pods.yaml", PODS);
  sandbox.command("ip", "link", "add", "wire1", "type", "veth", "peer", "name", "inside1");
  sandbox.command("ip", "link", "set", "wire1", "up");
  sandbox.command("ip", "route", "add", "10.0.0.1/32", "dev", "wire1");
  sandbox.start(["agent"], OTHER_CNI);
  await sandbox.untilReady();
  expect(rules(sandbox)).toContain('"wire1" . 10.0.0.1');
  expect(rules(sandbox)).not.toContain(". 10.0.0.2");

  sandbox.command("ip", "link", "add", "wire2", "type", "veth", "peer", "name", "inside2");
  sandbox.command("ip", "link", "set", "wire2", "up");
  sandbox.command("ip", "route", "add", "10.0.0.2/32", "dev", "wire2");
  await until(() => rules(sandbox).includes('"wire2" . 10.0.0.2'));
  sandbox.command("ip", "link", "del", "wire1");
  await until(() => !rules(sandbox).includes('"wire1"'));
});

test("pods on a bridge that no rule sees, and another enforcer, make the node not ready until they are mended", async () => {
  using sandbox = new Sandbox();
  await sandbox.write("pods.yaml", PODS);
  sandbox.command("ip", "link", "add", "bridge0", "type", "bridge");
  sandbox.command("ip", "address", "add", "10.0.0.254/24", "dev", "bridge0");
  sandbox.command("ip", "link", "set", "bridge0", "up");
  // Where the module is not loaded there is nothing to switch off.
  const sysctl = "/proc/sys/net/bridge/bridge-nf-call-iptables";
  const loaded = existsSync(sysctl);
  if (loaded) sandbox.command("sh", "-c", `echo 0 > ${sysctl}`);
  sandbox.command("ip", "link", "add", "kube-ipvs0", "type", "veth", "peer", "name", "nowhere");
  const agent = sandbox.start(["agent"], OTHER_CNI);
  const shown = async (text: string): Promise<boolean> =>
    (await sandbox.get("/readiness"))?.body.includes(text) === true;
  await until(() => agent.messages().includes("settled"));
  await until(
    async () => (await shown("kube-ipvs0")) && (await shown("pods on bridge bridge0 (x/pod-1 and 1 more)")),
  );
  expect(await sandbox.get("/readiness")).toMatchObject({ status: 503 });
  expect(await sandbox.get("/liveness")).toMatchObject({ status: 200 });
  expect(rules(sandbox)).toContain("10.0.0.1");

  sandbox.command("ip", "link", "del", "kube-ipvs0");
  sandbox.command("ip", "link", "del", "bridge0");
  await sandbox.untilReady();
  const about = agent.messages().filter((message) => message.startsWith("condition"));
  // Without the module link-local addresses are open, too.
  const conditions = loaded ? 2 : 3;
  expect(about.toSorted()).toEqual([
    ...Array<string>(conditions).fill("condition"),
    ...Array<string>(conditions).fill("condition ended"),
  ]);
});

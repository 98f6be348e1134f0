import { describe, expect, test } from "bun:test";
import { DEFAULT_IMAGE } from "./names.ts";
import { containersOf, OWN_WORKLOADS, WORKLOADS } from "./test-manifests.ts";

test("each manifest with an agent is looked at", () => {
  expect(WORKLOADS.map(({ where }) => where)).toEqual([
    "calico-daemonset.yaml, tortie",
    "tortie-before-1.30.yaml, tortie",
    "tortie-flannel.yaml, tortie",
    "tortie-flannel.yaml, kube-flannel-ds",
    "tortie-policy-only.yaml, tortie",
    "tortie-uninstall.yaml, tortie-uninstall",
    "tortie.yaml, tortie",
  ]);
});

describe.each(WORKLOADS.map((workload) => [workload.where, workload] as const))(
  "%s",
  (_, { pod, object }) => {
    test("selects its own pods, in whatever taint", () => {
      const { selector, template } = object.spec ?? {};
      expect(selector).toEqual({ matchLabels: expect.any(Object) });
      expect(template?.metadata.labels).toMatchObject(selector?.matchLabels ?? {});
      expect(pod["tolerations"]).toEqual([
        { operator: "Exists", effect: "NoSchedule" },
        { operator: "Exists", effect: "NoExecute" },
      ]);
      expect(pod["nodeSelector"]).toEqual({ "kubernetes.io/os": "linux" });
      expect(pod).toMatchObject({ hostNetwork: true, priorityClassName: "system-node-critical" });
    });

    test("no container is privileged, or may become it", () => {
      expect(JSON.stringify(pod)).not.toMatch(/"privileged"|hostPID|hostIPC/);
      expect(pod["securityContext"]).toMatchObject({
        seccompProfile: { type: "RuntimeDefault" },
        seLinuxOptions: { type: "spc_t" },
      });
      for (const { securityContext } of containersOf(pod)) {
        expect(securityContext).toMatchObject({
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"] },
        });
      }
    });

    test("each mount has its volume, each volume its mount, and no processor time is limited", () => {
      const containers = containersOf(pod);
      const mounted = containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
      expect([...new Set(mounted)].toSorted()).toEqual(
        (pod.volumes ?? []).map(({ name }) => name).toSorted(),
      );
      expect(JSON.stringify(containers.map(({ resources }) => resources))).not.toMatch(/limits":\{[^}]*cpu/);
    });
  },
);

describe.each(OWN_WORKLOADS.map((workload) => [workload.where, workload] as const))("%s", (_, workload) => {
  const { pod, name } = workload;

  test("capabilities: NET_ADMIN for the agent and for uninstall, none for install", () => {
    const added = containersOf(pod).map((container) => [
      container.name,
      (container.securityContext["capabilities"] as { readonly add?: readonly string[] }).add ?? [],
    ]);
    const expected: Record<string, readonly string[]> =
      name === "tortie-uninstall"
        ? { uninstall: ["NET_ADMIN"], done: ["NET_ADMIN"] }
        : { ...(pod.initContainers !== undefined && { "install-cni": [] }), tortie: ["NET_ADMIN"] };
    expect(Object.fromEntries(added)).toEqual(expected);
  });

  test("a root directory that nobody writes to, one image, and nothing that Bun would heed", () => {
    for (const { securityContext, env = [], image } of containersOf(pod)) {
      expect(securityContext["readOnlyRootFilesystem"]).toBe(true);
      expect(image).toBe(DEFAULT_IMAGE);
      for (const one of ["BUN_OPTIONS", "BUN_BE_BUN"]) expect(env).toContainEqual({ name: one, value: "" });
    }
  });

  test("no container has the account's token but the agent, and it is where the agent looks", () => {
    expect(pod["automountServiceAccountToken"]).toBe(false);
    const tokens = (pod.volumes ?? []).filter((volume) =>
      JSON.stringify(volume).includes("serviceAccountToken"),
    );
    expect(tokens).toHaveLength(name === "tortie" ? 1 : 0);
    const mounting = containersOf(pod).filter(({ volumeMounts = [] }) =>
      volumeMounts.some((mount) => mount.name === tokens[0]?.name),
    );
    expect(mounting.map((container) => container.name)).toEqual(name === "tortie" ? ["tortie"] : []);
  });

  test("no pod for nodes that run no DaemonSets", () => {
    for (const [key, value] of [
      ["type", "virtual-kubelet"],
      ["eks.amazonaws.com/compute-type", "fargate"],
    ])
      expect(JSON.stringify(pod["affinity"])).toContain(
        JSON.stringify({ key, operator: "NotIn", values: [value] }),
      );
  });

  test("only processors that the image is made for, five seconds to end, and the node's resolver", () => {
    const key = "kubernetes.io/arch";
    expect(JSON.stringify(pod["affinity"])).toContain(
      JSON.stringify({ key, operator: "In", values: ["amd64", "arm64"] }),
    );
    expect(pod).toMatchObject({ terminationGracePeriodSeconds: 5, dnsPolicy: "Default" });
  });

  test("the agent is asked on the node's loopback, with five seconds for the answer", () => {
    const agents = pod.containers.filter(({ command }) => command[1] === "agent");
    expect(agents).toHaveLength(name === "tortie" ? 1 : 0);
    for (const { livenessProbe, readinessProbe } of agents) {
      const at = (path: string) => ({ httpGet: { host: "127.0.0.1", port: 9099, path }, timeoutSeconds: 5 });
      expect(livenessProbe).toMatchObject(at("/liveness"));
      expect(readinessProbe).toMatchObject(at("/readiness"));
      expect(workload.object.spec?.updateStrategy).toEqual({
        type: "RollingUpdate",
        rollingUpdate: { maxUnavailable: 1 },
      });
    }
  });
});

test("policies alone need nothing of the host", () => {
  const found = OWN_WORKLOADS.find(({ where }) => where.startsWith("tortie-policy-only.yaml"));
  expect(JSON.stringify(found?.pod)).not.toContain("hostPath");
  expect(found?.pod).not.toHaveProperty("initContainers");
});

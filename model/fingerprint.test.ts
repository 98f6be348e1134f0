import { expect, test } from "bun:test";
import { fingerprint, podInterfaceName } from "./fingerprint.ts";

// A CNI plugin of Calico on the same node gives pods these names.
test.each([
  ["default", "nginx", "calic440f455693"],
  ["kube-system", "coredns-0", "cali8c346e38bf4"],
  ["policy-demo", "access", "califfe385c6ba2"],
])("%s/%s has the interface %s", (namespace, pod, name) => {
  expect<string>(podInterfaceName(namespace, pod)).toBe(name);
});

test("an interface's name fits the kernel's 15 characters, however long the pod's", () => {
  expect(podInterfaceName("n".repeat(63), "p".repeat(253))).toHaveLength(15);
});

test("a fingerprint is 20 hexadecimal digits of SHA-256", () => {
  expect(fingerprint("")).toBe("e3b0c44298fc1c149afb");
  expect(fingerprint("a")).not.toBe(fingerprint("b"));
});

import { expect, test } from "bun:test";
import { connectionOptionsFrom, ConnectionOptionsError } from "./connection-options.ts";

function from(environment: Record<string, string>): ReturnType<typeof connectionOptionsFrom> {
  return connectionOptionsFrom((name) => environment[name]);
}

const NAMES = {
  KUBECONFIG: "kubeconfig",
  K8S_API_ENDPOINT: "endpoint",
  K8S_CERT_FILE: "certFile",
  K8S_KEY_FILE: "keyFile",
  K8S_CA_FILE: "caFile",
  K8S_TOKEN: "token",
  K8S_API_TOKEN: "token",
  K8S_CURRENT_CONTEXT: "context",
} as const;

test.each(Object.entries(NAMES))("%s is %s, with the prefix CALICO_ too", (name, option) => {
  expect<object>(from({ [name]: " x " })).toEqual({ [option]: "x" });
  expect<object>(from({ [`CALICO_${name}`]: "x" })).toEqual({ [option]: "x" });
  expect<object>(from({ [name]: "x", [`CALICO_${name}`]: "x" })).toEqual({ [option]: "x" });
  expect<object>(from({ [name]: "x", [`CALICO_${name}`]: "" })).toEqual({ [option]: "x" });
  expect(() => from({ [name]: "x", [`CALICO_${name}`]: "y" })).toThrow(
    `CALICO_${name} and ${name} are the same setting with two values: remove one`,
  );
});

test("nothing set is nothing given", () => {
  expect(from({ KUBECONFIG: "", K8S_TOKEN: "  " })).toEqual({});
});

test("two names of the token that differ are refused, and the token is not shown", () => {
  expect(from({ K8S_TOKEN: "secret", K8S_API_TOKEN: "secret" })).toEqual({ token: "secret" });
  expect(() => from({ K8S_TOKEN: "secret", K8S_API_TOKEN: "other" })).toThrow(
    new ConnectionOptionsError([
      "K8S_TOKEN and K8S_API_TOKEN are the same setting with two values: remove one",
    ]),
  );
});

test.each([
  ["true", true],
  ["T", true],
  ["1", true],
  ["Yes", true],
  ["FALSE", false],
  ["f", false],
  ["0", false],
])("K8S_INSECURE_SKIP_TLS_VERIFY=%s", (text, insecureSkipTlsVerify) => {
  expect(from({ K8S_INSECURE_SKIP_TLS_VERIFY: text })).toEqual({ insecureSkipTlsVerify });
});

test("every bad value is named at once", () => {
  expect(() =>
    from({ CALICO_K8S_INSECURE_SKIP_TLS_VERIFY: "maybe", K8S_CA_FILE: "/a", CALICO_K8S_CA_FILE: "/b" }),
  ).toThrow(
    new ConnectionOptionsError([
      'CALICO_K8S_INSECURE_SKIP_TLS_VERIFY: found "maybe", allowed is true or false',
      "CALICO_K8S_CA_FILE and K8S_CA_FILE are the same setting with two values: remove one",
    ]),
  );
});

import { expect, test } from "bun:test";
import { dirname } from "node:path";
import { ConnectionError } from "./connection-error.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import type { Connection } from "./connection.ts";
import { kubeconfigConnection } from "./kubeconfig.ts";
import { base64, prepareTests } from "./test-servers.ts";

const testFile = prepareTests();

const PLAIN = `apiVersion: v1
kind: Config
current-context: home
clusters:
- name: one
  cluster: { server: "https://one:6443", certificate-authority: pki/ca.crt }
- name: two
  cluster: { server: "https://two:6443/", tls-server-name: api, proxy-url: "http://proxy:3128" }
- name: broken
  cluster: {}
users:
- name: files
  user: { client-certificate: pki/jane.crt, client-key: ../jane.key, tokenFile: token }
- name: number
  user: { token: 12345 }
- name: basic
  user: { username: jane, password: secret, as: joe, as-uid: "7", as-groups: [staff] }
- name: provider
  user: { auth-provider: { name: oidc, config: { id-token: secret } } }
- name: many
  user: { as: joe, as-groups: [a, b] }
contexts:
- name: home
  context: { cluster: one, user: files }
- name: away
  context: { cluster: two, user: basic }
- { name: number, context: { cluster: one, user: number } }
- { name: provider, context: { cluster: one, user: provider } }
- { name: many, context: { cluster: one, user: many } }
- { name: broken, context: { cluster: broken, user: files } }
- { name: nobody, context: { cluster: one, user: gone } }
- { name: anonymous, context: { cluster: one } }
`;
const path = testFile(PLAIN, "config");
const directory = dirname(path);

function read(options: ConnectionOptions, environment: Record<string, string> = {}): Promise<Connection> {
  return kubeconfigConnection(options, environment);
}

async function message(options: ConnectionOptions): Promise<string> {
  const error: unknown = await read(options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConnectionError);
  return (error as ConnectionError).message;
}

const file = (at: string): object => ({ kind: "file", path: at });

test("paths are relative to the kubeconfig, tokenFile included", async () => {
  expect(await read({ kubeconfig: path })).toMatchObject({
    serverFrom: `cluster "one" of ${path}`,
    authority: file(`${directory}/pki/ca.crt`),
    login: {
      certificate: file(`${directory}/pki/jane.crt`),
      key: file(`${dirname(directory)}/jane.key`),
      token: file(`${directory}/token`),
    },
  });
});

test("another context: proxy-url, tls-server-name, user name and password, impersonation", async () => {
  expect(await read({ kubeconfig: path, context: "away" })).toMatchObject({
    tlsServerName: "api",
    proxy: { url: "http://proxy:3128", from: `proxy-url of cluster "two" of ${path}` },
    login: {
      basic: { username: "jane", password: "secret" },
      headers: { "impersonate-user": "joe", "impersonate-uid": "7", "impersonate-group": "staff" },
    },
  });
  expect((await read({ kubeconfig: path, context: "anonymous" })).login).toEqual({});
});

test("data goes before files, and is named in errors by its field", async () => {
  const kubeconfigInline = JSON.stringify({
    "current-context": "c",
    clusters: [
      {
        name: "c",
        cluster: {
          server: "https://c",
          "certificate-authority-data": base64("CA"),
          "certificate-authority": "/x",
        },
      },
    ],
    contexts: [{ name: "c", context: { cluster: "c" } }],
  });
  expect((await read({ kubeconfigInline })).authority).toEqual({
    kind: "inline",
    text: "CA",
    name: 'certificate-authority-data of cluster "c" of kubeconfigInline',
  });
});

test("several files: the first that has a name decides, absent ones are passed over", async () => {
  const users = "users: [{name: files, user: {token: mine}}]\ncurrent-context: away\n";
  const first = testFile(users, "first");
  const both = { kubeconfig: `${first}::/no/such/file:${path}` };
  expect(await read(both)).toMatchObject({ serverFrom: `cluster "two" of ${path}` });
  expect((await read({ ...both, context: "home" })).login).toMatchObject({
    token: { text: "mine", name: `token of user "files" of ${first}` },
  });
});

test("~ is the home directory", async () => {
  expect((await read({ kubeconfig: "~/config" }, { HOME: directory })).serverFrom).toBe(
    `cluster "one" of ${path}`,
  );
});

test("files that are missing or unreadable", async () => {
  expect(await message({ kubeconfig: "/no/such/file" })).toBe(
    "read the kubeconfig /no/such/file: the file does not exist; next: set KUBECONFIG to a kubeconfig file",
  );
  expect(await message({ kubeconfig: "/no/such/file:/no/other" })).toStartWith(
    "read the kubeconfig /no/such/file:/no/other: none of the files exists",
  );
  expect(await message({ kubeconfig: directory })).toBe(
    `read the kubeconfig ${directory}: it is a directory, not a file; next: make it a file that this user may read`,
  );
});

test.each([
  ["users: [\n  {token: secret\n", "it is not YAML: "],
  ["current-context: a\ncurrent-context: b\n", "it is not YAML: duplicated mapping key in line 2"],
  ["", "it is not YAML: "],
  ["[]", "it has no current-context"],
  ["users: 3", "users: "],
  ["current-context: a", 'there is no complete context "a"; there are: none'],
])("a text that is no kubeconfig: %j", async (text, found) => {
  const bad = testFile(text);
  const words = await message({ kubeconfig: bad });
  expect(words).toStartWith(`read the kubeconfig ${bad}: ${found}`);
  expect(words).not.toContain("secret");
});

test.each([
  ["gone", 'there is no complete context "gone"; there are: "home", "away", "number", "provider"'],
  ["broken", 'there is no complete cluster "broken"; there are: "one", "two"'],
  ["nobody", 'there is no complete user "gone"; there are: "files", "number"'],
  ["number", `user "number" of ${path}: token: it is not a text; next: write it as a text, in quotes`],
  [
    "provider",
    `user "provider" of ${path} logs in by auth-provider (oidc), which is not supported; next: use an exec`,
  ],
  ["many", `user "many" of ${path} impersonates by as-user-extra or by more than one of as-groups`],
])("context %s", async (context, found) => {
  expect(await message({ kubeconfig: path, context })).toStartWith(`read the kubeconfig ${path}: ${found}`);
});

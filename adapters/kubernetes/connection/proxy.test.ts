import { expect, test } from "bun:test";
import type { ConnectionOptions } from "./connection-options.ts";
import { openClient } from "./open-client.ts";
import { environmentProxy, parseProxy } from "./proxy.ts";
import { testCertificate } from "./test-certificates.ts";
import {
  AUTHORITY,
  connectProxy,
  type Handler,
  http2Server,
  plainServer,
  prepareTests,
} from "./test-servers.ts";

const testFile = prepareTests();

const PROXY = "http://proxy.test:3128";

function chosen(server: string, environment: Record<string, string>): string | undefined {
  return environmentProxy(new URL(server), environment)?.name;
}

test("the scheme decides the variable, upper case goes first", () => {
  const name = "http://proxy.test:3128 (HTTPS_PROXY)";
  expect(chosen("https://a.test", { HTTPS_PROXY: PROXY })).toBe(name);
  expect(chosen("https://a.test", { HTTPS_PROXY: "proxy.test:3128" })).toBe(name);
  expect(chosen("https://a.test", { HTTPS_PROXY: PROXY, https_proxy: "http://b.test" })).toBe(name);
  expect(chosen("https://a.test", { HTTPS_PROXY: "", https_proxy: PROXY })).toBe(
    "http://proxy.test:3128 (https_proxy)",
  );
  expect(chosen("https://a.test", { HTTP_PROXY: PROXY, ALL_PROXY: PROXY })).toBeUndefined();
  expect(chosen("http://a.test", { HTTPS_PROXY: PROXY })).toBeUndefined();
  expect(chosen("http://a.test", { http_proxy: PROXY })).toBe("http://proxy.test:3128 (http_proxy)");
});

test.each(["https://localhost:6443", "https://127.0.0.1:6443", "https://127.9.9.9", "https://[::1]:6443"])(
  "%s never goes through a proxy of the environment",
  (server) => expect(chosen(server, { HTTPS_PROXY: PROXY })).toBeUndefined(),
);

test.each<[exceptions: string, server: string, excepted: boolean]>([
  ["*", "https://a.test", true],
  ["a.test", "https://a.test", true],
  ["A.Test", "https://a.TEST", true],
  ["a.test", "https://b.a.test", true],
  ["a.test", "https://ba.test", false],
  [".a.test", "https://b.a.test", true],
  [".a.test", "https://a.test", false],
  ["*.a.test", "https://b.a.test", true],
  ["*.a.test", "https://a.test", false],
  ["a.test:6443", "https://a.test:6443", true],
  ["a.test:443", "https://a.test", true],
  ["a.test:6443", "https://a.test", false],
  ["other, a.test", "https://a.test", true],
  ["10.0.0.1", "https://10.0.0.1:6443", true],
  ["10.0.0.1:6443", "https://10.0.0.1:6443", true],
  ["10.0.0.1:443", "https://10.0.0.1:6443", false],
  ["10.0.0.10", "https://10.0.0.1", false],
  ["0.0.1", "https://10.0.0.1", false],
  ["10.0.0.0/8", "https://10.9.9.9:6443", true],
  ["10.0.0.0/8", "https://11.0.0.1", false],
  ["10.0.0.0/8", "https://a.test", false],
  ["fd00::/8", "https://[fd00::1]:6443", true],
  ["fd00::1", "https://[fd00::1]", true],
  ["fd00:0:0::1", "https://[fd00::1]", true],
  ["[fd00::1]:6443", "https://[fd00::1]:6443", true],
  ["[fd00::1]:443", "https://[fd00::1]:6443", false],
  ["10.0.0.0/33", "https://10.0.0.1", false],
  ["", "https://a.test", false],
  [" , ,", "https://a.test", false],
])("NO_PROXY=%s: %s excepted: %s", (exceptions, server, excepted) => {
  expect(chosen(server, { HTTPS_PROXY: PROXY, NO_PROXY: exceptions }) === undefined).toBe(excepted);
  expect(chosen(server, { HTTPS_PROXY: PROXY, no_proxy: exceptions }) === undefined).toBe(excepted);
});

test("proxies that cannot be used, without their password", () => {
  expect(() => parseProxy("socks5://user:secret@a.test", "proxy-url of cluster")).toThrow(
    "understand the proxy in proxy-url of cluster: proxies of the kind socks5:// are not supported; next: name an HTTP proxy, for example http://10.0.0.9:3128, or none",
  );
  expect(() => parseProxy("http://user:secret@[", "HTTPS_PROXY")).toThrow("it is no URL");
  expect(parseProxy("http://user:secret@a.test:1", "HTTPS_PROXY").name).toBe("http://a.test:1 (HTTPS_PROXY)");
});

const version: Handler = (request, response) => response.end(request.httpVersion);
const certificate = testCertificate({ commonName: "api", names: ["api.test"], issuer: AUTHORITY });

function kubeconfig(cluster: Record<string, unknown>): ConnectionOptions {
  return {
    kubeconfigInline: JSON.stringify({
      "current-context": "c",
      clusters: [
        {
          name: "c",
          cluster: {
            "certificate-authority": testFile(AUTHORITY.cert),
            "tls-server-name": "api.test",
            ...cluster,
          },
        },
      ],
      contexts: [{ name: "c", context: { cluster: "c" } }],
    }),
  };
}

async function get(options: ConnectionOptions, environment: Record<string, string>): Promise<string> {
  using client = await openClient(options, { environment });
  const response = await client.request({ path: "/", signal: new AbortController().signal });
  return response.text();
}

test("proxy-url of the kubeconfig, for loopback and against NO_PROXY too, with tls-server-name", async () => {
  const port = await http2Server(version, { certificate });
  const proxy = await connectProxy();
  const options = kubeconfig({
    server: `https://127.0.0.1:${port}`,
    "proxy-url": `http://us%40er:pw@127.0.0.1:${proxy.port}`,
  });
  expect(await get(options, { NO_PROXY: "*", HTTPS_PROXY: "http://127.0.0.1:1" })).toBe("1.1");
  expect(proxy.asked).toEqual([`127.0.0.1:${port} Basic ${btoa("us@er:pw")}`]);
});

test("HTTPS_PROXY of the environment, and NO_PROXY; Bun's own rules play no part", async () => {
  const port = await http2Server(version, { certificate });
  const proxy = await connectProxy();
  const HTTPS_PROXY = `http://127.0.0.1:${proxy.port}`;
  // 0.0.0.0 reaches this machine and counts for nobody as loopback.
  const options = kubeconfig({ server: `https://0.0.0.0:${port}` });
  expect(await get(options, { HTTPS_PROXY })).toBe("1.1");
  expect(proxy.asked).toEqual([`0.0.0.0:${port}`]);
  expect(await get(options, { HTTPS_PROXY, NO_PROXY: "0.0.0.0/8" })).toBe("2.0");
  const before = process.env["HTTPS_PROXY"];
  try {
    process.env["HTTPS_PROXY"] = "http://127.0.0.1:1";
    expect(await get(options, {})).toBe("2.0");
  } finally {
    if (before === undefined) delete process.env["HTTPS_PROXY"];
    else process.env["HTTPS_PROXY"] = before;
  }
  expect(proxy.asked).toHaveLength(1);
});

test("IPv6 through a proxy, and plain HTTP through one", async () => {
  const port = await http2Server(version, { certificate, host: "::1" });
  const proxy = await connectProxy();
  const url = `http://127.0.0.1:${proxy.port}`;
  expect(await get(kubeconfig({ server: `https://[::1]:${port}`, "proxy-url": url }), {})).toBe("1.1");
  expect(proxy.asked).toEqual([`[::1]:${port}`]);
  const plain = await plainServer(version);
  expect(await get(kubeconfig({ server: `http://127.0.0.1:${plain}`, "proxy-url": url }), {})).toBe(
    "from the proxy",
  );
});

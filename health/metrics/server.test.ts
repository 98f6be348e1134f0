import { expect, test } from "bun:test";
import { ListenError } from "../listen.ts";
import { serveMetrics } from "./server.ts";
import { FIGURES } from "./test-figures.ts";

const OPTIONS = { host: "127.0.0.1", port: 0, figures: () => FIGURES, processMetrics: true };

test("metrics are served, and nothing else", async () => {
  using server = serveMetrics(OPTIONS);
  const response = await fetch(`${server.url}metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(await response.text()).toContain("tortie_nftables_chains 21\n");
  expect((await fetch(`${server.url}liveness`)).status).toBe(404);
});

test("a taken port is refused with what to do, and closing frees it", () => {
  using first = serveMetrics(OPTIONS);
  const port = Number(new URL(first.url).port);
  const second = (): void => serveMetrics({ ...OPTIONS, port })[Symbol.dispose]();
  expect(second).toThrow(ListenError);
  expect(second).toThrow(
    `cannot serve metrics on 127.0.0.1 port ${port}: the address is in use, perhaps by another tortie or by calico-node; stop it, or set FELIX_PROMETHEUSMETRICSPORT or FELIX_PROMETHEUSMETRICSHOST`,
  );
  first[Symbol.dispose]();
  second();
});

test("an address that is not the machine's is refused with what to do", () => {
  expect(() => serveMetrics({ ...OPTIONS, host: "192.0.2.1" })).toThrow(
    /^cannot serve metrics on 192\.0\.2\.1 port 0: the system says .*; name an address of this machine, or set FELIX_PROMETHEUSMETRICSPORT or/,
  );
});

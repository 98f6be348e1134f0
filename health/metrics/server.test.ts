import { expect, test } from "bun:test";
import { ListenError } from "../listen.ts";
import { createMetricsServer } from "./server.ts";
import { FIGURES } from "./test-figures.ts";

const OPTIONS = { host: "127.0.0.1", port: 0, figures: () => FIGURES, processMetrics: true };

test("metrics are served, and nothing else", async () => {
  using server = createMetricsServer(OPTIONS);
  const url = server.listen();
  const response = await fetch(`${url}metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(await response.text()).toContain("tortie_nftables_chains 21\n");
  expect((await fetch(`${url}liveness`)).status).toBe(404);
});

test("a taken port is refused with what to do; once it is free it is taken, and nothing observed is lost", async () => {
  using first = createMetricsServer(OPTIONS);
  const port = Number(new URL(first.listen()).port);
  using second = createMetricsServer({ ...OPTIONS, port });
  const attempt = (): string => second.listen();
  expect(attempt).toThrow(ListenError);
  expect(attempt).toThrow(
    `cannot serve metrics on 127.0.0.1 port ${port}: the address is in use, perhaps by health (FELIX_HEALTHPORT), another tortie or calico-node; stop it, or set FELIX_PROMETHEUSMETRICSPORT or FELIX_PROMETHEUSMETRICSHOST`,
  );
  second.observe("eventToKernel", 1);
  first[Symbol.dispose]();
  const answer = await fetch(`${attempt()}metrics`);
  expect(await answer.text()).toContain("tortie_event_to_kernel_seconds_count 1\n");
});

test("an address that is not the machine's is refused with what to do", () => {
  using server = createMetricsServer({ ...OPTIONS, host: "192.0.2.1" });
  expect(() => server.listen()).toThrow(
    /^cannot serve metrics on 192\.0\.2\.1 port 0: the system says .*; name an address of this machine, or set FELIX_PROMETHEUSMETRICSPORT or/,
  );
});

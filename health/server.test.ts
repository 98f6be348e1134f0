import { expect, test } from "bun:test";
import type { HealthReport } from "./components.ts";
import { ListenError } from "./listen.ts";
import { healthRoutes, serveHealth } from "./server.ts";

function reportOf(live: boolean, ready: boolean): HealthReport {
  const detail = ["waiting for a directory", "next: create it"];
  return { live, ready, components: [{ name: "Datastore", timeoutSeconds: undefined, live, ready, detail }] };
}

function well(): HealthReport {
  return reportOf(true, true);
}

test.each([
  ["/liveness", true, false, 200],
  ["/livez", true, false, 200],
  ["/liveness", false, false, 503],
  ["/livez", false, true, 503],
  ["/readiness", true, true, 200],
  ["/readyz", true, true, 200],
  ["/readiness", true, false, 503],
  ["/readyz", true, false, 503],
  ["/", true, true, 404],
  ["/metrics", true, true, 404],
])("%s while live %p and ready %p: %d", async (path, live, ready, status) => {
  const response = await healthRoutes(() => reportOf(live, ready)).request(path);
  expect(response.status).toBe(status);
});

test("503 begins with what stands in the way, the table follows", async () => {
  const text = await (await healthRoutes(() => reportOf(true, false)).request("/readiness")).text();
  expect(text).toStartWith("not ready: Datastore: waiting for a directory; next: create it\n+--");
});

test("JSON when it is asked for", async () => {
  const headers = { Accept: "application/json" };
  const response = await healthRoutes(() => reportOf(true, false)).request("/readiness", { headers });
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual(reportOf(true, false));
});

test("a taken port is refused with what to do, and closing frees it", () => {
  using first = serveHealth({ host: "127.0.0.1", port: 0, report: well });
  const port = Number(new URL(first.url).port);
  expect(() => serveHealth({ host: "127.0.0.1", port, report: well })).toThrow(ListenError);
  expect(() => serveHealth({ host: "127.0.0.1", port, report: well })).toThrow(/in use.*FELIX_HEALTHPORT/);
  first[Symbol.dispose]();
  serveHealth({ host: "127.0.0.1", port, report: well })[Symbol.dispose]();
});

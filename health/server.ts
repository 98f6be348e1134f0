import { Hono } from "hono";
import type { Context } from "hono";
import type { HealthReport } from "./components.ts";
import { listen, type Listening } from "./listen.ts";
import { healthTable } from "./table.ts";

export interface HealthServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly report: () => HealthReport;
}

type Question = "live" | "ready";

/** Which components stand in the way, one line each: the answer to a probe's "why". */
function obstacles(question: Question, report: HealthReport): string {
  return report.components
    .filter((component) => !component.live || (question === "ready" && !component.ready))
    .map(({ name, detail }) => `not ${question}: ${name}: ${detail.join("; ")}\n`)
    .join("");
}

function answer(context: Context, question: Question, report: HealthReport): Response {
  const status = report[question] ? 200 : 503;
  context.header("Cache-Control", "no-store");
  if (context.req.header("Accept")?.includes("application/json") === true)
    return context.json(report, status);
  return context.text(obstacles(question, report) + healthTable(report), status);
}

/** The routes alone, for a server or a test. Paths are Calico's; `/livez` and `/readyz` are what Kubernetes people type. */
export function healthRoutes(report: () => HealthReport): Hono {
  const routes = new Hono();
  for (const path of ["/liveness", "/livez"]) {
    routes.get(path, (context) => answer(context, "live", report()));
  }
  for (const path of ["/readiness", "/readyz"]) {
    routes.get(path, (context) => answer(context, "ready", report()));
  }
  routes.notFound((context) => context.text("tortie answers on /liveness and /readiness only\n", 404));
  return routes;
}

/**
 * Serves health from this thread: a worker would go on saying "live" for a loop that is dead.
 *
 * @throws ListenError when the address is taken or not ours.
 */
export function serveHealth({ host, port, report }: HealthServerOptions): Listening {
  return listen({
    what: "health",
    host,
    port,
    settings: { host: "FELIX_HEALTHHOST", port: "FELIX_HEALTHPORT" },
    others: "another tortie or calico-node",
    fetch: healthRoutes(report).fetch,
  });
}

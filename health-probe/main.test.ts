import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SETTING_ROWS } from "../agent/settings/settings.ts";
import { healthProbeIn } from "./main.ts";
import { DEFAULTS, whereToAsk } from "./where.ts";

const folder = mkdtempSync(join(tmpdir(), "tortie-health-probe-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Probed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function probe(
  words: string,
  environment: Readonly<Record<string, string>>,
  milliseconds?: number,
): Promise<Probed> {
  let [out, err] = ["", ""];
  const code = await healthProbeIn(
    words.split(" ").filter((word) => word !== ""),
    {
      environment,
      print: (text) => {
        out += text;
        return 0;
      },
      warn: (text) => (err += text),
      ...(milliseconds !== undefined && { milliseconds }),
    },
  );
  return { code, out, err };
}

function serve(fetch: (request: Request) => Response): Bun.Server<undefined> {
  return Bun.serve({ hostname: "127.0.0.1", port: 0, fetch });
}

test("the defaults are the agent's", () => {
  expect<Record<string, string>>(DEFAULTS).toEqual(
    Object.fromEntries(
      [SETTING_ROWS.healthEnabled, SETTING_ROWS.healthHost, SETTING_ROWS.healthPort].map((row) => [
        row.name,
        row.default,
      ]),
    ),
  );
});

test("it asks for readiness unless told otherwise, prints the answer, and its code follows the status", async () => {
  using server = serve(({ url }) => {
    const { pathname } = new URL(url);
    return new Response(`${pathname}\n`, { status: pathname === "/liveness" ? 200 : 503 });
  });
  const environment = { felix_healthport: `${server.port}`, HTTP_PROXY: "http://127.0.0.1:1" };
  expect(await probe("", environment)).toEqual({ code: 1, out: "/readiness\n", err: "" });
  expect(await probe("readiness", environment)).toEqual({ code: 1, out: "/readiness\n", err: "" });
  expect(await probe("liveness", environment)).toEqual({ code: 0, out: "/liveness\n", err: "" });
});

test("a felix.cfg says where as it does for the agent, and the environment beats it", async () => {
  using server = serve(() => new Response("well\n"));
  const file = join(folder, "felix.cfg");
  writeFileSync(file, `[global]\nHealthPort = ${server.port}\n`);
  for (const words of [`-c ${file}`, `--config-file ${file}`, `liveness --config-file=${file}`])
    expect(await probe(words, {})).toEqual({ code: 0, out: "well\n", err: "" });
  const both = whereToAsk({ FELIX_HEALTHPORT: "1" }, file);
  expect(both).toEqual({ kind: "at", host: "127.0.0.1", port: 1 });
  expect((await probe(`-c ${join(folder, "none")}`, {})).err).toContain("cannot read");
});

test.each([
  [{}, "127.0.0.1"],
  [{ FELIX_HEALTHHOST: "0.0.0.0" }, "127.0.0.1"],
  [{ FELIX_HEALTHHOST: "::" }, "[::1]"],
  [{ FELIX_HEALTHHOST: "fd00::1" }, "[fd00::1]"],
  [{ FELIX_HEALTHHOST: "localhost" }, "localhost"],
  [{ FELIX_HEALTHHOST: "none" }, "127.0.0.1"],
])("%j: it asks %s", (environment, host) => {
  expect(whereToAsk(environment, undefined)).toEqual({ kind: "at", host, port: 9099 });
});

test.each([
  [{ FELIX_HEALTHENABLED: "no" }, "health is switched off: FELIX_HEALTHENABLED is no; set it to true"],
  [{ FELIX_HEALTHENABLED: "perhaps" }, 'FELIX_HEALTHENABLED: found "perhaps", allowed is true or false'],
  [{ FELIX_HEALTHHOST: "node-1" }, 'FELIX_HEALTHHOST: found "node-1", allowed is an IP address'],
  [{ FELIX_HEALTHPORT: "0" }, "FELIX_HEALTHPORT is 0, any free port"],
  [{ FELIX_HEALTHPORT: "65536" }, 'FELIX_HEALTHPORT: found "65536", allowed is a whole number'],
  [{ FELIX_HEALTHPORT: "80", felix_healthport: "81" }, "are the same setting with two values"],
])("%j: exit 1 and why", async (environment, text) => {
  const { code, out, err } = await probe("", environment);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain(text);
  expect(err).toStartWith("tortie health: ");
});

test("nobody there, somebody else, and silence: each is told apart", async () => {
  const server = serve(() => new Response("web\n", { status: 404 }));
  const environment = { FELIX_HEALTHPORT: `${server.port}` };
  const other = await probe("", environment);
  expect(other).toMatchObject({ code: 1, out: "" });
  expect(other.err).toContain("answers 404 to /readiness: another program listens there");
  await server.stop(true);
  const nobody = await probe("", environment);
  expect(nobody).toMatchObject({ code: 1, out: "" });
  expect(nobody.err).toContain(
    `nothing listens on 127.0.0.1 port ${environment.FELIX_HEALTHPORT}: the agent`,
  );

  const { promise: listening, resolve } = Promise.withResolvers<void>();
  const dumb = createServer().listen(0, "127.0.0.1", resolve);
  await listening;
  const address = dumb.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const silent = await probe("", { FELIX_HEALTHPORT: `${port}` }, 30);
  dumb.close();
  expect(silent).toMatchObject({ code: 1, out: "" });
  expect(silent.err).toContain("said nothing for 0.03 s: it hangs");
});

test("wrong use: exit 2; help: exit 0", async () => {
  for (const words of ["readyness", "liveness readiness", "-c", "--config-file=", "-o json"]) {
    const { code, out, err } = await probe(words, {});
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).not.toBe("");
  }
  const help = await probe("--help", {});
  expect(help).toMatchObject({ code: 0, err: "" });
  expect(help.out).toContain("Usage: tortie health [liveness|readiness]");
});

import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { CNI_VERSIONS, isAtLeast } from "../../../handshake/cni-version.ts";
import { podInterfaceName } from "../../../model/fingerprint.ts";
import { ip } from "../../netns/other-cni/commands.ts";
import { call, container, NOTHING } from "./plugin/by-hand.ts";
import { NETWORK, PluginMachine } from "./plugin/plugin-machine.ts";
import { leases, traces } from "./plugin/traces.ts";

const HOST_END = podInterfaceName("shop", "web");

let node: PluginMachine;
beforeAll(async () => {
  node = await PluginMachine.start({ podCidrs: ["10.1.0.0/16", "fd00:1::/64"] });
  node.announce({ name: "web" }, { name: "database" });
  await node.startAgent();
}, 120_000);
afterAll(() => node[Symbol.asyncDispose]());

/** What ADD answers in the words of a version. */
function answer(cniVersion: (typeof CNI_VERSIONS)[number], sandbox: string, last: string): object {
  const [four, six] = [`10.1.0.${last}/32`, `fd00:1::${Number(last).toString(16)}/128`];
  if (!isAtLeast(cniVersion, "0.3.0")) {
    return {
      cniVersion,
      ip4: { ip: four, routes: [{ dst: "0.0.0.0/0" }] },
      ip6: { ip: six, routes: [{ dst: "::/0" }] },
    };
  }
  const versioned = !isAtLeast(cniVersion, "1.0.0");
  return {
    cniVersion,
    interfaces: [
      { name: HOST_END, mac: "ee:ee:ee:ee:ee:ee" },
      { name: "eth0", sandbox },
    ],
    ips: [
      { ...(versioned && { version: "4" }), address: four, interface: 1 },
      { ...(versioned && { version: "6" }), address: six, interface: 1 },
    ],
    routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
  };
}

test.each([...CNI_VERSIONS])(
  "the installed executable does all verbs of version %s",
  async (cniVersion) => {
    const web = container("web", `c-${cniVersion}`);
    using _network = web.network;
    const asked = { cniVersion };
    const said = await call(node, "VERSION", undefined, asked);
    expect(said).toEqual({
      exitCode: 0,
      output: { cniVersion, supportedVersions: [...CNI_VERSIONS] },
      complaint: "",
    });

    const added = await call(node, "ADD", web, asked);
    expect(added).toMatchObject({ exitCode: 0, complaint: "" });
    const last = /"10\.1\.0\.(\d+)\/32"/.exec(JSON.stringify(added.output))?.[1] ?? "";
    expect(added.output).toMatchObject(answer(cniVersion, web.network.path, last));
    expect(traces(node)).toEqual([
      `link ${HOST_END}`,
      `route 10.1.0.${last}`,
      `route fd00:1::${Number(last).toString(16)}`,
      ...leases(node).map((address) => `lease ${address}`),
      `record c-${cniVersion}.json`,
      `rule 10.1.0.${last}`,
      `rule fd00:1::${Number(last).toString(16)}`,
    ]);
    expect(leases(node)).toHaveLength(2);

    const newer = {
      exitCode: 1,
      output: { code: 1, msg: expect.stringContaining("which has no") as string },
    };
    const fields = { prevResult: added.output };
    const checked = await call(node, "CHECK", web, { ...asked, fields });
    if (isAtLeast(cniVersion, "0.4.0")) expect(checked).toEqual(NOTHING);
    else expect(checked).toMatchObject(newer);
    const valid = { "cni.dev/valid-attachments": [{ containerID: web.id, ifname: "eth0" }] };
    for (const [verb, more] of [
      ["STATUS", {}],
      ["GC", valid],
    ] as const) {
      const done = await call(node, verb, undefined, { ...asked, fields: more });
      if (isAtLeast(cniVersion, "1.1.0")) expect(done).toEqual(NOTHING);
      else expect(done).toMatchObject(newer);
    }
    expect(leases(node)).toHaveLength(2);

    expect(await call(node, "DEL", web, { ...asked, fields })).toEqual(NOTHING);
    expect(traces(node)).toEqual([]);
    expect(ip(web.network, "link show")).not.toContain("eth0");
    expect(await call(node, "DEL", web, { ...asked, fields, environment: { CNI_NETNS: "" } })).toEqual(
      NOTHING,
    );
  },
  30_000,
);

test("CHECK against the real agent names what somebody changed", async () => {
  const web = container("web");
  using _network = web.network;
  const { output } = await call(node, "ADD", web);
  const check = (): Promise<unknown> => call(node, "CHECK", web, { fields: { prevResult: output } });
  expect(await check()).toEqual(NOTHING);
  ip(web.network, "address flush dev eth0 scope global");
  expect(await check()).toMatchObject({
    exitCode: 1,
    output: { code: 104, msg: expect.stringContaining("10.1.") as string },
  });
  await call(node, "DEL", web);
  expect(await check()).toMatchObject({ exitCode: 1, output: { code: 3 } });
  expect(traces(node)).toEqual([]);
});

test("GC leaves what the runtime lists, and of the rest no lease, link, route, record or rule", async () => {
  const [web, database] = [container("web"), container("database")];
  using _first = web.network;
  using _second = database.network;
  for (const one of [web, database]) expect((await call(node, "ADD", one)).exitCode).toBe(0);
  const kept = traces(node);
  const added = await call(node, "DEL", database);
  expect(added).toEqual(NOTHING);
  const ofWeb = traces(node);
  expect((await call(node, "ADD", database)).exitCode).toBe(0);
  expect(traces(node)).toHaveLength(kept.length);
  // Of a container that nobody knows any more.
  writeFileSync(node.path(`var/lib/cni/networks/${NETWORK}/10.1.99.99`), "c-forgotten\r\neth0");
  const list = [{ containerID: web.id, ifname: "eth0" }];
  for (const name of ["cni.dev/valid-attachments", "cni.dev/attachments"]) {
    const { exitCode, complaint } = await call(node, "GC", undefined, { fields: { [name]: list } });
    expect(exitCode).toBe(0);
    expect(complaint === "" || complaint.endsWith("freed, for nobody has them: 10.1.99.99\n")).toBe(true);
    expect(traces(node)).toEqual(ofWeb);
  }
  expect((await node.readiness())?.body).toContain("1 container wired");

  expect(await call(node, "GC", undefined, { fields: { "cni.dev/valid-attachments": [] } })).toEqual(NOTHING);
  expect(traces(node)).toEqual([]);
  expect((await node.readiness())?.body).toContain("0 containers wired");
});

import { expect, test } from "bun:test";
import { PLACEHOLDERS } from "../agent/cni-config/cni-template.ts";
import { SETTING_ROWS } from "../agent/settings/settings.ts";
import { ROUTE_PROTOCOL } from "../dataplane/route/route-protocol.ts";
import { HELPERS } from "../install/helper-plugins.ts";
import { readInstallOptions } from "../install/install-options.ts";
import { readUninstallOptions } from "../install/uninstall-options.ts";

const read = (path: string): Promise<string> => Bun.file(new URL(`../${path}`, import.meta.url)).text();
const page = await read("docs/cni-plugin.md");
const commands = page.match(/(?<=^ {4}tortie ).*$/gm) ?? [];

test("its commands are understood", () => {
  expect(commands).toHaveLength(4);
  for (const [face, ...words] of commands.map((command) => command.split(" "))) {
    const asked = face === "install" ? readInstallOptions(words, {}) : readUninstallOptions(words, {});
    expect(asked.kind).toBe("options");
  }
});

test("its variables are those that the face reads", () => {
  const rows = [...page.matchAll(/^\| `([A-Z][A-Z_]+)` \| /gm)].map(([, name = ""]) => name);
  const help = readInstallOptions(["--help"], {});
  const told = help.kind === "help" ? [...help.text.matchAll(/^ {2}([A-Z_]+) /gm)] : [];
  expect(rows).toEqual(told.map(([, name = ""]) => name));
});

test("its template is the one in deploy/", async () => {
  const template = (await read("deploy/cni-network-config.template")).trimEnd();
  expect(page).toContain(template.replaceAll(/^/gm, "    "));
});

test("its placeholders are all that there are", () => {
  const table = page.slice(page.indexOf("| in the template |"));
  const told = [...table.matchAll(/`__([A-Z_]+)__`/g)].map(([, name = ""]) => name);
  expect(told.toSorted()).toEqual(PLACEHOLDERS.toSorted());
});

test("it names settings and plugins as they are, and the page of uninstalling its routes", async () => {
  const settings = new Set<string>(Object.values(SETTING_ROWS).map(({ name }) => name));
  const named = [...page.matchAll(/`(CNI_[A-Z_]+|CALICO_[A-Z_]+|DATASTORE_TYPE)\b/g)].map(
    ([, name = ""]) => name,
  );
  expect(named.filter((name) => !settings.has(name))).toEqual([]);
  expect(page).toContain(HELPERS.join(", "));
  expect(await read("docs/uninstall.md")).toContain(`routes of protocol ${ROUTE_PROTOCOL}`);
});

import { expect, test } from "bun:test";
import { configPage } from "./config-page.ts";
import { FELIX_PARAMETERS } from "./felix-parameters.ts";
import { CONNECTION_NAMES, SETTING_ROWS } from "./settings.ts";

test("docs/config.md is what `bun agent/settings/config-page.ts` makes of the schema", async () => {
  const page = await Bun.file(new URL("../../docs/config.md", import.meta.url)).text();
  expect(page).toBe(configPage());
});

test("every name that is read stands in it", () => {
  const page = configPage();
  const names = Object.values(SETTING_ROWS).flatMap(({ name, names: all = [], ambient = [] }) => [
    name,
    ...all,
    ...ambient,
  ]);
  const connection = CONNECTION_NAMES.filter((name) => !name.startsWith("CALICO_"));
  expect([...names, ...connection].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test("a parameter that is Felix's bears Felix's name", () => {
  const felix = Object.values(SETTING_ROWS).filter(({ name }) => name.startsWith("FELIX_"));
  // Ours, in Felix's manner: it has no such parameter.
  const own = ["FELIX_UNKNOWNENDPOINTACTION", "FELIX_NFTWRITER"];
  const strange = felix.map(({ name }) => name).filter((name) => !FELIX_PARAMETERS.has(name));
  expect(strange.toSorted()).toEqual(own.toSorted());
});

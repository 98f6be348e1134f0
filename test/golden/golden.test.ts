import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { openNftDataplane } from "../../dataplane/nft/driver.ts";
import { FakeWriter } from "../../dataplane/nft/fake-writer.ts";
import { TABLE } from "../../dataplane/nft/names.ts";
import { GOLDEN_CASES } from "./cases.ts";

const rewrite = process.env["TORTIE_WRITE_GOLDEN"] === "1";

test.each(GOLDEN_CASES.map((one) => [one.name, one] as const))("golden %s", async (name, { ruleset, options }) => {
  using writer = new FakeWriter();
  await using dataplane = openNftDataplane(writer, options);
  dataplane.want(ruleset, undefined);
  expect(await dataplane.settle()).toMatchObject({ kind: "applied", rebuilt: true });
  const text = writer.dump(TABLE);
  const path = `${import.meta.dir}/${name}.nft`;
  if (rewrite) await Bun.write(path, text);
  expect(text).toBe(await Bun.file(path).text());
});

test("every golden file belongs to a case", () => {
  const files = readdirSync(import.meta.dir).filter((file) => file.endsWith(".nft"));
  expect(files.toSorted()).toEqual(GOLDEN_CASES.map(({ name }) => `${name}.nft`).toSorted());
});

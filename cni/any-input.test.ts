import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { CNI_CODES } from "./cni-error.ts";
import { CNI_VERSIONS } from "../handshake/cni-version.ts";
import { VERBS } from "./environment.ts";
import { createTestNode, leftovers, NETWORK, pod } from "./test-node.ts";

const options = { seed: Number(process.env["TORTIE_SEED"] ?? Date.now()), numRuns: 500 };
const CODES: readonly number[] = Object.values(CNI_CODES).filter((code) => code !== CNI_CODES.bug);

const anything = fc.oneof(fc.jsonValue(), fc.constantFrom(null, "", 0, -1, true, [], {}, "usePodCidr"));
const FIELDS = `
  cniVersion name ipam mtu prevResult runtimeConfig args dns log_level
  policy kubernetes container_settings policy_setup_timeout_seconds feature_control etcd_endpoints
  cni.dev/valid-attachments cni.dev/attachments datastore_type capabilities __proto__
`;
const field = fc.constantFrom(...FIELDS.trim().split(/\s+/));
const network = fc
  .tuple(fc.constantFrom(...CNI_VERSIONS), fc.dictionary(field, anything, { maxKeys: 3 }))
  .map(([cniVersion, wrong]) => ({ ...NETWORK, cniVersion, run_dir: "/nowhere", ...wrong }));
const variable = fc.constantFrom("CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS", "CNI_PATH");
const environment = fc
  .dictionary(variable, fc.oneof(fc.string(), fc.constantFrom("a", "a=b", "IP=::1;;", "../x")), {
    maxKeys: 1,
  })
  .map((wrong) => pod("c1", wrong));

test("whatever comes in, what goes out is nothing, a result, or an error with a code", async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...VERBS), environment, network, async (verb, given, configuration) => {
      const node = createTestNode();
      const { exitCode, output } = await node.call(verb, given, configuration);
      if (exitCode === 0) return;
      const error = JSON.parse(output) as { readonly code: number; readonly msg: string };
      expect({ ...error, known: CODES.includes(error.code) }).toMatchObject({ known: true });
      expect(error.msg).not.toBe("");
      expect(leftovers(node)).toEqual([]);
    }),
    options,
  );
});

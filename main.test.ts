import { expect, test } from "bun:test";

const MAIN = new URL("main.ts", import.meta.url).pathname;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function tortie(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  argv0: string = process.execPath,
): Ran {
  const done = Bun.spawnSync([process.execPath, MAIN, ...words], { argv0, env });
  return { code: done.exitCode, out: done.stdout.toString(), err: done.stderr.toString() };
}

test.each([["version"], ["--version"], ["-v"]])("%s prints version and commit", (word) => {
  const { code, out, err } = tortie([word]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/^tortie \d+\.\d+\.\d+ \(commit source\)\n$/);
});

test.each([["help"], ["--help"], ["-h"]])("%s lists the faces", (word) => {
  const { code, out, err } = tortie([word]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  for (const face of ["agent", "explain", "demo", "version"]) expect(out).toContain(`tortie ${face}`);
});

test("no word: exit 1 and the list on standard error", () => {
  const { code, out, err } = tortie([]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain("tortie agent");
});

test.each(["angent", "constructor", "cni", ""])("an unknown word (%p): exit 1 and what there is", (word) => {
  const { code, out, err } = tortie([word]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toBe(
    `tortie: there is no face "${word}" in this version; there are: agent, explain, demo, version, help\n`,
  );
});

test.each(["calicoctl", "/usr/bin/kubectl-calico"])(
  "called as %s it is no other face by accident",
  (argv0) => {
    const { code, err } = tortie(["version"], {}, argv0);
    expect(code).toBe(1);
    expect(err).toStartWith('tortie: there is no face "ctl" in this version');
  },
);

test("agent --help lists every variable", () => {
  const { code, out, err } = tortie(["agent", "--help"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toContain("FELIX_NFTWRITER");
});

test("agent: an argument that it does not know: exit 1", () => {
  const { code, out, err } = tortie(["agent", "--port", "1"]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toStartWith("tortie agent: unknown argument --port; it takes --help only");
});

test("agent: bad variables: exit 1, all of them at once", () => {
  const { code, out, err } = tortie(["agent"], { DATASTORE_TYPE: "etcdv2", FELIX_HEALTHPORT: "x" });
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toBe(
    'tortie agent: DATASTORE_TYPE: found "etcdv2", allowed is file (the only one so far)\n' +
      'tortie agent: FELIX_HEALTHPORT: found "x", allowed is a whole number from 0 to 65535\n',
  );
});

test("explain without a question: exit 1 and what is missing", () => {
  const { code, out, err } = tortie(["explain"]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain("required option '--from <party>'");
});

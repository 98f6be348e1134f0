import { expect, test } from "bun:test";
import { messagesIn } from "./troubleshooting/messages.ts";
import { troubleshootingPage } from "./troubleshooting/page.ts";

test("docs/troubleshooting.md is what `bun test/troubleshooting/page.ts` makes of the source", async () => {
  const page = await Bun.file(new URL("../docs/troubleshooting.md", import.meta.url)).text();
  expect(page).toBe(troubleshootingPage());
});

const SOURCE = `
import { x } from "./x.ts";
/** new CniError("code", "in a comment it is none"). */
export const one = () => {
  if (a) throw new CniError("code", \`found \${b ? "this one" : \`\${c} that\`} in \` + "the middle", "do that then");
  log.write("warning", "it is told", { why: "x" });
  log.write("info", "it is not told", {});
  throw new TypeError("for programmers only, please");
  return { kind: "failure", text: \`\${a} is "no good" thing\` };
};
`;

test("messages are found with what is joined, and with what differs left out", () => {
  expect(messagesIn("cni/x.ts", SOURCE)).toEqual([
    "found … in the middle; do that then",
    "it is told",
    '… is "no good" thing',
  ]);
});

test("of a file of conditions every sentence is one", () => {
  const source = 'const a = ["two words", "this is a sentence " + "in two parts"];';
  expect(messagesIn("health/components.ts", source)).toEqual(["this is a sentence in two parts"]);
});

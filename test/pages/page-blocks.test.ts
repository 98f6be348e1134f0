import { expect, test } from "bun:test";
import { blocksOf, missingLine } from "./page-blocks.ts";

const PAGE = `# Page
text
\`\`\`sh
# a comment
one --option
two \\
  --more

kubectl apply -f - <<EOF
kind: Pod

EOF
\`\`\`

    NAME   AGE
    web    ...

## Next
    indented is no command
\`\`\`yaml
neither: is this
\`\`\`
\`\`\`sh
three
\`\`\`
`;

test("commands are read as a shell reads them, under their headings", () => {
  expect(blocksOf("page.md", PAGE)).toEqual([
    {
      page: "page.md",
      heading: "Page",
      commands: ["one --option", "two \\\n  --more", "kubectl apply -f - <<EOF\nkind: Pod\n\nEOF"],
      prints: ["NAME   AGE", "web    ..."],
    },
    { page: "page.md", heading: "Next", commands: ["three"], prints: [] },
  ]);
});

test.each(["```sh\none", "```sh\none \\\n```", "```sh\ncat <<EOF\none\n```"])("%j is refused", (text) => {
  expect(() => blocksOf("page.md", text)).toThrow();
});

test.each([
  ["NAME  AGE\nweb   3m (x)\n", ["NAME   AGE", "web ..."], undefined],
  ["web 3m\nNAME AGE\n", ["NAME   AGE", "web ..."], "web ..."],
  ["a.b", ["a+b"], "a+b"],
  ["namespace/x created", ["namespace/... created"], undefined],
])("%j against %j misses %p", (printed, wanted, missing) => {
  expect(missingLine(printed, wanted)).toBe(missing);
});

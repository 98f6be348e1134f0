import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { blocksOf, pages } from "./pages/page-blocks.ts";

const root = new URL("..", import.meta.url).pathname;
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Commands of a page's ```sh blocks, without sudo and without variables before them. */
function commandsOf(page: string): string[] {
  const commands = blocksOf(page).flatMap((block) => block.commands);
  return commands.map((command) =>
    command
      .replace(/^[A-Z]+=\$\(/, "")
      .replace(/^sudo /, "")
      .replace(/^(?:[A-Z_]+=\S* )+/, ""),
  );
}

const help = new Map<string, string>();

/** What `tortie FACE --help` prints. */
function helpOf(face: string): string {
  const known = help.get(face);
  if (known !== undefined) return known;
  const { stdout } = Bun.spawnSync([process.execPath, "main.ts", face, "--help"], {
    cwd: root,
    stderr: "pipe",
  });
  help.set(face, stdout.toString());
  return stdout.toString();
}

const ELSEWHERE = [
  "cd",
  "cp",
  "ctr",
  "curl",
  "git",
  "install",
  "ip",
  "journalctl",
  "kubectl",
  "mkdir",
  "nft",
  "rm",
  "systemctl",
];

/** What is wrong with a command; undefined: nothing. */
function wrong(command: string): string | undefined {
  const [program = "", first = "", ...rest] = command.replace(/;.*/, "").split(/\s+/);
  if (program === "script/bun") {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Readonly<Record<string, string>> };
    return first === "run" && rest[0] !== undefined && rest[0] in scripts ? undefined : "no such script";
  }
  if (program.startsWith("script/")) {
    if (!existsSync(join(root, program)) || (statSync(join(root, program)).mode & 0o111) === 0)
      return "no such script";
    return first === "" || read(program).includes(` ${first}`) ? undefined : `no option ${first}`;
  }
  if (/(^|\/)tortie$/.test(program)) {
    const text = helpOf(first);
    if (text === "") return `tortie ${first} --help says nothing`;
    const missing = rest.filter((word) => word.startsWith("-") && !text.includes(word));
    return missing.length === 0 ? undefined : `its help lacks ${missing.join(", ")}`;
  }
  return ELSEWHERE.includes(program) ? undefined : "not a command that this test knows";
}

describe.each(pages())("%s", (page) => {
  test("shows commands that exist, with options that they take", () => {
    expect(commandsOf(page).filter((command) => wrong(command) !== undefined)).toEqual([]);
  });

  test("links to files that exist", () => {
    const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] ?? "");
    expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  });
});

test("this test notices a command that is wrong", () => {
  expect(wrong("script/absent")).toBe("no such script");
  expect(wrong("script/test --fast")).toBe("no option --fast");
  expect(wrong("script/bun run absent")).toBe("no such script");
  expect(wrong("tortie explain --form x/a")).toBe("its help lacks --form");
  expect(wrong("mkfs /dev/sda")).toBe("not a command that this test knows");
});

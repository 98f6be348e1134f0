/**
 * Builds the executables and their checksums: `bun run build [--target x64|arm64] [--outdir DIR]`, into dist/ by default.
 * Two builds of one commit are equal byte for byte as long as the file's name is the same, for Bun embeds the name:
 * so nothing here writes to another name and renames.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";

export type Target = "x64" | "arm64";

const TARGETS: Readonly<Record<Target, { readonly bun: Bun.Build.CompileTarget; readonly file: string }>> = {
  // Bun's default for x64 needs AVX2, which not every node has.
  x64: { bun: "bun-linux-x64-baseline", file: "tortie" },
  arm64: { bun: "bun-linux-arm64", file: "tortie-arm64" },
};

const root = import.meta.dir;

/** What git says of this clone, without its line's end; `undefined` where it fails, or where there is no git. */
export function git(...words: string[]): string | undefined {
  if (Bun.which("git") === null) return undefined;
  const { success, stdout } = Bun.spawnSync(["git", "-C", root, ...words], { stderr: "ignore" });
  return success ? stdout.toString().trim() : undefined;
}

/**
 * What `git describe` says of tags such as v0.1.0, as a version: `0.1.0` at the tag, `0.1.0+12` after 12 more commits, which
 * semantic versioning reads as a build of 0.1.0. `undefined`: there is no such tag.
 */
export function versionOfTag(described: string): string | undefined {
  const [, tagged, commits] =
    /^v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+?)?)-(\d+)-g[0-9a-f]+$/.exec(described) ?? [];
  if (tagged === undefined) return undefined;
  return commits === "0" ? tagged : `${tagged}+${commits}`;
}

/** By the last tag of this commit's history; before the first one, and outside a clone, package.json's. */
function version(): string {
  const described = git("describe", "--tags", "--long", "--match", "v[0-9]*", "HEAD");
  return (
    (described === undefined ? undefined : versionOfTag(described)) ??
    (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version
  );
}

/** 12 digits of the commit, `-dirty` where tracked files differ from it; `unknown` outside a clone. */
function commit(): string {
  const head = git("rev-parse", "--short=12", "HEAD");
  if (head === undefined) return "unknown";
  return head + (git("diff", "--quiet", "HEAD", "--") === undefined ? "-dirty" : "");
}

/** Tortie's own entry points. Workers are among them, for the bundler does not find one by `new Worker`. */
export function tortieEntrypoints(): string[] {
  return ["main.ts", "native/poll-worker.ts"].map((path) => join(root, path)).filter(existsSync);
}

const PLUGIN = join(root, "cni/main.ts");
const MINIFY = { whitespace: true, syntax: true, identifiers: false, keepNames: true } as const;

/**
 * The CNI plugin as one file: of modules that faces share, each is a chunk, and to load thirty of them takes as long as the
 * rest of a plugin's life. What it imports by `import()` is evaluated only then all the same.
 */
async function pluginInOneFile(define: Record<string, string>): Promise<Bun.BunPlugin> {
  const result = await Bun.build({
    entrypoints: [PLUGIN],
    target: "bun",
    format: "esm",
    minify: MINIFY,
    define,
  });
  const [output] = result.outputs;
  if (output === undefined) throw new AggregateError(result.logs, `${PLUGIN} was not bundled`);
  const contents = await output.text();
  return {
    name: "plugin-in-one-file",
    setup(builder) {
      builder.onLoad({ filter: /\/cni\/main\.ts$/ }, ({ path }) =>
        path === PLUGIN ? { contents, loader: "js" } : undefined,
      );
    },
  };
}

/** Compiles `entrypoints`, the first of which is run, into one executable and gives its path. `stamp`: its version. */
export async function build(
  target: Target,
  outdir: string,
  entrypoints: string[],
  stamp: string = version(),
): Promise<string> {
  const { bun, file } = TARGETS[target];
  const define = { TORTIE_VERSION: JSON.stringify(stamp), TORTIE_COMMIT: JSON.stringify(commit()) };
  const outfile = join(outdir, file);
  const result = await Bun.build({
    entrypoints,
    target: "bun",
    format: "esm",
    // Each face is a chunk of its own and pays only for itself; bytecode needs no parsing.
    splitting: true,
    // Chunks and workers land in one folder: a worker is found beside the file that starts it, as in the source.
    naming: { entry: "[name].[ext]" },
    bytecode: true,
    // Names are kept: they stand in errors and stack traces, which the embedded maps turn back into our lines.
    minify: MINIFY,
    plugins: [await pluginInOneFile(define)],
    sourcemap: "linked",
    define,
    throw: false,
    compile: {
      target: bun,
      outfile,
      autoloadDotenv: false,
      autoloadBunfig: false,
      // BUN_OPTIONS=--preload would run foreign code with our rights. Written with `=`: a space gives a weaker level.
      execArgv: ["--disallow-code-generation-from-strings=strict"],
    },
  });
  if (!result.success) throw new AggregateError(result.logs, `${outfile} was not built`);
  // The maps beside the executable are copies of those inside.
  for (const output of result.outputs) if (output.kind === "sourcemap") rmSync(output.path, { force: true });
  return outfile;
}

/** One line a file, as `sha256sum --check` reads it, by the names that lie beside it. */
function writeChecksums(outdir: string, files: readonly string[]): void {
  const lines = files.map((file) => {
    const digest = new Bun.CryptoHasher("sha256").update(readFileSync(file)).digest("hex");
    return `${digest}  ${basename(file)}\n`;
  });
  writeFileSync(join(outdir, "SHA256SUMS"), lines.join(""));
}

function chosenTargets(name: string | undefined): readonly Target[] {
  if (name === undefined) return ["x64", "arm64"];
  if (name === "x64" || name === "arm64") return [name];
  throw new TypeError(`--target "${name}" is no target that there is`);
}

interface Wish {
  readonly targets: readonly Target[];
  readonly outdir: string;
}

/** Ends the process where the words ask for nothing that there is. */
function wishOf(args: string[]): Wish {
  try {
    const options = { target: { type: "string" }, outdir: { type: "string" } } as const;
    const { values } = parseArgs({ args, options });
    return { targets: chosenTargets(values.target), outdir: values.outdir ?? join(root, "dist") };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    process.stderr.write(`${error.message}\nusage: bun run build [--target x64|arm64] [--outdir DIR]\n`);
    return process.exit(1);
  }
}

if (import.meta.main) {
  const { targets, outdir } = wishOf(process.argv.slice(2));
  const built: string[] = [];
  for (const target of targets) {
    const outfile = await build(target, outdir, tortieEntrypoints());
    built.push(outfile);
    const mebibytes = (Bun.file(outfile).size / 1024 / 1024).toFixed(1);
    process.stdout.write(`${outfile}  ${mebibytes} MiB  ${version()} ${commit()}\n`);
  }
  writeChecksums(outdir, built);
}

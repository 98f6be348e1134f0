import { DYNAMIC_ONLY, KEPT, ROOMS, TEST_PACKAGES } from "./rooms.ts";
import { type Import, type SourceFile, importsOf, packageOf } from "./imports.ts";

export interface Repository {
  readonly files: readonly SourceFile[];
  /** Names in package.json. */
  readonly dependencies: readonly string[];
  /** The text of docs/dependencies.md. */
  readonly dependencyNotes: string;
}

const MOST_LINES = 300;

function within(path: string, name: string): boolean {
  return path === name || path.startsWith(`${name}/`);
}

/** The room of a path, undefined where nobody has decided on one. */
export function roomOf(path: string): string | undefined {
  const tested = path.replace(/\.test\.ts$/, ".ts");
  return Object.keys(ROOMS)
    .filter((name) => within(tested, name))
    .toSorted((a, b) => b.length - a.length)[0];
}

function isTest(path: string): boolean {
  return path.endsWith(".test.ts") || within(path, "test");
}

function* badText({ path, text }: SourceFile): Generator<string> {
  const lines = text.split("\n").length - 1;
  if (lines > MOST_LINES) yield `${path}: ${lines} lines, at most ${MOST_LINES}`;
  if (/[._](?:spec|test)\.[cm]?[jt]sx?$/.test(path) && !path.endsWith(".test.ts")) {
    yield `${path}: a test file's name ends in .test.ts, or script/test does not see it`;
  }
  if (path.endsWith(".test.ts") && !/\btest\b|Behaviour\(/.test(text)) yield `${path}: holds no test`;
  for (const [index, line] of text.split("\n").entries()) {
    const at = `${path}:${index + 1}`;
    if (/\bconsole\s*\.\s*\w+\s*\(/.test(line)) yield `${at}: console blocks on a stalled pipe`;
    if (/\b(?:TODO|FIXME|XXX)\b(?!\s*\(?#\d)/.test(line)) yield `${at}: a note to come back names an issue`;
    if (/\b(?:test|it|describe)\s*\.\s*(?:skip|only|todo|skipIf|todoIf)\b/.test(line)) {
      yield `${at}: a test always runs`;
    }
  }
}

/** What the executable is made of: everything that main.ts reaches. */
function shippedFiles(files: readonly SourceFile[]): ReadonlySet<string> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set<string>();
  const queue = ["main.ts"];
  for (const path of queue) {
    const file = byPath.get(path);
    if (file === undefined || reached.has(path)) continue;
    reached.add(path);
    queue.push(...importsOf(file).flatMap((one) => one.file ?? []));
  }
  return reached;
}

interface Place {
  readonly path: string;
  readonly room: string;
  readonly shipped: boolean;
}

function badPackage(
  { path, room, shipped }: Place,
  { specifier }: Import,
  repository: Repository,
): string | undefined {
  const name = packageOf(specifier);
  const keepers = KEPT[name];
  if (keepers !== undefined && !keepers.some((keeper) => within(path, keeper))) {
    return `only ${keepers.join(", ")} may import ${name}`;
  }
  if (specifier.startsWith("node:")) {
    const { node } = ROOMS[room] ?? { node: false };
    const allowed = isTest(path) || (typeof node === "boolean" ? node : node.includes(specifier));
    return allowed ? undefined : `${room} may not import ${specifier}`;
  }
  const allowed =
    (ROOMS[room]?.packages.includes(name) ?? false) || (!shipped && TEST_PACKAGES.includes(name));
  if (!allowed) return `${room} may not import ${name}`;
  if (name === "bun" || name.startsWith("bun:")) return undefined;
  if (!repository.dependencies.includes(name)) return `${name} is not in package.json`;
  if (!repository.dependencyNotes.includes(`\`${name}\``))
    return `docs/dependencies.md does not argue for ${name}`;
  return undefined;
}

function badRoom({ path, room }: Place, { specifier, file, dynamic }: Import): string | undefined {
  if (file === undefined) return undefined;
  if (!/\.\w+$/.test(specifier)) return `${specifier} lacks its suffix`;
  const target = roomOf(file);
  if (room === "main.ts" && !dynamic && DYNAMIC_ONLY.includes(target ?? "")) {
    return `main.ts loads ${file} only by import()`;
  }
  if (target === undefined) return file === "package.json" ? undefined : `${file} is in no room`;
  const allowed = ROOMS[room]?.rooms ?? [];
  const free = target === room || isTest(path) || allowed.includes("*");
  return free || allowed.some((name) => name === file || covers(name, target))
    ? undefined
    : `${room} may not import ${file}`;
}

function covers(allowed: string, room: string): boolean {
  return allowed.endsWith("/*") ? within(room, allowed.slice(0, -2)) : allowed === room;
}

/** Rooms that reach themselves again through what they import. Tests are left out: they may look anywhere. */
function* cycles(files: readonly SourceFile[]): Generator<string> {
  const edges = new Map<string, Set<string>>();
  for (const file of files.filter(({ path }) => !isTest(path))) {
    const from = roomOf(file.path);
    if (from === undefined) continue;
    for (const { file: target } of importsOf(file)) {
      const to = target === undefined ? undefined : roomOf(target);
      if (to === undefined || to === from) continue;
      edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
  }
  const walk = function* (room: string, trail: readonly string[]): Generator<string> {
    if (trail[0] === room) yield `rooms import each other: ${[...trail, room].join(" -> ")}`;
    else if (!trail.includes(room))
      for (const next of edges.get(room) ?? []) yield* walk(next, [...trail, room]);
  };
  for (const room of edges.keys()) for (const next of edges.get(room) ?? []) yield* walk(next, [room]);
}

/** Everything in which the repository breaks the rules of docs/architecture.md, one line each. */
export function violations(repository: Repository): string[] {
  const found: string[] = [];
  const shipped = shippedFiles(repository.files);
  for (const file of repository.files) {
    found.push(...badText(file));
    const room = roomOf(file.path);
    if (room === undefined) {
      found.push(`${file.path}: is in no room; see test/architecture/rooms.ts`);
      continue;
    }
    const place = { path: file.path, room, shipped: shipped.has(file.path) };
    for (const one of importsOf(file)) {
      const bad = one.file === undefined ? badPackage(place, one, repository) : badRoom(place, one);
      if (bad !== undefined) found.push(`${file.path}: ${bad}`);
    }
  }
  found.push(...cycles(repository.files));
  return found;
}

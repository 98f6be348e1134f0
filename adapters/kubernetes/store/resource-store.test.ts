import { expect, test } from "bun:test";
import type { ListWatchEvent } from "../reading/list-watch-event.ts";
import { createProblemList } from "./problem-list.ts";
import { createResourceStore, type ResourceStore } from "./resource-store.ts";
import { readResourceVersion } from "./resource-version.ts";
import type { ModelItem } from "./to-model.ts";

type Value = { readonly is: string };

const problem = (text: string) => ({ where: text, path: "", value: "", message: text, consequence: "" });

function item(key: string, version: string, is: string, ...problems: string[]): ModelItem<Value> {
  return { key, version: readResourceVersion(version), value: { is }, problems: problems.map(problem) };
}

interface Store extends ResourceStore<Value> {
  problems(): string[];
}

function store(...events: ListWatchEvent<ModelItem<Value>>[]): Store {
  const problems = createProblemList();
  const made = createResourceStore<Value>(problems);
  for (const event of events) made.take(event);
  return Object.create(made, {
    problems: { value: () => problems.all().map(({ message }) => message) },
  }) as Store;
}

const items = (...list: ModelItem<Value>[]) => ({ kind: "items", items: list }) as const;
const listing = { kind: "listing" } as const;
const listed = { kind: "listed", version: "10" } as const;
const listOf = (...list: ModelItem<Value>[]) => [listing, items(...list), listed] as const;
const alive = (one: ModelItem<Value>) =>
  ({ kind: "changes", changes: [{ item: one, gone: false }], noticedAt: 0 }) as const;
const gone = (one: ModelItem<Value>) =>
  ({ kind: "changes", changes: [{ item: one, gone: true }], noticedAt: 0 }) as const;

const came = (is: string) => ({ before: undefined, after: { is } });
const went = (is: string) => ({ before: { is }, after: undefined });

test("the first listing counts as it comes", () => {
  const first = store(listing);
  expect(first.take(items(item("a", "1", "A")))).toEqual([came("A")]);
  expect(first.whole).toBe(false);
  expect(first.take(listed)).toEqual([]);
  expect(first.whole).toBe(true);
  expect(first.size).toBe(1);
});

test("a first listing that breaks off takes back at its end what the next one has not", () => {
  const broken = store(listing, items(item("a", "1", "A"), item("b", "1", "B")), listing);
  expect(broken.take(items(item("b", "1", "B")))).toEqual([]);
  expect(broken.take(listed)).toEqual([went("A")]);
});

test("a later listing counts as a whole, deletes included", () => {
  const known = store(...listOf(item("a", "1", "A"), item("b", "2", "B"), item("c", "3", "C")), listing);
  expect(known.take(items(item("b", "9", "B2"), item("c", "3", "C"), item("d", "8", "D")))).toEqual([]);
  expect(known.take(listed)).toEqual([went("A"), { before: { is: "B" }, after: { is: "B2" } }, came("D")]);
});

test("a later listing that breaks off changes nothing", () => {
  const known = store(...listOf(item("a", "1", "A")), listing, items(item("b", "2", "B")), listing);
  expect(known.take(listed)).toEqual([went("A")]);
  expect(known.size).toBe(0);
});

test("an equal value is the one that was there, and is not told again", () => {
  const known = createResourceStore<Value>(createProblemList());
  known.take(listing);
  const [first] = known.take(items(item("a", "1", "A")));
  known.take(listed);
  expect(known.take(alive(item("a", "2", "A")))).toEqual([]);
  const [change] = known.take(alive(item("a", "3", "B")));
  expect(change?.before).toBe(first?.after);
});

test("what is older than what is known is no news", () => {
  const known = store(...listOf(item("a", "10", "A")));
  expect(known.take(alive(item("a", "9", "old")))).toEqual([]);
  expect(known.take(gone(item("a", "9", "old")))).toEqual([]);
  expect(known.take(gone(item("a", "10", "A")))).toEqual([went("A")]);
  expect(known.take(alive(item("a", "10", "A")))).toEqual([]);
  expect(known.take(alive(item("a", "9", "old")))).toEqual([]);
  expect(known.take(alive(item("a", "11", "new")))).toEqual([came("new")]);
});

test("a deletion that comes before what it deletes is remembered", () => {
  const known = store(...listOf());
  expect(known.take(gone(item("a", "12", "A")))).toEqual([]);
  expect(known.take(alive(item("a", "11", "A")))).toEqual([]);
  expect(known.take(alive(item("a", "13", "B")))).toEqual([came("B")]);
});

test("deletions are remembered for thousands of objects, and not for ever", () => {
  const known = store(...listOf());
  for (let n = 0; n <= 4096; n++) known.take(gone(item(`pod-${n}`, "20", "")));
  expect(known.take(alive(item("pod-1", "19", "late")))).toEqual([]);
  expect(known.take(alive(item("pod-0", "19", "late")))).toEqual([came("late")]);
});

test("versions that nobody can compare: what came last counts", () => {
  const known = store(...listOf(item("a", "x", "A")));
  expect(known.take(alive(item("a", "w", "B")))).toHaveLength(1);
  expect(known.take(gone(item("a", "", "B")))).toEqual([went("B")]);
});

test("a listing is the truth, even of a server that came back older", () => {
  const known = store(...listOf(item("a", "50", "A"), item("b", "51", "B")), gone(item("b", "52", "B")));
  known.take(listing);
  known.take(items(item("a", "7", "older"), item("b", "8", "B")));
  expect(known.take(listed)).toEqual([{ before: { is: "A" }, after: { is: "older" } }, came("B")]);
  expect(known.take(alive(item("a", "9", "new")))).toHaveLength(1);
});

test("equal versions of a restored server may stand for other values", () => {
  const known = store(...listOf(item("a", "50", "A")));
  known.take(listing);
  known.take(items(item("a", "50", "other")));
  expect(known.take(listed)).toEqual([{ before: { is: "A" }, after: { is: "other" } }]);
});

test("changes that come while a listing streams belong to it", () => {
  const known = store(
    ...listOf(item("a", "1", "A")),
    listing,
    items(item("a", "1", "A"), item("b", "2", "B")),
  );
  expect(known.take(gone(item("a", "3", "A")))).toEqual([]);
  expect(known.take(alive(item("b", "4", "B2")))).toEqual([]);
  expect(known.take(listed)).toEqual([went("A"), came("B2")]);
});

test("problems are those of the present state", () => {
  const known = store(...listOf(item("a", "1", "A", "odd"), item("b", "1", "B")));
  expect(known.problems()).toEqual(["odd"]);
  known.take(alive(item("b", "2", "B")));
  expect(known.problems()).toEqual(["odd"]);
  known.take(alive(item("a", "2", "A")));
  expect(known.problems()).toEqual([]);
  known.take(listing);
  known.take(items(item("a", "3", "A"), item("b", "3", "B", "strange")));
  expect(known.problems()).toEqual([]);
  known.take(listed);
  expect(known.problems()).toEqual(["strange"]);
  known.take(gone(item("b", "4", "B")));
  expect(known.problems()).toEqual([]);
});

test("a value that stays as it is while its problems change: the change is none, the problems are the new ones", () => {
  const known = store(...listOf(item("a", "1", "A", "odd")));
  expect(known.take(alive(item("a", "2", "A", "strange")))).toEqual([]);
  expect(known.problems()).toEqual(["strange"]);
  // In a listing that is under way they wait with everything else.
  known.take(listing);
  expect(known.take(items(item("a", "3", "A", "queer")))).toEqual([]);
  expect(known.problems()).toEqual(["strange"]);
  expect(known.take(listed)).toEqual([]);
  expect(known.problems()).toEqual(["queer"]);
  // What came in the listing is the latest: an older one is still no news.
  expect(known.take(alive(item("a", "2", "A")))).toEqual([]);
  expect(known.problems()).toEqual(["queer"]);
  expect(known.take(alive(item("a", "4", "A")))).toEqual([]);
  expect(known.problems()).toEqual([]);
});

const at = (version: string) => ({ kind: "listed", version }) as const;

test("an object that was looked up counts at once, and the watch that tells of it later tells no news", () => {
  const known = store(...listOf(item("a", "1", "A")));
  expect(known.look(item("b", "12", "B"))).toEqual({
    changes: [came("B")],
    late: false,
    value: { is: "B" },
  });
  expect(known.take(alive(item("b", "12", "B")))).toEqual([]);
  expect(known.take(gone(item("b", "13", "B")))).toEqual([went("B")]);
});

test("a late answer changes nothing, whether the object went or changed meanwhile", () => {
  const known = store(
    ...listOf(item("a", "1", "A")),
    alive(item("b", "12", "B")),
    gone(item("b", "13", "B")),
  );
  expect(known.look(item("b", "12", "B"))).toEqual({ changes: [], late: true, value: undefined });
  known.take(alive(item("c", "20", "C")));
  expect(known.look(item("c", "19", "old"))).toEqual({ changes: [], late: true, value: { is: "C" } });
  // Deleted before the last change that was told: the watch had told of it.
  expect(known.look(item("d", "15", "D"))).toMatchObject({ changes: [], late: true });
  expect(store(...listOf()).look(item("e", "10", "E"))).toMatchObject({ changes: [], late: true });
});

test("while a later listing is under way an answer counts at once, and stays if the listing is older", () => {
  const known = store(...listOf(item("a", "1", "A")), listing);
  expect(known.look(item("b", "12", "B")).changes).toEqual([came("B")]);
  expect(known.take(items(item("a", "1", "A")))).toEqual([]);
  expect(known.take(at("11"))).toEqual([]);
  known.take(listing);
  known.take(items(item("a", "1", "A")));
  // Deleted since: this listing is later than the answer.
  expect(known.take(at("14"))).toEqual([went("B")]);
});

test("what a listing under way has told already is not taken back at its end", () => {
  const known = store(...listOf(), listing, items(item("a", "12", "A"), item("b", "15", "B2")));
  expect(known.look(item("a", "12", "A")).changes).toEqual([came("A")]);
  expect(known.look(item("b", "14", "B")).changes).toEqual([came("B")]);
  expect(known.take(at("16"))).toEqual([{ before: { is: "B" }, after: { is: "B2" } }]);
  expect(known.size).toBe(2);
});

const inX = (version: string, ...list: ModelItem<Value>[]) =>
  ({ prefix: "x/", version: readResourceVersion(version), items: list }) as const;

test("all objects of a namespace: new, changed and deleted ones count at once, and others are left alone", () => {
  const known = store(...listOf(item("x/a", "1", "A"), item("x/b", "2", "B"), item("x-y/c", "3", "C")));
  const changes = known.lookAll(inX("20", item("x/b", "12", "B2"), item("x/d", "15", "D")));
  expect(changes).toEqual([{ before: { is: "B" }, after: { is: "B2" } }, came("D"), went("A")]);
  expect(known.lookAll(inX("20", item("x/b", "12", "B2"), item("x/d", "15", "D")))).toEqual([]);
  // What the watch tells of the time before is no news.
  for (const late of [item("x/a", "11", "A2"), item("x/b", "11", "B1"), item("x/d", "14", "D0")]) {
    expect(known.take(alive(late))).toEqual([]);
    expect(known.take(gone(late))).toEqual([]);
  }
  expect(known.take(alive(item("x/a", "21", "A3")))).toEqual([came("A3")]);
});

test("a late list of a namespace changes nothing", () => {
  const known = store(
    ...listOf(item("x/a", "1", "A")),
    alive(item("x/b", "14", "B")),
    gone(item("x/a", "15", "A")),
  );
  known.take(alive(item("x/c", "16", "C2")));
  expect(known.lookAll(inX("12", item("x/a", "1", "A"), item("x/c", "11", "C")))).toEqual([]);
  expect(known.size).toBe(2);
});

test("what a list of a namespace lacks stays where its version cannot be compared", () => {
  const known = store(...listOf(item("x/a", "k", "A"), item("x/b", "2", "B")));
  expect(known.lookAll(inX("l"))).toEqual([]);
  expect(known.lookAll(inX("12"))).toEqual([went("B")]);
});

test("a listing under way decides at its end about what a list of a namespace lacks", () => {
  const known = store(...listOf(item("x/a", "1", "A", "odd"), item("x/b", "2", "B")), listing);
  known.take(items(item("x/a", "1", "A", "odd")));
  expect(known.lookAll(inX("12"))).toEqual([went("A"), went("B")]);
  expect(known.take(items(item("x/b", "3", "B3")))).toEqual([]);
  expect(known.size).toBe(0);
  expect(known.problems()).toEqual([]);
  // As after a backup was restored: the listing is the truth.
  expect(known.take(at("4"))).toEqual([came("A"), came("B3")]);
  expect(known.problems()).toEqual(["odd"]);
  known.take(listing);
  expect(known.take(at("13"))).toEqual([went("A"), went("B3")]);
});

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { EndpointRecord } from "../../handshake/endpoint-record.ts";
import type { Address } from "../../model/address.ts";
import type { Endpoint, EndpointId } from "../../model/endpoint.ts";
import { podInterfaceName } from "../../model/fingerprint.ts";
import type { Update } from "../../model/update.ts";
import { testRuns, testSeed } from "../../test/worlds/seed.ts";
import { createLocalPods, type LocalPods, recordedEndpoint } from "./local-pods.ts";
import { podGone, podUpdate, testPod, testRecord } from "./test-records.ts";

const FROM_API = { addresses: ["10.0.0.9"], attachment: { kind: "interface", name: "apia" } };
const FROM_RECORD = {
  addresses: ["10.0.0.2", "fd00::2"],
  attachment: { kind: "interface", name: podInterfaceName("x", "a") },
  wired: true,
};
const CLOSED = { addresses: [], attachment: { kind: "interface", name: "apia" } };

/** What the one endpoint of the updates is now. */
function only(updates: readonly Update[]): object {
  expect(updates).toHaveLength(1);
  const [update] = updates;
  if (update?.kind !== "endpoint") throw new Error("an endpoint is expected");
  const { addresses, attachment, wired } = update.value ?? {};
  return { addresses, attachment, ...(wired !== undefined && { wired }) };
}

function withPod(changes: Partial<Endpoint> = {}): LocalPods {
  const pods = createLocalPods();
  pods.place([podUpdate(testPod("a", changes))]);
  return pods;
}

test("the record of the pod's UID gives addresses and interface; labels and phase stay the API's", () => {
  const pods = withPod();
  expect(only(pods.put(testRecord("c1")))).toEqual(FROM_RECORD);
  const again = pods.place([
    podUpdate(testPod("a", { labels: { app: "web" }, deleting: true, finished: true })),
  ]);
  expect(again).toMatchObject([
    { value: { ...FROM_RECORD, labels: { app: "web" }, deleting: true, finished: true } },
  ]);
});

test("an emptied annotation, which may be a former container's, ends no pod whose record stands", () => {
  const pods = withPod();
  const ended = podUpdate(testPod("a", { deleting: true, finished: true, finishedByAnnotation: true }));
  expect(pods.place([ended])).toMatchObject([{ value: { finished: true } }]);
  expect(pods.put(testRecord("c1"))).toMatchObject([{ value: { ...FROM_RECORD, finished: false } }]);
  expect(pods.place([ended])).toMatchObject([{ value: { ...FROM_RECORD, finished: false } }]);
  expect(pods.forget("c1")).toMatchObject([{ value: { finished: true } }]);
});

test("a pod that no record tells of keeps what the API says", () => {
  const pods = createLocalPods();
  expect(only(pods.place([podUpdate(testPod("a"))]))).toEqual(FROM_API);
  expect(pods.put(testRecord("c1", { pod: "b" }))).toEqual([]);
});

test.each([
  ["its UID", ["u1"], "u1", FROM_RECORD],
  ["a static pod's hash", ["mirror", "u1"], "u1", FROM_RECORD],
  ["no UID", ["u1"], undefined, FROM_RECORD],
  ["a UID, of a manifest without one", [], "u1", FROM_RECORD],
  ["another UID", ["u2"], "u1", CLOSED],
])("a record with %s", (_, uids, uid, expected) => {
  const { uid: _uid, ...rest } = testRecord("c1");
  const record: EndpointRecord = uid === undefined ? rest : { ...rest, uid };
  expect(only(withPod({ uids }).put(record))).toEqual(expected);
});

test("a record of another UID closes the pod until the API tells of that one", () => {
  const pods = withPod({ uids: ["u0"] });
  expect(only(pods.put(testRecord("c1")))).toEqual(CLOSED);
  expect(only(pods.place([podUpdate(testPod("a"))]))).toEqual(FROM_RECORD);
});

test("a record without addresses says nothing", () => {
  expect(only(withPod().put(testRecord("c1", { addresses: [] })))).toEqual(FROM_API);
});

test("of several records the latest counts, in whatever order they come", () => {
  const old = testRecord("c1", { addresses: ["10.0.0.1" as Address], createdAt: 1 });
  const late = testRecord("c0", { createdAt: 2 });
  for (const order of [
    [old, late],
    [late, old],
  ]) {
    const pods = withPod();
    const last = order.map((record) => pods.put(record)).at(-1) ?? [];
    expect(only(last)).toEqual(FROM_RECORD);
    expect(pods.standing(old)).toEqual({ kind: "superseded", by: "c0" });
    expect(pods.standing(late).kind).toBe("wired");
  }
});

test("once its container is deleted a pod has no addresses, whatever the API goes on saying", () => {
  const pods = withPod();
  pods.put(testRecord("c1"));
  expect(only(pods.forget("c1"))).toEqual(CLOSED);
  expect(only(pods.place([podUpdate(testPod("a"))]))).toEqual(CLOSED);
  expect(only(pods.put(testRecord("c2")))).toEqual(FROM_RECORD);
  expect(pods.forget("c1")).toEqual([]);
});

test("a pod of the same name and another UID is not held for the deleted one", () => {
  const pods = withPod();
  pods.put(testRecord("c1"));
  pods.forget("c1");
  expect(only(pods.place([podUpdate(testPod("a", { uids: ["u2"] }))]))).toEqual(FROM_API);
});

test("the late deletion of an earlier container takes nothing from the later one", () => {
  const pods = withPod();
  pods.put(testRecord("c1", { addresses: ["10.0.0.1" as Address] }));
  pods.put(testRecord("c2", { createdAt: 2 }));
  expect(only(pods.forget("c1"))).toEqual(FROM_RECORD);
});

test("an earlier container does not come back when the later one is deleted", () => {
  const pods = withPod();
  pods.put(testRecord("c1", { addresses: ["10.0.0.1" as Address] }));
  pods.put(testRecord("c2", { createdAt: 2 }));
  expect(only(pods.forget("c2"))).toEqual(CLOSED);
  expect([...pods.records.keys()]).toEqual([]);
});

test("pods of other nodes, and whatever is no pod, pass", () => {
  const pods = createLocalPods();
  pods.put(testRecord("c1"));
  const updates: Update[] = [
    podUpdate(testPod("a", { attachment: undefined })),
    podGone(testPod("b")),
    { kind: "namespace", name: "x", value: undefined },
  ];
  expect(pods.place(updates)).toEqual(updates);
  expect(pods.standing(testRecord("c9")).kind).toBe("replaced");
});

type Event =
  | { readonly kind: "endpoint"; readonly update: Update }
  | { readonly kind: "put"; readonly record: EndpointRecord }
  | { readonly kind: "forget"; readonly containerId: string };

const NAME = fc.constantFrom("a", "b");
const UID = fc.constantFrom("u1", "u2", "u3");

const ENDPOINT_EVENT = fc
  .record({ name: NAME, uid: UID, local: fc.boolean(), here: fc.boolean() })
  .map(({ name, uid, local, here }): Event => {
    const pod = testPod(name, { uids: [uid], ...(!local && { attachment: undefined }) });
    return { kind: "endpoint", update: here ? podUpdate(pod) : podGone(pod) };
  });

function putEvent(containerId: string): fc.Arbitrary<Event> {
  return fc
    .record({
      pod: NAME,
      uid: fc.option(UID),
      createdAt: fc.integer({ min: 1, max: 3 }),
      empty: fc.boolean(),
    })
    .map(({ pod, uid, createdAt, empty }): Event => {
      const { uid: _, ...rest } = testRecord(containerId, { pod, createdAt });
      const addresses = empty ? [] : [`10.0.1.${containerId}` as Address];
      return { kind: "put", record: { ...rest, addresses, ...(uid !== null && { uid }) } };
    });
}

const CONTAINER = fc.constantFrom("1", "2", "3", "4");
const RECORD_EVENT = fc.oneof(
  CONTAINER.chain(putEvent),
  CONTAINER.map((containerId): Event => ({ kind: "forget", containerId })),
);

/** The endpoints as they were told last. */
function told(events: readonly Event[]): Map<EndpointId, Endpoint> {
  const pods = createLocalPods();
  const endpoints = new Map<EndpointId, Endpoint>();
  for (const event of events) {
    const updates =
      event.kind === "endpoint"
        ? pods.place([event.update])
        : event.kind === "put"
          ? pods.put(event.record)
          : pods.forget(event.containerId);
    for (const update of updates) {
      if (update.kind !== "endpoint") continue;
      if (update.value === undefined) endpoints.delete(update.id);
      else endpoints.set(update.id, update.value);
    }
  }
  return endpoints;
}

/** The same from what there is at the end, by the words of the contract. */
function expectedEnd(events: readonly Event[]): Map<EndpointId, Endpoint> {
  let records: EndpointRecord[] = [];
  const endpoints = new Map<EndpointId, Endpoint>();
  const deleted = new Set<string>();
  const key = ({ createdAt, containerId }: EndpointRecord): string => `${createdAt} ${containerId}`;
  for (const event of events) {
    if (event.kind === "endpoint" && event.update.kind === "endpoint") {
      const { id, value } = event.update;
      if (value === undefined) endpoints.delete(id);
      else endpoints.set(id, value);
    } else if (event.kind === "put") {
      records = [
        ...records.filter(({ containerId }) => containerId !== event.record.containerId),
        event.record,
      ];
    } else if (event.kind === "forget") {
      const gone = records.find(({ containerId }) => containerId === event.containerId);
      if (gone === undefined) continue;
      records = records.filter((one) => one.pod !== gone.pod || key(one) > key(gone));
      deleted.add(`x/${gone.pod} ${gone.uid ?? "?"}`);
    }
  }
  for (const [id, endpoint] of endpoints) {
    if (endpoint.attachment === undefined) continue;
    const own = records.filter(({ pod, addresses }) => `x/${pod}` === id && addresses.length > 0);
    const latest = own.toSorted((a, b) => (key(a) < key(b) ? 1 : -1))[0];
    endpoints.set(id, recordedEndpoint(endpoint, { latest, deleted }));
  }
  return endpoints;
}

/** Both streams in their own order, one into the other as the choices say. */
function merged(a: readonly Event[], b: readonly Event[], choices: readonly boolean[]): Event[] {
  const rest: [Event[], Event[]] = [[...a], [...b]];
  const all: Event[] = [];
  for (let at = 0; rest[0].length + rest[1].length > 0; at++) {
    const first =
      rest[choices[at % choices.length] === true ? 0 : 1].shift() ?? rest[0].shift() ?? rest[1].shift();
    if (first !== undefined) all.push(first);
  }
  return all;
}

const PARAMETERS = { seed: testSeed(), numRuns: testRuns("TORTIE_LOCAL_PODS", 2_000) };

test("whichever comes first, the API or the plugin: the end is the same", () => {
  const streams = fc.record({
    endpoints: fc.array(ENDPOINT_EVENT, { maxLength: 8 }),
    records: fc.array(RECORD_EVENT, { maxLength: 10 }),
    choices: fc.array(fc.boolean(), { minLength: 1 }),
  });
  fc.assert(
    fc.property(streams, ({ endpoints, records, choices }) => {
      const end = told(merged(endpoints, records, choices));
      expect(end).toEqual(expectedEnd([...records, ...endpoints]));
    }),
    PARAMETERS,
  );
});

test("records in any order, the end is the same", () => {
  const records = fc.tuple(putEvent("1"), putEvent("2"), putEvent("3"));
  const shuffled = records.chain((events) =>
    fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: 3 })),
  );
  fc.assert(
    fc.property(fc.array(ENDPOINT_EVENT, { maxLength: 6 }), shuffled, (endpoints, [given, other]) => {
      expect(told([...endpoints, ...given])).toEqual(told([...other, ...endpoints]));
    }),
    PARAMETERS,
  );
});

import type { KubernetesClient } from "../connection/client.ts";
import { afterwards, type Attempt, type Course, createCourse, listed, nextAsk } from "./next-request.ts";
import type { ListWatchEvent } from "./list-watch-event.ts";
import { list } from "./list.ts";
import { type Pace, REAL_PACE } from "./pace.ts";
import { pause } from "./pause.ts";
import type { Reading } from "./reading-state.ts";
import { traitsOf } from "./server-traits.ts";
import { checkVersion } from "./version-check.ts";
import { watch } from "./watch.ts";
import type { WatchedResource } from "./watched-resource.ts";

export interface ListWatchOptions<Item> {
  /** What is found out about its server is shared by all that read through it. */
  readonly client: KubernetesClient;
  readonly resource: WatchedResource;
  /** Called at once for each object, which is dropped then. Must not throw, whatever the object. */
  readonly read: (object: unknown) => Item;
  /** Ends it at once. */
  readonly stopping: AbortSignal;
  readonly pace?: Partial<Pace>;
}

/** One request, and all that it tells. */
async function* attempt<Item>(
  course: Course,
  reading: Reading<Item>,
): AsyncGenerator<ListWatchEvent<Item>, Attempt, undefined> {
  const ask = nextAsk(course, reading);
  if (ask === "check") return { ask, ending: await checkVersion(reading), lived: 0 };
  let answeredAt: number | undefined;
  const events = ask === "list" ? list(reading) : watch(reading, ask);
  try {
    for (;;) {
      const next = await events.next();
      if (next.done === true) {
        const lived = answeredAt === undefined ? 0 : performance.now() - answeredAt;
        return { ask, ending: next.value, lived };
      }
      const event = next.value;
      if (event.kind === "answered") {
        answeredAt = performance.now();
        if (course.need === "watch") course.trouble.over();
      } else {
        yield event;
        if (event.kind === "listed") listed(course, reading);
      }
      yield* course.trouble.news();
    }
  } finally {
    // Where whoever listens has left.
    await events.return({ kind: "stopped" });
  }
}

/**
 * Lists a resource and follows it, as client-go's reflector does: lists come from the server's cache, differences
 * arrive as watch events, whatever breaks is mended by a new watch or a new list. It ends when `stopping` fires and
 * never otherwise. Pulled: nothing is read while nobody asks for the next event.
 */
export async function* listWatch<Item>(
  options: ListWatchOptions<Item>,
): AsyncGenerator<ListWatchEvent<Item>, void, undefined> {
  const { client, resource, read, stopping } = options;
  const pace = { ...REAL_PACE, ...options.pace };
  const traits = traitsOf(client);
  const reading: Reading<Item> = {
    client,
    resource,
    read,
    pace,
    stopping,
    traits,
    version: undefined,
    forgotten: "no",
    listedOnce: false,
  };
  const course = createCourse(reading);
  while (!stopping.aborted) {
    if (course.disconnected && course.need === "list" && reading.listedOnce) {
      course.disconnected = false;
      await pause(pace.random() * pace.relistSpread, stopping);
      if (stopping.aborted) return;
    }
    const wait = afterwards(course, reading, yield* attempt(course, reading));
    yield* course.trouble.news();
    if (wait > 0) await pause(wait, stopping);
  }
}

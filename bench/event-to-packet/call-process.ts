// A process of its own: `bun call-process.ts ACCESS`. Each line on standard input is a request, which it sends and times.
import { writeSync } from "node:fs";
import { monotonicMilliseconds } from "../../native/monotonic-clock.ts";
import { type ApiAccess, type ApiCall, apiSession } from "./api-session.ts";
import { eachLine } from "../each-line.ts";

/** Times are milliseconds of the machine's clock. */
export interface TimedAnswer {
  readonly sentAt: number;
  /** When the head of the answer was there. */
  readonly answeredAt: number;
  readonly status: number;
  readonly text: string;
}

const call = apiSession(JSON.parse(process.argv[2] ?? "{}") as ApiAccess);
for await (const line of eachLine(Bun.stdin.stream())) {
  const request = JSON.parse(line) as ApiCall;
  const sentAt = monotonicMilliseconds();
  const response = await call(request);
  const answeredAt = monotonicMilliseconds();
  const answer: TimedAnswer = { sentAt, answeredAt, status: response.status, text: await response.text() };
  writeSync(1, `${JSON.stringify(answer)}\n`);
}

import { program } from "../../programs.ts";
import type { NetworkNamespace } from "../../../../native/network-namespace.ts";

export interface Transfer {
  readonly from: NetworkNamespace;
  readonly to: NetworkNamespace;
  /** Of `to`. */
  readonly address: string;
  readonly kibibytes: number;
}

const PORT = "4242";

/** Sends bytes over TCP and gives how many seconds passed until the receiver had all of them. */
export async function transfer({ from, to, address, kibibytes }: Transfer): Promise<number> {
  const busybox = program("busybox");
  const receive = ["sh", "-c", `"$0" nc -l -p ${PORT} | "$0" wc -c`, busybox];
  // nc ends the connection as soon as its own input ends.
  const receiver = to.run(() => Bun.spawn(receive, { stdin: "pipe", stdout: "pipe", stderr: "inherit" }));
  const received = receiver.stdout.text();
  const send = `"$0" dd if=/dev/zero bs=1024 count=${kibibytes} 2>/dev/null | "$0" nc ${address} ${PORT}`;
  const listening = ["sh", "-c", `"$0" netstat -ltn | grep -q ':${PORT} '`, busybox];
  while (!to.run(() => Bun.spawnSync(listening)).success) await Bun.sleep(5);
  const began = performance.now();
  const sender = from.run(() =>
    Bun.spawn(["sh", "-c", send, busybox], { stdin: "ignore", stderr: "inherit" }),
  );
  const bytes = Number(await received);
  const seconds = (performance.now() - began) / 1000;
  void receiver.stdin.end();
  await Promise.all([sender.exited, receiver.exited]);
  if (bytes !== kibibytes * 1024) throw new Error(`${bytes} bytes of ${kibibytes} KiB arrived at ${address}`);
  return seconds;
}

import { join } from "node:path";
import { expect, test } from "bun:test";

const ROOT = join(import.meta.dir, "../..");

/** Sends a SYN: nobody listens, so a reset says that it arrived, and silence that it did not. */
const SCRIPT = `
  set -euo pipefail
  mount -t tmpfs tmpfs /run
  cd "$0"
  examples/host/connect.sh
  ip link set lo up
  export DATASTORE_TYPE=file DATASTORE_PATH=examples/host/manifests TORTIE_STATEDIRECTORY=/run/state
  mkfifo /run/log
  "$1" main.ts agent > /run/log &
  agent=$!
  grep -q -m1 '"message":"settled"' < <(tee /run/agent.log < /run/log)
  knock() { # FROM ADDRESS PORT
    local answer
    answer=$(ip netns exec "$1" timeout 2 bash -c "true < /dev/tcp/$2/$3" 2>&1) || true
    if [[ $answer == *refused* ]]; then echo "$1 reaches $2:$3"; else echo "$1 does not reach $2:$3"; fi
  }
  knock web 10.66.0.2 5432
  knock web 10.66.0.2 5433
  knock database 10.66.0.1 80
  status=0
  "$1" main.ts explain --from shop/web --to shop/database --port 5432 > /dev/null || status=$?
  echo "explain: $status"
  status=0
  "$1" main.ts explain --from 198.51.100.7 --to shop/database --port 5432 > /dev/null || status=$?
  echo "explain: $status"
  kill "$agent"
`;

test("the set for one host does what its page says", async () => {
  const command = ["unshare", "-nm", "bash", "-c", SCRIPT, ROOT, process.execPath];
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect({ out: out.split("\n"), err, status: await child.exited }).toEqual({
    out: [
      "web reaches 10.66.0.2:5432",
      "web does not reach 10.66.0.2:5433",
      "database reaches 10.66.0.1:80",
      "explain: 0",
      "explain: 2",
      "",
    ],
    err: "",
    status: 0,
  });
});

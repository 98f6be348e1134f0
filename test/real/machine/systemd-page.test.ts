import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { createLab } from "../../../demo/lab/lab.ts";
import { nftOrThrow } from "../../netns/nft-command.ts";
import { startScene } from "../../pages/scene.ts";
import { HOST_PATH, startSystemdHost } from "../systemd-host.ts";
import { copyRepository } from "../systemd-tortie.ts";

test("the page's commands install the unit, and take it off again", async () => {
  using lab = createLab({ pods: [] });
  const { network } = lab.node;
  await using host = await startSystemdHost({ network });
  await copyRepository(host);
  const sudo = join(host.root, "usr/local/bin/sudo");
  writeFileSync(sudo, '#!/bin/sh\nexec "$@"\n');
  chmodSync(sudo, 0o755);
  await using scene = startScene({
    command: (words) => host.command(words),
    environment: { PATH: HOST_PATH, HOME: "/root" },
  });

  await scene.play("docs/install.md", "Systemd");
  expect(nftOrThrow(network, ["list", "tables"])).toBe("table inet tortie\n");
  await scene.play("docs/install.md", "Taking the unit off again");
  expect(nftOrThrow(network, ["list", "tables"])).toBe("");
  for (const left of ["etc/tortie", "run/tortie", "var/lib/calico/mtu", "usr/local/bin/tortie"])
    expect({ left, there: existsSync(join(host.root, left)) }).toEqual({ left, there: false });
  expect(await host.property("tortie", "LoadState")).toBe("not-found");
});

import { expect, test } from "bun:test";
import { namespaceToProfile, serviceAccountToProfile } from "./profile.ts";
import { reversedUid } from "./reversed-uid.ts";
import { toV1Profile } from "./v1-objects.ts";

const EVERYTHING = [{ action: "Allow", source: {}, destination: {} }];

test("a namespace's profile allows everything and passes its labels on", () => {
  const metadata = { name: "shop", resourceVersion: "7", labels: { team: "a" } };
  expect<object>(namespaceToProfile({ metadata })).toEqual({
    kind: "Profile",
    apiVersion: "projectcalico.org/v3",
    metadata: { name: "kns.shop", resourceVersion: "7/" },
    spec: {
      ingress: EVERYTHING,
      egress: EVERYTHING,
      labelsToApply: { "pcns.team": "a", "pcns.projectcalico.org/name": "shop" },
    },
  });
  expect<object>(toV1Profile({ metadata })).toEqual({
    kind: "profile",
    apiVersion: "v1",
    metadata: { name: "ns.projectcalico.org/shop", labels: { "k8s_ns/label/team": "a" } },
    spec: {
      ingress: [{ action: "allow", source: {}, destination: {} }],
      egress: [{ action: "allow", source: {}, destination: {} }],
    },
  });
});

test("a service account's profile has labels only", () => {
  const metadata = { name: "robot", namespace: "shop", resourceVersion: "7", labels: { team: "a" } };
  expect<object>(serviceAccountToProfile({ metadata })).toEqual({
    kind: "Profile",
    apiVersion: "projectcalico.org/v3",
    metadata: { name: "ksa.shop.robot", resourceVersion: "/7" },
    spec: { labelsToApply: { "pcsa.team": "a", "pcsa.projectcalico.org/name": "robot" } },
  });
});

test("a UID is reversed byte by byte, without its version and variant", () => {
  expect(reversedUid("01020304-0506-4708-a90a-0b0c0d0e0f10")).toBe("8040c020-a060-4710-a950-d030b070f008");
  expect(reversedUid("8040c020-a060-4710-a950-d030b070f008")).toBe("01020304-0506-4708-a90a-0b0c0d0e0f10");
});

test.each(["", "uid-1", undefined])("%p is no UID", (uid) => {
  expect(reversedUid(uid)).toBeUndefined();
});

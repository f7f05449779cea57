import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { makeLightRedact, makeRedact, redactValue } from "./redact.ts";
import { hostsIn } from "./index.ts";

const what = {
  folders: [
    { folder: "/srv/shop", shown: "<project>" },
    { folder: "/srv/shop/.cache/redress", shown: "<cache>" },
  ],
  hosts: ["index.registry.example", "localhost:4873"],
};
const redact = makeRedact(what);
const light = makeLightRedact(what);

describe("redact", () => {
  const cases: readonly (readonly [given: string, redacted: string])[] = [
    ["/srv/shop/app.py:3", "<project>/app.py:3"],
    ["in /srv/shop", "in <project>"],
    ["file:///srv/shop/x", "file://<project>/x"],
    ["/srv/shop/.cache/redress/scratch/1", "<cache>/scratch/1"],
    ["file:///usr/lib/x.js", "file://…/x.js"],
    ["/srv/shopping/x.txt", "…/x.txt"],
    ["/usr/lib/python3.11/site.py line 2", "…/site.py line 2"],
    ["PATH=/usr/bin:/srv/jane/bin", "PATH=…/bin:…/bin"],
    ["C:\\Users\\jane\\shop\\x.txt is gone", "…\\x.txt is gone"],
    ["GET /api/tickets 200", "GET /api/tickets 200"],
    ["node_modules/a/home/b.js", "node_modules/a/home/b.js"],
    ["https://index.registry.example/simple/x/", "https://***/simple/x/"],
    ["https://jane:secret1@any.example:8080/a", "https://***/a"],
    ["ENOTFOUND index.registry.example", "ENOTFOUND ***"],
    ["connect localhost:4873 refused", "connect *** refused"],
    ["git+ssh://git@code.example/x.git", "git+ssh://***/x.git"],
    ["nothing here", "nothing here"],
  ];
  for (const [given, redacted] of cases)
    it(`${given} → ${redacted}`, () => {
      assert.equal(redact(given), redacted);
      assert.equal(redact(redacted), redacted, "twice is no more than once");
    });

  it("leaves a person's addresses, but not where packages come from", () => {
    const value = {
      waiver: { reason: "see https://tickets.example/7; index.registry.example is down" },
      detail: "see https://tickets.example/7",
      "/srv/shop/x": 1,
    };
    assert.deepEqual(redactValue(value, redact, light), {
      waiver: { reason: "see https://tickets.example/7; *** is down" },
      detail: "see https://***/7",
      "<project>/x": 1,
    });
  });

  it("keeps a key named __proto__ a key", () => {
    const value = redactValue(JSON.parse('{"__proto__": {"polluted": 1}}'), redact, light);
    assert.equal(JSON.stringify(value), '{"__proto__":{"polluted":1}}');
    assert.equal(({} as { polluted?: number }).polluted, undefined);
  });
});

it("hostsIn finds the hosts of indexes and archives", () => {
  const texts = [
    "--index-url https://user:pw@Index.registry.example/simple\nx==1",
    '"resolved": "http://localhost:4873/a/-/a-1.tgz"',
    "no address",
  ];
  assert.deepEqual(hostsIn(texts), ["index.registry.example", "localhost:4873"]);
});

import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { Failure, type ReleaseSource } from "../../src/model/index.ts";
import { npmReleases, readNpmRegistries } from "../../src/releases/index.ts";
import { openLoopbackNpm, type LoopbackNpm } from "./loopback-npm.ts";

const target = { node: "20.1.0", platform: "linux-x64" };

interface Opened {
  readonly registry: LoopbackNpm;
  readonly folder: string;
  readonly source: ReleaseSource;
  readonly again: (options?: {
    offline?: boolean;
    minutesLater?: number;
    dates?: boolean;
  }) => Promise<ReleaseSource>;
}

async function scratch(t: TestContext): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "redress-npm-"));
  t.after(async () => {
    await fs.rm(folder, { recursive: true, force: true });
  });
  return folder;
}

async function open(
  t: TestContext,
  options: { authorization?: string; npmrc?: string } = {},
): Promise<Opened> {
  const folder = await scratch(t);
  const registry = await openLoopbackNpm(options);
  t.after(async () => registry.close());
  await fs.writeFile(path.join(folder, ".npmrc"), `registry=${registry.url}\n${options.npmrc ?? ""}`);
  const again: Opened["again"] = async ({ offline = false, minutesLater = 0, dates = true } = {}) =>
    npmReleases({
      target,
      root: folder,
      cacheFolder: path.join(folder, "cache"),
      offline,
      dates,
      environment: { SECRET: "t0ken" },
      clock: () => new Date(Date.now() + minutesLater * 60_000),
    });
  return { registry, folder, source: await again(), again };
}

async function releasesOf(source: ReleaseSource, name: string) {
  const list = await source.releases(name);
  if (list.state !== "known") assert.fail(list.reason);
  return new Map(list.releases.map((one) => [one.version, one]));
}

const reasonFor = async (source: ReleaseSource, name: string): Promise<string> => {
  const list = await source.releases(name);
  return list.state === "unknown" ? list.reason : "";
};

for (const dates of [true, false])
  test(`npm, ${dates ? "full" : "abbreviated"} documents: releases and what they require`, async (t) => {
    const { again, registry } = await open(t);
    const source = await again({ dates });
    assert.equal(source.atHand?.("plain", "1.1.0"), undefined);
    const plain = await releasesOf(source, "plain");
    assert.deepEqual([...plain.keys()], ["1.0.0", "1.1.0", "1.2.0-rc.1", "0.9.0"]);
    assert.deepEqual(plain.get("1.1.0"), {
      version: "1.1.0",
      ...(dates ? { publishedAt: "2024-01-02T00:00:00.000Z" } : {}),
      usable: "tarball",
      requiresRuntime: ">=18",
      hashes: [`sha512-${Buffer.from("plain@1.1.0").toString("base64")}`],
    });
    assert.equal(plain.get("0.9.0")?.deprecated, "no longer maintained");
    const needs = await source.requirements("plain", "1.1.0");
    assert.deepEqual(needs.state === "known" && needs.requires, [
      { name: "@scope/dep", range: "^1.0.0", kind: "production" },
      { name: "real", range: "~2.1", kind: "production" },
      { name: "both", range: "1", kind: "optional" },
      { name: "must", range: ">=1", kind: "peer" },
      { name: "may", range: "*", kind: "peer", optional: true },
    ]);
    assert.deepEqual(source.atHand?.("plain", "1.1.0"), needs);
    assert.deepEqual(source.atHand("plain", "9.9.9"), await source.requirements("plain", "9.9.9"));
    const far = await source.requirements("plain", "1.2.0-rc.1");
    assert.equal(far.state === "known" && far.requires[0]?.url, "git+https://host.example/far.git");
    assert.equal((await releasesOf(source, "@scope/dep")).get("1.0.0")?.installScript, true);
    assert.deepEqual(
      [...(await releasesOf(source, "carrier")).values()].map((one) => one.bundles),
      [true, undefined],
    );
    assert.deepEqual(
      [...(await releasesOf(source, "native")).values()].map((one) => one.foreign ?? false),
      [true, false],
    );
    assert.equal((await releasesOf(source, "gone")).get("1.0.0")?.usable, "no");
    assert.equal(registry.log.filter((line) => line.includes("/plain ")).length, 1, registry.log.join());
    assert.ok(registry.log.every((line) => line.startsWith("full") === dates));
    assert.ok(registry.log.some((line) => line.includes("/@scope%2fdep ")));
  });

test("npm: what is not there, and a registry in trouble, are answers", async (t) => {
  const { source } = await open(t);
  assert.equal(await reasonFor(source, "absent"), "the npm registry knows no absent");
  assert.match(await reasonFor(source, "failing"), /answers 500/);
  assert.match(await reasonFor(source, "garbled"), /cannot be read/);
  for (const name of ["../../etc", "..", "a/b/c", "@x", "a b", ""])
    assert.match(await reasonFor(source, name), /no package name/, name);
  const missing = await source.requirements("plain", "9.9.9");
  assert.match(missing.state === "unknown" ? missing.reason : "", /lists no version 9\.9\.9/);
  await assert.rejects(
    source.releases("torn"),
    (error) => error instanceof Failure && error.code === "unavailable",
  );
});

test("npm: documents are believed for a while, then revalidated; offline asks nothing", async (t) => {
  const { source, registry, again } = await open(t);
  await source.requirements("plain", "1.1.0");
  await (await again()).releases("plain");
  await (await again({ minutesLater: 60 })).releases("plain");
  assert.deepEqual(registry.log, ["full GET /npm/plain 200", "full GET /npm/plain 304"]);
  await registry.close();
  const offline = await again({ offline: true, minutesLater: 10_000 });
  assert.equal((await offline.requirements("plain", "1.1.0")).state, "known");
  assert.match(await reasonFor(offline, "carrier"), /not in the cache/);
  await assert.rejects((await again()).releases("carrier"), /no answer from/);
});

const credentials: readonly (readonly [title: string, npmrc: (host: string) => string, header: string])[] = [
  ["a token from a variable", (host) => `//${host}/npm/:_authToken=\${SECRET}`, "Bearer t0ken"],
  ["a pair in one", (host) => `//${host}/:_auth=d2hvOnRoYXQ=`, "Basic d2hvOnRoYXQ="],
  [
    "a user and a password",
    (host) => `//${host}/npm/:username=who\n//${host}/npm/:_password=dGhhdA==`,
    "Basic d2hvOnRoYXQ=",
  ],
];

for (const [title, npmrc, authorization] of credentials)
  test(`npm: ${title} is used for its host only, and neither shown nor stored`, async (t) => {
    const { registry, folder, again, source: before } = await open(t, { authorization });
    assert.match(await reasonFor(before, "plain"), /refused \(401\): check the credentials/);
    const { host } = new URL(registry.url);
    await fs.appendFile(path.join(folder, ".npmrc"), npmrc(host));
    const source = await again();
    assert.equal((await source.releases("plain")).state, "known");
    const registries = await readNpmRegistries({ root: folder, environment: { SECRET: "t0ken" } });
    assert.deepEqual(registries.authorizationFor("https://registry.example/npm/plain"), {});
    for (const entry of await fs.readdir(path.join(folder, "cache"), {
      recursive: true,
      withFileTypes: true,
    }))
      if (entry.isFile())
        assert.doesNotMatch(
          await fs.readFile(path.join(entry.parentPath, entry.name), "utf8"),
          /t0ken|d2hvOnRoYXQ=|Basic|Bearer/,
        );
  });

test("npm: scopes go to their own registry, the project's file goes before the user's, variables before both", async (t) => {
  const folder = await scratch(t);
  const home = path.join(folder, "home");
  await fs.mkdir(home);
  await fs.writeFile(path.join(folder, ".npmrc"), "registry=https://project.example\n");
  await fs.writeFile(
    path.join(home, ".npmrc"),
    "registry=https://user.example/\n@acme:registry=https://who:that@acme.example/npm\n",
  );
  const environment = { HOME: home };
  const one = await readNpmRegistries({ root: folder, environment });
  assert.equal(one.registryFor("plain"), "https://project.example/");
  assert.equal(one.registryFor("@acme/thing"), "https://acme.example/npm/");
  assert.deepEqual(one.authorizationFor("https://acme.example/npm/@acme%2fthing"), {
    authorization: "Basic d2hvOnRoYXQ=",
  });
  const two = await readNpmRegistries({
    root: folder,
    environment: { ...environment, npm_config_registry: "https://variable.example/" },
  });
  assert.equal(two.main, "https://variable.example/");
  await assert.rejects(
    readNpmRegistries({ root: home, environment: {}, registry: "ftp://who:that@registry.example" }),
    (error) => error instanceof Failure && error.code === "config" && !error.message.includes("that"),
  );
});

test("npm: without a setting the installed npm's own default counts, asked once; without npm that is said", async (t) => {
  const folder = await scratch(t);
  const bin = path.join(folder, "bin");
  const global = path.join(folder, "npmrc");
  await fs.mkdir(bin);
  await fs.writeFile(global, "@acme:registry=https://acme.example/\n");
  await fs.writeFile(
    path.join(bin, "npm"),
    `#!/bin/sh\necho asked >> "${folder}/log"\necho registry=https://registry.example/\necho "globalconfig=${global}"\n`,
    { mode: 0o755 },
  );
  const request = { root: folder, cacheFolder: folder, environment: { PATH: bin } };
  for (const _ of [1, 2]) {
    const registries = await readNpmRegistries(request);
    assert.equal(registries.main, "https://registry.example/");
    assert.equal(registries.registryFor("@acme/thing"), "https://acme.example/");
  }
  assert.equal(await fs.readFile(path.join(folder, "log"), "utf8"), "asked\n");
  await assert.rejects(
    readNpmRegistries({ root: folder, cacheFolder: folder, environment: {} }),
    (error) => error instanceof Failure && error.code === "tool",
  );
});

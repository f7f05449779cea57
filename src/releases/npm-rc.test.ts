import assert from "node:assert/strict";
import { test } from "node:test";
import { parseNpmrc, settingsInEnvironment, variablesIn } from "./npm-rc.ts";

const environment = { TOKEN: "t0ken", EMPTY: "" };

const lines: readonly (readonly [line: string, key: string, value: string | undefined])[] = [
  ["registry=https://registry.example/", "registry", "https://registry.example/"],
  ["  registry = https://registry.example/  ", "registry", "https://registry.example/"],
  ["; registry=x", "registry", undefined],
  ["# registry=x", "registry", undefined],
  ["[section]", "[section]", undefined],
  ["ca[]=x", "ca[]", undefined],
  ["strict-ssl", "strict-ssl", "true"],
  ["key = a ; comment", "key", "a"],
  ["key = a\\;b", "key", "a;b"],
  ['key = "a;b"', "key", "a;b"],
  ["key = 'a # b'", "key", "a # b"],
  ["//registry.example/:_authToken=${TOKEN}", "//registry.example/:_authToken", "t0ken"],
  ["key=x${TOKEN}y${EMPTY}z", "key", "xt0kenyz"],
  ["key=${ABSENT}", "key", "${ABSENT}"],
  ["key=${ABSENT?}", "key", ""],
  ["key='\\${TOKEN}'", "key", "${TOKEN}"],
  ["@acme:registry=https://acme.example/npm", "@acme:registry", "https://acme.example/npm"],
  ["__proto__=x", "__proto__", "x"],
];

for (const [line, key, value] of lines)
  test(`npmrc: ${line}`, () => {
    assert.equal(parseNpmrc(`first=1\r\n${line}\r\n`, environment).get(key), value);
  });

test("npmrc: the last of equals wins, a byte order mark is no key", () => {
  assert.equal(parseNpmrc("\ufeffkey=1\nkey=2", {}).get("key"), "2");
});

test("variables: keys in npm's spelling, empty ones do not count", () => {
  const settings = settingsInEnvironment({
    npm_config_registry: "https://registry.example/",
    NPM_CONFIG_STRICT_SSL: "false",
    "npm_config_//registry.example/:_authToken": "x_y",
    npm_config_proxy: "",
    OTHER: "1",
  });
  assert.deepEqual(Object.fromEntries(settings), {
    registry: "https://registry.example/",
    "strict-ssl": "false",
    "//registry.example/:_authToken": "x_y",
  });
});

test("variables that a file names", () => {
  assert.deepEqual(variablesIn("a=${ONE}\nb=x${TWO?}\nc=$THREE"), ["ONE", "TWO"]);
});

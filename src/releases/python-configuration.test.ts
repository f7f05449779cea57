import assert from "node:assert/strict";
import { test } from "node:test";
import { parseNetrc } from "./netrc.ts";
import { pipConfigurationFiles, readPipSettings } from "./pip-settings.ts";
import { readUvSettings, uvConfigurationFiles } from "./uv-settings.ts";

test("pip's files are read in pip's order", () => {
  const home = { HOME: "/srv/u" };
  assert.deepEqual(pipConfigurationFiles(home, "linux"), [
    "/etc/xdg/pip/pip.conf",
    "/etc/pip.conf",
    "/srv/u/.pip/pip.conf",
    "/srv/u/.config/pip/pip.conf",
  ]);
  const named = { ...home, PIP_CONFIG_FILE: "/x/pip.conf", VIRTUAL_ENV: "/venv", XDG_CONFIG_DIRS: "/a:/b" };
  assert.deepEqual(pipConfigurationFiles(named, "linux"), [
    "/b/pip/pip.conf",
    "/a/pip/pip.conf",
    "/etc/pip.conf",
    "/venv/pip.conf",
    "/x/pip.conf",
  ]);
  assert.deepEqual(pipConfigurationFiles({ ...home, PIP_CONFIG_FILE: "/dev/null" }, "linux"), []);
});

test("pip's settings: install beats global, the environment beats both", () => {
  const weak = "[install]\nindex-url = https://a.example/simple\n[global]\nindex_url: https://g.example/\n";
  const strong =
    "[global]\nindex-url = https://b.example/simple\nextra-index-url =\n    https://c.example/s\n    https://d.example/s\n; a comment\ncert=/etc/ca.pem";
  for (const [environment, main, extra] of [
    [{}, "https://a.example/simple", ["https://c.example/s", "https://d.example/s"]],
    [
      { PIP_INDEX_URL: "https://e.example/" },
      "https://e.example/",
      ["https://c.example/s", "https://d.example/s"],
    ],
    [{ PIP_EXTRA_INDEX_URL: "https://f.example/" }, "https://a.example/simple", ["https://f.example/"]],
  ] as const) {
    const settings = readPipSettings([weak, strong], environment);
    assert.equal(settings.main, main);
    assert.deepEqual(settings.extra, extra);
    assert.equal(settings.certificates, "/etc/ca.pem");
  }
  assert.equal(readPipSettings(["[global]\nno-index = true"], {}).none, true);
  assert.deepEqual(readPipSettings(["no section = 1\n[global]\n__proto__ = x"], {}), { extra: [] });
});

test("uv's settings: default, named, explicit and legacy indexes; the environment first", () => {
  const user = {
    path: "/srv/u/.config/uv/uv.toml",
    text: '[[index]]\nname = "corp"\nurl = "https://corp.example/simple"\n[[index]]\nurl = "https://only.example/"\nname = "only"\nexplicit = true\n[[index]]\nurl = "https://main.example/simple"\ndefault = true',
  };
  const project = {
    path: "/p/pyproject.toml",
    text: '[tool.uv.pip]\nextra-index-url = ["https://extra.example/"]\n[project]\nname = "x"',
  };
  assert.deepEqual(readUvSettings([user, project], {}), {
    main: "https://main.example/simple",
    extra: ["https://extra.example/", "https://corp.example/simple"],
  });
  assert.deepEqual(
    readUvSettings([user], {
      UV_DEFAULT_INDEX: "https://env.example/",
      UV_INDEX: "mine=https://mine.example/",
      UV_INDEX_CORP_USERNAME: "u",
      UV_INDEX_CORP_PASSWORD: "p@ss",
    }),
    {
      main: "https://env.example/",
      extra: ["https://mine.example/", "https://u:p%40ss@corp.example/simple"],
    },
  );
  assert.deepEqual(readUvSettings([{ path: "/p/uv.toml", text: "not = [toml" }], {}), { extra: [] });
  assert.deepEqual(uvConfigurationFiles({ HOME: "/h", UV_NO_CONFIG: "1" }, "/p"), []);
  assert.deepEqual(uvConfigurationFiles({ HOME: "/h" }, "/p").slice(-3), [
    "/h/.config/uv/uv.toml",
    "/p/pyproject.toml",
    "/p/uv.toml",
  ]);
});

test("netrc: hosts, quotes, comments, macros, default", () => {
  const netrc = parseNetrc(
    '# a comment\nmachine a.example login u password p\nmacdef init\nmachine evil.example login x password y\n\nmachine b.example\n  login "q r"\n  account z\n  password "a\\"b"\nmachine c.example login only\ndefault login d password e',
  );
  assert.deepEqual(netrc("a.example"), { username: "u", password: "p" });
  assert.deepEqual(netrc("b.example"), { username: "q r", password: 'a"b' });
  assert.deepEqual(netrc("evil.example"), { username: "d", password: "e" });
  assert.deepEqual(netrc("c.example"), { username: "d", password: "e" });
  assert.equal(parseNetrc("machine a.example login u password p")("other.example"), undefined);
});

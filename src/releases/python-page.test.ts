import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAnchors } from "./html-anchors.ts";
import { parseFilename, parsePage } from "./python-page.ts";

const at = "https://registry.example/simple/a-b/";

test("a JSON page: fields as PEP 691, 700 and 714 have them", () => {
  const page = {
    meta: { "api-version": "1.3" },
    files: [
      {
        filename: "a_b-1.0-py3-none-any.whl",
        url: "../../p/a_b-1.0-py3-none-any.whl",
        hashes: { md5: "00", sha256: "AA" },
        size: 7,
        "upload-time": "2024-01-01T00:00:00Z",
        "requires-python": ">=3.8",
        yanked: true,
        "dist-info-metadata": { sha256: "bb" },
      },
      { filename: "x", url: "file:///etc/passwd" },
      null,
      { filename: 7, url: "https://x.example/" },
    ],
  };
  assert.deepEqual(parsePage(JSON.stringify(page), "application/vnd.pypi.simple.v1+json", at), [
    {
      filename: "a_b-1.0-py3-none-any.whl",
      url: "https://registry.example/p/a_b-1.0-py3-none-any.whl",
      hash: "sha256:aa",
      sizeBytes: 7,
      publishedAt: "2024-01-01T00:00:00Z",
      requiresPython: ">=3.8",
      yanked: "",
      metadata: "sha256:bb",
    },
  ]);
});

test("an HTML page: attributes, entities, base, fragments", () => {
  const sha = "c".repeat(64);
  const html = `<!doctype html><head><base href="https://files.example/d/"><META name='pypi:repository-version' content="1.1"></head>
    <!-- <a href="hidden.whl">hidden.whl</a> --><abbr title="a>b"></abbr>
    <A HREF='a_b-1.0.tar.gz#sha256=${sha}' data-requires-python=">=3.6, <4" data-yanked>a_b-1.0.tar.gz</A>
    <a href=b.whl data-requires-python="&gt;=3.7&#44;&#x3c;4" data-dist-info-metadata="sha256=${sha}" data-core-metadata=true >
      a_b-2.0-py3-none-any.whl </a><a>no address</a><a href="javascript:1">js</a>`;
  assert.deepEqual(parsePage(html, "text/html", at), [
    {
      filename: "a_b-1.0.tar.gz",
      url: "https://files.example/d/a_b-1.0.tar.gz",
      hash: `sha256:${sha}`,
      requiresPython: ">=3.6, <4",
      yanked: "",
    },
    {
      filename: "a_b-2.0-py3-none-any.whl",
      url: "https://files.example/d/b.whl",
      requiresPython: ">=3.7,<4",
      metadata: true,
    },
  ]);
  assert.throws(() => parsePage("Service unavailable", "text/html", at), /neither JSON nor HTML/);
  assert.deepEqual(parsePage("<html></html>", "text/html", at), []);
});

test("hostile HTML takes time in proportion to its length", () => {
  for (const unit of ["<a ", '<a href="', "<a x= ", "<a\n\t", "<!--", "<a =", "&#x"]) {
    const html = unit.repeat(200_000);
    const started = performance.now();
    parseAnchors(html, 100_000);
    assert.ok(performance.now() - started < 2000, `${JSON.stringify(unit)} took too long`);
  }
});

test("file names of wheels and sdists", () => {
  for (const [filename, name, expected] of [
    ["a_b-1.0-py3-none-any.whl", "a-b", ["1.0", "wheel"]],
    ["A.b-1.0-2-py3-none-any.whl", "a-b", ["1.0", "wheel"]],
    ["a_b-1.0+cu118-cp311-cp311-linux_x86_64.whl", "a-b", ["1.0+cu118", "wheel"]],
    ["other-1.0-py3-none-any.whl", "a-b", undefined],
    ["a-b-1.0.tar.gz", "a-b", ["1.0", "sdist"]],
    ["a-b-1.0-2.zip", "a-b", ["1.0-2", "sdist"]],
    ["a-b-c-1.0.tar.gz", "a-b", ["c-1.0", "sdist"]],
    ["a-b-1.0.win32.exe", "a-b", undefined],
    ["a-b.tar.gz", "a-b", undefined],
    ["broken.whl", "broken", undefined],
  ] as const) {
    const parsed = parseFilename(filename, name);
    assert.deepEqual(parsed && [parsed.version, parsed.kind], expected, filename);
  }
});

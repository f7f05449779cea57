import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sha256 } from "../../src/system/index.ts";
import { makeZip } from "./make-zip.ts";

/** A pure Python package to be served. */
export interface MadePackage {
  readonly name: string;
  readonly version: string;
  /** Texts by path below `site-packages`. */
  readonly files: Readonly<Record<string, string>>;
}

/** A package index on loopback that knows these packages only. */
export interface WheelIndex {
  /** Root of its pages (PEP 503, in the JSON form of PEP 691). */
  readonly url: string;
  close(): Promise<void>;
}

interface Wheel {
  readonly filename: string;
  readonly bytes: Buffer;
}

/** A wheel (binary distribution format 1.0) that any CPython 3 takes. */
function makeWheel({ name, version, files }: MadePackage): Wheel {
  const stem = `${name.replaceAll("-", "_")}-${version}`;
  const info = `${stem}.dist-info`;
  const entries = {
    ...files,
    [`${info}/METADATA`]: metadataOf(name, version),
    [`${info}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
  };
  const record = [...Object.keys(entries), `${info}/RECORD`].map((file) => `${file},,\n`).join("");
  return {
    filename: `${stem}-py3-none-any.whl`,
    bytes: makeZip(
      Object.entries({ ...entries, [`${info}/RECORD`]: record }).map(([file, text]) => ({
        name: file,
        text,
      })),
    ),
  };
}

/** A METADATA file with the least that installers ask for. */
export const metadataOf = (name: string, version: string): string =>
  `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\nLicense: MIT\n`;

/** Serves packages under names that no other index should have; every file is dated long ago. */
export async function serveWheels(packages: readonly MadePackage[]): Promise<WheelIndex> {
  const byName = Map.groupBy(packages, (one) => one.name);
  const wheels = new Map(packages.map((one) => [one, makeWheel(one)]));
  const files = new Map([...wheels.values()].map((wheel) => [wheel.filename, wheel.bytes]));
  const server = createServer((request, response) => {
    const [, area, name = ""] = (request.url ?? "").split("/");
    const known = area === "simple" ? byName.get(name) : undefined;
    const file = area === "files" ? files.get(name) : undefined;
    if (known !== undefined) {
      response.setHeader("content-type", "application/vnd.pypi.simple.v1+json");
      response.end(
        JSON.stringify({
          meta: { "api-version": "1.1" },
          name,
          versions: known.map((one) => one.version),
          files: known.flatMap((one) => wheels.get(one) ?? []).map(entryOf),
        }),
      );
    } else if (file !== undefined) response.end(request.method === "HEAD" ? undefined : file);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const entryOf = ({ filename, bytes }: Wheel): object => ({
  filename,
  url: `../../files/${filename}`,
  hashes: { sha256: sha256(bytes) },
  size: bytes.length,
  "upload-time": "2024-01-01T00:00:00Z",
});

import parse, { type SpdxNode } from "spdx-expression-parse";

/** How packages wrote their licenses before SPDX ids were asked for: classifiers' last parts and usual phrases. */
const names: readonly (readonly [RegExp, string])[] = [
  [/^(?:the )?mit(?: license)?(?: \(mit\))?$/, "MIT"],
  [/^(?:the )?mit no attribution license.*$/, "MIT-0"],
  [/^(?:the )?isc(?: license)?(?: \(iscl\))?$/, "ISC"],
  [/^apache(?:[ -]software)?(?: license)?,? ?(?:version )?v?2(?:\.0)?(?: license)?$/, "Apache-2.0"],
  [/^apache license version 2\.0$/, "Apache-2.0"],
  [
    /^(?:new|modified|3-clause|revised) bsd(?: license)?$|^bsd[ -]3(?:[ -]clause)?(?: license)?$/,
    "BSD-3-Clause",
  ],
  [
    /^simplified bsd(?: license)?$|^bsd[ -]2(?:[ -]clause)?(?: license)?$|^2-clause bsd license$/,
    "BSD-2-Clause",
  ],
  [/^mozilla public license 2\.0(?: \(mpl 2\.0\))?$|^mpl[ -]?v?2(?:\.0)?$/, "MPL-2.0"],
  [/^python software foundation license$|^psf(?:-2\.0)?(?: license)?$|^psfl$/, "PSF-2.0"],
  [/^gnu general public license v2 \(gplv2\)$/, "GPL-2.0-only"],
  [/^gnu general public license v2 or later \(gplv2\+\)$/, "GPL-2.0-or-later"],
  [/^gnu general public license v3 \(gplv3\)$|^gplv3$/, "GPL-3.0-only"],
  [/^gnu general public license v3 or later \(gplv3\+\)$|^gplv3\+$/, "GPL-3.0-or-later"],
  [/^gnu lesser general public license v2 \(lgplv2\)$/, "LGPL-2.0-only"],
  [/^gnu lesser general public license v2 or later \(lgplv2\+\)$/, "LGPL-2.0-or-later"],
  [/^gnu lesser general public license v3 \(lgplv3\)$/, "LGPL-3.0-only"],
  [/^gnu lesser general public license v3 or later \(lgplv3\+\)$/, "LGPL-3.0-or-later"],
  [/^gnu affero general public license v3$/, "AGPL-3.0-only"],
  [/^gnu affero general public license v3 or later \(agplv3\+\)$/, "AGPL-3.0-or-later"],
  [/^eclipse public license 2\.0 \(epl-2\.0\)$/, "EPL-2.0"],
  [/^the unlicense(?: \(unlicense\))?$/, "Unlicense"],
  [/^zlib\/libpng license$|^zlib$/, "Zlib"],
  [/^zero-clause bsd \(0bsd\)$/, "0BSD"],
  [/^boost software license 1\.0 \(bsl-1\.0\)$/, "BSL-1.0"],
  [/^historical permission notice and disclaimer \(hpnd\)$/, "HPND"],
  [/^cc0 1\.0 universal \(cc0 1\.0\) public domain dedication$/, "CC0-1.0"],
];

/** Longest text that is taken for a license rather than for its wording. */
const longestExpression = 300;

/** A license as its owner wrote it, as an SPDX expression; `undefined` where that cannot be told for certain. */
export function toSpdx(written: string): string | undefined {
  const text = written.trim().replace(/\s+/g, " ");
  if (text === "" || text.length > longestExpression) return undefined;
  if (parseSpdx(text) !== undefined) return text;
  return names.find(([pattern]) => pattern.test(text.toLowerCase()))?.[1];
}

/** The tree of an SPDX expression; `undefined` for what is none. */
export function parseSpdx(expression: string): SpdxNode | undefined {
  if (expression.length > longestExpression) return undefined;
  try {
    return parse(expression);
  } catch {
    return undefined;
  }
}

import type { Target } from "../model/index.ts";
import { boundedMemo } from "./bounded-memo.ts";
import { readPlatform, type Platform } from "./platform.ts";

interface Tags {
  readonly pythons: readonly string[];
  readonly abis: readonly string[];
  readonly platforms: readonly string[];
}

const maxLength = 512;

/** PEP 427: `name-version(-build)?-python-abi-platform.whl`, each tag possibly several joined by dots (PEP 425). */
function readTags(filename: string): Tags | undefined {
  if (filename.length > maxLength || !filename.endsWith(".whl")) return undefined;
  const parts = filename.slice(0, -4).split("-");
  if (parts.length !== 5 && parts.length !== 6) return undefined;
  if (parts.some((part) => part === "")) return undefined;
  // A build tag begins with a digit.
  if (parts.length === 6 && !/^\d/.test(parts[2] ?? "")) return undefined;
  const [pythons = "", abis = "", platforms = ""] = parts.slice(-3).map((part) => part.toLowerCase());
  return { pythons: pythons.split("."), abis: abis.split("."), platforms: platforms.split(".") };
}

const platformOf = boundedMemo(readPlatform, 256);

/**
 * Whether CPython of the target can install a wheel, by its file name alone (PEP 425, 427, 600, 656, `abi3` by
 * PEP 384). A target without a Python version stands for any Python 3. What is assumed of the platform is said at
 * `readPlatform`. Free-threaded and debug builds are not considered.
 */
export function wheelFits(filename: string, target: Target): boolean {
  const tags = readTags(filename);
  if (tags === undefined) return false;
  const platform = platformOf(target.platform);
  const anywhere = tags.platforms.includes("any");
  const native = tags.platforms.some((tag) => platformFits(tag, platform));
  const minor = minorOf(target.python);
  if (minor === "none") return false;
  // Compiled code belongs to a platform: `any` goes with the ABI `none` only.
  return tags.abis.some(
    (abi) =>
      (native || (anywhere && abi === "none")) && tags.pythons.some((python) => codeFits(python, abi, minor)),
  );
}

/** The minor of a Python 3; `any` where nothing is said; `none` for another major. */
function minorOf(python: string | undefined): number | "any" | "none" {
  if (python === undefined) return "any";
  const match = /^3\.(\d{1,3})/.exec(python);
  return match === null ? "none" : Number(match[1]);
}

function codeFits(python: string, abi: string, minor: number | "any"): boolean {
  const match = /^(py|cp)3(\d{0,3})$/.exec(python);
  if (match === null) return false;
  const [, kind, digits = ""] = match;
  const named = digits === "" ? undefined : Number(digits);
  if (kind === "py") return abi === "none" && (minor === "any" || named === undefined || named <= minor);
  if (abi === "none") return minor === "any" || named === minor;
  if (abi === "abi3") return named !== undefined && named >= 2 && (minor === "any" || named <= minor);
  if (minor === "any") return new RegExp(`^cp3${digits}m?$`).test(abi);
  // Until 3.7 the ABI of the ordinary build carries an "m" (pymalloc).
  return named === minor && abi === `cp3${digits}${minor < 8 ? "m" : ""}`;
}

/** Names of PEP 513, 571 and 599 for what PEP 600 writes with numbers. */
const legacyManylinux: Readonly<Record<string, string>> = {
  manylinux1: "manylinux_2_5",
  manylinux2010: "manylinux_2_12",
  manylinux2014: "manylinux_2_17",
};

function platformFits(tag: string, platform: Platform): boolean {
  switch (platform.os) {
    case "linux":
      return linuxFits(tag, platform);
    case "darwin":
      return macosFits(tag, platform);
    case "win32":
      return tag === ({ amd64: "win_amd64", arm64: "win_arm64" }[platform.machine.toLowerCase()] ?? "win32");
    default:
      return false;
  }
}

function linuxFits(tag: string, { machine, libc }: Platform): boolean {
  if (tag === `linux_${machine}`) return true;
  const numbered = tag.replace(/^manylinux(?:1|2010|2014)(?=_)/, (name) => legacyManylinux[name] ?? name);
  const match = /^(many|musl)linux_(\d{1,4})_(\d{1,4})_(.+)$/.exec(numbered);
  if (match === null || match[4] !== machine || libc.kind === "none") return false;
  if ((match[1] === "musl") !== (libc.kind === "musl")) return false;
  return Number(match[2]) === libc.major && Number(match[3]) <= libc.minor;
}

/** Multi-architecture images of macOS wheels, by the machines that can run them. */
const macosImages: Readonly<Record<string, readonly string[]>> = {
  x86_64: ["x86_64", "intel", "fat64", "fat32", "universal2", "universal"],
  arm64: ["arm64", "universal2"],
};

function macosFits(tag: string, { machine, macos }: Platform): boolean {
  const match = /^macosx_(\d{1,4})_(\d{1,4})_(\w+)$/.exec(tag);
  if (match === null || macosImages[machine]?.includes(match[3] ?? "") !== true) return false;
  const major = Number(match[1]);
  const minor = Number(match[2]);
  return major < macos.major || (major === macos.major && minor <= macos.minor);
}

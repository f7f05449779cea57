/** A target's platform, taken apart. */
export interface Platform {
  /** Node's and Python's common words: `linux`, `darwin`, `win32`. */
  readonly os: string;
  /** As Python's `platform.machine()` says it on that system: `x86_64`, `aarch64`, `arm64`, `AMD64`, … */
  readonly machine: string;
  readonly libc:
    | { readonly kind: "glibc"; readonly major: number; readonly minor: number }
    | { readonly kind: "musl"; readonly major: number; readonly minor: number }
    | { readonly kind: "none" };
  /** macOS version. */
  readonly macos: { readonly major: number; readonly minor: number };
}

/** Debian 12's; newer wheels than that are rare, and older systems must say so. */
const assumedGlibc = { kind: "glibc", major: 2, minor: 36 } as const;
const assumedMusl = { kind: "musl", major: 1, minor: 2 } as const;
const assumedMacos = { major: 14, minor: 0 };

const machines: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  linux: {
    x64: "x86_64",
    arm64: "aarch64",
    ia32: "i686",
    arm: "armv7l",
    ppc64: "ppc64le",
    loong64: "loongarch64",
  },
  darwin: { x64: "x86_64", arm64: "arm64" },
  win32: { x64: "AMD64", arm64: "ARM64", ia32: "x86" },
};

/**
 * Reads `Target.platform`: Node's platform and architecture, and after them, where the assumptions do not hold, the C
 * library (`linux-x64-glibc2.17`, `linux-x64-musl`, `linux-arm64-musl1.1`) or macOS' version (`darwin-arm64-13.0`).
 * Assumed otherwise: glibc 2.36, musl 1.2 where musl is named, macOS 14.
 */
export function readPlatform(text: string): Platform {
  const [os = "", arch = "", detail = ""] = text.split("-");
  const machine = machines[os]?.[arch] ?? arch;
  return { os, machine, libc: libcOf(os, detail), macos: versionIn(detail) ?? assumedMacos };
}

function libcOf(os: string, detail: string): Platform["libc"] {
  if (os !== "linux") return { kind: "none" };
  const version = versionIn(detail.replace(/^(?:glibc|musl)/, ""));
  if (detail.startsWith("musl")) return version === undefined ? assumedMusl : { kind: "musl", ...version };
  return detail.startsWith("glibc") && version !== undefined ? { kind: "glibc", ...version } : assumedGlibc;
}

function versionIn(text: string): { major: number; minor: number } | undefined {
  const match = /^(\d{1,4})(?:\.(\d{1,4}))?$/.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2] ?? 0) };
}

import type { MadePackage } from "./wheel-index.ts";
import { metadataOf } from "./wheel-index.ts";

/** Packages of the tests' own, each fixed in 1.1, and each 1.1 with a fault of another kind. */
export const deskPackages: readonly MadePackage[] = [
  // The words of text messages: the fixed version leaves the title out.
  {
    name: "desk-phrases",
    version: "1.0",
    files: {
      "desk_phrases.py": 'def opened(number, title):\n    return f"Ticket {number} is open: {title}"\n',
    },
  },
  {
    name: "desk-phrases",
    version: "1.1",
    files: { "desk_phrases.py": 'def opened(number, title):\n    return f"Ticket {number} is open"\n' },
  },
  // Lets so many requests in at once: the fixed version forgets to count those that leave.
  { name: "desk-slots", version: "1.0", files: { "desk_slots.py": slots("finally") } },
  { name: "desk-slots", version: "1.1", files: { "desk_slots.py": slots("except Exception") } },
  // Looks at every answer: the fixed version does so again and again.
  { name: "desk-guard", version: "1.0", files: { "desk_guard.py": guard(0) } },
  { name: "desk-guard", version: "1.1", files: { "desk_guard.py": guard(160) } },
  // Mail: the fixed version brings a copy of another package along, which no index knows of.
  { name: "desk-mail", version: "1.0", files: { "desk_mail.py": "" } },
  {
    name: "desk-mail",
    version: "1.1",
    files: {
      "desk_mail.py": "",
      "desk_parser.py": "",
      // By way of the data that a wheel spreads: installers refuse a second package in the wheel itself.
      "desk_mail-1.1.data/purelib/desk_parser-0.9.dist-info/METADATA": metadataOf("desk-parser", "0.9"),
    },
  },
];

function slots(when: "finally" | "except Exception"): string {
  return `from django.http import HttpResponse


class Slots:
    free = 12

    def __init__(self, answer):
        self.answer = answer

    def __call__(self, request):
        if Slots.free == 0:
            return HttpResponse("busy", status=503)
        Slots.free -= 1
        try:
            return self.answer(request)
        ${when}:
            Slots.free += 1
`;
}

function guard(rounds: number): string {
  return `import re

SECRET = re.compile(rb"(?:AC|SK)[0-9a-f]{32}")


class Guard:
    def __init__(self, answer):
        self.answer = answer

    def __call__(self, request):
        response = self.answer(request)
        for _ in range(${rounds}):
            if SECRET.search(response.content):
                response.content = SECRET.sub(b"***", response.content)
        return response
`;
}

/** Advisories on them: high, and gone with 1.1. */
export const deskAdvisories: readonly object[] = deskPackages
  .filter((one) => one.version === "1.0")
  .map((one, index) => advisoryOn(one.name, { id: `DESK-2025-000${index + 1}`, fixed: "1.1" }));

/** A record in OSV's form. */
export function advisoryOn(
  name: string,
  { id, introduced = "0", fixed }: { id: string; introduced?: string; fixed?: string },
): object {
  const published = "2025-10-01T00:00:00Z";
  return {
    schema_version: "1.6.0",
    id,
    published,
    modified: published,
    summary: `A fault in ${name}`,
    severity: [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N" }],
    affected: [
      {
        package: { ecosystem: "PyPI", name },
        ranges: [
          {
            type: "ECOSYSTEM",
            events: [{ introduced }, ...(fixed === undefined ? [] : [{ fixed }])],
          },
        ],
      },
    ],
  };
}

/** Records as a file of theirs. */
export const asLines = (records: readonly object[]): string =>
  records.map((one) => `${JSON.stringify(one)}\n`).join("");

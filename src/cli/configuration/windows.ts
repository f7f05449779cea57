import type { MaintenanceWindow } from "../../model/index.ts";

const names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/**
 * Reads `Sat 02:00-06:00 Europe/Berlin`, `Mon-Fri 22:00-04:00 UTC` or `daily 01:00-02:00 Asia/Tokyo`; one that ends at or
 * before its beginning ends on the next day. `undefined` for anything else, also for a time zone that is none.
 */
export function parseWindow(text: string): MaintenanceWindow | undefined {
  const match = /^(\S+)\s+(\d{2}):(\d{2})-(\d{2}):(\d{2})\s+([A-Za-z][\w+/-]{0,60})$/.exec(text.trim());
  if (match === null) return undefined;
  const [, list = "", h1, m1, h2, m2, zone = ""] = match;
  const days = readDays(list.toLowerCase());
  const [from, to] = [minutes(h1, m1), minutes(h2, m2)];
  if (days === undefined || from === undefined || to === undefined || from === 1440 || !isZone(zone))
    return undefined;
  return { days, from, to, zone, text: text.trim() };
}

function minutes(hours = "", rest = ""): number | undefined {
  const all = Number(hours) * 60 + Number(rest);
  return Number(rest) < 60 && all <= 1440 ? all : undefined;
}

function readDays(list: string): number[] | undefined {
  if (list === "daily") return [0, 1, 2, 3, 4, 5, 6];
  const days = new Set<number>();
  for (const part of list.split(",")) {
    const [first, last = first] = part.split("-").map((name) => names.indexOf(name));
    if (first === undefined || last === undefined || first < 0 || last < 0) return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return [...days].sort((a, b) => a - b);
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

import type { MaintenanceWindow } from "../model/index.ts";

interface WallClock {
  readonly day: number;
  readonly minute: number;
}

const dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const formats = new Map<string, Intl.DateTimeFormat>();

/** Weekday and minute by the clock on the wall there: what a change to or from summer time does is Intl's to know. */
function wallClock(zone: string, at: Date): WallClock {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    formats.set(zone, format);
  }
  const parts = new Map(format.formatToParts(at).map((part) => [part.type, part.value]));
  return {
    day: dayNames.indexOf(parts.get("weekday") ?? ""),
    minute: Number(parts.get("hour")) * 60 + Number(parts.get("minute")),
  };
}

/** Whether a window is open. An hour that the clocks skip does not exist, one that they repeat counts twice. */
function isOpen({ days, from, to, zone }: MaintenanceWindow, at: Date): boolean {
  const { day, minute } = wallClock(zone, at);
  if (to > from) return days.includes(day) && minute >= from && minute < to;
  return (days.includes(day) && minute >= from) || (days.includes((day + 6) % 7) && minute < to);
}

/** Whether the project may be changed at a time; without windows at any. */
export function isAllowed(windows: readonly MaintenanceWindow[], at: Date): boolean {
  return windows.length === 0 || windows.some((window) => isOpen(window, at));
}

const minuteMs = 60_000;
/** A weekly window that falls into a skipped hour opens again a week later. */
const searchedMinutes = 15 * 24 * 60;

/** When one of the windows opens next, RFC 3339; `undefined` when none does within two weeks. */
export function nextOpening(windows: readonly MaintenanceWindow[], after: Date): string | undefined {
  const start = Math.ceil(after.getTime() / minuteMs) * minuteMs;
  for (let minute = 0; minute <= searchedMinutes; minute++) {
    const at = new Date(start + minute * minuteMs);
    if (isAllowed(windows, at)) return at.toISOString();
  }
  return undefined;
}

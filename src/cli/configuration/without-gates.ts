import { Failure, type Configuration } from "../../model/index.ts";

/**
 * A configuration without some of its gates, each of which is then said to be missing. A gate is named as results name
 * it (`command: build`), or by its kind (`performance`) for all of them.
 * @throws {Failure} `usage` for a name that no gate has, and for those that Redress itself asks
 */
export function withoutGates(configuration: Configuration, names: readonly string[]): Configuration {
  if (names.length === 0) return configuration;
  const leftOut: string[] = [];
  const known: string[] = [];
  const keeps = (kind: string, name?: string): boolean => {
    const whole = name === undefined ? kind : `${kind}: ${name}`;
    known.push(whole);
    if (!names.includes(whole) && !names.includes(kind)) return true;
    leftOut.push(whole);
    return false;
  };
  const { tests, commands, gates, databases } = configuration;
  const { license, performance, ...others } = gates ?? {};
  const measures = performance?.measures.filter((one) => keeps("performance", one.name)) ?? [];
  const rest: Configuration = {
    ...configuration,
    tests: tests.filter((one) => keeps("tests", one.name)),
    commands: commands.filter((one) => keeps("command", one.name)),
    ...(gates === undefined
      ? {}
      : {
          gates: {
            ...(others as Omit<typeof gates, "license" | "performance">),
            health: gates.health.filter((one) => keeps("health", one.name)),
            coverage: gates.coverage.filter((one) => keeps("coverage", one.name)),
            ...(license !== undefined && keeps("license") ? { license } : {}),
            ...(performance === undefined || measures.length === 0
              ? {}
              : { performance: { ...performance, measures } }),
          },
        }),
    ...(databases === undefined
      ? {}
      : {
          databases: databases.map(({ migrations, ...one }) => {
            if (migrations === undefined) return one;
            const isKept = keeps("migrations", one.name);
            return { ...one, migrations: isKept ? migrations : { ...migrations, leftOut: true as const } };
          }),
        }),
    leftOut,
  };
  const unknown = names.find((name) => !known.some((one) => one === name || one.startsWith(`${name}: `)));
  if (unknown !== undefined)
    throw new Failure(
      "usage",
      `redress.yaml has no gate ${unknown} that could be left out`,
      known.length === 0
        ? "It has none."
        : `It has: ${known.join(", ")}. versions and security are always asked.`,
    );
  return rest;
}

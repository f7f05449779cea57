import { componentKey, type Component, type Inventory, type Scope, type Upgrade } from "../model/index.ts";

/**
 * The components as they will be once some upgrades are in: for counting what a phase leaves. Requirements are not
 * resolved anew, so `dependencies` stay those of the present.
 */
export function foresee(inventory: Inventory, upgrades: readonly Upgrade[]): Inventory {
  const components = new Map(inventory.components.map((component) => [componentKey(component), component]));
  const byName = new Map<string, Component>();
  for (const component of inventory.components)
    byName.set(`${component.project}|${component.name}`, component);
  for (const upgrade of upgrades) {
    const identity = { project: upgrade.project, ecosystem: upgrade.ecosystem, name: upgrade.package };
    const old =
      upgrade.from === null
        ? undefined
        : components.get(componentKey({ ...identity, version: upgrade.from }));
    if (upgrade.from !== null) components.delete(componentKey({ ...identity, version: upgrade.from }));
    if (upgrade.to === null) continue;
    const key = componentKey({ ...identity, version: upgrade.to });
    const present = components.get(key);
    const model = old ?? present ?? byName.get(`${upgrade.project}|${upgrade.package}`);
    components.set(key, {
      ...identity,
      version: upgrade.to,
      purl: purlOf(upgrade),
      scope: widest(old?.scope, present?.scope) ?? model?.scope ?? "production",
      direct: upgrade.direct || present?.direct === true,
      places: model?.places ?? [],
      requirementsKnown: false,
    });
  }
  return { ...inventory, components: [...components.values()] };
}

function widest(a: Scope | undefined, b: Scope | undefined): Scope | undefined {
  if (a === "production" || b === "production") return "production";
  return a ?? b;
}

function purlOf({ ecosystem, package: name, to }: Upgrade): string {
  const encoded = name.split("/").map(encodeURIComponent).join("/");
  return `pkg:${ecosystem === "PyPI" ? "pypi" : "npm"}/${encoded}@${encodeURIComponent(to ?? "")}`;
}

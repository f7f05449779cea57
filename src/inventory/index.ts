/** What is there: projects under a root, their components and who requires whom. Reads, never executes. */
export { readEnvironment } from "./environment.ts";
export { takeInventory, type InventoryRequest } from "./take-inventory.ts";

/** The rooms that a scan does not enter are loaded at their door. */
export const rooms = {
  plan: () => import("../plan/index.ts"),
  releases: () => import("../releases/index.ts"),
  settle: () => import("../settle/index.ts"),
  run: () => import("../run/index.ts"),
  seal: () => import("../seal/index.ts"),
};

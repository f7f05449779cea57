/** The first of many, for one line. */
export const listed = (items: readonly string[], most = 5): string =>
  items.slice(0, most).join("; ") + (items.length > most ? `; and ${items.length - most} more` : "");

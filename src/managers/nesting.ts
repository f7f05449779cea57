/** Deeper flow collections stand in no file of people or tools. */
const mostOpen = 200;

/**
 * The line where more brackets are open in a YAML text than its parser can bear: it takes seconds for some thousand.
 * Brackets in quotes and comments count too, which ordinary text never notices.
 */
export function tooDeepLine(text: string): number | undefined {
  let [open, line] = [0, 1];
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x0a:
        line++;
        break;
      case 0x5b:
      case 0x7b:
        if (++open > mostOpen) return line;
        break;
      case 0x5d:
      case 0x7d:
        if (open > 0) open--;
    }
  }
  return undefined;
}

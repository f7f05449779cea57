/** Line numbers, from 1, of ascending offsets into a text: each part of the text is looked at once. */
export class LineCounter {
  private readonly text: string;
  private line = 1;
  private next: number;
  private last = 0;

  constructor(text: string) {
    this.text = text;
    this.next = text.indexOf("\n");
  }

  /** The line that an offset lies in; asking for a smaller offset than before starts over. */
  at(offset: number): number {
    if (offset < this.last) {
      this.line = 1;
      this.next = this.text.indexOf("\n");
    }
    this.last = offset;
    while (this.next >= 0 && this.next < offset) {
      this.line++;
      this.next = this.text.indexOf("\n", this.next + 1);
    }
    return this.line;
  }
}

const marker = /^(?:<{7}|={7}|>{7}|\|{7})(?: |\r?$)/m;

/** The line of the first merge-conflict marker, where there is one. */
export function conflictLine(text: string): number | undefined {
  if (!text.includes("<<<<<<<") && !text.includes(">>>>>>>")) return undefined;
  const found = marker.exec(text);
  return found === null ? undefined : new LineCounter(text).at(found.index + 1);
}

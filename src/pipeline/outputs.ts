import path from "node:path";
import { maskSecrets, watchExecutions, type Execution } from "../system/index.ts";
import { rooms } from "./rooms.ts";

/** Most outputs that are kept of a run, and most characters of one. */
const most = { outputs: 400, characters: 200_000 };

/** Where a run keeps what tools wrote, until it is sealed into its evidence. */
export const outputFolder = (runFolder: string): string => path.join(runFolder, "output");

/**
 * Keeps what every program writes, masked, as files of the run's folder, from the moment that there is a run. `begin` is
 * told its folder, `end` waits for the last one.
 */
export function keepOutputs(): { begin(runFolder: string): Promise<void>; end(): Promise<void> } {
  let folder: string | undefined;
  let count = 0;
  let writing: Promise<void> = Promise.resolve();
  const stop = watchExecutions((done) => {
    if (folder === undefined || ++count > most.outputs) return;
    const name = `${String(count).padStart(4, "0")}-${path.basename(done.argv[0] ?? "")}.txt`;
    const file = path.join(folder, name.replace(/[^\w.-]+/g, "-"));
    const text = textOf(done);
    writing = writing.then(async () => {
      const { disk } = await rooms.run();
      // What a tool said is a help to readers; a full disk is told by what cannot do without it.
      await disk.write(file, text, 0o600).catch(() => undefined);
    });
  });
  return {
    async begin(runFolder) {
      const { disk } = await rooms.run();
      await disk.makeFolder(outputFolder(runFolder)).catch(() => undefined);
      folder = outputFolder(runFolder);
    },
    async end() {
      stop();
      await writing;
    },
  };
}

/** What ran, how it ended and what it wrote. */
function textOf({ argv, code, signal, stdout, stderr, durationMs, timedOut }: Execution): string {
  const words = argv.map((word, index) => (index === 0 ? path.basename(word) : word)).slice(0, 200);
  const end = timedOut
    ? "took too long"
    : code === null
      ? `ended by ${signal ?? "a signal"}`
      : `exit code ${code}`;
  const part = (name: string, text: string): string =>
    text === "" ? "" : `--- ${name}\n${shortened(text)}\n`;
  return maskSecrets(
    `$ ${words.join(" ")}\n${end}, ${Math.round(durationMs)} ms\n${part("standard output", stdout)}${part("standard error", stderr)}`,
  );
}

/** The head and the tail of a long text. */
function shortened(text: string): string {
  if (text.length <= most.characters) return text;
  const half = most.characters / 2;
  return `${text.slice(0, half)}\n[… ${text.length - most.characters} characters left out …]\n${text.slice(-half)}`;
}

/** Chromium by its own protocol over a pipe: what a person does on a page, and nothing more. */
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { start } from "./processes.mjs";

/** The browser that CHROMIUM names, or the one on the PATH. */
export function findChromium() {
  const { CHROMIUM, PATH = "" } = process.env;
  const places = CHROMIUM
    ? [CHROMIUM]
    : PATH.split(path.delimiter).map((folder) => path.join(folder, "chromium"));
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Opens a page in a new browser. */
export async function openBrowser(url) {
  const profile = await mkdtemp(path.join(tmpdir(), "helpdesk-chromium-"));
  const browser = start(
    findChromium(),
    ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", `--user-data-dir=${profile}`],
    { stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"] },
  );
  const [, , , input, output] = browser.stdio;
  const pending = new Map();
  let count = 0;
  let rest = "";
  const ended = new Promise((_, reject) =>
    browser.on("close", () => reject(new Error(`Chromium ended: ${browser.output}`))),
  );
  ended.catch(() => {});
  output.setEncoding("utf8").on("data", (chunk) => {
    const messages = (rest + chunk).split("\0");
    rest = messages.pop();
    for (const { id, result, error } of messages.map((one) => JSON.parse(one))) {
      const [resolve, reject] = pending.get(id) ?? [];
      pending.delete(id);
      if (error) reject?.(new Error(error.message));
      else resolve?.(result);
    }
  });
  const send = (method, params = {}, sessionId = undefined) => {
    const id = ++count;
    const answer = new Promise((resolve, reject) => pending.set(id, [resolve, reject]));
    input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return Promise.race([answer, ended]);
  };
  const { targetId } = await send("Target.createTarget", { url });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  const ask = (method, params) => send(method, params, sessionId);
  const evaluate = async (expression) => {
    const { result, exceptionDetails } = await ask("Runtime.evaluate", { expression, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  return {
    /** Waits until an expression of the page is true. */
    async until(expression, what, seconds = 10) {
      for (let tries = 0; tries < seconds * 10; tries++) {
        if (await evaluate(`Boolean(${expression})`)) return;
        await wait(100);
      }
      throw new Error(`${what} did not happen; the page says: ${await evaluate("document.body.innerText")}`);
    },
    /** Types into the field that a selector names. */
    async type(selector, text) {
      await evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`);
      await ask("Input.insertText", { text });
    },
    async click(selector) {
      await evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
    },
    /** Chooses a file. */
    async choose(selector, file) {
      const { root } = await ask("DOM.getDocument");
      const { nodeId } = await ask("DOM.querySelector", { nodeId: root.nodeId, selector });
      await ask("DOM.setFileInputFiles", { nodeId, files: [file] });
    },
    async close() {
      await send("Browser.close").catch(() => {});
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

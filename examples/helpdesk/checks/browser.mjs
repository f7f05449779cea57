/** A person signs in and opens a ticket with a picture, in a real browser, on the built pages and the real backend. */
import { execFileSync } from "node:child_process";
import { createServer, request } from "node:http";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { findChromium, openBrowser } from "./chromium.mjs";
import { endAll, freePort, start, untilUp } from "./processes.mjs";

if (findChromium() === undefined) {
  console.error("Chromium is not installed: apt-get install chromium, or name it in CHROMIUM");
  process.exit(127); // "command not found", as shells have it: this check could not look
}
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const [backend, pages] = [path.join(root, "backend"), path.join(root, "frontend", "build")];
const python = process.env.HELPDESK_PYTHON ?? "python";
const folder = await mkdtemp(path.join(tmpdir(), "helpdesk-check-"));
const env = {
  ...process.env,
  HELPDESK_DATABASE: `sqlite:${path.join(folder, "check.sqlite3")}`,
  HELPDESK_MEDIA: path.join(folder, "media"),
};
const pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** The built pages, with what begins with /api handed to the backend. */
function serve(backendPort) {
  const server = createServer(async (incoming, outgoing) => {
    if (incoming.url.startsWith("/api")) {
      const { method, headers, url } = incoming;
      const passed = request(
        { host: "127.0.0.1", port: backendPort, path: url, method, headers },
        (answer) => {
          outgoing.writeHead(answer.statusCode, answer.headers);
          answer.pipe(outgoing);
        },
      );
      passed.on("error", () => outgoing.writeHead(502).end());
      incoming.pipe(passed);
      return;
    }
    const name = path.normalize(new URL(incoming.url, "http://x").pathname);
    const body = await readFile(path.join(pages, name)).catch(() => readFile(path.join(pages, "index.html")));
    const types = { ".js": "text/javascript", ".css": "text/css" };
    outgoing.writeHead(200, { "content-type": types[path.extname(name)] ?? "text/html" }).end(body);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

const manage = (...args) =>
  execFileSync(python, ["manage.py", ...args], { cwd: backend, env, stdio: "pipe" });
let server;
let browser;
try {
  manage("migrate", "--verbosity", "0");
  manage(
    "shell",
    "-c",
    "from django.contrib.auth.models import User; User.objects.create_user('ada', password='secret 1')",
  );
  const port = await freePort();
  const gunicorn = start(
    python,
    ["-m", "gunicorn", "--bind", `127.0.0.1:${port}`, "--timeout", "90", "helpdesk.wsgi"],
    {
      cwd: backend,
      env,
    },
  );
  await untilUp(`http://127.0.0.1:${port}/health`, gunicorn, 30);
  server = await serve(port);
  const picture = path.join(folder, "shot.png");
  await writeFile(picture, Buffer.from(pixel, "base64"));

  browser = await openBrowser(`http://127.0.0.1:${server.address().port}/`);
  await browser.until("document.querySelector('input[type=password]')", "the form to sign in");
  await browser.type("form label:nth-of-type(1) input", "ada");
  await browser.type("input[type=password]", "secret 1");
  await browser.click("button");
  await browser.until("document.querySelector('ul')", "signing in");
  await browser.type("form label:nth-of-type(1) input", "Printer is on fire");
  await browser.choose("input[type=file]", picture);
  await browser.until("!document.querySelector('button').disabled", "typing a title");
  await browser.click("button");
  // Where the classifier is installed, its model is loaded first.
  await browser.until(
    "document.querySelector('li')?.innerText.includes('with a picture')",
    "the new ticket",
    60,
  );
  console.log("signed in and opened a ticket with a picture");
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await browser?.close();
  server?.close();
  endAll();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

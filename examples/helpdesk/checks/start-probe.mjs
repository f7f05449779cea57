/** Starts the development server as a person would and waits for its page: neither the build nor the tests use it. */
import path from "node:path";
import { endAll, freePort, start, untilUp } from "./processes.mjs";

const frontend = path.resolve(
  import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname),
  "..",
  "frontend",
);
const port = await freePort();
const server = start(path.join(frontend, "node_modules", ".bin", "react-scripts"), ["start"], {
  cwd: frontend,
  env: { ...process.env, PORT: String(port), HOST: "127.0.0.1", BROWSER: "none", CI: "1" },
});
try {
  const page = await (await untilUp(`http://127.0.0.1:${port}/`, server, 90)).text();
  if (!page.includes('id="root"')) throw new Error("the development server gives another page");
  console.log("the development server starts and gives its page");
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  endAll();
}

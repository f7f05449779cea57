/** @jest-environment node */
import { createServer, IncomingMessage, Server } from "http";
import { AddressInfo } from "net";

let server: Server;
const seen: IncomingMessage[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request);
    response.setHeader("content-type", "application/json");
    const isToken = request.url === "/api/token";
    response.end(JSON.stringify(isToken ? { access: "token-1" } : { results: [{ id: 7 }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  process.env.REACT_APP_API = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

test("the token of signing in goes with the next request", async () => {
  const { signIn, listTickets } = await import("./api");
  await signIn("ada", "x");
  expect(await listTickets()).toEqual([{ id: 7 }]);
  expect(seen[1]?.headers.authorization).toBe("Bearer token-1");
});

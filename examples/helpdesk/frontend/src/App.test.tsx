import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter } from "react-router-dom";
import * as api from "./api";
import { App } from "./App";

jest.mock("./api");
const { signIn, listTickets, openTicket } = api as jest.Mocked<typeof api>;

function show() {
  render(
    <MemoryRouter>
      <App />
    </MemoryRouter>,
  );
}

function enter(name: string, password: string) {
  userEvent.type(screen.getByLabelText("Name"), name);
  userEvent.type(screen.getByLabelText("Password"), password);
  userEvent.click(screen.getByText("Sign in"));
}

beforeEach(() => jest.resetAllMocks());

test("signing in shows the tickets", async () => {
  signIn.mockResolvedValue();
  listTickets.mockResolvedValue([{ id: 1, title: "Printer is on fire", state: "open", attachment: null }]);
  show();
  enter("ada", "correct horse");
  expect(await screen.findByText("Printer is on fire (open)")).toBeInTheDocument();
  expect(signIn).toHaveBeenCalledWith("ada", "correct horse");
});

test("a wrong password is said", async () => {
  signIn.mockRejectedValue(new Error("401"));
  show();
  enter("ada", "wrong");
  expect(await screen.findByRole("alert")).toHaveTextContent("do not go together");
});

test("a ticket with a picture is opened and stands first", async () => {
  signIn.mockResolvedValue();
  listTickets.mockResolvedValue([{ id: 1, title: "Old", state: "closed", attachment: null }]);
  openTicket.mockResolvedValue({ id: 2, title: "New", state: "open", attachment: "/media/shot.jpg" });
  show();
  enter("ada", "x");
  await screen.findByText("Old (closed)");
  userEvent.type(screen.getByLabelText("What is wrong?"), "New");
  const shot = new File(["x"], "shot.png", { type: "image/png" });
  userEvent.upload(screen.getByLabelText("Picture"), shot);
  userEvent.click(screen.getByText("Open a ticket"));
  await waitFor(() =>
    expect(screen.getAllByRole("listitem")[0]).toHaveTextContent("New (open) with a picture"),
  );
  expect(openTicket).toHaveBeenCalledWith("New", shot);
});

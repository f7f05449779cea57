import { FormEvent, useEffect, useState } from "react";
import { listTickets, openTicket, Ticket } from "./api";

/** The list of tickets and the form that opens one. */
export function Tickets() {
  const [tickets, setTickets] = useState<readonly Ticket[]>([]);
  const [title, setTitle] = useState("");
  const [picture, setPicture] = useState<File>();
  useEffect(() => {
    listTickets().then(setTickets, () => setTickets([]));
  }, []);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const ticket = await openTicket(title, picture);
    setTickets([ticket, ...tickets]);
    setTitle("");
  };
  return (
    <>
      <form onSubmit={submit}>
        <label>
          What is wrong? <input value={title} onChange={(event) => setTitle(event.target.value)} />
        </label>
        <label>
          Picture{" "}
          <input type="file" accept="image/*" onChange={(event) => setPicture(event.target.files?.[0])} />
        </label>
        <button disabled={title === ""}>Open a ticket</button>
      </form>
      <ul aria-label="Tickets">
        {tickets.map((ticket) => (
          <li key={ticket.id}>
            {ticket.title} ({ticket.state}){ticket.attachment !== null && " with a picture"}
          </li>
        ))}
      </ul>
    </>
  );
}

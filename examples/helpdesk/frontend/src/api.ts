import axios from "axios";

/** A ticket as the backend gives it. */
export interface Ticket {
  readonly id: number;
  readonly title: string;
  readonly state: "open" | "closed";
  readonly attachment: string | null;
}

const client = axios.create({ baseURL: process.env.REACT_APP_API ?? "" });

/** Signs in; the token goes with every request from then on. */
export async function signIn(username: string, password: string): Promise<void> {
  const { data } = await client.post<{ access: string }>("/api/token", { username, password });
  client.defaults.headers.common.Authorization = `Bearer ${data.access}`;
}

/** The tickets of who is signed in, newest first. */
export async function listTickets(): Promise<readonly Ticket[]> {
  const { data } = await client.get<{ results: Ticket[] }>("/api/tickets/");
  return data.results;
}

/** Opens a ticket, with a picture where one is given. */
export async function openTicket(title: string, picture?: File): Promise<Ticket> {
  const form = new FormData();
  form.append("title", title);
  if (picture !== undefined) form.append("attachment", picture);
  const { data } = await client.post<Ticket>("/api/tickets/", form);
  return data;
}

import { FormEvent, useState } from "react";
import { Navigate, Route, Routes } from "react-router-dom";
import { signIn } from "./api";
import { Tickets } from "./Tickets";

/** Signing in first, then the tickets. */
export function App() {
  const [isSignedIn, setSignedIn] = useState(false);
  return (
    <main>
      <h1>Helpdesk</h1>
      <Routes>
        <Route path="/tickets" element={isSignedIn ? <Tickets /> : <Navigate to="/" />} />
        <Route
          path="*"
          element={isSignedIn ? <Navigate to="/tickets" /> : <SignIn onDone={() => setSignedIn(true)} />}
        />
      </Routes>
    </main>
  );
}

function SignIn({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await signIn(name, password);
      onDone();
    } catch {
      setProblem("That name and password do not go together.");
    }
  };
  return (
    <form onSubmit={submit}>
      <label>
        Name <input value={name} onChange={(event) => setName(event.target.value)} />
      </label>
      <label>
        Password{" "}
        <input type="password" value={password} onChange={(event) => setPassword(event.target.value)} />
      </label>
      <button>Sign in</button>
      {problem !== "" && <p role="alert">{problem}</p>}
    </form>
  );
}

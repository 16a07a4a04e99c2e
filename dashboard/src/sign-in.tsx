// The way in for whoever has no link: the token, by hand. Rule: it says where the token is found, and keeps none.
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { Code } from './components/code.tsx';
import { Mark } from './components/mark.tsx';
import { signIn } from './state/session.ts';

export function SignIn({ reason }: { readonly reason: string | null }): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const send = (event: Event): void => {
    event.preventDefault();
    const token = field.current?.value.trim() ?? '';
    if (token !== '') void signIn(token);
  };
  return (
    <main class="sign-in">
      <form class="sign-in-card" onSubmit={send}>
        <h1>
          <Mark /> Sluice
        </h1>
        {reason !== null && (
          <p class="notice bad" role="alert">
            {reason}
          </p>
        )}
        <label for="token">Admin token</label>
        <input
          id="token"
          ref={field}
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          required
          autofocus
        />
        <button class="primary" type="submit">
          Sign in
        </button>
        <p class="quiet">
          The first start of <code>sluice up</code> prints a link that signs you in. Afterwards the token lies in its
          data directory, unless <code>admin.token</code> sets another one:
        </p>
        <Code text="cat ~/.sluice/admin-token" />
      </form>
    </main>
  );
}

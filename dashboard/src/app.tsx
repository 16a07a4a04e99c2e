// What is shown: the way in, or the pages. Rule: nothing of a page is loaded before somebody is signed in.
import type { JSX } from 'preact';
import { Shell } from './shell.tsx';
import { SignIn } from './sign-in.tsx';
import { session } from './state/session.ts';

export function App(): JSX.Element {
  const state = session.value;
  if (state.kind === 'in') return <Shell user={state.user} version={state.version} />;
  return state.kind === 'out' ? <SignIn reason={state.reason} /> : <p class="waiting">Asking Sluice…</p>;
}

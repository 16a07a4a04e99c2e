// Whether somebody is signed in. Rule: a token is used once, for a cookie that no script can read, and is kept nowhere.
import { signal, type Signal } from '@preact/signals';
import type { SessionAnswer } from '../../../src/control/admin-answers.ts';
import { ApiError, askJson, onSignedOut } from './api.ts';

export type SessionState =
  | { readonly kind: 'asking' }
  | { readonly kind: 'out'; readonly reason: string | null }
  | { readonly kind: 'in'; readonly user: string; readonly version: string };

export const session: Signal<SessionState> = signal({ kind: 'asking' });

const PATH = '/api/v1/session';

onSignedOut(() => {
  if (session.value.kind === 'in') session.value = { kind: 'out', reason: 'The session has ended.' };
});

/** With a token, or with the cookie that is there already. */
export async function signIn(token: string | null): Promise<void> {
  session.value = { kind: 'asking' };
  const init = token === null ? {} : { method: 'POST', headers: { Authorization: `Bearer ${token}` } };
  try {
    session.value = { kind: 'in', ...(await askJson<SessionAnswer>(PATH, init)) };
  } catch (error) {
    session.value = { kind: 'out', reason: reasonOf(error, token !== null) };
  }
}

export async function signOut(): Promise<void> {
  await askJson(PATH, { method: 'DELETE' });
  session.value = { kind: 'out', reason: null };
}

function reasonOf(error: unknown, hasToken: boolean): string | null {
  if (!(error instanceof ApiError)) return String(error);
  if (error.code !== 'unauthorized') return error.message;
  return hasToken ? 'That token is not the one of this Sluice.' : null;
}

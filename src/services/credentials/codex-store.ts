// The login of Codex: `auth.json`. Rule: Codex takes no lock across processes, so that ours, beside the file, keeps only programs like
// us apart; being early is what keeps Codex from renewing the login itself.
import { Buffer } from 'node:buffer';
import { errorWord, type JsonObject, objectOf, type StoreFormat, textOf } from './store-format.ts';

const CLIENT_ID = 'app_EMoamEEZ73f0CkXaXp7hrann';
const STALE_MS = 10_000;
/** Where the token does not say how long it holds. */
const HOLDS_MS = 8 * 24 * 3_600_000;
const FINAL_WORDS: ReadonlySet<string> = new Set([
  'invalid_grant',
  'refresh_token_expired',
  'refresh_token_reused',
  'refresh_token_invalidated',
]);

export const codexStore: StoreFormat = {
  name: 'codex',

  read(document) {
    const tokens = objectOf(document['tokens']);
    const accessToken = textOf(tokens?.['access_token']);
    if (tokens === null || accessToken === null) return null;
    const seconds = claimsOf(accessToken)?.['exp'];
    return {
      accessToken,
      refreshToken: textOf(tokens['refresh_token']) ?? '',
      expiresAtMs: typeof seconds === 'number' ? seconds * 1000 : expiryByAge(document),
      accountId: textOf(tokens['account_id']) ?? accountOf(textOf(tokens['id_token'])),
    };
  },

  isBlanked(document) {
    return objectOf(document['tokens'])?.['refresh_token'] === '';
  },

  question(_document, refreshToken) {
    return { client_id: CLIENT_ID, grant_type: 'refresh_token', refresh_token: refreshToken };
  },

  renew(document, answer, nowMs) {
    const accessToken = textOf(answer['access_token']);
    if (accessToken === null) return null;
    const before = objectOf(document['tokens']) ?? {};
    const tokens: JsonObject = {
      ...before,
      id_token: textOf(answer['id_token']) ?? before['id_token'],
      access_token: accessToken,
      refresh_token: textOf(answer['refresh_token']) ?? before['refresh_token'],
    };
    return { ...document, tokens, last_refresh: new Date(nowMs).toISOString() };
  },

  isFinal(status, answer) {
    return status === 401 || (status >= 400 && status < 500 && FINAL_WORDS.has(errorWord(answer)));
  },

  refreshLocks(_file, real) {
    return [{ path: `${real}.lock`, staleMs: STALE_MS }];
  },

  writeLock() {
    return null;
  },
};

function expiryByAge(document: JsonObject): number | null {
  const refreshedAtMs = Date.parse(textOf(document['last_refresh']) ?? '');
  return Number.isNaN(refreshedAtMs) ? null : refreshedAtMs + HOLDS_MS;
}

/** What a token says of itself. Nobody is let in by it, so that its signature need not be looked at. */
function claimsOf(token: string): JsonObject | null {
  try {
    return objectOf(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')));
  } catch {
    return null;
  }
}

function accountOf(idToken: string | null): string | null {
  const claims = idToken === null ? null : claimsOf(idToken);
  return textOf(objectOf(claims?.['https://api.openai.com/auth'])?.['chatgpt_account_id']);
}

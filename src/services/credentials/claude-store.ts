// The login of Claude Code: `.credentials.json`. Rule: everything in the file that is not ours to renew stays as it is, and the locks
// are those that the program itself takes, in its order.
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorWord, type JsonObject, type LockPlace, objectOf, type StoreFormat, textOf } from './store-format.ts';

const CLIENT_ID = '9d1c250a-e61b-44d9-88ed-5944d1962f5e';
/** As Claude Code has it by now; before, it was 10 seconds. Who waits longer than the other is never wrong. */
const REFRESH_STALE_MS = 60_000;
const WRITE_STALE_MS = 15_000;
const KEY = 'claudeAiOauth';

export const claudeStore: StoreFormat = {
  name: 'claude',

  read(document) {
    const login = objectOf(document[KEY]);
    const accessToken = textOf(login?.['accessToken']);
    if (login === null || accessToken === null) return null;
    const expiresAt = login['expiresAt'];
    return {
      accessToken,
      refreshToken: textOf(login['refreshToken']) ?? '',
      expiresAtMs: typeof expiresAt === 'number' ? expiresAt : null,
      accountId: null,
    };
  },

  isBlanked(document) {
    return objectOf(document[KEY])?.['refreshToken'] === '';
  },

  question(document, refreshToken) {
    const login = objectOf(document[KEY]);
    const scope = scopesOf(login).join(' ');
    return {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: textOf(login?.['clientId']) ?? CLIENT_ID,
      ...(scope !== '' && { scope }),
    };
  },

  renew(document, answer, nowMs) {
    const accessToken = textOf(answer['access_token']);
    if (accessToken === null) return null;
    const before = objectOf(document[KEY]) ?? {};
    const seconds = answer['expires_in'];
    const scope = textOf(answer['scope']);
    const login: JsonObject = {
      ...before,
      accessToken,
      refreshToken: textOf(answer['refresh_token']) ?? before['refreshToken'],
      expiresAt: typeof seconds === 'number' ? nowMs + seconds * 1000 : null,
      ...(scope !== null && { scopes: scope.split(' ') }),
    };
    return { ...document, [KEY]: login };
  },

  isFinal(status, answer) {
    return (status === 400 || status === 401) && errorWord(answer) === 'invalid_grant';
  },

  refreshLocks(file) {
    const folder = dirname(file);
    const legacy: LockPlace = { path: `${realpathSync(folder)}.lock`, staleMs: REFRESH_STALE_MS, isOptional: true };
    return [{ path: join(folder, '.oauth_refresh.lock'), staleMs: REFRESH_STALE_MS }, legacy];
  },

  writeLock(file) {
    return { path: join(dirname(file), '.storage-write.lock'), staleMs: WRITE_STALE_MS };
  },
};

function scopesOf(login: JsonObject | null): readonly string[] {
  const scopes = login?.['scopes'];
  return Array.isArray(scopes) ? scopes.filter((scope): scope is string => typeof scope === 'string') : [];
}

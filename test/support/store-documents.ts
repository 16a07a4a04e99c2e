// Files of logins as Claude Code and Codex write them, for tests.

export function claudeDocument(expiresAtMs: number): string {
  const login = { accessToken: 'access-0', refreshToken: 'refresh-0', scopes: ['user:inference'] };
  const all = { ...login, expiresAt: expiresAtMs, subscriptionType: 'max', other: [1] };
  return JSON.stringify({ claudeAiOauth: all, mcpOAuth: { kept: true } });
}

/** A token that says when it runs out; nobody looks at its signature. */
export function jwtUntil(expiresAtMs: number): string {
  const claims = JSON.stringify({ exp: Math.floor(expiresAtMs / 1000) });
  return `eyJ.${Buffer.from(claims).toString('base64url')}.sig`;
}

export function codexDocument(expiresAtMs: number): string {
  const tokens = { id_token: 'id-0', access_token: jwtUntil(expiresAtMs), refresh_token: 'refresh-0' };
  const all = { auth_mode: 'chatgpt', OPENAI_API_KEY: null, tokens: { ...tokens, account_id: 'account-1' }, own: 1 };
  return JSON.stringify(all, null, 2);
}

/** A token as ChatGPT gives it: it says whose it is as well, and Codex looks for that. */
export function chatgptToken(expiresAtMs: number): string {
  const account = { chatgpt_account_id: 'account-1', chatgpt_plan_type: 'plus', chatgpt_user_id: 'user-1' };
  const claims = { exp: Math.floor(expiresAtMs / 1000), 'https://api.openai.com/auth': account };
  const [head, body] = [{ alg: 'none' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return `${head}.${body}.c2ln`;
}

/** A login that Codex itself takes for one. */
export function codexLogin(expiresAtMs: number): string {
  const token = chatgptToken(expiresAtMs);
  const tokens = { id_token: token, access_token: token, refresh_token: 'refresh-0', account_id: 'account-1' };
  const all = { auth_mode: 'chatgpt', OPENAI_API_KEY: null, tokens, last_refresh: new Date().toISOString() };
  return JSON.stringify(all, null, 2);
}

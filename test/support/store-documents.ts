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

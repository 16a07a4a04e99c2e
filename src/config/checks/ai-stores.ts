// Where the logins of stores may go. Rule: a login goes to the servers of the provider that it is from, over TLS, or stays on this machine;
// a base or a token endpoint of anybody else is a mistake that is found before anything is sent.

import type { KeyPath } from '../key-path.ts';
import type { AiConfig } from '../schema/ai.ts';
import type { Check, Finding } from './finding.ts';

type ProviderName = keyof AiConfig['providers'];

const BASE_HOSTS: Readonly<Record<ProviderName, readonly string[]>> = {
  claude: ['api.anthropic.com'],
  chatgpt: ['chatgpt.com', 'api.openai.com'],
};

const TOKEN_HOSTS: Readonly<Record<ProviderName, readonly string[]>> = {
  claude: ['console.anthropic.com', 'platform.claude.com', 'api.anthropic.com'],
  chatgpt: ['auth.openai.com'],
};

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export const checkAiStores: Check = ({ config: { ai } }) => {
  if (!ai.enabled) return [];
  return (['claude', 'chatgpt'] as const).flatMap((name) => {
    const { credentials, base, token_url: tokenUrl } = ai.providers[name];
    if (credentials === 'passthrough' || !credentials.some((one) => 'store' in one)) return [];
    const path = ['ai', 'providers', name];
    const ofToken = tokenUrl === null ? [] : judge(tokenUrl, TOKEN_HOSTS[name], [...path, 'token_url']);
    return [...judge(base, BASE_HOSTS[name], [...path, 'base']), ...ofToken];
  });
};

/** May a login of Claude Code go there? */
export function takesClaudeLogin(url: string, what: 'base' | 'token_url'): boolean {
  return isFor(url, (what === 'base' ? BASE_HOSTS : TOKEN_HOSTS).claude);
}

function isFor(url: string, hosts: readonly string[]): boolean {
  const { hostname = '', protocol, port } = URL.parse(url) ?? {};
  return LOOPBACK.test(hostname) || (hosts.includes(hostname) && protocol === 'https:' && port === '');
}

function judge(url: string, hosts: readonly string[], path: KeyPath): Finding[] {
  if (isFor(url, hosts)) return [];
  const { hostname } = new URL(url);
  const message = `the login of a store would go to ${hostname}, and is for ${hosts.join(' or ')} over https only`;
  const hint = 'use an api_key there, or passthrough';
  return [{ code: 'config_conflict', message, path, hint }];
}

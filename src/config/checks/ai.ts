// The providers of AI: where they stand, who gets in, and what travels in the clear. Rule: what would let strangers spend the money of
// others is an error.
import { isLocalAddress } from '../../core/address.ts';
import type { Config } from '../config.ts';
import type { ProviderConfig } from '../schema/ai.ts';
import type { Check, Finding } from './finding.ts';
import { MIN_TOKEN_LENGTH } from './names.ts';

export const checkAi: Check = ({ config }) => [...prefixes(config), ...(config.ai.enabled ? inUse(config) : [])];

function prefixes({ ai: { providers } }: Config): Finding[] {
  const { claude, chatgpt } = providers;
  const [one, other] = [`${claude.prefix}/`, `${chatgpt.prefix}/`];
  if (!one.startsWith(other) && !other.startsWith(one)) return [];
  const how = one === other ? 'is also that of' : 'and one lies below the other: see that of';
  const message = `the prefix "${chatgpt.prefix}" ${how} ai.providers.claude`;
  return [{ code: 'config_conflict', message, path: ['ai', 'providers', 'chatgpt', 'prefix'] }];
}

function inUse({ ai, users, gateway }: Config): Finding[] {
  const findings: Finding[] = [];
  if (gateway.listen.length === 0 || !gateway.own_paths) {
    const why = gateway.own_paths ? 'the gateway has no door' : 'gateway.own_paths is false';
    findings.push({
      severity: 'warning',
      code: 'config_conflict',
      message: `nobody can reach the providers: ${why}`,
      path: ['ai', 'enabled'],
    });
  }
  for (const [index, { name, token, may }] of users.entries()) {
    if (token === null || token.length >= MIN_TOKEN_LENGTH || !may.includes('ai')) continue;
    const message = `the token of "${name}", who may use providers of AI, has fewer than ${MIN_TOKEN_LENGTH} characters and can be guessed`;
    findings.push({ code: 'config_unsafe', message, path: ['users', index, 'token'], atKey: true });
  }
  return [
    ...findings,
    ...Object.entries(ai.providers).flatMap(([name, provider]: [string, ProviderConfig]) => {
      return [...inTheClear(name, provider), ...accounts(name, provider)];
    }),
  ];
}

/** Each account is one of its own, and can be told from the others. */
function accounts(provider: string, { credentials }: ProviderConfig): Finding[] {
  if (credentials === 'passthrough') return [];
  const names = credentials.map(({ id }, index) => id ?? String(index + 1));
  const secrets = credentials.map((one) => ('store' in one ? `store ${one.store}` : `key ${one.api_key}`));
  return credentials.flatMap((_one, index): Finding[] => {
    const path = ['ai', 'providers', provider, 'credentials', index];
    const finding = { code: 'config_conflict', path } as const;
    const name = names.indexOf(names[index] ?? '');
    if (name < index) return [{ ...finding, message: `another account of this provider is called "${names[index]}"` }];
    if (secrets.indexOf(secrets[index] ?? '') === index) return [];
    return [{ ...finding, message: 'this credential stands twice in the list' }];
  });
}

function inTheClear(name: string, { base }: ProviderConfig): Finding[] {
  const url = URL.parse(base);
  if (url?.protocol !== 'http:' || isLocalAddress(`${url.hostname}:${url.port === '' ? 80 : url.port}`)) return [];
  const message = 'credentials and prompts go to this provider in the clear';
  return [
    {
      severity: 'warning',
      code: 'config_unsafe',
      message,
      path: ['ai', 'providers', name, 'base'],
      hint: 'use https',
    },
  ];
}

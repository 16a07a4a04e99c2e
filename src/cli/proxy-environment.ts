// The environment variables that make programs go through a running Sluice. Rule: each is set in upper and lower case,
// because programs differ in which they read, and what is on this machine is never sent through the proxy.

import { splitNoProxy } from '../core/no-proxy.ts';
import { SluiceError } from '../core/errors.ts';
import { localAddress } from './local-address.ts';

export interface RunningDoors {
  readonly doors: readonly { readonly name: string; readonly address: string }[];
  /** Prefixes of the AI providers on the gateway; null = AI is off. */
  readonly ai: { readonly claude: string; readonly chatgpt: string } | null;
}

export interface ProxyUser {
  readonly name: string;
  readonly token: string;
}

export interface Wishes {
  readonly user?: ProxyUser | undefined;
  /** The NO_PROXY that is set already: its entries stay. */
  readonly noProxy?: string | undefined;
}

const NEVER_PROXIED = ['localhost', '127.0.0.1', '::1'];

export function proxyEnvironment(running: RunningDoors, { user, noProxy = '' }: Wishes = {}): Record<string, string> {
  const egress = addressOf(running, 'egress');
  const ai = aiEnvironment(running);
  if (egress === undefined) {
    if (Object.keys(ai).length > 0) return ai;
    const message = 'The Sluice that runs has no forward proxy. Its config closes that door: see egress.listen';
    throw new SluiceError('usage', { message });
  }
  const proxy = user === undefined ? egress : withUser(egress, user);
  const direct = [...new Set([...NEVER_PROXIED, ...splitNoProxy(noProxy)])].join(',');
  return {
    ...inBothCases({ HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: direct }),
    NODE_USE_ENV_PROXY: '1',
    ...ai,
  };
}

/** The names that `proxyEnvironment` may set. */
export const PROXY_VARIABLES: readonly string[] = [
  ...Object.keys(inBothCases({ HTTP_PROXY: '', HTTPS_PROXY: '', NO_PROXY: '' })),
  'NODE_USE_ENV_PROXY',
  'ANTHROPIC_BASE_URL',
  'OPENAI_BASE_URL',
];

/** The first address that a program can be pointed at; unix sockets are none. */
function addressOf({ doors }: RunningDoors, name: string): string | undefined {
  const door = doors.find((each) => each.name === name && /^https?:/.test(each.address));
  return door && localAddress(door.address).replace(/\/$/, '');
}

function aiEnvironment(running: RunningDoors): Record<string, string> {
  const gateway = addressOf(running, 'gateway');
  if (running.ai === null || gateway === undefined) return {};
  const { claude, chatgpt } = running.ai;
  return { ANTHROPIC_BASE_URL: `${gateway}${claude}`, OPENAI_BASE_URL: `${gateway}${chatgpt}/v1` };
}

function withUser(address: string, { name, token }: ProxyUser): string {
  return address.replace('://', () => `://${encodeURIComponent(name)}:${encodeURIComponent(token)}@`);
}

function inBothCases(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => [
      [name, value],
      [name.toLowerCase(), value],
    ]),
  );
}

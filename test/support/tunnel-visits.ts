// A gateway with a tunnel server, clients of it, and visitors. Rule: who has which token is the same in every test.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { ask, type Asked } from './ask.ts';
import { Gateway, type GatewaySettings } from './gateway.ts';
import { TunnelClient } from './tunnel-client.ts';

export const TOKEN = 'token-of-alice';
export const SERVER = {
  enabled: true,
  listen: '127.0.0.1:0',
  domain: 'example.test',
  public_url: 'http://{subdomain}.example.test',
};
export const USERS: readonly { name: string; token: string; may: string[] }[] = [
  { name: 'alice', token: TOKEN, may: ['tunnels'] },
  { name: 'bob', token: 'token-of-bob', may: ['tunnels'] },
  { name: 'carol', token: 'token-of-carol', may: ['gateway'] },
];

export function serve(t: TestContext, settings: GatewaySettings = {}): Promise<Gateway> {
  return Gateway.open(t, { users: USERS, tunnels: { server: SERVER }, ...settings });
}

export function doorOf(gateway: Gateway): string {
  return gateway.tunnels.doors()[0]?.address ?? assert.fail('the tunnel server has no door');
}

export function open(t: TestContext, gateway: Gateway, version = 2, ...names: string[]): Promise<TunnelClient> {
  return TunnelClient.open(t, doorOf(gateway), { token: TOKEN, names: names.length === 0 ? ['app'] : names, version });
}

/** A visitor of the tunnel `app`. */
export function visit(
  gateway: Gateway,
  path = '/',
  asked: Asked = {},
  host = 'app.example.test',
): ReturnType<typeof ask> {
  return ask(`${gateway.url}${path}`, { ...asked, headers: { Host: host, ...asked.headers } });
}

export function code(answer: { readonly body: string }): string {
  return (JSON.parse(answer.body) as { error: { code: string } }).error.code;
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToldExchange, type ToldRequest } from '../../../test/support/told-exchange.ts';
import { ToldSession } from '../../../test/support/told-session.ts';
import type { TunnelRegistry } from '../../services/tunnels/tunnel-registry.ts';
import { tunnel } from './tunnel.ts';

function take(request: ToldRequest): { readonly told: ToldExchange; readonly session: ToldSession } {
  const session = new ToldSession();
  const find = (name: string): object => {
    return name === 'app'
      ? { kind: 'online', session: session.session, group: null }
      : { kind: name === 'old' ? 'offline' : 'unknown' };
  };
  const told = new ToldExchange(request);
  tunnel({ find, isExpected: () => false } as unknown as TunnelRegistry).take(told.exchange);
  return { told, session };
}

test('an exchange goes to the client of the tunnel that is named, as what it asks for', () => {
  const named = (name: string, ...more: [string, string][]): [string, string][] => [['Sluice-Tunnel', name], ...more];
  assert.equal(take({}).told.code, 'tunnel_unknown');
  assert.equal(take({ fields: named('old') }).told.code, 'tunnel_offline');
  assert.deepEqual(take({ fields: named('app'), path: '/x' }).session.said, ['open http /x null']);
  const handshake: [string, string][] = [
    ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
    ['Sec-WebSocket-Version', '13'],
  ];
  const socket = take({ fields: named('app', ...handshake), upgradeProtocol: 'websocket' });
  assert.deepEqual(socket.session.said, ['open ws / null']);
  const large = take({ fields: named('app', ['Content-Length', '10485761']), hasBody: true });
  assert.deepEqual([large.told.code, large.session.said], ['request_body_too_large', []]);
});

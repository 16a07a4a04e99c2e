import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tunnelsSchema } from './tunnels.ts';

const server = (written: object): ReturnType<typeof tunnelsSchema.parse>['server'] =>
  tunnelsSchema.parse({ server: written }).server;

test('an account may have some names and clients, and nothing else is counted, unless it is written', () => {
  const { limits, address_limits: address, hold, token_ttl: ttl, reserved } = server({});
  assert.deepEqual(limits, {
    tunnels: 32,
    clients: 32,
    streams: null,
    requests_per_minute: null,
    bytes_per_day: null,
  });
  assert.deepEqual(address, { registrations_per_hour: 10, wrong_tokens_per_minute: 20 });
  assert.deepEqual([hold, ttl, reserved], [86_400_000, null, []]);
  assert.equal(server({ limits: { bytes_per_day: '1MiB' } }).limits.bytes_per_day, 1_048_576);
});

test('reserved names are names, in which a star stands for anything', () => {
  assert.deepEqual(server({ reserved: ['Acme', '*-admin'] }).reserved, ['acme', '*-admin']);
  assert.throws(() => server({ reserved: ['a.b'] }), /letters, digits/);
  assert.throws(() => server({ registration: 'maybe' }));
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listenError } from './listen-error.ts';

const systemError = (code: string): Error => Object.assign(new Error(`listen ${code}`), { code });

describe('an address that cannot be bound', () => {
  test('names the key, the address, the reason and a way out', () => {
    const error = listenError('gateway.listen', '127.0.0.1:8080', systemError('EADDRINUSE'));
    assert.equal(error.code, 'listen_failed');
    assert.equal(
      error.message,
      'gateway.listen: cannot listen on 127.0.0.1:8080: the address is already in use. ' +
        'Choose another with --port PORT, or set gateway.listen in the config or SLUICE_GATEWAY__LISTEN=HOST:PORT.',
    );
  });

  test('offers the flag only for the door that has one', () => {
    const error = listenError('admin.listen', '127.0.0.1:80', systemError('EACCES'));
    assert.match(error.message, /this user may not open that port/);
    assert.match(error.message, /SLUICE_ADMIN__LISTEN=HOST:PORT\.$/);
    assert.doesNotMatch(error.message, /--port/);
  });

  test('falls back to what the system said', () => {
    assert.match(listenError('metrics.listen', 'x:1', new Error('odd')).message, /cannot listen on x:1: odd\./);
    assert.match(listenError('metrics.listen', 'x:1', 'odd').message, /cannot listen on x:1: odd\./);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../../codec/http1/message-parser.ts';
import { SluiceError } from '../../core/errors.ts';
import { readRequest, requestBytes } from './asked-request.ts';
import { DryExchange } from './dry-exchange.ts';

function exchange(): DryExchange {
  const read = readRequest(requestBytes('GET /', [['Host', 'a.test']]), DEFAULT_LIMITS);
  assert.ok('request' in read);
  return new DryExchange('gateway', { address: '192.0.2.7', localPort: 1 }, read.request);
}

test('the first answer stays', () => {
  const dry = exchange();
  assert.equal(dry.answered, null);
  dry.fail('forbidden', 'not you');
  dry.answer({ status: 200 });
  assert.deepEqual(dry.answered, { status: 403, code: 'forbidden', message: 'not you' });
  const given = exchange();
  given.abort(new SluiceError('internal'));
  assert.equal(given.answered?.status, 500);
});

test('what only a target may do is refused', () => {
  const dry = exchange();
  for (const act of [() => dry.produce(), () => dry.respond(), () => dry.write(), () => dry.end()]) {
    assert.throws(act, { code: 'internal' });
  }
  dry.pauseRequest();
  dry.resumeRequest();
});

test('there is no body to go by', async () => {
  assert.deepEqual(await exchange().readBody(), { bytes: new Uint8Array(0), isWhole: true });
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask } from '../../../test/support/ask.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { AnswerTarget } from '../../contract/target.ts';
import { TunnelDoor } from './tunnel-door.ts';

test('the socket takes what a gateway has let pass, also a head with fields of ours on top', async (t) => {
  const config = configOf({ limits: { headers: '1KiB' } });
  const path = join(temporaryFolder(t), 'a.sock');
  const target: AnswerTarget = { kind: 'answer', take: (exchange) => exchange.answer({ status: 204 }) };
  const routes = [{ name: 'all', path: '/*', target }];
  const door = new TunnelDoor(config, {
    door: 'inner',
    listen: null,
    path,
    routes,
    recorder: null,
    ticketKeys: Buffer.alloc(48),
    log: () => {},
  });
  await door.start();
  t.after(() => door.close());
  const answer = await ask('http://a.test/x', { socketPath: path, headers: { 'X-Long': 'x'.repeat(2_000) } });
  assert.equal(answer.status, 204);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAN_SHARE_PORTS, succession } from './port-sharing.ts';

test('ports are shared on Linux', () => {
  assert.equal(CAN_SHARE_PORTS, process.platform === 'linux' || process.platform === 'freebsd');
});

test('what was taken away is given back in the other order when nothing comes of it, and kept otherwise', (t) => {
  t.after(() => succession.abandon());
  const said: string[] = [];
  const take = (name: string): void =>
    succession.took(
      () => said.push(`undo ${name}`),
      () => said.push(`finish ${name}`),
    );
  succession.isUnderWay = true;
  take('one');
  take('two');
  succession.abandon();
  assert.deepEqual([said, succession.isUnderWay], [['undo two', 'undo one'], false]);
  take('three');
  succession.complete();
  succession.abandon();
  assert.deepEqual(said.slice(2), ['finish three']);
});

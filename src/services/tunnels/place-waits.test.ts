import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlaceWaits } from './place-waits.ts';

const HOUR_MS = 3_600_000;

test('whoever waits for a name is woken by news of it, and not by those of another one', async () => {
  const waits = new PlaceWaits();
  const woken: string[] = [];
  const waiting = ['app', 'app', 'other'].map((name) => waits.news(name, HOUR_MS).then(() => woken.push(name)));
  waits.wake('app');
  waits.wake('nobody');
  await Promise.all(waiting.slice(0, 2));
  assert.deepEqual([woken, waits.size], [['app', 'app'], 1]);
  waits.wakeAll();
  await Promise.all(waiting);
  assert.equal(waits.size, 0);
});

test('nobody waits longer than was said', async () => {
  const waits = new PlaceWaits();
  await waits.news('app', 1);
  assert.equal(waits.size, 0);
});

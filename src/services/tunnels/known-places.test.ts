import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownPlaces } from './known-places.ts';

test('what one thread writes another one reads, until it is somewhere else or nowhere', () => {
  const places = new KnownPlaces();
  const reader = new KnownPlaces(places.memory);
  assert.equal(reader.find('app'), '');
  places.set('app', '10.0.0.2:7946');
  places.set('second', 'tls://node.example:7946');
  assert.deepEqual([reader.find('app'), reader.find('second')], ['10.0.0.2:7946', 'tls://node.example:7946']);
  places.set('app', '10.0.0.3:7946');
  assert.equal(reader.find('app'), '10.0.0.3:7946');
  places.set('app', '');
  assert.deepEqual([reader.find('app'), reader.find('second')], ['', 'tls://node.example:7946']);
});

test('names that come and go leave room for others, and more than fit are not known', () => {
  const places = new KnownPlaces();
  for (let index = 0; index < 20_000; index += 1) {
    places.set(`name-${index}`, 'a:1');
    places.set(`name-${index}`, '');
  }
  for (let index = 0; index < 7_000; index += 1) places.set(`kept-${index}`, 'b:1');
  assert.deepEqual([places.find('kept-0'), places.find('kept-6999'), places.find('name-1')], ['b:1', '', '']);
  places.set('x'.repeat(64), 'a:1');
  assert.equal(places.find('x'.repeat(64)), '');
});

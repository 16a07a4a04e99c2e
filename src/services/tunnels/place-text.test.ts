import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newsOf, newsText, placeOfLease, placeOfNews, placeValue } from './place-text.ts';

const MEMBERS = [
  { node: 'a', address: 'at a', clients: 2 },
  { node: 'b', address: 'at b', clients: 1 },
];

test('a place is the same by its lease and by its news, and here where one of its clients is', () => {
  const lease = { name: 'tunnel:app', owner: 'a', fence: 5, value: placeValue('ann', 'at a', MEMBERS) };
  const place = placeOfLease('app', lease, 'b');
  assert.deepEqual(place, {
    name: 'app',
    account: 'ann',
    node: 'a',
    address: 'at a',
    fence: 5,
    members: MEMBERS,
    isHere: true,
  });
  const news = newsOf(newsText(place));
  assert.deepEqual(news && placeOfNews(news, 'b'), place);
  assert.equal(news && placeOfNews(news, 'c')?.isHere, false);
  const alone = placeOfLease('app', { ...lease, value: placeValue('ann', 'at a') }, 'a');
  assert.deepEqual([alone.isHere, 'members' in alone], [true, false]);
});

test('news of nowhere is no place, and what is no news is none', () => {
  const gone = newsOf(newsText({ name: 'app', node: '', account: 'ann', address: '', fence: 6 }));
  assert.equal(gone && placeOfNews(gone, 'a'), null);
  assert.deepEqual([newsOf('{'), newsOf('{"name":5}')], [null, null]);
});

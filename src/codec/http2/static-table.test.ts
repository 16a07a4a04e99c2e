import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STATIC_ENTRIES, staticNames, staticTable, STATUSES } from './static-table.ts';

test('entries lie where RFC 7541 has them', () => {
  assert.equal(STATIC_ENTRIES, 61);
  for (const [index, name, value] of [
    [1, ':authority', ''],
    [2, ':method', 'GET'],
    [14, ':status', '500'],
    [16, 'accept-encoding', 'gzip, deflate'],
    [32, 'cookie', ''],
    [45, 'link', ''],
    [61, 'www-authenticate', ''],
  ] as const) {
    assert.deepEqual([staticTable[index]?.name, staticTable[index]?.value], [name, value]);
  }
});

test('a name is found at its first entry, a status at its own', () => {
  assert.deepEqual([staticNames.get(':method'), staticNames.get('vary'), staticNames.get('x')], [2, 59, undefined]);
  assert.deepEqual(
    [...STATUSES],
    [
      ['200', 8],
      ['204', 9],
      ['206', 10],
      ['304', 11],
      ['400', 12],
      ['404', 13],
      ['500', 14],
    ],
  );
});

// Whatever a client sends: what reaches the origin is HTTP to a strict reader, no more requests than were sent reach it, each of
// them is answered at most once, and nothing is left over.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Autopilot, cutAt, freeHeadBuffers } from '../support/playbook-autopilot.ts';
import { head } from '../support/playbook.ts';

const RUNS = 1500;

const OK = Buffer.from(`${head('HTTP/1.1 200 OK', 'Content-Length: 2')}ok`);

const SEEDS = [
  head('GET /one HTTP/1.1', 'Host: a.test', 'Connection: keep-alive, x-a', 'X-A: 1'),
  `${head('POST /two HTTP/1.1', 'Host: a.test', 'Content-Length: 11')}hello world`,
  `${head('POST /three HTTP/1.1', 'Host: a.test', 'Transfer-Encoding: chunked')}5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n`,
  `${head('PUT http://b.test/four HTTP/1.1', 'Host: a.test', 'Expect: 100-continue', 'Content-Length: 2')}hi`,
  head('OPTIONS * HTTP/1.1', 'Host: a.test', 'TE: trailers', 'Upgrade: h2c', 'Connection: upgrade'),
];

/** What smugglers are fond of. */
const PIECES = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '0\r\n\r\n',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: identity\r\n',
  'Connection: close\r\n',
  'Host: b\r\n',
  'HTTP/1.0',
  'GET /x HTTP/1.1\r\nHost: a\r\n\r\n',
  '+',
  '0x',
  '\xff',
];

const mutation = fc.record({
  at: fc.nat({ max: 2000 }),
  /** How many octets go. */
  removed: fc.integer({ min: 0, max: 6 }),
  added: fc.constantFrom('', ...PIECES),
});

const sending = fc
  .record({
    seeds: fc.array(fc.constantFrom(...SEEDS), { minLength: 1, maxLength: 4 }),
    mutations: fc.array(mutation, { maxLength: 4 }),
  })
  .map(({ seeds, mutations }) =>
    mutations.reduce((text, { at, removed, added }) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + added + text.slice(place + removed);
    }, seeds.join('')),
  );

test('nothing that a client sends gets more to the origin than it is, or leaves anything behind', () => {
  fc.assert(
    fc.property(sending, fc.array(fc.nat({ max: 2000 }), { maxLength: 6 }), fc.boolean(), (text, cuts, ends) => {
      const autopilot = new Autopilot(() => [OK]);
      const taken = freeHeadBuffers();
      autopilot.sends(cutAt(Buffer.from(text, 'latin1'), cuts));
      if (ends) autopilot.client.ends();
      autopilot.sends([]);
      const heads = text.split('HTTP/1.').length - 1;
      assert.ok(autopilot.received.length <= heads, `${autopilot.received.length} requests out of ${heads}`);
      const whole = autopilot.received.filter(({ isWhole }) => isWhole).length;
      assert.ok(whole >= autopilot.received.length - 1, 'only the last one may be cut');
      const answers = autopilot.answers.match(/HTTP\/1\.1 [2-5]\d\d /g)?.length ?? 0;
      assert.ok(answers <= heads + 1, `${answers} answers to ${heads} requests`);
      assert.ok(answers >= whole, `${answers} answers to ${whole} whole requests`);
      autopilot.end();
      assert.ok(freeHeadBuffers() >= taken);
    }),
    { numRuns: RUNS },
  );
});

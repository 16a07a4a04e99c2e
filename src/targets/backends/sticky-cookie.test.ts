import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Exchange } from '../../contract/exchange.ts';
import { Group } from '../../services/balance/group.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import type { BackendOrigin } from './balanced-backends.ts';
import { originOfUrl } from './origin-of-url.ts';
import { StickyCookie } from './sticky-cookie.ts';

const NOW = 1_800_000_000_000;
const HOUR_MS = 3_600_000;

class Rig {
  now = NOW;
  readonly group: Group<BackendOrigin>;
  readonly cookie: StickyCookie;

  constructor(name = 'gateway/app') {
    this.group = new Group<BackendOrigin>({
      name,
      table: new MemberTable({ capacity: 8 }),
      members: ['one', 'two'].map((id) => ({ id, data: { ...originOfUrl(`http://${id}`), member: null } })),
      options: { strategy: 'round_robin' },
    });
    this.cookie = new StickyCookie({ name: 'at', ttlMs: HOUR_MS, group: this.group, now: () => this.now });
  }

  /** What a client with these cookies is told after it has been served by that backend. */
  told(exit: string, cookies: readonly string[] = [], { secure = false, isOurs = false } = {}): string[] {
    const lines: string[] = [];
    const fields = { append: (name: string, value: string): void => void lines.push(`${name}: ${value}`) };
    this.cookie.response({ ...exchange(cookies), exit, client: { secure }, response: { isOurs, fields } } as never);
    return lines;
  }

  /** As a client sends it back. */
  given(exit: string): string {
    return /^Set-Cookie: ([^;]+);/.exec(this.told(exit)[0] ?? '')?.[1] ?? assert.fail();
  }

  chosen(...cookies: readonly string[]): string | undefined {
    return this.cookie.choose(exchange(cookies))?.id;
  }
}

function exchange(cookies: readonly string[]): Exchange {
  return { request: { fields: { getAll: () => cookies } } } as never;
}

describe('a client without the cookie', () => {
  test('goes anywhere, and is given one that no script can read and no other site makes it send', () => {
    const rig = new Rig();
    assert.equal(rig.chosen(), undefined);
    const [line = '', ...more] = rig.told('one');
    assert.match(line, /^Set-Cookie: at=[\w-]{16}\.[0-9a-z]+; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/);
    assert.deepEqual(more, []);
    assert.doesNotMatch(line, /one/);
  });

  test('that came by TLS sends it by TLS alone', () => {
    assert.match(new Rig().told('one', [], { secure: true })[0] ?? '', /; SameSite=Lax; Secure$/);
  });

  test('is given none with an answer of ours, or by nobody who is known', () => {
    const rig = new Rig();
    assert.deepEqual(rig.told('one', [], { isOurs: true }), []);
    assert.deepEqual(rig.told('', []), []);
    assert.deepEqual(rig.told('three', []), []);
  });
});

describe('a client with the cookie', () => {
  test('gets to its backend, whatever other cookies it has', () => {
    const rig = new Rig();
    const [one, two] = [rig.given('one'), rig.given('two')];
    assert.equal(rig.chosen(one), 'one');
    assert.equal(rig.chosen(`a=b; ${two}; c`), 'two');
    assert.equal(rig.chosen('a=b', `xat=1;${one}`), 'one');
  });

  test('is known to another gateway with the same route, and to no other route', () => {
    const one = new Rig().given('one');
    assert.equal(new Rig().chosen(one), 'one');
    assert.equal(new Rig('gateway/other').chosen(one), undefined);
  });

  test('is given a new one only when a tenth of its time has passed', () => {
    const rig = new Rig();
    const one = rig.given('one');
    rig.now += HOUR_MS / 10 - 1;
    assert.deepEqual(rig.told('one', [one]), []);
    rig.now += 1;
    assert.equal(rig.told('one', [one]).length, 1);
  });

  test('keeps its backend for its time and no longer', () => {
    const rig = new Rig();
    const one = rig.given('one');
    rig.now += HOUR_MS;
    assert.equal(rig.chosen(one), 'one');
    rig.now += 1;
    assert.equal(rig.chosen(one), undefined);
  });

  test('whose backend cannot be used goes elsewhere and is told', () => {
    const rig = new Rig();
    const one = rig.given('one');
    rig.group.find('one')!.admin = 'disabled';
    assert.equal(rig.chosen(one), undefined);
    assert.equal(rig.told('two', [one]).length, 1);
  });

  test('that makes one up gets nowhere with it', () => {
    const rig = new Rig();
    const [id = ''] = rig.given('one').split('.');
    for (const made of ['at=one', 'at=', 'at', 'at=.', id, `${id}.`, `${id}.!`, 'at=__proto__.1']) {
      assert.equal(rig.chosen(made), undefined, made);
    }
  });
});

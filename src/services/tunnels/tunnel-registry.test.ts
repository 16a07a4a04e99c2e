import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TunnelNameRow } from '../../state/tunnel-accounts.ts';
import { TunnelRegistry } from './tunnel-registry.ts';
import type { TunnelLink } from './tunnel-link.ts';

class Stage {
  nowMs = 1_000;
  maxClients = 9;
  readonly told: string[] = [];
  readonly registry: TunnelRegistry = new TunnelRegistry({
    now: () => this.nowMs,
    limitsOf: () => ({ tunnels: 2, clients: this.maxClients }),
  });

  constructor() {
    this.registry.configure({ holdMs: 100, reserved: ['acme', '*-admin'] });
  }

  session(label: string): TunnelLink {
    const session = {
      names: new Set<string>(),
      replaced: (name: string) => this.told.push(`${label} loses ${name}`),
      removed: (name: string) => this.told.push(`${label} is rid of ${name}`),
    };
    return session as unknown as TunnelLink;
  }

  claim(name: string | null, account: string, session = this.session(account), shares = false): string {
    const claimed = this.registry.claim(name, account, { session, shares });
    return 'refused' in claimed ? claimed.refused : claimed.name;
  }
}

/** As the file keeps them. */
class MemoryBook {
  readonly rows: Map<string, TunnelNameRow>;

  constructor(...rows: TunnelNameRow[]) {
    this.rows = new Map(rows.map((row) => [row.name, row]));
  }

  names(): TunnelNameRow[] {
    return [...this.rows.values()];
  }

  keepName(row: TunnelNameRow): void {
    this.rows.set(row.name, row);
  }

  dropName(name: string): void {
    this.rows.delete(name);
  }
}

describe('a name', () => {
  test('outlives the process with its account, whether its client was there or not', () => {
    const stage = new Stage();
    const book = new MemoryBook(
      { name: 'there', account: 'a', heldUntilMs: null },
      { name: 'away', account: 'a', heldUntilMs: 1_050 },
      { name: 'gone', account: 'a', heldUntilMs: 900 },
    );
    stage.registry.keepIn(book);
    const kinds = ['there', 'away', 'gone'].map((name) => stage.registry.find(name).kind);
    assert.deepEqual([...kinds, stage.claim('there', 'b')], ['offline', 'offline', 'unknown', 'SUBDOMAIN_UNAVAILABLE']);
    const session = stage.session('a');
    stage.claim('there', 'a', session);
    assert.equal(book.rows.get('there')?.heldUntilMs, null);
    stage.registry.release(session);
    assert.equal(book.rows.get('there')?.heldUntilMs, 1_100);
    stage.registry.forget('there');
    assert.equal(book.rows.has('there'), false);
    stage.registry.keepIn(null);
    assert.equal(stage.claim('away', 'a'), 'away');
  });

  test('has one owner, for whom it is held when the client has gone', () => {
    const stage = new Stage();
    const session = stage.session('a');
    assert.deepEqual([stage.claim('App', 'a', session), stage.claim('app', 'b')], ['app', 'SUBDOMAIN_UNAVAILABLE']);
    assert.equal(stage.registry.find('app').kind, 'online');
    stage.registry.release(session);
    assert.deepEqual([stage.registry.find('app').kind, stage.claim('app', 'b')], ['offline', 'SUBDOMAIN_UNAVAILABLE']);
    stage.nowMs += 101;
    assert.deepEqual([stage.registry.find('app').kind, stage.claim('app', 'b')], ['unknown', 'app']);
  });

  test('goes to the newest session of its account, and the older one cannot take it along', () => {
    const stage = new Stage();
    const [old, fresh] = [stage.session('old'), stage.session('fresh')];
    stage.claim('app', 'a', old);
    stage.claim('app', 'a', fresh);
    assert.deepEqual(stage.told, ['old loses app']);
    stage.registry.release(old);
    assert.deepEqual(stage.registry.find('app'), { kind: 'online', session: fresh, group: null });
    assert.equal(stage.claim('app', 'a', fresh), 'app');
    assert.deepEqual(stage.told, ['old loses app']);
  });

  test('is one of a few of its account: what has waited longest makes room for another', () => {
    const stage = new Stage();
    const first = stage.session('first');
    stage.claim('one-name', 'a', first);
    stage.claim('two-name', 'a');
    assert.equal(stage.claim('three-name', 'a'), 'POOL_EXHAUSTED');
    stage.registry.release(first);
    assert.deepEqual([stage.claim('three-name', 'a'), stage.registry.find('one-name').kind], ['three-name', 'unknown']);
    assert.deepEqual(
      stage.registry.entries().map(({ name }) => name),
      ['two-name', 'three-name'],
    );
  });

  test('is ours to choose where none is wanted, and nobody’s where it may not be', () => {
    const stage = new Stage();
    assert.match(stage.claim(null, 'a'), /^t[a-z0-9]{10}$/);
    const wanted = ['constructor', '__proto__', 'www', 'a.b'];
    assert.deepEqual(
      wanted.map((name) => stage.registry.find(name).kind),
      ['unknown', 'unknown', 'unknown', 'unknown'],
    );
    assert.deepEqual(
      wanted.slice(1).map((name) => stage.claim(name, 'a')),
      Array(3).fill('SUBDOMAIN_UNAVAILABLE'),
    );
    assert.deepEqual(
      [stage.registry.forget('nothing'), stage.claim('own', 'b'), stage.registry.forget('own')],
      [false, 'own', true],
    );
    assert.deepEqual(stage.told, ['b is rid of own']);
  });

  test('of the operator, or of somebody whom all know, is not had by who registers', () => {
    const stage = new Stage();
    const wanted = ['acme', 'x-admin', 'admin-x', 'paypal-login', 'pineapple'];
    assert.deepEqual(
      wanted.map((name) => stage.claim(name, name)),
      ['SUBDOMAIN_UNAVAILABLE', 'SUBDOMAIN_UNAVAILABLE', 'admin-x', 'SUBDOMAIN_UNAVAILABLE', 'pineapple'],
    );
    assert.deepEqual(
      ['acme', 'paypal-login'].map((name) => stage.claim(name, 'user:alice')),
      ['SUBDOMAIN_UNAVAILABLE', 'paypal-login'],
    );
  });

  test('knows how often its client came back, and how many have one', () => {
    const stage = new Stage();
    const session = stage.session('a');
    stage.claim('app', 'a', session);
    stage.registry.release(session);
    assert.equal(stage.registry.online, 0);
    stage.claim('app', 'a');
    stage.claim('app', 'a');
    assert.deepEqual([stage.registry.online, stage.registry.useOf('app')?.reconnects], [1, 2]);
    stage.registry.forgetAll('a');
    assert.deepEqual([stage.registry.online, stage.registry.namesOf('a')], [0, []]);
  });

  test('is given to so many clients of an account, of which one that is replaced is none', () => {
    const stage = new Stage();
    stage.maxClients = 1;
    const first = stage.session('first');
    stage.claim('one-name', 'a', first);
    assert.equal(stage.claim('two-name', 'a'), 'POOL_EXHAUSTED');
    assert.deepEqual([stage.claim('one-name', 'a'), stage.told], ['one-name', ['first loses one-name']]);
  });

  test('is shared by clients that ask for that, until the last has gone or one comes that does not', () => {
    const stage = new Stage();
    const [one, two, alone] = [stage.session('one'), stage.session('two'), stage.session('alone')];
    stage.claim('app', 'a', one, true);
    stage.claim('app', 'a', two, true);
    assert.deepEqual([stage.told, stage.registry.entries()[0]?.clients], [[], 2]);
    assert.equal(stage.claim('app', 'b', stage.session('b'), true), 'SUBDOMAIN_UNAVAILABLE');
    stage.registry.release(two);
    const found = stage.registry.find('app');
    assert.deepEqual([found.kind, found.kind === 'online' && found.session], ['online', one]);
    stage.claim('app', 'a', two, true);
    stage.claim('app', 'a', alone);
    assert.deepEqual(stage.told, ['one loses app', 'two loses app']);
    stage.claim('app', 'a', one, true);
    stage.registry.release(one);
    assert.deepEqual([stage.registry.find('app').kind, stage.registry.online], ['offline', 0]);
  });

  test('is waited for while its client is on its way here from the program before', async () => {
    const stage = new Stage();
    stage.registry.keepIn(new MemoryBook({ name: 'app', account: 'a', heldUntilMs: null }));
    assert.equal(stage.registry.isExpected('app'), false);
    stage.registry.expectClients(50);
    assert.deepEqual([stage.registry.isExpected('app'), stage.registry.isExpected('none')], [true, false]);
    const arrived = new Promise<void>((resolve) => void stage.registry.whenOnline('app', resolve));
    const leave = stage.registry.whenOnline('app', () => assert.fail('has left'));
    leave();
    stage.claim('app', 'a');
    await arrived;
    assert.equal(stage.registry.isExpected('app'), false);
  });

  test('is not waited for longer than that', async () => {
    const stage = new Stage();
    stage.registry.keepIn(new MemoryBook({ name: 'app', account: 'a', heldUntilMs: null }));
    stage.registry.expectClients(5);
    const keepAlive = setInterval(() => {}, 1_000);
    await new Promise<void>((resolve) => void stage.registry.whenOnline('app', resolve));
    clearInterval(keepAlive);
    assert.equal(stage.registry.isExpected('app'), false);
  });
});

test('other nodes are told whose a name is, and may have it instead', () => {
  const told: string[] = [];
  const note = (what: string) => (name: string) => void told.push(`${what} ${name}`);
  const registry = new TunnelRegistry({
    now: () => 0,
    limitsOf: () => ({ tunnels: 1, clients: 9 }),
    taken: note('taken'),
    left: note('left'),
    dropped: note('dropped'),
  });
  const stage = new Stage();
  const session = stage.session('ann');
  const link = Object.assign(session, { replaced: note('replaced'), removed: note('removed') });
  registry.claim('app', 'ann', { session: link, shares: false });
  assert.equal(registry.isOnline('app'), true);
  registry.release(link);
  link.names.clear();
  assert.equal(registry.isOnline('app'), false);
  registry.claim('second', 'ann', { session: link, shares: false });
  registry.giveWay('second', 'replaced');
  registry.claim('third', 'ann', { session: link, shares: false });
  registry.giveWay('third', 'refused');
  registry.giveWay('third', 'removed');
  const expected = ['taken app', 'left app', 'dropped app', 'taken second', 'replaced second', 'taken third'];
  assert.deepEqual([told, registry.entries(), link.names.has('third')], [expected, [], false]);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TunnelPortRow } from '../../state/tunnel-ports.ts';
import { PortLeases } from './port-leases.ts';

class Stage {
  nowMs = 1_000;
  readonly rows = new Map<number, TunnelPortRow>();
  readonly leases = this.open();

  open(maxPorts = 2): PortLeases<string> {
    const leases = new PortLeases<string>({ now: () => this.nowMs });
    leases.configure({ from: 2000, to: 2003 }, maxPorts, 100);
    leases.keepIn({
      ports: () => [...this.rows.values()],
      keepPort: (row) => void this.rows.set(row.port, row),
      dropPort: (port) => void this.rows.delete(port),
    });
    return leases;
  }

  ports(wanted: number | null, account: string, leases = this.leases): readonly number[] | string {
    const choice = leases.choose(wanted, account);
    return 'refused' in choice ? choice.refused : choice.ports;
  }
}

describe('a port', () => {
  test('is any free one, or the one that is asked for as long as it is nobody else’s', () => {
    const stage = new Stage();
    stage.leases.take(2001, 'alice', 'a1');
    const free = stage.ports(null, 'bob');
    assert.deepEqual(typeof free === 'string' ? free : new Set(free), new Set([2000, 2002, 2003]));
    assert.deepEqual(stage.ports(2001, 'alice'), [2001]);
    assert.equal(stage.ports(2001, 'bob'), 'SUBDOMAIN_UNAVAILABLE');
    assert.equal(stage.ports(80, 'bob'), 'SUBDOMAIN_UNAVAILABLE');
  });

  test('waits for its account, which gets it again first, and is anybody’s when its time is over', () => {
    const stage = new Stage();
    stage.leases.take(2001, 'alice', 'a1');
    stage.leases.leave(2001, 'a1');
    assert.equal(stage.ports(null, 'alice')[0], 2001);
    assert.equal(stage.ports(2001, 'bob'), 'SUBDOMAIN_UNAVAILABLE');
    stage.nowMs += 100;
    assert.deepEqual(stage.ports(2001, 'bob'), [2001]);
    assert.deepEqual(stage.leases.entries(), []);
  });

  test('goes to the newer holder, and the older one leaves nothing', () => {
    const stage = new Stage();
    assert.equal(stage.leases.take(2001, 'alice', 'a1'), null);
    assert.equal(stage.leases.take(2001, 'alice', 'a2'), 'a1');
    stage.leases.leave(2001, 'a1');
    assert.equal(stage.leases.entries()[0]?.holder, 'a2');
  });

  test('is kept over a restart', () => {
    const stage = new Stage();
    stage.leases.take(2001, 'alice', 'a1');
    const again = stage.open();
    assert.equal(stage.ports(2001, 'bob', again), 'SUBDOMAIN_UNAVAILABLE');
    assert.equal(stage.ports(null, 'alice', again)[0], 2001);
    again.drop(2001);
    assert.equal(stage.rows.size, 0);
  });
});

test('an account has so many; one that waits makes room for another', () => {
  const stage = new Stage();
  stage.leases.take(2000, 'alice', 'a');
  stage.leases.take(2001, 'alice', 'b');
  assert.equal(stage.ports(null, 'alice'), 'POOL_EXHAUSTED');
  assert.equal(stage.ports(2002, 'alice'), 'POOL_EXHAUSTED');
  stage.leases.leave(2000, 'a');
  assert.deepEqual(stage.ports(2002, 'alice'), [2002]);
  stage.leases.take(2002, 'alice', 'c');
  assert.deepEqual(
    stage.leases.entries().map(({ port }) => port),
    [2001, 2002],
  );
});

test('when all are taken there is none', () => {
  const stage = new Stage();
  for (const port of [2000, 2001, 2002, 2003]) stage.leases.take(port, `of ${port}`, 'x');
  assert.equal(stage.ports(null, 'alice'), 'POOL_EXHAUSTED');
  assert.equal(stage.leases.isInRange(2004), false);
});

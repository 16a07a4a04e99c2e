import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { MemoryShare, MemoryState } from '../../state/memory-state.ts';
import { SharedRows } from '../../state/shared-rows.ts';
import { TunnelAccountFile } from '../../state/tunnel-accounts.ts';
import { SharedTunnelBook } from '../../state/tunnel-book.ts';
import { PortLeases } from './port-leases.ts';
import { SharedPorts } from './shared-ports.ts';

function node(t: TestContext, share: MemoryShare): { leases: PortLeases<string>; file: TunnelAccountFile } {
  const file = new TunnelAccountFile(join(temporaryFolder(t), 'tunnels.db'));
  const leases = new PortLeases<string>({ now: Date.now });
  leases.configure({ from: 2000, to: 2009 }, 2, 60_000);
  const book = new SharedTunnelBook({
    file,
    open: (options) => new SharedRows({ ...options, state: new MemoryState(share) }),
    onChange: (change) => void (change.kind === 'port' && leases.heard(Number(change.key), change.row)),
    onProblem: (error) => assert.fail(String(error)),
  });
  leases.keepIn(new SharedPorts(file.ports, book));
  t.after(() => {
    book.close();
    file.close();
  });
  return { leases, file };
}

function ports(leases: PortLeases<string>, wanted: number | null, account: string): unknown {
  const choice = leases.choose(wanted, account);
  return 'refused' in choice ? choice.refused : choice.ports[0];
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(1);
}

test(
  'a port that waits is its account’s on every node, and comes first for it there',
  { timeout: 20_000 },
  async (t) => {
    const share = new MemoryShare();
    const [one, other] = [node(t, share), node(t, share)];
    one.leases.take(2005, 'alice', 'client');
    one.leases.leave(2005, 'client');
    await until(() => other.leases.entries().length === 1);
    assert.equal(ports(other.leases, null, 'alice'), 2005);
    assert.equal(ports(other.leases, 2005, 'bob'), 'SUBDOMAIN_UNAVAILABLE');
    other.leases.take(2005, 'alice', 'client');
    await until(() => one.leases.entries().length === 0);
    assert.deepEqual(other.file.ports.ports(), [{ port: 2005, account: 'alice', heldUntilMs: null }]);
    assert.deepEqual(one.file.ports.ports(), []);
    other.leases.leave(2005, 'client');
    await until(() => one.leases.entries().length === 1);
    assert.equal(ports(one.leases, 2005, 'bob'), 'SUBDOMAIN_UNAVAILABLE');
    other.leases.drop(2005);
    await until(() => one.leases.entries().length === 0);
    assert.deepEqual(one.file.ports.ports(), []);
  },
);

test('a client that is back at once keeps its port, whatever was said meanwhile', { timeout: 20_000 }, async (t) => {
  const share = new MemoryShare();
  const [one, other] = [node(t, share), node(t, share)];
  for (let count = 0; count < 3; count += 1) {
    one.leases.take(2005, 'alice', 'client');
    one.leases.leave(2005, 'client');
  }
  one.leases.take(2005, 'alice', 'client');
  one.leases.take(2006, 'alice', 'client');
  one.leases.leave(2006, 'client');
  const known = (): string =>
    other.leases
      .entries()
      .map(({ port }) => port)
      .join();
  await until(() => known() === '2006');
  assert.equal(ports(other.leases, null, 'alice'), 2006);
  assert.equal(one.leases.holder(2005), 'client');
  assert.deepEqual(
    one.file.ports.ports().map(({ port, heldUntilMs }) => [port, heldUntilMs === null]),
    [
      [2005, true],
      [2006, false],
    ],
  );
});

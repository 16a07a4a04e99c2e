import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { TunnelLink } from '../../services/tunnels/tunnel-link.ts';
import { sendAway } from './send-away.ts';

const AWAITED = { reason: 'going', graceMs: 60_000, isAwaited: true };

class Clients {
  readonly told: number[] = [];
  readonly sessions: Set<{ drain: TunnelLink['drain']; streamCount: number }> = new Set();

  add(drain: () => void = () => {}, streamCount = 0): void {
    const session = {
      streamCount,
      drain: (_reason: string, graceMs: number) => {
        this.told.push(graceMs);
        drain();
      },
    };
    this.sessions.add(session);
  }

  get size(): number {
    return this.sessions.size;
  }

  all(): TunnelLink[] {
    return [...this.sessions] as unknown as TunnelLink[];
  }
}

describe('clients of tunnels', () => {
  test('are told one slice after the other, with what is left of the grace, and waited for', async (t) => {
    stayAwake(t);
    const clients = new Clients();
    for (let count = 0; count < 250; count++) {
      clients.add(() => {
        if (clients.told.length === 250) clients.sessions.clear();
      });
    }
    const sent = sendAway(clients, AWAITED);
    assert.equal(clients.told.length, 100);
    await sent;
    assert.equal(clients.told.length, 250);
    assert.ok(clients.told.every((graceMs) => graceMs > 0 && graceMs <= 60_000));
  });

  test('are told also if they come at the last moment', async (t) => {
    stayAwake(t);
    const clients = new Clients();
    clients.add(() => setImmediate(() => clients.add(() => clients.sessions.clear())));
    await sendAway(clients, AWAITED);
    assert.equal(clients.told.length, 2);
  });

  test('are not waited for where there is no other node, or longer than the grace', async (t) => {
    stayAwake(t);
    const clients = new Clients();
    clients.add(() => {}, 1);
    await sendAway(clients, { ...AWAITED, isAwaited: false });
    await sendAway(clients, { ...AWAITED, graceMs: 30 });
    assert.deepEqual([clients.size, clients.told.length], [1, 2]);
  });
});

/** The timers of what is tested keep no program running. */
function stayAwake(t: TestContext): void {
  const timer = setInterval(() => {}, 1_000);
  t.after(() => clearInterval(timer));
}

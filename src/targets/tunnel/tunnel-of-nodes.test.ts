import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ToldExchange } from '../../../test/support/told-exchange.ts';
import { ToldSession } from '../../../test/support/told-session.ts';
import type { TunnelPlace } from '../../services/tunnels/tunnel-directory.ts';
import type { TunnelRegistry } from '../../services/tunnels/tunnel-registry.ts';
import { hidesMisses, type Places, spokenAddress, tunnelOfThisNode, TunnelOfNodes } from './tunnel-of-nodes.ts';

function place(name: string, address: string): TunnelPlace {
  return { name, account: 'a', node: 'other', address, fence: 1, isHere: false };
}

class Stage {
  readonly session = new ToldSession();
  readonly doubted: string[] = [];
  readonly waited: string[] = [];
  /** Where a client comes to that is on its way. */
  coming: TunnelPlace | null = null;
  readonly held = new Set<string>();
  readonly known = new Map<string, TunnelPlace | null>();
  readonly asked = new Map<string, TunnelPlace | null>();
  sent = 0;
  readonly registry: TunnelRegistry = {
    isSticky: false,
    isExpected: () => false,
    groupOf: () => null,
    isOnline: (name: string) => name === 'here',
    find: (name: string) =>
      name === 'here' ? { kind: 'online', session: this.session.session, group: null } : { kind: 'unknown' },
  } as unknown as TunnelRegistry;
  readonly target: TunnelOfNodes;

  constructor() {
    const places: Places = {
      find: (name) => this.known.get(name),
      lookUp: (name) => Promise.resolve(this.asked.get(name) ?? null),
      next: ({ address }, waitMs) => {
        this.waited.push(`${address} ${waitMs}`);
        return Promise.resolve(this.coming);
      },
      doubt: ({ address }) => void this.doubted.push(address),
      heldFor: (name) => Promise.resolve(this.held.has(name) ? 'a' : null),
    };
    this.target = new TunnelOfNodes({ registry: this.registry, places, node: 'here', sent: () => (this.sent += 1) });
  }

  visit(name: string): ToldExchange {
    return new ToldExchange({ fields: [['Sluice-Tunnel', name]] });
  }
}

describe('a visitor of a tunnel', () => {
  test('is served here where its client is here, and else goes to the node that is known to have it', () => {
    const stage = new Stage();
    const here = stage.visit('here');
    assert.equal(stage.target.answers(here.exchange), true);
    assert.deepEqual(stage.session.said, ['open http / null']);
    stage.known.set('app', place('app', spokenAddress('10.0.0.2:7946', true)));
    const { exchange } = stage.visit('app');
    assert.equal(stage.target.answers(exchange), false);
    const origin = stage.target.select(exchange, []);
    assert.ok(!(origin instanceof Promise));
    assert.deepEqual([origin.host, origin.port, origin.tls?.verify], ['10.0.0.2', 7946, false]);
    assert.equal(stage.target.select(exchange, []), origin);
    assert.equal(stage.sent, 2);
  });

  test('goes to another node once, if the first has nothing of it, and never to the same again', async () => {
    const stage = new Stage();
    const { exchange, ...told } = stage.visit('app');
    stage.known.set('app', place('app', '10.0.0.2:1'));
    const first = stage.target.select(exchange, []);
    assert.ok(!(first instanceof Promise));
    stage.asked.set('app', place('app', '10.0.0.3:1'));
    const second = await stage.target.select(exchange, [first]);
    assert.equal(second?.host, '10.0.0.3');
    assert.deepEqual(stage.doubted, ['10.0.0.2:1']);
    stage.asked.set('app', place('app', '10.0.0.2:1'));
    const other = stage.visit('app');
    assert.equal(await stage.target.select(other.exchange, [first]), null);
    assert.deepEqual([other.code, told.answered], ['tunnel_offline', null]);
    assert.deepEqual(stage.waited, ['10.0.0.2:1 10000']);
  });

  test('waits for a client that has lost its node, and goes where it comes to, also if that is here', async () => {
    const stage = new Stage();
    const { exchange } = stage.visit('app');
    stage.known.set('app', place('app', '10.0.0.2:1'));
    const first = stage.target.select(exchange, []);
    assert.ok(first !== null && !(first instanceof Promise));
    stage.asked.set('app', place('app', '10.0.0.2:1'));
    stage.coming = { ...place('app', '10.0.0.1:1'), fence: 2, isHere: true };
    const second = await stage.target.select(exchange, [first]);
    assert.equal(second?.host, '10.0.0.1');
    stage.known.set('app', { ...place('app', '10.0.0.1:1'), isHere: true });
    stage.asked.set('app', { ...place('app', '10.0.0.1:1'), isHere: true });
    stage.coming = place('app', '10.0.0.3:1');
    const third = await stage.target.select(stage.visit('app').exchange, []);
    assert.equal(third?.host, '10.0.0.3');
  });

  test('is told whether a tunnel is away or there is none', async () => {
    const stage = new Stage();
    stage.held.add('away');
    const codes = ['away', 'none'].map(async (name) => {
      const told = stage.visit(name);
      assert.equal(await stage.target.select(told.exchange, []), null);
      return told.code;
    });
    assert.deepEqual(await Promise.all(codes), ['tunnel_offline', 'tunnel_unknown']);
    const gone = stage.visit('none');
    const promised = stage.target.select(gone.exchange, []);
    stage.target.leave(gone.exchange);
    assert.deepEqual([await promised, gone.answered], [null, null]);
  });
});

test('what other nodes bring is served by this one or missed, and visitors do not see that', () => {
  const stage = new Stage();
  const target = tunnelOfThisNode(stage.registry);
  stage.known.set('app', place('app', '10.0.0.2:1'));
  const told = stage.visit('app');
  target.take(told.exchange);
  assert.equal(told.answered?.status, 421);
  assert.ok(told.answered?.fields?.some(([name]) => name === 'sluice-tunnel-missed'));
  target.take(stage.visit('here').exchange);
  assert.equal(stage.session.said.length, 1);
  const said = (status: number, has: boolean): number => {
    const response = { status, fields: { has: () => has, remove: () => {} } };
    hidesMisses.response?.({ response } as never);
    return response.status;
  };
  assert.deepEqual([said(421, true), said(421, false), said(200, true)], [503, 421, 200]);
});

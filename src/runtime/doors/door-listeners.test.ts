import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ListenAddress } from '../../transport/accept.ts';
import { type ConfigurableListener, DoorListeners, type WantedListener } from './door-listeners.ts';
import { portKey } from '../threads/worker-messages.ts';

/** Listeners that open nothing, and what was done with them. */
class Stage {
  readonly events: string[] = [];
  readonly refused = new Set<number>();
  readonly doors = new DoorListeners<string>({
    door: 'egress',
    key: 'egress.listen',
    create: (address, settings) => this.create(address, settings),
  });

  async apply(...wanted: readonly WantedListener<string>[]): Promise<void> {
    const plan = this.doors.plan(wanted, {});
    await this.doors.start(plan);
    this.doors.commit(plan);
  }

  private create(address: ListenAddress, settings: string): ConfigurableListener<string> {
    const name = address.path ?? `${address.host}:${address.port}`;
    this.events.push(`create ${name} ${settings}`);
    return {
      url: `http://${name}`,
      connections: 3,
      start: () => {
        this.events.push(`start ${name}`);
        const taken = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' });
        return this.refused.has(address.port ?? 0) ? Promise.reject(taken) : Promise.resolve();
      },
      stop: () => void this.events.push(`stop ${name}`),
      configure: (next) => void this.events.push(`configure ${name} ${next}`),
    };
  }
}

const A = { address: '127.0.0.1:1', settings: 'a' };
const B = { address: '127.0.0.1:2', settings: 'b' };

describe('the listeners of a door', () => {
  test('are opened in the order of the configuration', async () => {
    const stage = new Stage();
    await stage.apply(B, A);
    assert.deepEqual(stage.events, [
      'create 127.0.0.1:2 b',
      'create 127.0.0.1:1 a',
      'start 127.0.0.1:2',
      'start 127.0.0.1:1',
    ]);
    assert.deepEqual(stage.doors.status(), [
      { name: 'egress', address: 'http://127.0.0.1:2', openConnections: 3 },
      { name: 'egress', address: 'http://127.0.0.1:1', openConnections: 3 },
    ]);
  });

  test('stay open when their address stays, and behave as they are told then', async () => {
    const stage = new Stage();
    await stage.apply(A, B);
    stage.events.length = 0;
    await stage.apply({ ...B, settings: 'other' });
    assert.deepEqual(stage.events, ['configure 127.0.0.1:2 other', 'stop 127.0.0.1:1']);
  });

  test('are as they were until a plan is committed, and what is new is closed when it is not', async () => {
    const stage = new Stage();
    await stage.apply(A);
    stage.events.length = 0;
    const plan = stage.doors.plan([{ ...A, settings: 'other' }, B], {});
    await stage.doors.start(plan);
    stage.doors.abandon(plan);
    assert.deepEqual(stage.events, ['create 127.0.0.1:2 b', 'start 127.0.0.1:2', 'stop 127.0.0.1:2']);
    assert.deepEqual(
      stage.doors.status().map(({ address }) => address),
      ['http://127.0.0.1:1'],
    );
  });

  test('that cannot be opened are named with their key', async () => {
    const stage = new Stage();
    stage.refused.add(2);
    await assert.rejects(stage.apply(A, B), {
      code: 'listen_failed',
      message: /^egress\.listen: cannot listen on 127\.0\.0\.1:2: /,
    });
  });

  test('join another thread on the port that stands for port 0', () => {
    const stage = new Stage();
    const any = { address: '127.0.0.1:0', settings: 'a' };
    stage.doors.plan([any], { [portKey('egress.listen', any.address)]: 7 });
    stage.doors.plan([any], { [portKey('gateway.listen', any.address)]: 7 });
    assert.deepEqual(stage.events, ['create 127.0.0.1:7 a', 'create 127.0.0.1:0 a']);
  });

  test('may be unix sockets, and without a host are for every address', () => {
    const stage = new Stage();
    stage.doors.plan(
      [
        { address: 'unix:/run/x', settings: 'a' },
        { address: ':9', settings: 'b' },
      ],
      {},
    );
    assert.deepEqual(stage.events, ['create /run/x a', 'create :::9 b']);
  });

  test('all stop with their door', async () => {
    const stage = new Stage();
    await stage.apply(A, B);
    stage.events.length = 0;
    stage.doors.stop();
    assert.deepEqual(stage.events, ['stop 127.0.0.1:1', 'stop 127.0.0.1:2']);
  });
});

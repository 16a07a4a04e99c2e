import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DirectoryClaim, DirectoryEvents, TunnelDirectory } from '../../services/tunnels/tunnel-directory.ts';
import type { NodeEntry } from '../../state/shared-state.ts';
import type { TunnelRegistry } from '../../services/tunnels/tunnel-registry.ts';
import { MemoryState } from '../../state/memory-state.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { TcpDesk } from './tcp-desk.ts';
import { TunnelNodes } from './tunnel-nodes.ts';

const NODE = { listen: '127.0.0.1:0', address: null, secret: 'secret-of-all-nodes', tls: null };

function stage(
  claim: DirectoryClaim['kind'],
  others: readonly NodeEntry[] = [],
): { nodes: TunnelNodes; events: DirectoryEvents; said: string[] } {
  const said: string[] = [];
  const directory = {
    claim: () => Promise.resolve({ kind: claim }),
    hold: async (name: string, ms: number) => void said.push(`holds ${name} ${ms}`),
    sendAway: async (name: string) => void said.push(`sends ${name} away`),
    release: async (name: string) => void said.push(`releases ${name}`),
    forget: async (name: string) => void said.push(`forgets ${name}`),
    leave: async () => void said.push('leaves'),
    close: () => {},
  } as unknown as TunnelDirectory;
  let events: DirectoryEvents | null = null;
  const tunnels = (heard: DirectoryEvents): TunnelDirectory => {
    events = heard;
    return directory;
  };
  const registry = {
    giveWay: (name: string, why: string) => said.push(`${name} ${why}`),
    holdMs: 100,
  } as unknown as TunnelRegistry;
  const nodes = new TunnelNodes({
    nodes: { tunnels, reachableAt: () => {}, state: new MemoryState(), id: 'a', nodes: others },
    registry,
    tcp: new TcpDesk(new MetricsRecorder()),
    tls: { bring: () => 'missed' },
    desk: { reports: () => [], remove: () => false },
    node: NODE,
    log: () => {},
    ticketKeys: Buffer.alloc(48),
    places: null,
    sent: () => {},
  });
  assert.ok(events !== null);
  return { nodes, events, said };
}

test('a name is claimed on all nodes, held for its account and given back', async () => {
  const { nodes, events, said } = stage('mine');
  nodes.taken('app', 'ann');
  assert.equal(await nodes.confirm('app'), true);
  assert.equal(nodes.confirm('app'), null);
  nodes.left('app', 100);
  nodes.dropped('app');
  events.lost('app', { name: 'app', account: 'ann', node: 'b', address: '', fence: 2, isHere: false });
  await nodes.close();
  assert.deepEqual(said, ['holds app 100', 'releases app', 'forgets app', 'app replaced', 'leaves']);
});

test('a name of another account is refused before it is given, and taken away if it was given already', async () => {
  const asked = stage('taken');
  asked.nodes.taken('app', 'bob');
  assert.equal(await asked.nodes.confirm('app'), false);
  assert.deepEqual(asked.said, ['app refused']);
  await asked.nodes.close();
  const given = stage('taken');
  given.nodes.taken('app', 'bob');
  await Promise.resolve().then(() => Promise.resolve());
  assert.deepEqual(given.said, ['app removed']);
  await given.nodes.close();
});

test('while nobody can be asked a name is this node’s', async () => {
  const { nodes, events, said } = stage('alone');
  nodes.taken('app', 'ann');
  assert.equal(await nodes.confirm('app'), true);
  events.refused('app');
  assert.deepEqual(said, ['app removed']);
  await nodes.close();
});

test('clients that are told to go are expected on other nodes, if there are any', async () => {
  const [one, other] = [
    { id: 'a', address: '' },
    { id: 'b', address: '10.0.0.2:1' },
  ];
  for (const others of [[one], [one, other]]) {
    const { nodes, said } = stage('mine', others);
    assert.equal(nodes.sendsAway(), others.length > 1);
    nodes.left('app', 100);
    assert.deepEqual(said, [others.length > 1 ? 'sends app away' : 'releases app']);
    await nodes.drain();
    await nodes.close();
  }
});

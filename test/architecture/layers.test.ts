// Who may import whom: every import in src is held against the table of docs/architecture.md, which is read from the page.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listImports, listProgram, readSource, type ImportEdge } from '../support/source-tree.ts';

interface Room {
  readonly rooms: readonly string[];
  /** Besides the harmless ones. */
  readonly node: readonly string[];
  readonly packages: readonly string[];
}

const ROOMS = readTable();
/** Free for all but the pure rooms: they open nothing. */
const HARMLESS = ['buffer', 'events', 'os', 'path', 'perf_hooks', 'process', 'stream', 'timers', 'url', 'util', 'v8'];
const PURE_ROOMS = ['core', 'codec', 'contract'];
const PLUG_INS = ['listeners', 'policies', 'targets'];

const program = listProgram();
const edges = program.flatMap(listImports);

describe('the layers of src', () => {
  test('every folder has its row in the table', () => {
    const unknown = program.filter((path) => path.split('/').length < 3 || !ROOMS.has(roomOf(path)));
    assert.deepEqual(unknown, []);
  });

  test('a room imports only the rooms, modules of Node and packages that its row allows', () => {
    assert.deepEqual(edges.map(explainForbidden).filter(Boolean), []);
  });

  test('a plug-in imports no other plug-in', () => {
    const forbidden = edges.filter(({ from, to, isOurs }) => {
      return (
        isOurs && PLUG_INS.includes(topOf(from)) && PLUG_INS.includes(topOf(to)) && plugInOf(from) !== plugInOf(to)
      );
    });
    assert.deepEqual(forbidden.map(showEdge), []);
  });

  test('no file imports itself through others', () => {
    assert.deepEqual(findCycles(), []);
  });

  test('the test has seen the table and the imports it judges', () => {
    assert.deepEqual(ROOMS.get('core'), { rooms: [], node: [], packages: [] });
    assert.ok(ROOMS.get('transport')?.node.includes('net'));
    const seen = new Set(edges.filter(({ isOurs }) => isOurs).map(({ from, to }) => `${topOf(from)} → ${topOf(to)}`));
    for (const known of ['engine → codec', 'control → core', 'cli → core', 'transport → core']) {
      assert.ok(seen.has(known), `${known} is nowhere to be seen: are imports still found?`);
    }
    assert.ok(edges.some(({ to }) => to === 'node:net'));
  });
});

/** The table between the two `layers` comments of the page: folder, rooms, modules of Node, packages. */
function readTable(): ReadonlyMap<string, Room> {
  const table =
    /<!-- layers -->\n(?:.*\n){2}([\s\S]*?)<!-- \/layers -->/.exec(readSource('docs/architecture.md'))?.[1] ?? '';
  const names = (cell: string | undefined): string[] =>
    (cell ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '–');
  const rows = table
    .trim()
    .split('\n')
    .map((line) => line.split('|').slice(1, -1));
  return new Map(
    rows.map(([folder, rooms, node, packages]) => {
      return [(folder ?? '').trim(), { rooms: names(rooms), node: names(node), packages: names(packages) }];
    }),
  );
}

function topOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function plugInOf(path: string): string {
  return path.split('/').slice(1, 3).join('/');
}

function roomOf(path: string): string {
  return ROOMS.has(plugInOf(path)) ? plugInOf(path) : topOf(path);
}

function showEdge({ from, to }: ImportEdge): string {
  return `${from} imports ${to}`;
}

function explainForbidden(edge: ImportEdge): string | undefined {
  const room = roomOf(edge.from);
  const row = ROOMS.get(room);
  if (row === undefined || isAllowed(edge, room, row)) return undefined;
  const allowed = edge.isOurs ? row.rooms : edge.to.startsWith('node:') ? row.node : row.packages;
  return `${showEdge(edge)}: ${room} may import ${allowed.join(', ') || 'none of these'}`;
}

function isAllowed({ to, isOurs, isTypeOnly }: ImportEdge, room: string, row: Room): boolean {
  if (isOurs) return to.startsWith('src/') && (topOf(to) === topOf(`src/${room}`) || row.rooms.includes(topOf(to)));
  if (!to.startsWith('node:')) return row.packages.includes(packageOf(to));
  const module = to.slice('node:'.length).split('/')[0] ?? '';
  return row.node.includes(module) || (!PURE_ROOMS.includes(room) && (isTypeOnly || HARMLESS.includes(module)));
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Imports of types are no cycle: at run time they are gone. */
function findCycles(): string[] {
  const next = Map.groupBy(
    edges.filter(({ isOurs, isTypeOnly }) => isOurs && !isTypeOnly),
    ({ from }) => from,
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
    if (done.has(path)) return;
    done.add(path);
    for (const { to } of next.get(path) ?? []) visit(to, [...trail, path]);
  };
  for (const path of program) visit(path, []);
  return cycles;
}

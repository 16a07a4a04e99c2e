import assert from 'node:assert/strict';
import { test } from 'node:test';
import { panelLines, TunnelPanel, type PanelView } from './tunnel-panel.ts';

const tunnel = { name: 'app', localHost: 'localhost', localPort: 3000 } as never;
const record = {
  tunnel,
  method: 'GET',
  path: `/\u001b[2J${'x'.repeat(200)}`,
  status: 200,
  durationMs: 5,
  bytesIn: 0,
  bytesOut: 2048,
};
const view: PanelView = {
  status: 'online',
  remark: '',
  server: 'localhost:6400',
  tunnels: [{ url: 'http://app.test', id: 'app', remotePort: null, tunnel }],
  unhealthy: new Map(),
  roundTripMs: null,
  inspector: null,
  connections: 1,
  tally: {
    requests: 1,
    failed: 0,
    perSecond: 0.2,
    p50: 5,
    p90: 5,
    bytesIn: 0,
    bytesOut: 2048,
    last: Array.from({ length: 50 }, () => record),
  },
};

test('a panel fits into its terminal, and shows no control character of a visitor', () => {
  const lines = panelLines(view, { columns: 80, rows: 24 }, (_style, text) => text);
  assert.ok(lines.length < 24 && lines.every((line) => line.length <= 80 && !line.includes('\u001b')));
  assert.equal(lines[2], 'http://app.test -> localhost:3000');
  assert.equal(lines[4], '1 open  1 request  0.2/s  p50 5.0 ms  p90 5.0 ms  in 0 B  out 2.0 KiB');
});

test('a panel shows what ails a local server, and how far away the tunnel server is', () => {
  const sick = { ...view, unhealthy: new Map([['app', '/healthz is answered with 500']]), roundTripMs: 12 };
  const lines = panelLines(sick, { columns: 100, rows: 24 }, (_style, text) => text);
  assert.equal(lines[2], 'http://app.test -> localhost:3000  unhealthy: /healthz is answered with 500');
  assert.match(lines[4] ?? '', / {2}rtt 12 ms$/);
});

test('a panel says where requests are looked into', () => {
  const inspector = { url: 'http://127.0.0.1:4040', token: 'slc_abc' };
  const lines = panelLines({ ...view, inspector }, { columns: 80, rows: 24 }, (_style, text) => text);
  assert.equal(lines[3], 'inspect http://127.0.0.1:4040  token slc_abc');
});

test('a panel leaves the terminal with its cursor', () => {
  let text = '';
  const screen = { write: (piece: string) => (text += piece), on() {}, removeListener() {} };
  new TunnelPanel(
    screen,
    () => view,
    (_style, shown) => shown,
  ).close();
  assert.ok(text.startsWith('\u001b[?25l') && text.endsWith('\u001b[?25h'));
});

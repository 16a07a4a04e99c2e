// With a server that says what a clamd may say, and what none should.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { wheel } from '../../transport/timers.ts';
import { Clamd } from './clamd.ts';
import type { ClamdScan } from './clamd-scan.ts';
import type { Verdict } from './verdict.ts';

type Answering = (socket: net.Socket, sent: Buffer) => void;

/** `answer` is called with the last of what has come so far, each time that more has. */
async function clamdThat(t: TestContext, answer: Answering, connections = 8): Promise<Clamd> {
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    let sent = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      sent = Buffer.concat([sent, bytes]).subarray(-100_000);
      answer(socket, sent);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  return new Clamd({ address, connectTimeoutMs: 5000, timeoutMs: 20_000, connections });
}

/** What has come is whole. */
const isWhole = (sent: Buffer): boolean => sent.length > 4 && sent.readUInt32BE(sent.length - 4) === 0;

interface Started {
  readonly scan: ClamdScan;
  readonly verdict: Promise<Verdict>;
  readonly verdicts: Verdict[];
}

/** Writes the pieces as soon as it may, and then ends unless it is to stay open. */
function start(clamd: Clamd, pieces: readonly string[], staysOpen = false): Started {
  const { promise, resolve } = Promise.withResolvers<Verdict>();
  const verdicts: Verdict[] = [];
  const left = [...pieces];
  const scan: ClamdScan = clamd.scan({
    onReady() {
      for (const piece of left.splice(0)) scan.write(Buffer.from(piece), 0, piece.length);
      if (!staysOpen) scan.end();
    },
    onVerdict(verdict) {
      verdicts.push(verdict);
      resolve(verdict);
    },
  });
  return { scan, verdict: promise, verdicts };
}

const said = (verdict: Verdict): string => (verdict.kind === 'failed' ? verdict.detail : verdict.kind);

describe('a scan', () => {
  test('sends the body in chunks with their length in front, and none behind the last', async (t) => {
    let seen = '';
    const clamd = await clamdThat(t, (socket, sent) => {
      seen = sent.toString('latin1');
      if (isWhole(sent)) socket.write('stream: OK\0');
    });
    assert.deepEqual(await start(clamd, ['one', '', 'three']).verdict, { kind: 'clean' });
    assert.equal(seen, 'zINSTREAM\0\0\0\0\x03one\0\0\0\x05three\0\0\0\0');
  });

  test('takes a verdict that comes in pieces', async (t) => {
    const clamd = await clamdThat(t, (socket, sent) => {
      if (!isWhole(sent)) return;
      socket.write('stream: Na', () => setImmediate(() => socket.write('me FOUND\0')));
    });
    assert.deepEqual(await start(clamd, ['x']).verdict, { kind: 'infected', signature: 'Name' });
  });

  test('that does not end well is never clean', async (t) => {
    for (const [answer, detail] of [
      ['', 'closed the connection without a verdict'],
      ['stream: OK', 'closed the connection without a verdict'],
      ['nonsense\0', 'gave no verdict, but said "nonsense"'],
      ['stream: OK\n\0', 'gave no verdict, but said "stream: OK?"'],
      ['x'.repeat(5000), 'said more than a verdict'],
      ['INSTREAM size limit exceeded. ERROR\0', 'takes no body of that size: its StreamMaxLength is smaller'],
    ] as const) {
      const clamd = await clamdThat(t, (socket, sent) => {
        if (isWhole(sent)) socket.end(answer);
      });
      assert.equal(said(await start(clamd, ['x']).verdict), detail);
    }
    const cutting = await clamdThat(t, (socket) => socket.resetAndDestroy());
    assert.match(said(await start(cutting, ['x']).verdict), /^closed the connection without a verdict/);
  });

  test('believes no good of a body that is not complete, but ill of it', async (t) => {
    for (const [answer, verdict] of [
      ['stream: OK\0', 'gave a verdict before the body was complete'],
      ['stream: Name FOUND\0', 'infected'],
    ] as const) {
      const clamd = await clamdThat(t, (socket) => socket.write(answer));
      assert.equal(said(await start(clamd, ['x'], true).verdict), verdict);
    }
  });

  test('has one verdict, and none once it is given up', async (t) => {
    const clamd = await clamdThat(t, (socket, sent) => {
      if (isWhole(sent)) socket.end('stream: OK\0stream: Name FOUND\0');
    });
    const first = start(clamd, ['x']);
    await first.verdict;
    first.scan.fail('busy', 'too late');
    first.scan.end();
    assert.deepEqual(first.verdicts, [{ kind: 'clean' }]);
    for (const given of [start(clamd, ['x']), start(clamd, ['x'], true)]) {
      given.scan.cancel();
      await start(clamd, ['y']).verdict;
      assert.deepEqual(given.verdicts, []);
    }
    assert.equal(wheel.held, 0);
  });

  test('that is given up makes room for one that waits', async (t) => {
    const clamd = await clamdThat(t, (socket, sent) => void (isWhole(sent) && socket.write('stream: OK\0')), 1);
    const first = start(clamd, ['x'], true);
    const [second, third] = [start(clamd, ['y']), start(clamd, ['z'])];
    second.scan.cancel();
    first.scan.cancel();
    assert.deepEqual(await third.verdict, { kind: 'clean' });
    assert.deepEqual([first.verdicts, second.verdicts], [[], []]);
  });

  test('says when it has taken as much as it can, and when it can take more', async (t) => {
    const clamd = await clamdThat(t, (socket, sent) => {
      if (isWhole(sent)) socket.write('stream: OK\0');
    });
    const piece = Buffer.alloc(60_000, 'x');
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    let left = 400;
    let stops = 0;
    const scan: ClamdScan = clamd.scan({
      onReady() {
        for (; left > 0 && scan.takesMore; left -= 1) scan.write(piece, 0, piece.length);
        if (left === 0) scan.end();
        else stops += 1;
      },
      onVerdict: resolve,
    });
    assert.equal(scan.takesMore, false);
    assert.deepEqual(await promise, { kind: 'clean' });
    assert.ok(stops > 0);
    assert.equal(scan.takesMore, false);
  });
});

// With a real clamd.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EICAR, type RunningClamd, SIGNATURE, startClamd } from '../../../test/support/clamd.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { Clamd, type ClamdOptions } from './clamd.ts';
import type { Verdict } from './verdict.ts';

function clamdAt(address: string, options: Partial<ClamdOptions> = {}): Clamd {
  return new Clamd({ address, connectTimeoutMs: 5000, timeoutMs: 20_000, connections: 32, ...options });
}

/** Sends the body in pieces, as fast as they are taken. */
function scan(clamd: Clamd, body: Buffer, pieceBytes = 60_000): Promise<Verdict> {
  return new Promise((resolve) => {
    let sent = 0;
    const running = clamd.scan({
      onReady() {
        while (sent < body.length && running.takesMore) {
          const to = Math.min(sent + pieceBytes, body.length);
          running.write(body, sent, to);
          sent = to;
        }
        if (sent === body.length) running.end();
      },
      onVerdict: resolve,
    });
  });
}

const said = (verdict: Verdict): string => (verdict.kind === 'failed' ? verdict.reason : verdict.kind);

describe('clamd', () => {
  test('judges bodies of any size, over a unix socket and over TCP', async (t) => {
    const running = await startClamd(t);
    if (running === undefined) return;
    const padding = Buffer.alloc(2_000_000, 'padding ');
    for (const address of [running.address, running.tcpAddress]) {
      const clamd = clamdAt(address);
      for (const body of [Buffer.from('hello'), Buffer.alloc(0), padding]) {
        assert.deepEqual(await scan(clamd, body), { kind: 'clean' }, `${address} ${body.length}`);
      }
      for (const body of [Buffer.from(EICAR), Buffer.concat([padding, Buffer.from(EICAR)])]) {
        for (const pieceBytes of [7, 60_000].slice(body.length > 1000 ? 1 : 0)) {
          assert.deepEqual(await scan(clamd, body, pieceBytes), { kind: 'infected', signature: SIGNATURE });
        }
      }
    }
  });

  test('judges more bodies at once than it takes connections', async (t) => {
    const running = await startClamd(t);
    if (running === undefined) return;
    const clean = Buffer.alloc(50_000, 'clean ');
    const infected = Buffer.concat([clean, Buffer.from(EICAR)]);
    for (const connections of [3, 100]) {
      const clamd = clamdAt(running.address, { connections });
      const verdicts = await Promise.all(
        Array.from({ length: 100 }, (_, index) => scan(clamd, index % 2 === 0 ? clean : infected)),
      );
      assert.deepEqual(
        verdicts.map(said),
        verdicts.map((_, index) => (index % 2 === 0 ? 'clean' : 'infected')),
      );
    }
  });

  test('that takes no body of that size gives no verdict', async (t) => {
    const running = await startClamd(t, { streamMaxLength: '1M' });
    if (running === undefined) return;
    for (const address of [running.address, running.tcpAddress]) {
      const verdict = said(await scan(clamdAt(address), Buffer.alloc(3_000_000, 'x')));
      // It closes the connection behind its answer, and the system may throw the answer away.
      assert.ok(['size_limit', 'invalid'].includes(verdict), verdict);
    }
  });

  test('that has frozen is waited for as long as it may take', async (t) => {
    const running = await startClamd(t);
    if (running === undefined) return;
    await frozen(running, async () => {
      for (const address of [running.address, running.tcpAddress]) {
        const small = await scan(clamdAt(address, { timeoutMs: 100 }), Buffer.from('hello'));
        assert.ok(small.kind === 'failed' && small.reason === 'timeout', JSON.stringify(small));
        assert.equal(small.detail, 'gave no verdict within 0.1 s');
        const large = await scan(clamdAt(address, { timeoutMs: 100 }), Buffer.alloc(30_000_000));
        assert.ok(large.kind === 'failed', JSON.stringify(large));
        assert.equal(large.detail, 'took nothing more of the body within 0.1 s');
      }
    });
    assert.deepEqual(await scan(clamdAt(running.address), Buffer.from('hello')), { kind: 'clean' });
  });

  test('that has frozen is not asked by more than it has room for', async (t) => {
    const running = await startClamd(t);
    if (running === undefined) return;
    await frozen(running, async () => {
      const clamd = clamdAt(running.address, { timeoutMs: 200 });
      const verdicts = await Promise.all(Array.from({ length: 50 }, () => scan(clamd, Buffer.from('hello'))));
      const reasons = new Set(verdicts.map(said));
      assert.deepEqual([...reasons].sort(), ['busy', 'timeout']);
    });
  });

  test('that is not there is not waited for', async (t) => {
    for (const address of [`unix:${temporaryFolder(t)}/none.ctl`, '127.0.0.1:1']) {
      const clamd = clamdAt(address);
      const details: string[] = [];
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const verdict = await scan(clamd, Buffer.from('hello'));
        assert.ok(verdict.kind === 'failed' && verdict.reason === 'unreachable', JSON.stringify(verdict));
        details.push(verdict.detail);
      }
      assert.match(details[0] ?? '', /^cannot be reached: .*(ENOENT|ECONNREFUSED|refused|no such)/i);
      assert.equal(details[4], 'could not be reached just before');
    }
  });
});

async function frozen(running: RunningClamd, run: () => Promise<void>): Promise<void> {
  running.process.signal('SIGSTOP');
  try {
    await run();
  } finally {
    running.process.signal('SIGCONT');
  }
}

test('an address that is none is refused', () => {
  assert.throws(() => clamdAt('nonsense'), { code: 'config_invalid' });
});

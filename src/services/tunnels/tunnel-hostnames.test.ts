import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { TunnelAccountFile } from '../../state/tunnel-accounts.ts';
import type { TunnelHostnameRow } from '../../state/tunnel-hostnames.ts';
import { LocalTunnelBook } from '../../state/tunnel-book.ts';
import { canonical, type HostnameAnswer, TunnelHostnames } from './tunnel-hostnames.ts';

class Stage {
  now = 1_000;
  isBroken = false;
  readonly texts = new Map<string, string[]>();
  readonly lost: string[] = [];
  changes = 0;
  readonly file: TunnelAccountFile;
  readonly hostnames: TunnelHostnames;

  constructor(t: TestContext) {
    this.file = new TunnelAccountFile(join(temporaryFolder(t), 'tunnels.db'));
    t.after(() => this.file.close());
    this.hostnames = this.opened();
  }

  opened(): TunnelHostnames {
    const hostnames: TunnelHostnames = new TunnelHostnames({
      table: this.file.hostnames,
      book: new LocalTunnelBook(this.file, ({ kind, key, row }) => {
        if (kind === 'hostname') hostnames.changed(key, row);
      }),
      resolve: (name) =>
        this.isBroken ? Promise.reject(new Error('no answer')) : Promise.resolve(this.texts.get(name) ?? []),
      recheckMs: 1_000,
      most: 2,
      domain: 't.test',
      onChange: () => (this.changes += 1),
      onLost: (hostname) => this.lost.push(hostname),
      now: () => this.now,
    });
    return hostnames;
  }

  prove(row: HostnameAnswer): void {
    const { hostname, challenge } = row as TunnelHostnameRow;
    this.texts.set(`_retunnel-challenge.${hostname}`, ['else', challenge]);
  }
}

test('a hostname belongs to whoever has proved it', async (t) => {
  const stage = new Stage(t);
  const { hostnames } = stage;
  const [mine, theirs] = [
    await hostnames.register('a', 'App.Example.com.'),
    await hostnames.register('b', 'app.example.com'),
  ];
  assert.ok(!('refused' in mine) && !('refused' in theirs) && mine.challenge !== theirs.challenge);
  const early = await hostnames.verify('a', 'app.example.com');
  assert.ok(!('refused' in early) && /no TXT record/.test(early.problem ?? ''));
  stage.prove(mine);
  const verified = await hostnames.verify('a', 'app.example.com');
  assert.ok(!('refused' in verified) && verified.verifiedAtMs === 1_000);
  assert.deepEqual(
    [hostnames.ownerOf('app.example.com'), hostnames.verified(), stage.changes],
    ['a', ['app.example.com'], 1],
  );
  stage.prove(theirs);
  assert.deepEqual(await hostnames.verify('b', 'app.example.com'), {
    refused: 'taken',
    why: 'app.example.com belongs to another account',
  });
  assert.equal(stage.opened().ownerOf('app.example.com'), 'a');
});

test('it leads nowhere when the proof has left, and stays for a day where nobody can say', async (t) => {
  const stage = new Stage(t);
  const { hostnames } = stage;
  stage.prove(await hostnames.register('a', 'app.example.com'));
  await hostnames.verify('a', 'app.example.com');
  stage.isBroken = true;
  stage.now += 3_600_000;
  await hostnames.recheck();
  assert.deepEqual(
    [hostnames.ownerOf('app.example.com'), hostnames.of('a')[0]?.problem?.split(': ')[1]],
    ['a', 'no answer'],
  );
  stage.now += 24 * 3_600_000;
  await hostnames.recheck();
  assert.deepEqual([hostnames.ownerOf('app.example.com'), stage.lost], [null, ['app.example.com']]);
  stage.isBroken = false;
  await hostnames.verify('a', 'app.example.com');
  stage.texts.clear();
  await hostnames.recheck();
  assert.equal(hostnames.ownerOf('app.example.com'), 'a', 'it was looked at a moment ago');
  stage.now += 1_000;
  await Promise.all([hostnames.recheck(), hostnames.recheck()]);
  assert.deepEqual([hostnames.ownerOf('app.example.com'), stage.lost.length], [null, 2]);
});

test('it is given up with its account or alone, and an account has so many', async (t) => {
  const stage = new Stage(t);
  const { hostnames } = stage;
  for (const name of ['a.test', 'b.test']) {
    stage.prove(await hostnames.register('a', name));
    await hostnames.verify('a', name);
  }
  const refusals = [
    await hostnames.register('a', 'c.test'),
    await hostnames.register('a', 'x.t.test'),
    await hostnames.register('a', 'x'),
  ];
  assert.deepEqual(
    refusals.map((each) => ('refused' in each ? each.refused : '')),
    ['too_many', 'invalid', 'invalid'],
  );
  assert.deepEqual(
    [await hostnames.remove('a', 'A.test'), (await hostnames.remove('a', 'a.test'))?.refused],
    [null, 'unknown'],
  );
  await hostnames.forget('a');
  assert.deepEqual([hostnames.verified(), stage.lost], [[], ['a.test', 'b.test']]);
});

test('hostnames are compared in one spelling', () => {
  const read = ['A.b.', 'xn--mller-kva.de', '1.2.3.4', 'a..b', '-a.b', 'a b.c', 'localhost'].map(canonical);
  assert.deepEqual(read, ['a.b', 'xn--mller-kva.de', null, null, null, null, null]);
});

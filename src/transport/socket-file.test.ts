import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, linkSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { succession } from './port-sharing.ts';
import { removeDeadSocket, SocketFile } from './socket-file.ts';

const skip = process.platform === 'win32' ? 'there are pipes in place of sockets' : false;

/** Any file will do. */
function listening(path: string, content: string): SocketFile {
  const file = new SocketFile(path);
  writeFileSync(file.draft, content);
  file.publish();
  return file;
}

function takingOver(t: TestContext): void {
  succession.isUnderWay = true;
  t.after(() => succession.abandon());
}

describe('the file of a unix socket', { skip }, () => {
  test('appears under its name when somebody listens, and goes with its owner only', (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, 'door.sock');
    const file = listening(path, 'ours');
    assert.deepEqual(readdirSync(folder), ['door.sock']);
    assert.throws(() => listening(path, 'theirs'), { code: 'EADDRINUSE' });
    assert.deepEqual([readdirSync(folder), readFileSync(path, 'utf8')], [['door.sock'], 'ours']);
    file.remove();
    writeFileSync(path, 'of somebody else');
    file.remove();
    assert.equal(existsSync(path), true);
  });

  test('of a program that was killed is removed, and no other', async (t) => {
    const folder = temporaryFolder(t);
    const [dead, alive, plain] = ['dead.sock', 'alive.sock', 'plain'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const [first, second] = [net.createServer(), net.createServer()];
    await once(first.listen(join(folder, 'first')), 'listening');
    linkSync(join(folder, 'first'), dead);
    first.close();
    await once(second.listen(alive), 'listening');
    t.after(() => second.close());
    writeFileSync(plain, '');
    for (const path of [dead, alive, plain, join(folder, 'none')]) await removeDeadSocket(path);
    assert.deepEqual(readdirSync(folder).toSorted(), ['alive.sock', 'plain']);
  });

  test('takes the place of that of the program before, for good or not at all', (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, 'door.sock');
    const first = listening(path, 'first');
    takingOver(t);
    listening(path, 'second').remove();
    succession.abandon();
    assert.deepEqual([readdirSync(folder), readFileSync(path, 'utf8')], [['door.sock'], 'first']);
    takingOver(t);
    listening(path, 'third');
    succession.complete();
    first.remove();
    assert.deepEqual([readdirSync(folder), readFileSync(path, 'utf8')], [['door.sock'], 'third']);
  });

  test('is bound by its own name where the folder leaves no room for another, or where there is no file', () => {
    const long = `/${'a'.repeat(100)}/b`;
    assert.equal(new SocketFile(long).draft, long);
    assert.equal(new SocketFile('\0name').draft, '\0name');
  });
});

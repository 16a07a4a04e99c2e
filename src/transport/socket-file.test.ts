import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { succession } from './port-sharing.ts';
import { SocketFile } from './socket-file.ts';

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

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { parsePool, readPoolFile } from './pool-file.ts';

describe('a file of proxies', () => {
  test('has one a line, in the forms that providers use', () => {
    const text = `\uFEFF# from the provider
socks5://jo:p%40ss@a.example:1080   # the first
10.0.0.1:3128\r
jo:secret@b.example:80

c.example:80:jo:p@ss:w/rd
d.example:80:jo:pass
[2001:db8::1]:3128
`;
    assert.deepEqual(
      parsePool(text, 'pool.txt').map(({ url }) => url),
      [
        'socks5://jo:p%40ss@a.example:1080',
        'http://10.0.0.1:3128',
        'http://jo:secret@b.example:80',
        'http://jo:p%40ss%3Aw%2Frd@c.example:80',
        'http://jo:pass@d.example:80',
        'http://[2001:db8::1]:3128',
      ],
    );
  });

  test('gives proxies at one place different names', () => {
    const text = 'http://a:1@p.example:80\nhttp://b:2@P.example\nhttp://q.example\n';
    assert.deepEqual(
      parsePool(text, 'pool.txt').map(({ id }) => id),
      ['p.example:80', 'p.example:80-2', 'q.example:80'],
    );
  });

  test('names the line that is no proxy, without what stands in it', () => {
    for (const line of [
      'ftp://jo:hunter2@a',
      'a b',
      'http://jo:hunter2%@a:1',
      'a.example:99999',
      'socks4://jo:hunter2@a',
    ]) {
      assert.throws(
        () => parsePool(`http://ok\n${line}\n`, 'pool.txt'),
        (error: Error) => {
          assert.match(error.message, /^pool\.txt:2 is no proxy: /);
          assert.doesNotMatch(error.message, /hunter2/);
          return true;
        },
      );
    }
  });

  test('is not empty, and is there', (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'a'), '# nothing\n');
    assert.throws(() => readPoolFile(join(folder, 'a'), 'a'), { code: 'config_invalid', message: 'a names no proxy' });
    assert.throws(() => readPoolFile(join(folder, 'b'), 'b'), { code: 'config_invalid', message: /^b cannot be read/ });
  });
});

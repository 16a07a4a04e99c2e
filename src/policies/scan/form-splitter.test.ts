import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { boundaryOf, FormSplitter } from './form-splitter.ts';

const FILE_HEAD = 'Content-Disposition: form-data; name="f"; filename="a.bin"\r\n\r\n';
const FIELD_HEAD = 'Content-Disposition: form-data; name="x"\r\n\r\n';

/** The files of a form that comes in pieces of that size. */
function filesIn(form: string, pieceBytes = form.length): string[] {
  const files: string[] = [];
  let isOpen = false;
  const splitter = new FormSplitter('xyz', {
    fileBegins: () => {
      assert.ok(!isOpen);
      isOpen = true;
      files.push('');
    },
    fileBytes: (bytes, from, to) => void (files[files.length - 1] += bytes.toString('latin1', from, to)),
    fileEnds: () => {
      assert.ok(isOpen);
      isOpen = false;
    },
    ambiguous: () => void files.push('ambiguous'),
  });
  const bytes = Buffer.from(form, 'latin1');
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    splitter.write(bytes, at, Math.min(at + pieceBytes, bytes.length));
  }
  splitter.end();
  return files;
}

const form = (...parts: string[]): string => `${parts.map((part) => `--xyz\r\n${part}\r\n`).join('')}--xyz--\r\n`;

describe('the files of a form', () => {
  test('are found, and fields are not', () => {
    const text = form(`${FIELD_HEAD}hello`, `${FILE_HEAD}one`, FILE_HEAD, `Content-Type: text/plain\r\n\r\ntwo\r\n`);
    for (const pieceBytes of [1, 2, 3, 7, 64, text.length]) {
      assert.deepEqual(filesIn(text, pieceBytes), ['one', '', 'two\r\n'], String(pieceBytes));
    }
  });

  test('are found behind a preamble, and nothing behind the end', () => {
    const text = `preamble\r\n${form(`${FILE_HEAD}one`)}--xyz\r\n${FILE_HEAD}two\r\n--xyz--`;
    assert.deepEqual(filesIn(text), ['one']);
  });

  test('have what looks like a delimiter and is none', () => {
    for (const content of ['--xyz', '\r\n--xy', '\r\n--xyy', '\r\n-xyz', '\r\r\n-', '\r\n', '\n--xy']) {
      assert.deepEqual(filesIn(form(`${FILE_HEAD}a${content}b`), 5), [`a${content}b`], JSON.stringify(content));
    }
  });

  test('are seen as far as they have come when the form breaks off', () => {
    assert.deepEqual(filesIn(`--xyz\r\n${FILE_HEAD}half of a file`), ['half of a file']);
    const [head] = filesIn(`--xyz\r\nContent-Disposition: a\r\nhalf`);
    assert.equal(head, '\r\nContent-Disposition: a\r\nhalf');
  });

  test('are ambiguous where servers may see others', () => {
    for (const text of [
      `--xyz\r\n${FILE_HEAD}a\n--xyz--`,
      `--xyz\n${FILE_HEAD}a\r\n--xyz--`,
      `--xyz0\r\n${FILE_HEAD}a\r\n--xyz0--`,
      `--xyz\r\nContent-Disposition: form-data\nX: filename\r\n\r\na\r\n--xyz--`,
      `--xyz\r\nContent-Disposition: form-data\rX: filename\r\n\r\na\r\n--xyz--`,
      `--xyz\r\nContent-Disposition: a\r\n--xyz\r\n${FILE_HEAD}a\r\n--xyz--`,
      `--xyz\r\n${FILE_HEAD}--xyz\r\n${FILE_HEAD}a\r\n--xyz--`,
      `--xyz\r\nX: ${'x'.repeat(20_000)}\r\n\r\na\r\n--xyz--`,
      `--xyz${' '.repeat(500)}\r\n${FILE_HEAD}a\r\n--xyz--`,
    ]) {
      for (const pieceBytes of [1, text.length]) {
        assert.equal(
          filesIn(text, pieceBytes).at(-1),
          'ambiguous',
          `${JSON.stringify(text.slice(0, 80))} ${pieceBytes}`,
        );
      }
    }
  });

  test('are the same whatever they hold and however they come', () => {
    const piece = fc.constantFrom('\r', '\n', '-', '--', 'x', 'xyz', '\r\n--xy', 'a', '\0', '\r\n--');
    const content = fc.array(piece, { maxLength: 20 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(content, { maxLength: 5 }), fc.integer({ min: 1, max: 100 }), (contents, pieceBytes) => {
        const isPlain = contents.every(
          (each) => !`\r\n\r\n${each}\r\n`.slice(3, -2).includes('\n--xyz') && !each.startsWith('--xyz'),
        );
        fc.pre(isPlain);
        assert.deepEqual(filesIn(form(...contents.map((each) => FILE_HEAD + each)), pieceBytes), contents);
      }),
      { numRuns: 300 },
    );
  });
});

test('the boundary of a form is what its type says', () => {
  for (const [type, boundary] of [
    ['multipart/form-data; boundary=xyz', 'xyz'],
    ['Multipart/Form-Data;charset=utf-8;BOUNDARY="x y;z"', 'x y;z'],
    ['multipart/mixed; boundary="a\\"b"', 'a"b'],
    ['multipart/form-data; boundary=----WebKitFormBoundaryA/B+C; x=y', '----WebKitFormBoundaryA/B+C'],
    ['multipart/form-data', null],
    ['multipart/form-data; boundary=', null],
    [`multipart/form-data; boundary=${'x'.repeat(300)}`, null],
    ['application/json; boundary=x', null],
    ['', null],
  ] as const) {
    assert.equal(boundaryOf(type), boundary, type);
  }
});

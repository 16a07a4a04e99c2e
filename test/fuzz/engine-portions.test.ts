// However requests and answers are cut into portions on their way, everybody gets the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Autopilot, cutAt, type Received } from '../support/playbook-autopilot.ts';
import { head } from '../support/playbook.ts';

const RUNS = 300;

type Framing = 'none' | 'length' | 'chunked';

interface Message {
  readonly framing: Framing;
  readonly body: string;
  /** Sizes of chunks. */
  readonly sizes: readonly number[];
}

const message: fc.Arbitrary<Message> = fc.record({
  framing: fc.constantFrom<Framing>('none', 'length', 'chunked'),
  body: fc.string({ maxLength: 300 }).map((text) => Buffer.from(text).toString('latin1')),
  sizes: fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 5 }),
});

const exchange = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PURGE'),
  request: message,
  answer: message,
  status: fc.constantFrom(200, 204, 304, 404, 500),
  interim: fc.boolean(),
  closes: fc.boolean(),
});

const places = fc.array(fc.nat({ max: 4000 }), { maxLength: 12 });

function bodyOf({ framing, body }: Message): string {
  return framing === 'none' ? '' : body;
}

function framed({ framing, body, sizes }: Message, lines: readonly string[]): string {
  if (framing === 'none') return head(...lines, 'Content-Length: 0');
  if (framing === 'length') return head(...lines, `Content-Length: ${body.length}`) + body;
  return head(...lines, 'Transfer-Encoding: chunked') + chunks(body, sizes);
}

function chunks(body: string, sizes: readonly number[]): string {
  let text = '';
  let at = 0;
  for (const size of [...sizes, body.length]) {
    const part = body.slice(at, at + size);
    if (part !== '') text += `${part.length.toString(16)}\r\n${part}\r\n`;
    at += size;
  }
  return `${text}0\r\n\r\n`;
}

/** Status and body of each answer, read as a client does that trusts us. */
function readAnswers(text: string): string[] {
  const found: string[] = [];
  let rest = text;
  while (rest !== '') {
    const headEnd = rest.indexOf('\r\n\r\n') + 4;
    const fields = rest.slice(0, headEnd);
    const status = Number(fields.slice(9, 12));
    rest = rest.slice(headEnd);
    let body = '';
    if (fields.includes('\r\nTransfer-Encoding: chunked\r\n')) {
      for (let size = -1; size !== 0;) {
        const line = rest.indexOf('\r\n');
        size = Number.parseInt(rest.slice(0, line), 16);
        body += rest.slice(line + 2, line + 2 + size);
        rest = rest.slice(line + 2 + size + 2);
      }
    } else if (status >= 200 && status !== 204 && status !== 304) {
      const length = Number(/\r\nContent-Length: (\d+)\r\n/.exec(fields)?.[1]);
      body = rest.slice(0, length);
      rest = rest.slice(length);
    }
    found.push(`${status} ${body}`);
  }
  return found;
}

test('requests and answers survive any cut', () => {
  fc.assert(
    fc.property(fc.array(exchange, { minLength: 1, maxLength: 5 }), places, places, (exchanges, cuts, answerCuts) => {
      let next = 0;
      const autopilot = new Autopilot(() => {
        const { status, answer, interim, closes } = exchanges[next++]!;
        const hasBody = status !== 204 && status !== 304;
        const lines = [`HTTP/1.1 ${status} Fine`, ...(closes ? ['Connection: close'] : [])];
        const text = hasBody ? framed(answer, lines) : head(...lines);
        const bytes = Buffer.from((interim ? head('HTTP/1.1 103 Early Hints') : '') + text, 'latin1');
        return [...cutAt(bytes, answerCuts), ...(closes ? [null] : [])];
      });
      const sent = exchanges.map(({ method, request }, index) =>
        framed(request, [`${method} /${index} HTTP/1.1`, 'Host: a']),
      );
      autopilot.sends(cutAt(Buffer.from(sent.join(''), 'latin1'), cuts));
      const wanted = exchanges.map(({ method, request }, index): Received => {
        return { method, target: `/${index}`, body: bodyOf(request), isWhole: true };
      });
      assert.deepEqual(autopilot.received, wanted);
      assert.deepEqual(
        readAnswers(autopilot.answers),
        exchanges.flatMap(({ status, answer, interim }) => [
          ...(interim ? ['103 '] : []),
          `${status} ${status === 204 || status === 304 ? '' : bodyOf(answer)}`,
        ]),
      );
      autopilot.end();
    }),
    { numRuns: RUNS },
  );
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GET, head, Playbook } from '../../test/support/playbook.ts';
import type { BodySink, BodyTransform, Policy } from '../contract/policy.ts';

const OK = `${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`;
const POST = `${head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5')}hello`;
const UPPER_POSTED = `${head('POST / HTTP/1.1', 'Host: a.test', '<forwarding>', 'Transfer-Encoding: chunked')}5\r\nHELLO\r\n0\r\n\r\n`;

class Upper implements BodyTransform {
  private readonly sink: BodySink;
  readonly log: string[];

  constructor(sink: BodySink, log: string[]) {
    this.sink = sink;
    this.log = log;
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    const text = Buffer.from(bytes.subarray(from, to)).toString('latin1').toUpperCase();
    this.sink.write(Buffer.from(text, 'latin1'), 0, text.length);
  }

  end(): void {
    this.log.push('end');
    this.sink.end();
  }

  abort(): void {
    this.log.push('abort');
  }
}

/** Doubles what it gets, once it has all of it. */
class Twice implements BodyTransform {
  private readonly sink: BodySink;
  private text = '';

  constructor(sink: BodySink) {
    this.sink = sink;
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    this.text += Buffer.from(bytes.subarray(from, to)).toString('latin1');
  }

  end(): void {
    const twice = Buffer.from(this.text + this.text, 'latin1');
    this.sink.write(twice, 0, twice.length);
    this.sink.end();
  }

  abort(): void {}
}

describe('bodies that are changed on their way', () => {
  test('go on in chunks, and so does the request when it had a length', (t) => {
    const log: string[] = [];
    const policy: Policy = {
      name: 'upper',
      requestBody: (_exchange, sink) => new Upper(sink, log),
      responseBody: (_exchange, sink) => new Upper(sink, log),
    };
    new Playbook(t, { policies: [policy] })
      .downstreamSends(POST)
      .expectDial()
      .expectUpstream(UPPER_POSTED)
      .upstreamSends(OK)
      .expectDownstream(`${head('HTTP/1.1 200 OK', 'Date: <date>', 'Transfer-Encoding: chunked')}2\r\nHI\r\n0\r\n\r\n`);
    assert.deepEqual(log, ['end', 'end']);
  });

  test('pass through several transforms, requests in the order of the policies and answers in reverse', (t) => {
    const log: string[] = [];
    const upper: Policy = {
      name: 'upper',
      requestBody: (_exchange, sink) => new Upper(sink, log),
      responseBody: (_exchange, sink) => new Upper(sink, log),
    };
    const twice: Policy = {
      name: 'twice',
      requestBody: (_exchange, sink) => new Twice(sink),
      responseBody: (_exchange, sink) => new Twice(sink),
    };
    const play = new Playbook(t, { policies: [upper, twice] }).downstreamSends(POST).expectDial();
    play.expectUpstream(/\r\n\r\na\r\nHELLOHELLO\r\n0\r\n\r\n$/).upstreamSends(OK);
    play.expectDownstream(/\r\n\r\n4\r\nHIHI\r\n0\r\n\r\n$/);
  });

  test('are let go of when the exchange is given up', (t) => {
    const log: string[] = [];
    const policy: Policy = {
      name: 'upper',
      requestBody: (_exchange, sink) => new Upper(sink, log),
      responseBody: (_exchange, sink) => new Upper(sink, log),
    };
    new Playbook(t, { policies: [policy] })
      .downstreamSends(head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5'))
      .expectDial()
      .expectUpstream(/^POST/)
      .upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 2'))
      .expectDownstream(/^HTTP/)
      .clientCloses();
    assert.deepEqual(log, ['abort', 'abort']);
  });

  test('of our own errors are changed as well', (t) => {
    const policy: Policy = { name: 'upper', responseBody: (_exchange, sink) => new Upper(sink, []) };
    const play = new Playbook(t, { policies: [policy] }).downstreamSends(GET).expectDialBegins().upstreamRefuses();
    play.expectDownstream(/^HTTP\/1\.1 502 [^]*\r\n\r\n[0-9a-f]+\r\n\{"ERROR":[^]*\r\n0\r\n\r\n$/);
  });
});

import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { GET, head, Playbook } from '../../test/support/playbook.ts';
import type { SwitchedConnection } from '../contract/exchange.ts';

const ASKS = head('GET / HTTP/1.1', 'Host: a.test', 'Connection: upgrade', 'Upgrade: own');

class Stage {
  readonly heard: string[] = [];
  readonly play: Playbook;
  given: SwitchedConnection | null = null;

  constructor(t: TestContext, first = ASKS) {
    const hear = (text: string): void => void this.heard.push(text);
    this.play = new Playbook(t, {
      timeouts: { tunnelIdleMs: 5000 },
      target: {
        kind: 'answer',
        take: (exchange) => {
          this.given = exchange.switchTo('own', [['X-Own', '1']], {
            take: (bytes, from, to) => hear(Buffer.from(bytes.subarray(from, to)).toString()),
            ended: () => hear('(end)'),
            resume: () => hear('(resume)'),
            closed: () => hear('(closed)'),
          });
          if (this.given === null) exchange.fail('request_invalid');
        },
      },
    }).downstreamSends(first);
  }

  say(text: string): boolean {
    return this.given!.write(Buffer.from(text), 0, text.length);
  }
}

const SWITCHED = head('HTTP/1.1 101 Switching Protocols', 'X-Own: 1', 'Connection: upgrade', 'Upgrade: own');

describe('a connection that a target takes over', () => {
  test('is its own after the head, with what the client had said already', async (t) => {
    const stage = new Stage(t, `${ASKS}early`);
    (await stage.play.promises()).expectDownstream(SWITCHED);
    stage.play.downstreamSends('more');
    assert.deepEqual(stage.heard, ['early', 'more']);
    assert.equal(stage.say('answer'), true);
    stage.play.expectDownstream('answer').clientCloses();
    assert.deepEqual(stage.heard.slice(2), ['(closed)']);
    stage.play.end();
  });

  test('can hold back and be held back', async (t) => {
    const stage = new Stage(t);
    (await stage.play.promises()).expectDownstream(SWITCHED).clientStopsReading();
    assert.equal(stage.say('slow'), false);
    stage.play.expectDownstream('slow').clientReads();
    assert.deepEqual(stage.heard, ['(resume)']);
    stage.given!.pause();
    stage.given!.resume();
    stage.given!.cut();
    stage.play.expectClientConnection('destroyed').end();
  });

  test('hears when the client has said all, and ends its own half', async (t) => {
    const stage = new Stage(t);
    (await stage.play.promises()).expectDownstream(SWITCHED).clientEnds();
    assert.deepEqual(stage.heard, ['(end)']);
    stage.given!.end();
    stage.play.end();
  });

  test('is not given for a request that asks for none', (t) => {
    new Stage(t, GET).play.expectError(400, 'request_invalid').end();
  });
});

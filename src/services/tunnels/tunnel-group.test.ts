import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemberTable } from '../balance/member-table.ts';
import type { StrategyName } from '../balance/group-rules.ts';
import { TunnelGroup } from './tunnel-group.ts';
import type { LinkStream, TunnelLink } from './tunnel-link.ts';
import type { StreamEvents } from './tunnel-stream.ts';

const REQUEST = { tunnelId: 'app', mode: 'http', path: '/', method: 'GET', headers: [], hasBody: false } as const;

/** A client that writes down what it gets. */
class Client {
  readonly got: StreamEvents[] = [];
  readonly done: string[] = [];
  isFull = false;
  readonly link: TunnelLink;

  constructor(version = 2) {
    const stream: LinkStream = {
      send: () => true,
      resume: () => this.done.push('resume'),
      close: () => this.done.push('close'),
      reset: () => this.done.push('reset'),
    };
    const open: TunnelLink['open'] = (_request, _body, events) => {
      if (this.isFull) return null;
      this.got.push(events);
      return stream;
    };
    this.link = { version, isOpen: true, meter: null, open } as unknown as TunnelLink;
  }
}

class Visitor {
  readonly heard: string[] = [];
  readonly events: StreamEvents = {
    head: ({ status }) => this.heard.push(`head ${status}`),
    data: () => true,
    ended: () => this.heard.push('ended'),
    failed: (how) => this.heard.push(`failed ${how}`),
    drain: () => {},
  };
}

function grouped(clients: readonly Client[], strategy: StrategyName = 'round_robin'): TunnelGroup {
  const group = new TunnelGroup({ name: 'app', table: new MemberTable({ capacity: 64 }), strategy });
  for (const { link } of clients) group.add(link);
  return group;
}

const OK = { status: 200, headers: [], subprotocol: null };

test('visitors come to all of them in turn, or always to the same one', () => {
  const [one, two] = [new Client(), new Client()];
  const group = grouped([one, two]);
  for (let i = 0; i < 4; i++) group.visit('v')?.open(REQUEST, null, new Visitor().events);
  assert.deepEqual([one.got.length, two.got.length], [2, 2]);
  const sticky = grouped([one, two], 'sticky_hash');
  for (let i = 0; i < 4; i++) sticky.visit('192.0.2.1')?.open(REQUEST, null, new Visitor().events);
  assert.equal(Math.max(one.got.length, two.got.length), 6);
});

test('a request that nobody has answered goes to another one when its client goes', () => {
  const [one, two] = [new Client(), new Client()];
  const group = grouped([one, two]);
  const visitor = new Visitor();
  const stream = group.visit('v')?.open(REQUEST, null, visitor.events);
  const [first, second] = one.got.length === 1 ? [one, two] : [two, one];
  first.got[0]?.failed('gone', 'it has gone');
  assert.deepEqual([second.got.length, visitor.heard], [1, []]);
  second.got[0]?.head(OK);
  stream?.close();
  assert.deepEqual([first.done, second.done, visitor.heard], [[], ['close'], ['head 200']]);
});

test('nothing is asked twice that has begun, or may not be', () => {
  const begun = new Visitor();
  const [one, two] = [new Client(), new Client()];
  const group = grouped([one, two]);
  group.visit('v')?.open(REQUEST, null, begun.events);
  const [first] = [...one.got, ...two.got];
  first?.head(OK);
  first?.failed('gone', 'it has gone');
  const posted = new Visitor();
  group.visit('v')?.open({ ...REQUEST, method: 'POST' }, null, posted.events);
  [...one.got, ...two.got].find((events) => events !== first)?.failed('gone', 'it has gone');
  assert.deepEqual([begun.heard, posted.heard], [['head 200', 'failed gone'], ['failed gone']]);
});

test('one that is full is passed over, and so is one of another dialect; where all are it is told', () => {
  const [one, two, old] = [new Client(), new Client(), new Client(1)];
  const group = grouped([one, two]);
  one.isFull = true;
  for (let i = 0; i < 2; i++) assert.ok(group.visit('v')?.open(REQUEST, null, new Visitor().events));
  assert.equal(two.got.length, 2);
  two.isFull = true;
  assert.equal(group.visit('v')?.open(REQUEST, null, new Visitor().events), null);
  group.remove(one.link);
  group.add(old.link);
  const visits = [group.visit('v'), group.visit('v')].map((visit) => visit?.open(REQUEST, null, new Visitor().events));
  assert.deepEqual([visits.filter((stream) => stream === null).length, old.got.length], [1, 1]);
  group.remove(two.link);
  group.remove(old.link);
  assert.deepEqual([group.size, group.visit('v')], [0, null]);
});

test('a local server that has heard nothing leaves its visitors to another one, whatever they ask', () => {
  const [one, two] = [new Client(3), new Client(3)];
  const group = grouped([one, two]);
  const visitor = new Visitor();
  group.visit('v')?.open({ ...REQUEST, method: 'POST' }, null, visitor.events);
  const [first, second] = one.got.length === 1 ? [one, two] : [two, one];
  first.got[0]?.head({ ...OK, status: 502, isUnserved: true });
  second.got[0]?.head(OK);
  assert.deepEqual([first.done, visitor.heard], [['close'], ['head 200']]);

  const withBody = new Visitor();
  group.visit('v')?.open({ ...REQUEST, hasBody: true }, null, withBody.events);
  const asked = first.got.length === 2 ? first : second;
  asked.got.at(-1)?.head({ ...OK, status: 502, isUnserved: true });
  assert.deepEqual(withBody.heard, ['head 502']);

  const nobody = new Visitor();
  const alone = grouped([new Client(3)]);
  alone.visit('v')?.open(REQUEST, null, nobody.events);
  const full = new Client(3);
  full.isFull = true;
  const left = grouped([one, full]);
  left.visit('v')?.open(REQUEST, null, nobody.events);
  one.got.at(-1)?.head({ ...OK, status: 503, isUnserved: true });
  one.got.at(-1)?.ended(null, '');
  assert.deepEqual(nobody.heard, ['head 503', 'ended']);
});

test('one that says its local server is not fit gets nobody while another is, and comes back', () => {
  const [one, two] = [new Client(3), new Client(3)];
  const group = grouped([one, two]);
  const visit = (times: number): number[] => {
    const before = [one.got.length, two.got.length];
    for (let i = 0; i < times; i++) group.visit('v')?.open(REQUEST, null, new Visitor().events);
    return [one.got.length - before[0]!, two.got.length - before[1]!];
  };
  group.setHealth(one.link, false);
  assert.deepEqual(visit(4), [0, 4]);
  group.setHealth(two.link, false);
  assert.equal(
    visit(4).reduce((sum, each) => sum + each),
    4,
  );
  group.setHealth(one.link, true);
  assert.deepEqual(visit(4), [4, 0]);
  group.setHealth(two.link, true);
  assert.deepEqual(visit(4), [2, 2]);
});

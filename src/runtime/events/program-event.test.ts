import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type EventFilter, isWanted, type ProgramEvent } from './program-event.ts';

const ALL: EventFilter = { kinds: [], level: null, text: null };

function event(some: Partial<ProgramEvent>): ProgramEvent {
  return { number: 1, atMs: 0, kind: 'log', level: 'info', message: 'A message', fields: {}, isLogged: true, ...some };
}

describe('an event is wanted', () => {
  test('without a filter when it is more than a line of the log, or a line that warns', () => {
    assert.ok(isWanted(event({ kind: 'reload' }), ALL));
    assert.ok(isWanted(event({ level: 'warn' }), ALL));
    assert.ok(!isWanted(event({}), ALL));
    assert.ok(isWanted(event({}), { ...ALL, level: 'info' }));
  });

  test('by its kind; as a line of the log whatever else it is', () => {
    const health = event({ kind: 'health', level: 'warn' });
    assert.ok(isWanted(health, { ...ALL, kinds: ['breaker', 'health'] }));
    assert.ok(!isWanted(health, { ...ALL, kinds: ['breaker'] }));
    assert.ok(isWanted(health, { ...ALL, kinds: ['log'] }));
    assert.ok(!isWanted(health, { ...ALL, kinds: ['log'], level: 'error' }));
    assert.ok(!isWanted(event({ kind: 'limit', isLogged: false }), { ...ALL, kinds: ['log'], level: 'info' }));
  });

  test('by what stands in it', () => {
    const some = event({ kind: 'agent', fields: { agent: 'Abc' } });
    assert.ok(isWanted(some, { ...ALL, text: 'aBC' }) && isWanted(some, { ...ALL, text: 'a MESS' }));
    assert.ok(!isWanted(some, { ...ALL, text: 'x' }));
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { presentYaml } from './present-yaml.ts';

const config = {
  log: { level: 'debug', file: null },
  gateway: { routes: [{ to: 'http://a' }], policies: {} },
  users: [],
};

describe('presentYaml', () => {
  test('writes plain YAML', () => {
    assert.equal(
      presentYaml(config, undefined),
      'log:\n  level: debug\n  file: null\ngateway:\n  routes:\n    - to: http://a\n  policies: {}\nusers: []\n',
    );
  });

  test('comments each value with its origin, or as a default', () => {
    const origins = new Map([
      ['log.level', 'flag --verbose'],
      ['gateway.routes[0].to', 'a.yaml:7'],
    ]);
    assert.equal(
      presentYaml(config, origins),
      [
        'log:',
        '  level: debug # flag --verbose',
        '  file: null # default',
        'gateway:',
        '  routes:',
        '    - to: http://a # a.yaml:7',
        '  policies: {} # default',
        'users: [] # default',
        '',
      ].join('\n'),
    );
  });
});
